"""Streams below others: the children of each parent, and the handling of parents that cannot be read."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_client import NOW, Asked, FakeClient, after_each_outage, at, record, records, resumed, sync

from loxo_api.timestamps import shift
from source_loxo.state import STATE_VERSION
from source_loxo.streams.substream import GONE_SYNCS, MOST_FAILURES, OUTAGE

ALL = set(range(1, 31))
READ = {"version": STATE_VERSION, "kind": "change_feed", "updated_at": at(30)}
HOUR_LATER, WEEK_LATER = shift(NOW, hours=1), shift(NOW, days=7, hours=1)

SetClock = Callable[[str], None]


def people(count: int = 30) -> FakeClient:
    return FakeClient({"people": records(count)}, page_size=4)


def companies() -> FakeClient:
    """Ten companies with two people each; person 1 is in all of them."""
    staff = {f"companies/{each}/people": [record(1), record(100 + each)] for each in range(1, 11)}
    return FakeClient({"companies": records(10), **staff}, page_size=4)


def is_of(*numbers: int) -> Callable[[Asked], bool]:
    return lambda asked: asked.path in {f"people/{number}" for number in numbers}


def below_people(asked: Asked) -> bool:
    return asked.path.startswith("people/")


def test_a_first_sync_delivers_each_full_record_once() -> None:
    first = sync(people(), "people_details")
    assert sorted(first.ids) == sorted(ALL)
    assert all(each["_loxo_synced_at"] == NOW for each in first.records)
    assert (first.error, first.estimate, first.state) == ("", 30, READ)


def test_children_with_one_id_of_two_parents_are_both_delivered() -> None:
    first = sync(companies(), "company_people")
    assert {each["company_id"] for each in first.records if each["id"] == 1} == set(range(1, 11))
    assert len(first.records) == 20


def test_an_object_with_two_parents_carries_both_ids() -> None:
    client = FakeClient(
        {"countries": [record(1)], "countries/1/states": [record(2)], "countries/1/states/2/cities": records(30)},
        page_size=4,
    )
    first = sync(client, "state_cities")
    assert sorted(first.ids) == list(range(1, 31))
    assert {(each["country_id"], each["state_id"]) for each in first.records} == {(1, 2)}


def test_a_nested_list_is_delivered_with_the_id_above_each_node() -> None:
    nodes = [{"id": 7, "name": "a", "hierarchies": [{"id": 8, "name": "b"}]}, {"id": 9}]
    client = FakeClient({"dynamic_fields": [record(1, hierarchies=nodes), record(2, hierarchies=None)]})
    first = sync(client, "dynamic_field_hierarchies")
    assert [(each["id"], each["parent_id"], each["dynamic_field_id"]) for each in first.records] == [
        (7, None, 1),
        (8, 7, 1),
        (9, None, 1),
    ]
    assert "hierarchies" not in first.records[0]


def test_files_are_delivered_with_their_download_path() -> None:
    files = [{"id": 7, "name": "CV.pdf"}, {"id": 8, "name": None}]
    client = FakeClient({"people": [record(1, resumes=files), record(2, resumes=None), record(3)]})
    first = sync(client, "person_resumes")
    assert [(each["person_id"], each["id"], each["_loxo_download_path"]) for each in first.records] == [
        (1, 7, "people/1/resumes/7/download"),
        (1, 8, "people/1/resumes/8/download"),
    ]
    assert first.error == ""


@pytest.mark.parametrize("files", ["text", {"id": 1}, [1], [{"name": "CV.pdf"}]])
def test_files_without_ids_are_an_error_of_their_record(files: object) -> None:
    client = FakeClient({"people": [record(1, documents=[{"id": 7}]), record(2, documents=files)]})
    first = sync(client, "person_documents")
    assert first.ids == [7]
    assert "1 of people could not be read (ids 2)" in first.error


def test_the_files_of_a_changed_record_are_read_again() -> None:
    client = FakeClient({"person_events": records(3, documents=[{"id": 7}])})
    first = sync(client, "person_event_documents")
    client.lists["person_events"].append(record(99, documents=[{"id": 8}]))
    assert 8 in sync(client, "person_event_documents", first.state).ids


def test_a_later_sync_requests_changed_parents() -> None:
    client = people()
    client.edit("people", 3, updated_at=at(50), name="new")
    later = sync(client, "people_details", READ)
    assert set(later.ids) == {3, 30}  # the parent at the state's own time is requested again
    assert later.state["updated_at"] == at(50)


def test_each_stored_position_resumes_to_the_end() -> None:
    client = people()
    first = sync(client, "people_details")
    assert len(first.checkpoints) > 5
    for before, rest in resumed(client, first, "people_details"):
        assert before | set(rest.ids) == ALL
        assert len(rest.ids) <= 30 - len(before) + 4
        assert rest.error == ""


@pytest.mark.parametrize(("name", "make"), [("people_details", people), ("company_people", companies)])
def test_after_an_outage_at_any_request_the_next_sync_completes(name: str, make: Callable[[], FakeClient]) -> None:
    wanted = set(sync(make(), name).ids)
    tried = 0
    for before, rest in after_each_outage(make, name):
        assert before | set(rest.ids) == wanted
        assert rest.error == ""
        tried += 1
    assert tried > 10


@pytest.mark.parametrize(("status", "is_proxy"), [(500, False), (403, False), (422, False), (404, True)])
def test_a_failing_parent_costs_only_itself_until_the_next_sync(status: int, is_proxy: bool) -> None:
    client = people()
    client.refuse(is_of(7), status, is_proxy)
    first = sync(client, "people_details")
    assert set(first.ids) == ALL - {7}
    assert "1 of people could not be read (ids 7)" in first.error
    assert first.state["retry"] == [{"id": 7, "tries": 1}]
    client.recover()
    later = sync(client, "people_details", first.state)
    assert 7 in later.ids
    assert (later.error, "retry" in later.state) == ("", False)


def test_parents_to_retry_are_requested_first() -> None:
    client = people()
    later = sync(client, "people_details", {**READ, "retry": [{"id": 7}, {"id": 8}]})
    assert later.ids[:2] == [7, 8]


def test_a_parent_that_keeps_failing_stays_in_the_state() -> None:
    client = people()
    client.refuse(is_of(7), 500)
    state = sync(client, "people_details").state
    later = sync(client, "people_details", state)
    assert "ids 7" in later.error
    assert later.state["retry"] == [{"id": 7, "tries": 2}]


def test_an_outage_stops_the_stream_and_keeps_its_state() -> None:
    client = people(100)
    client.refuse(lambda asked: below_people(asked) and int(asked.path.split("/")[1]) > 40, 500)
    first = sync(client, "people_details")
    assert "status 500" in first.error
    failed = [asked for asked in client.asked if below_people(asked) and int(asked.path.split("/")[1]) > 40]
    assert len(failed) < OUTAGE + 20  # those that were under way
    client.recover()
    assert set(first.ids) | set(sync(client, "people_details", first.state).ids) == set(range(1, 101))


def test_a_refused_key_stops_the_stream_at_once() -> None:
    client = people(100)
    client.refuse(lambda asked: below_people(asked) and asked.path != "people/1", 401)
    assert "status 401" in sync(client, "people_details").error
    assert sum(below_people(asked) for asked in client.asked) < 25


def test_too_many_failing_parents_stop_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_FAILURES > OUTAGE
    monkeypatch.setattr("source_loxo.streams.substream.MOST_FAILURES", 5)
    client = people(60)
    client.refuse(lambda asked: below_people(asked) and int(asked.path.split("/")[1]) % 2 == 0, 500)
    first = sync(client, "people_details")
    assert "The stream stopped there" in first.error
    assert len(first.ids) < 30
    client.recover()
    later = sync(client, "people_details", first.state)
    assert (set(first.ids) | set(later.ids), later.error) == (set(range(1, 61)), "")


def test_a_deleted_parent_is_skipped_and_requested_again(caplog: pytest.LogCaptureFixture) -> None:
    client = people()
    client.refuse(is_of(7), 404)
    with caplog.at_level(logging.INFO, "airbyte"):
        first = sync(client, "people_details")
    assert (set(first.ids), first.error) == (ALL - {7}, "")
    assert "1 of people were deleted meanwhile" in caplog.text
    assert first.state["retry"] == [{"id": 7, "tries": 1}]
    state = first.state
    for _ in range(GONE_SYNCS - 1):
        later = sync(client, "people_details", state)
        assert later.error == ""
        state = later.state
    assert "retry" not in state


@pytest.mark.parametrize("outage", range(1, 4))
def test_parents_that_are_not_found_for_some_syncs_arrive_later(outage: int) -> None:
    client = people(100)
    client.refuse(lambda asked: below_people(asked) and int(asked.path.split("/")[1]) % 2 == 0, 404)
    found, state = set(), None
    for number in range(outage):
        result = sync(client, "people_details", state)
        assert ("reports 50 of people as deleted" in result.error) == (number == 0)
        found, state = found | set(result.ids), result.state
    client.recover()
    result = sync(client, "people_details", state)
    assert (found | set(result.ids), result.error) == (set(range(1, 101)), "")


@pytest.mark.parametrize("first_bad", [1, 21, 30])
@pytest.mark.parametrize("status", [403, 500])
def test_adjacent_failing_parents_do_not_stop_the_others(first_bad: int, status: int) -> None:
    client, bad = people(100), range(first_bad, first_bad + 45)
    client.refuse(is_of(*bad), status)
    found, state = set(), None
    for _ in range(4):
        result = sync(client, "people_details", state)
        assert "could not be read" in result.error
        found, state = found | set(result.ids), result.state
    assert found == set(range(1, 101)) - set(bad)
    client.recover()
    result = sync(client, "people_details", state)
    assert (found | set(result.ids), result.error) == (set(range(1, 101)), "")


def test_a_stored_parent_without_its_keys_is_ignored() -> None:
    later = sync(people(), "people_details", {**READ, "retry": [{}, {"id": 3}]})
    assert (3 in later.ids, later.error) == (True, "")


def test_a_deleted_parent_is_requested_twice() -> None:
    client = people()
    met: list[Any] = []
    client.refuse(lambda asked: asked.path == "people/7" and not met and not met.append(1), 404)
    assert set(sync(client, "people_details").ids) == ALL


def test_a_null_record_counts_as_deleted() -> None:
    client = people()
    client.after = lambda asked, page: replace(page, records=[]) if asked.path == "people/7" else page
    first = sync(client, "people_details")
    assert (set(first.ids), first.error) == (ALL - {7}, "")


@pytest.mark.parametrize("count", [1, 2, 30])
def test_an_object_outside_the_plan_is_an_error_without_a_state(count: int) -> None:
    client = people(count)
    client.refuse(below_people, 404)
    first = sync(client, "people_details")
    assert "status 404" in first.error
    assert {"updated_at", "slices"} & set(first.state) == set()
    client.recover()
    assert len(sync(client, "people_details", first.state).ids) == count


def test_an_empty_list_of_parents_is_not_an_error() -> None:
    first = sync(people(0), "people_details")
    assert (first.records, first.error) == ([], "")


def test_a_refused_list_of_parents_is_an_error() -> None:
    client = people()
    client.refuse(lambda asked: asked.path == "people", 403)
    assert "status 403" in sync(client, "people_details").error


def test_a_shortfall_of_one_parents_children_costs_that_parent() -> None:
    client = companies()
    client.after = lambda asked, page: (
        replace(page, total_count=5) if asked.path == "companies/3/people" and page.records else page
    )
    first = sync(client, "company_people")
    assert {each["company_id"] for each in first.records} == set(range(1, 11)) - {3}
    assert "ids 3" in first.error
    client.recover()
    later = sync(client, "company_people", first.state)
    assert (3 in {each["company_id"] for each in later.records}, later.error) == (True, "")


def test_silent_changes_below_companies_arrive_after_a_week(set_clock: SetClock) -> None:
    client = companies()
    first = sync(client, "company_people")
    client.edit("companies/2/people", 1, name="new")
    set_clock(HOUR_LATER)
    assert 2 not in {each["company_id"] for each in sync(client, "company_people", first.state).records}
    set_clock(WEEK_LATER)
    later = sync(client, "company_people", first.state)
    assert {each["company_id"] for each in later.records if each.get("name") == "new"} == {2}
    assert later.state["full_at"] == WEEK_LATER


def test_a_full_refresh_resumes_its_own_sync() -> None:
    client = people()
    first = sync(client, "people_details", full_refresh=True, sync_id=7)
    for before, rest in resumed(client, first, "people_details", full_refresh=True, sync_id=7):
        assert before | set(rest.ids) == ALL
        assert len(rest.ids) <= 30 - len(before) + 4
    assert set(sync(client, "people_details", first.checkpoints[2][1], full_refresh=True, sync_id=8).ids) == ALL


@pytest.mark.parametrize("number", range(2, 40, 6))
def test_many_edits_and_deletions_arrive_by_the_next_sync(number: int, set_clock: SetClock) -> None:
    client = people()

    def live() -> None:
        client.delete("people", 6, 28)
        client.lists["people"].append({**record(99), "created_at": NOW, "updated_at": NOW})
        client.edit("people", 15, updated_at=NOW, name="new")

    client.once(number, live)
    first = sync(client, "people_details")
    set_clock(HOUR_LATER)
    later = sync(client, "people_details", first.state)
    assert (first.error, later.error) == ("", "")
    held = {each["id"]: each.get("name") for each in (*first.records, *later.records)}
    assert set(held) >= {*ALL, 99} - {6, 28}
    assert held[15] == "new"


def test_the_cost_is_logged_before_the_first_request_below(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "airbyte"):
        sync(people(), "people_details")
    assert "at least one request for each of 30 people" in caplog.text
