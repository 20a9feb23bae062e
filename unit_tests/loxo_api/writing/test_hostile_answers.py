"""Answers, changed inputs and odd texts that could lead to a second record, or to a loss that nobody is told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pendulum
import pytest
import urllib3
from fake_account import Account, answer, people

from loxo_api.http_messages import Response
from loxo_api.timestamps import format_timestamp
from loxo_api.writing.batch import UNIT, WINDOW, write_all
from loxo_api.writing.ledger import Ledger
from loxo_api.writing.operations import Verb
from loxo_api.writing.outcomes import Outcome
from loxo_api.writing.preparation import File, Write

Start = Callable[..., Account]
RESET = urllib3.exceptions.ProtocolError("reset by peer")
ADA = Write("people", Verb.CREATE, {"name": "Ada", "email": "ada@x.example"}, key="1")
SAVED = answer({"person": {"id": 5}, "errors": []})


def moment(account: Account) -> str:
    return format_timestamp(pendulum.from_timestamp(account.clock.now + 1))


def listed(account: Account, **fields: Any) -> Callable[[Any], Any]:
    """A list that finds one person, created a moment after the request."""
    row = {"id": 7, "created_at": moment(account), "emails": [{"value": "ada@x.example"}], **fields}

    def found(request: Any) -> Any:
        return people(*([row] if row["emails"][0]["value"] in (request.params.get("query") or "") else []))

    return found


def killed(account: Account, write: Write) -> None:
    """A run that is killed between the intent and the outcome of a write."""

    def send(request: Any) -> Any:
        raise KeyboardInterrupt

    account.writer._offset = 0.0
    account._transport.send = send  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        account.writer.write(write)


def changed(verb: Verb | None, email: str) -> Write:
    return Write("people", verb, {"name": "Ada Changed", "email": email}, key="1")


def test_a_killed_creation_with_changed_content_is_not_called_written(account: Start) -> None:
    killed(account(), ADA)
    second = account()
    second.lists["people"] = listed(second)
    told = second.writer.write_and_wait(changed(Verb.CREATE, "ada@x.example"))
    assert told.outcome is Outcome.REJECTED
    assert "created before with other content" in told.reason
    assert second.writes == []


def test_a_killed_creation_with_changed_content_is_updated_where_that_is_meant(account: Start) -> None:
    killed(account(), ADA)
    second = account()
    second.lists["people"] = listed(second)
    second.answers = [answer({"person": {"id": 7}, "errors": []})]
    assert second.writer.write_and_wait(changed(None, "ada@x.example")).outcome is Outcome.WRITTEN
    assert [(request.method, request.path) for request in second.writes] == [("PUT", "people/7")]


@pytest.mark.parametrize("verb", [Verb.CREATE, None])
def test_a_killed_creation_that_changed_its_key_is_unknown_and_not_sent_again(
    account: Start, verb: Verb | None
) -> None:
    killed(account(), ADA)
    second = account()
    second.lists["people"] = listed(second)  # the first request's record, under its old address
    told = second.writer.write_and_wait(changed(verb, "new@x.example"))
    assert told.outcome is Outcome.UNKNOWN
    assert "other content" in told.reason
    assert second.writes == []


@pytest.mark.parametrize(
    "odd",
    [
        answer({"person": {"id": 0}}),
        answer({"person": {"id": "null"}}),
        answer({"person": {"id": True}}),
        answer({"person": {"id": 10**30}}),
        answer({"person": [{"id": 5}]}),
        answer({"company": {"id": 5}}),
        answer([]),
        Response(204, {}, b"", 0.01),
        Response(303, {"Location": "https://app.loxo.co/people/7"}, b"", 0.01),
        Response(302, {"Location": "https://login.example"}, b"<html>", 0.01),
    ],
    ids=["0", "text", "true", "large", "list", "company", "empty list", "204", "303", "302"],
)
def test_an_answer_that_confirms_nothing_leads_to_a_look_up(account: Start, odd: Response) -> None:
    here = account()
    here.answers = [odd]
    here.lists["people"] = listed(here)
    result = here.writer.write_and_wait(ADA)
    assert (result.outcome, result.record_id) == (Outcome.WRITTEN, 7)
    assert len(here.writes) == 1


def test_a_creation_that_was_answered_with_an_id_and_errors_is_not_repeated(account: Start) -> None:
    first = account()
    first.answers = [answer({"person": {"id": 5}, "errors": ["Phone is invalid"]})]
    told = first.writer.write(ADA)
    assert (told.outcome, told.record_id) == (Outcome.REJECTED, 5)
    second = account()
    second.answers = [SAVED]
    assert "the id 5" in second.writer.write(ADA).reason
    assert second.writes == []
    either = Write("people", None, ADA.values, key="1")
    assert second.writer.write(either).outcome is Outcome.WRITTEN
    assert [request.path for request in second.writes] == ["people/5"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("Cafe\u0301  Acme ", "Caf\u00e9 Acme"), ("ACME\u00a0\nLtd", "acme ltd")],
    ids=["composed", "blanks"],
)
def test_a_name_that_loxo_stores_in_another_form_is_found_again(account: Start, sent: str, stored: str) -> None:
    here = account(unique_fields={"companies": "name"})
    here.answers = [RESET]
    row = {"id": 9, "name": stored, "created_at": moment(here)}
    here.lists["companies"] = {"companies": [row], "total_count": 1, "scroll_id": None}
    assert here.writer.write_and_wait(Write("companies", Verb.CREATE, {"name": sent})).record_id == 9


def test_half_a_character_is_refused_unsent(account: Start) -> None:
    here = account()
    told = here.writer.write(Write("people", Verb.CREATE, {"name": "\ud800", "email": "a@x.example"}))
    assert (told.outcome, told.was_sent) == (Outcome.REJECTED, False)
    assert "'person[name]' holds half a character" in told.reason


def test_without_a_ledger_a_record_with_other_values_is_not_called_written(account: Start) -> None:
    here = account(durable=False)
    shown = {"name": "Ada", "city": None, "phones": [{"value": "+49 (711) 555-0100"}]}
    here.lists["people"] = listed(here, **shown)
    values = {**ADA.values, "phone": "0711 5550100"}
    same = here.writer.write(Write("people", Verb.CREATE, values))
    assert (same.outcome, same.was_sent) == (Outcome.WRITTEN, False)
    other = here.writer.write(Write("people", Verb.CREATE, {**values, "city": "Ulm", "phone": "0711 5550199"}))
    assert other.outcome is Outcome.REJECTED
    assert "phone, city differ" in other.reason or "city, phone differ" in other.reason


def test_without_a_ledger_two_notes_with_one_text_are_two(account: Start) -> None:
    here = account(durable=False)
    values = {"activity_type_id": 1, "person_id": 2, "notes": "Left voicemail"}
    rows: list[dict[str, Any]] = []
    here.lists["person_events"] = lambda request: {"person_events": rows, "total_count": len(rows), "scroll_id": None}
    for number in (1, 2):
        here.answers = [answer({"person_event": {"id": number}, "errors": []})]
        assert here.writer.write(Write("person_events", Verb.CREATE, values, key=str(number))).record_id == number
        rows.append({"id": number, **values})
    later = account(durable=False)
    later.lists["person_events"] = here.lists["person_events"]
    told = [later.writer.write(Write("person_events", Verb.CREATE, values, key=str(number))) for number in (1, 2)]
    assert [(each.outcome, each.record_id, each.was_sent) for each in told] == [
        (Outcome.WRITTEN, 1, False),
        (Outcome.WRITTEN, 2, False),
    ]


def test_a_key_that_returns_with_another_person_is_not_called_written(account: Start) -> None:
    here = account()
    here.answers = [answer({"id": 5})]
    file = File("document", "cv.pdf", b"%PDF")
    first, second = (
        Write("documents", Verb.CREATE, key="1", path_ids={"person_id": number}, files=(file,)) for number in (1, 2)
    )
    assert here.writer.write(first).outcome is Outcome.WRITTEN
    told = here.writer.write(second)
    assert (told.outcome, told.was_sent) == (Outcome.REJECTED, False)
    assert "created before with other content" in told.reason


def test_another_case_of_the_slug_is_the_same_account(tmp_path: Path) -> None:
    for slug in ("acme", "Acme"):
        ledger = Ledger(tmp_path / "ledger.db", f"https://app.loxo.co/api/{slug}")
        known = ledger.find("people", "1")
        ledger.intend("people", "1", "create", "", None, 0.0)
        ledger.close()
    assert known


def test_large_files_are_read_a_few_at_a_time(account: Start) -> None:
    here, given, may_write = account(), [], threading.Event()
    content = b"x" * (UNIT * WINDOW // 4)

    def inputs() -> Iterator[tuple[int, Write]]:
        for number in range(20):
            given.append(number)
            file = File("document", f"{number}.pdf", content)
            yield number, Write("documents", Verb.CREATE, path_ids={"person_id": number}, files=(file,))

    def answered(request: Any) -> Response:
        may_write.wait()
        return answer({"id": 5})

    here.writer._offset = 0.0
    here._transport.send = answered  # type: ignore[method-assign]
    results = write_all(here.writer, inputs())
    threading.Timer(0.5, may_write.set).start()
    next(results)
    assert len(given) <= 6
    assert len(list(results)) == 19
