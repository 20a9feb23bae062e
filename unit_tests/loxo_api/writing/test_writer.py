"""One write up to its outcome: what is sent again, what is looked for, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pendulum
import pytest
import urllib3
from fake_account import Account, answer, people

from loxo_api.errors import LoxoError
from loxo_api.http_messages import Response
from loxo_api.timestamps import format_timestamp
from loxo_api.writing.operations import Verb
from loxo_api.writing.outcomes import Outcome
from loxo_api.writing.preparation import File, Write

Start = Callable[..., Account]
RESET = urllib3.exceptions.ProtocolError("reset by peer")
HTML = Response(200, {"Content-Type": "text/html"}, b"<html>", 0.01)
CUT = Response(200, {}, b'{"person":{"id"', 0.01)
SERVER_ERROR = answer({"error": "Server Error"}, 500)
THROTTLED = Response(429, {"Retry-After": "0"}, b"", 0.01)
LOST = pytest.mark.parametrize("lost", [RESET, HTML, CUT, SERVER_ERROR], ids=["reset", "html", "cut", "500"])
ADA = Write("people", Verb.CREATE, {"name": "Ada", "email": "ada@x.example"}, key="1")
SAVED = answer({"person": {"id": 5}, "errors": []})


def at(seconds: float) -> str:
    return format_timestamp(pendulum.from_timestamp(seconds))


def person(account: Account, record_id: int = 5, email: str = "ada@x.example", after: float = 1.0) -> dict[str, Any]:
    return {"id": record_id, "emails": [{"id": 1, "value": email}], "created_at": at(account.clock.now + after)}


def test_a_confirmed_creation_is_written(account: Start) -> None:
    here = account()
    here.answers = [SAVED]
    result = here.writer.write(ADA)
    assert (result.outcome, result.record_id) == (Outcome.WRITTEN, 5)
    assert here.writes[0].form == [("person[name]", "Ada"), ("person[email]", "ada@x.example")]


@pytest.mark.parametrize(
    "refusal",
    [
        answer({"person": {"id": None}, "errors": []}),
        answer({"person": {"id": None}, "errors": ["Name can't be blank"]}),
        answer({"person": {"id": 5}, "errors": ["Name can't be blank"]}),
        answer({"person": None}),
        answer({"errors": ["Email is invalid"]}, 400),
        answer({"errors": ["Invalid parameters: [:x]"]}, 422),
        answer({"status": 404, "error": "Not Found"}, 404),
    ],
    ids=["silent", "errors", "id-and-errors", "null", "400", "422", "404"],
)
def test_a_refusal_is_rejected_and_not_sent_again(account: Start, refusal: Response) -> None:
    here = account()
    here.answers = [refusal]
    assert here.writer.write(ADA).outcome is Outcome.REJECTED
    assert len(here.writes) == 1


def test_a_throttled_creation_is_sent_again(account: Start) -> None:
    here = account()
    here.answers = [THROTTLED, SAVED]
    assert here.writer.write(ADA).outcome is Outcome.WRITTEN


@LOST
def test_a_lost_creation_that_is_found_is_not_sent_again(account: Start, lost: Any) -> None:
    here = account()
    here.answers = [lost]
    here.lists["people"] = lambda request: people(person(here, after=0))
    result = here.writer.write_and_wait(ADA)
    assert (result.outcome, result.record_id) == (Outcome.WRITTEN, 5)
    assert len(here.writes) == 1
    assert here.reads[-1].params == {"per_page": 100, "query": 'emails:"ada@x.example"'}


@LOST
def test_a_lost_creation_that_is_absent_is_sent_again(account: Start, lost: Any) -> None:
    here = account()
    here.answers = [lost, SAVED]

    def listed(request: Any) -> Any:
        """Only one other person is there, so the search works and Ada is absent."""
        other = person(here, 9, "eve@x.example", after=-1000)
        return people(*([] if "ada@" in (request.params.get("query") or "") else [other]))

    here.lists["people"] = listed
    began = here.clock.now
    assert here.writer.write_and_wait(ADA).outcome is Outcome.WRITTEN
    assert len(here.writes) == 2
    assert here.clock.now - began >= 30


def test_a_search_that_finds_nobody_proves_no_absence(account: Start) -> None:
    here = account()
    here.answers = [RESET]
    here.lists["people"] = lambda request: people(
        *([] if request.params.get("query") else [person(here, 9, "eve@x.example", after=-1000)])
    )
    assert here.writer.write_and_wait(ADA).outcome is Outcome.UNKNOWN
    assert len(here.writes) == 1


def test_a_lagging_search_is_waited_for(account: Start) -> None:
    here = account()
    here.answers = [RESET, answer({"person": {"id": 6}, "errors": []})]
    shown = here.clock.now + 60
    both = {"ada@x.example": 5, "bob@x.example": 6}

    def listed(request: Any) -> Any:
        query = request.params.get("query") or ""
        found = [person(here, number, mail, after=-50) for mail, number in both.items() if mail in query]
        return people(*(found if here.clock.now >= shown else []))

    here.lists["people"] = listed
    first = here.writer.write(ADA)
    assert first.retry_in is not None
    here.clock.sleep(3)
    assert here.writer.write(Write("people", Verb.CREATE, {"name": "Bob", "email": "bob@x.example"})).record_id == 6
    # Bob was created later and is not found yet, so Ada's absence proves nothing, even after half a minute.
    here.clock.sleep(40)
    assert here.writer.write(ADA).retry_in is not None
    assert here.writer.write_and_wait(ADA).record_id == 5
    assert len(here.writes) == 2


def test_a_person_who_was_there_before_is_not_adopted(account: Start) -> None:
    here = account()
    here.answers = [RESET, SAVED]
    here.lists["people"] = lambda request: people(person(here, 3, after=-9000))
    assert here.writer.write_and_wait(ADA).record_id == 5


def test_a_killed_run_looks_before_it_sends(account: Start) -> None:
    first = account()

    def killed(request: Any) -> Any:
        raise KeyboardInterrupt

    first.answers = [SAVED]
    first._transport.send = killed  # type: ignore[method-assign]
    first.writer._offset = 0.0
    with pytest.raises(KeyboardInterrupt):
        first.writer.write(ADA)
    second = account()
    second.answers = [SAVED]
    second.lists["people"] = lambda request: people(person(second, 7))
    assert second.writer.write(ADA).record_id == 7
    assert second.writes == []


def test_what_is_written_is_not_sent_in_a_later_run(account: Start) -> None:
    first = account()
    first.answers = [SAVED]
    first.writer.write(ADA)
    second = account()
    result = second.writer.write(ADA)
    assert (result.outcome, result.record_id, result.was_sent) == (Outcome.WRITTEN, 5, False)
    changed = Write("people", Verb.CREATE, {"name": "Ada L", "email": "ada@x.example"}, key="1")
    assert "created before with other content" in second.writer.write(changed).reason
    second.answers = [SAVED]
    either = Write("people", None, {"name": "Ada L", "email": "ada@x.example"}, key="1")
    assert second.writer.write(either).outcome is Outcome.WRITTEN
    assert [request.path for request in second.writes] == ["people/5"]


def test_tags_follow_in_an_update_after_a_creation(account: Start) -> None:
    here = account()
    here.answers = [SAVED, answer({"person": {"id": 5}, "errors": []})]
    write = Write("people", Verb.CREATE, {"name": "Ada", "all_raw_tags": ["a"], "data_sources": [{"source_id": "x"}]})
    assert here.writer.write(write).outcome is Outcome.WRITTEN
    assert here.writes[1].path == "people/5"
    assert here.writes[1].form == [("person[all_raw_tags][]", "a")]


def test_refused_tags_do_not_lead_to_a_second_person(account: Start) -> None:
    first = account()
    first.answers = [SAVED, answer({"errors": ["no"]}, 422)]
    write = Write("people", Verb.CREATE, {"name": "Ada", "email": "ada@x.example", "all_raw_tags": ["a"]}, key="1")
    assert "created with id 5, but without all_raw_tags" in first.writer.write(write).reason
    second = account()
    second.answers = [SAVED]
    assert second.writer.write(write).outcome is Outcome.WRITTEN
    assert [request.method for request in second.writes] == ["PUT"]


@LOST
def test_an_update_is_sent_again_unless_it_appends(account: Start, lost: Any) -> None:
    here = account()
    here.answers = [lost, SAVED]
    assert here.writer.write(Write("people", Verb.UPDATE, {"city": "Ulm"}, record_id=5)).outcome is Outcome.WRITTEN
    here.answers = [lost]
    before = len(here.writes)
    appending = Write("people", Verb.UPDATE, {"raw_tags": ["a"]}, record_id=6)
    assert here.writer.write(appending).outcome is Outcome.UNKNOWN
    assert here.writer.write(appending).was_told
    assert len(here.writes) == before + 1


def test_a_deletion_whose_answer_was_lost_is_confirmed_by_a_404(account: Start) -> None:
    here = account(allow_deletes=True)
    gone = answer({"status": 404, "error": "Not Found"}, 404)
    here.answers = [RESET, gone]
    assert here.writer.write(Write("jobs", Verb.DELETE, record_id=5)).outcome is Outcome.WRITTEN
    here.answers = [gone]
    assert here.writer.write(Write("jobs", Verb.DELETE, record_id=6)).outcome is Outcome.REJECTED


@pytest.mark.parametrize("name", ["sms", "applications"])
def test_messages_and_applications_are_never_sent_twice(account: Start, name: str) -> None:
    here = account(allow_messages=True)
    here.answers = [RESET]
    here.lists |= {"sms": {"sms": [], "total_count": 0}, "people": people()}
    values = {
        "sms": {"from_number": "1", "to_number": "2", "body": "Hi"},
        "applications": {"name": "Ada", "email": "ada@x.example", "phone": "1"},
    }[name]
    write = Write(name, Verb.CREATE, values, path_ids={"job_id": 3})
    assert here.writer.write_and_wait(write).outcome is Outcome.UNKNOWN
    assert here.writer.write_and_wait(write).outcome is Outcome.UNKNOWN
    assert len(here.writes) == 1


def test_what_cannot_be_looked_for_is_unknown_and_not_sent_again(account: Start) -> None:
    here = account()
    here.answers = [SERVER_ERROR]
    write = Write("companies", Verb.CREATE, {"name": "Acme"})
    first, second = here.writer.write(write), here.writer.write(write)
    assert (first.outcome, first.was_told) == (Outcome.UNKNOWN, False)
    assert (second.outcome, second.was_told) == (Outcome.UNKNOWN, True)
    assert len(here.writes) == 1


def test_a_unique_field_makes_a_company_findable(account: Start) -> None:
    here = account(unique_fields={"companies": "name"})
    here.answers = [SERVER_ERROR]
    here.lists["companies"] = lambda request: {"companies": [{"id": 8, "name": "ACME"}], "total_count": 1}
    here.lists["companies/8"] = lambda request: {"id": 8, "created_at": at(here.clock.now)}
    assert here.writer.write(Write("companies", Verb.CREATE, {"name": "Acme"})).record_id == 8


def test_a_wrong_key_ends_the_run_and_leaves_no_intent(account: Start) -> None:
    first = account()
    first.answers = [answer({"error": "Unauthorized"}, 401)]
    with pytest.raises(LoxoError, match="does not accept the API key"):
        first.writer.write(ADA)
    second = account()
    second.answers = [SAVED]
    assert second.writer.write(ADA).outcome is Outcome.WRITTEN


def test_without_a_disk_a_creation_needs_something_to_search_for(account: Start) -> None:
    here = account(durable=False)
    refused = here.writer.write(Write("companies", Verb.CREATE, {"name": "Acme"}))
    assert (refused.outcome, refused.was_sent) == (Outcome.REJECTED, False)
    here.lists["people"] = people({"id": 4, "name": "Ada", "emails": [{"value": "ada@x.example"}]})
    assert here.writer.write(ADA).record_id == 4
    assert here.writes == []


def test_a_file_is_sent_as_multipart_and_found_by_name(account: Start) -> None:
    here = account()
    here.answers = [RESET]
    here.lists["people/3"] = lambda request: {
        "id": 3,
        "resumes": [{"id": 1, "name": "cv.pdf", "created_at": at(here.clock.now)}],
    }
    write = Write("resumes", Verb.CREATE, path_ids={"person_id": 3}, files=(File("document", "cv.pdf", b"x"),))
    assert here.writer.write(write).record_id == 1
    assert here.writes[0].files == [("document", "cv.pdf", b"x")]


def test_options_are_written_by_name_or_id(account: Start) -> None:
    here = account()
    here.answers = [SAVED]
    here.lists["dynamic_fields"] = [{"id": 1, "key": "custom_hierarchy_1", "item_type": "Person"}]
    here.lists["dynamic_fields/1"] = {
        "id": 1,
        "hierarchies": [{"id": 10, "name": "IT", "hierarchies": [{"id": 11, "name": "Web"}, {"id": 12, "name": "IT"}]}],
    }
    values = {"name": "Ada", "custom_hierarchy_1": ["web", 10, {"id": 12, "value": "IT"}]}
    here.writer.write(Write("people", Verb.CREATE, values))
    assert [value for name, value in here.writes[0].form if name == "person[custom_hierarchy_1][]"] == [
        "11",
        "10",
        "12",
    ]
    ambiguous = here.writer.write(Write("people", Verb.CREATE, {"name": "Ada", "custom_hierarchy_1": ["IT"]}))
    assert "2 options of that name" in ambiguous.reason


def test_two_equal_notes_under_two_keys_do_not_run_at_once(account: Start) -> None:
    here = account()
    values = {"activity_type_id": 1, "person_id": 2, "notes": "<p>Hi</p>"}
    first = Write("person_events", Verb.CREATE, values, key="1")
    second = Write("person_events", Verb.CREATE, {**values, "notes": "Hi"}, key="2")
    other = Write("person_events", Verb.CREATE, {**values, "person_id": 3}, key="3")
    assert here.writer.identities(first) & here.writer.identities(second)
    assert not here.writer.identities(first) & here.writer.identities(other)


def test_a_search_by_the_second_key_may_fail(account: Start) -> None:
    here = account()
    here.answers = [SAVED]
    here.lists["people"] = lambda request: people(
        *([{"id": number} for number in range(3)] if "linkedin" in request.params["query"] else [])
    )
    write = Write("people", None, {"name": "Ada", "email": "ada@x.example", "linkedin_url": "linkedin.com/in/ada"})
    assert here.writer.write(write).outcome is Outcome.WRITTEN


def test_a_request_that_may_still_be_under_way_is_not_repeated(account: Start) -> None:
    here = account()
    here.answers = [RESET, answer({"person": {"id": 6}, "errors": []}), SAVED]
    here.lists["people"] = lambda request: people(
        *([person(here, 6, "bob@x.example")] if "bob@" in request.params["query"] else [])
    )
    assert here.writer.write(ADA).retry_in is not None
    here.clock.sleep(1)
    here.writer.write(Write("people", Verb.CREATE, {"name": "Bob", "email": "bob@x.example"}))
    # Bob is found, so the search does not lag; but Ada's request was given up only a second ago.
    assert here.writer.write(ADA).retry_in is not None
    here.clock.sleep(2)
    assert here.writer.write(ADA).record_id == 5


def test_several_new_records_that_fit_are_unknown(account: Start) -> None:
    here = account()
    here.answers = [RESET]
    here.lists["people"] = lambda request: people(person(here, 5), person(here, 6))
    assert "2 new records fit it" in here.writer.write_and_wait(ADA).reason


def test_an_answer_for_another_record_confirms_nothing(account: Start) -> None:
    here = account()
    here.answers = [answer({"person": {"id": 7}, "errors": []})]
    here.lists["people/5"] = {"id": 7, "city": "Ulm"}
    result = here.writer.write(Write("people", Verb.UPDATE, {"city": "Ulm"}, record_id=5))
    assert result.outcome is Outcome.UNKNOWN


def test_a_record_of_another_key_is_not_adopted(account: Start) -> None:
    here = account()
    here.answers = [SAVED, RESET, answer({"person": {"id": 6}, "errors": []})]
    here.writer.write(ADA)
    here.lists["people"] = lambda request: people(person(here, 5))
    twin = Write("people", Verb.CREATE, {"name": "Ada", "email": "ada@x.example"}, key="2")
    assert here.writer.write_and_wait(twin).record_id == 6
