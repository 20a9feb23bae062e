"""People: all in the first sync, then the changes, newest first, down to the stored one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_client import NOW, FakeClient, after_each_outage, at, record, records, resumed, sync, table

from loxo_api.pages import Page
from loxo_api.timestamps import shift
from source_loxo.state import STATE_VERSION

pytestmark = pytest.mark.usefixtures("small_slices")

ALL = set(range(1, 51))
READ = {"version": STATE_VERSION, "kind": "change_feed", "updated_at": at(50)}
# Changes of old records after the state READ, more than a page of them.
EDITED = {number: at(60 + number / 10) for number in range(3, 33, 3)}


def account(edited: bool = False) -> FakeClient:
    client = FakeClient({"people": records(50)}, page_size=4)
    for number, time in EDITED.items() if edited else ():
        client.edit("people", number, updated_at=time)
    return client


def account_as_table(client: FakeClient) -> dict[Any, Any]:
    return {each["id"]: each for each in client.lists["people"]}


def test_a_first_sync_delivers_each_record_once() -> None:
    first = sync(account(), "people")
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.estimate, first.state) == ("", 50, READ)


@pytest.mark.parametrize("number", range(1, 33, 3))
def test_an_edit_during_a_first_sync_arrives_in_it(number: int) -> None:
    client = account()
    client.once(number, lambda: client.edit("people", 25, updated_at=at(70), name="new"))
    first = sync(client, "people")
    assert table(first) == account_as_table(client)
    assert len(first.ids) <= 51


def test_a_later_sync_delivers_changes_and_few_others() -> None:
    client = account(edited=True)
    later = sync(client, "people", READ)
    assert set(later.ids) >= set(EDITED)
    assert set(later.ids) - set(EDITED) <= {46, 47, 48, 49, 50}  # 26 hours, for times in another zone
    assert len(later.ids) == len(set(later.ids))
    assert later.state["updated_at"] == max(EDITED.values())


def test_a_later_sync_of_an_unchanged_account_costs_two_requests() -> None:
    client = account()
    later = sync(client, "people", READ)
    assert len(client.asked) == 2
    assert later.state == READ


def test_changes_in_the_minute_before_the_state_are_delivered() -> None:
    client = account(edited=True)
    client.edit("people", 1, updated_at=shift(at(50), seconds=-30))
    assert 1 in sync(client, "people", READ).ids


def test_each_position_of_a_first_sync_resumes_to_the_end() -> None:
    client = account()
    for before, rest in resumed(client, sync(client, "people"), "people"):
        assert before | set(rest.ids) == ALL
        assert len(rest.ids) <= 50 - len(before) + 5
        assert (rest.error, rest.state) == ("", READ)


def test_each_position_among_changes_resumes_to_the_end() -> None:
    client = account(edited=True)
    later = sync(client, "people", READ)
    assert len(later.checkpoints) > 3
    for before, rest in resumed(client, later, "people"):
        assert before | set(rest.ids) >= set(EDITED)
        assert (rest.error, rest.state["updated_at"]) == ("", max(EDITED.values()))


@pytest.mark.parametrize("edited", [False, True], ids=["first sync", "later sync"])
def test_after_an_outage_at_any_request_the_next_sync_completes(edited: bool) -> None:
    wanted = set(EDITED) if edited else ALL
    tried = 0
    for before, rest in after_each_outage(lambda: account(edited), "people", READ if edited else None):
        assert before | set(rest.ids) >= wanted
        assert rest.error == ""
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_a_refused_position_among_changes_reads_them_again(status: int) -> None:
    client = account(edited=True)
    half = sync(client, "people", READ).checkpoints[1][1]
    client.recover()
    client.refuse(
        lambda asked: asked.params.get("scroll_id") == half["changes_scroll_id"] and len(client.asked) < 2, status
    )
    rest = sync(client, "people", half)
    assert set(rest.ids) >= set(EDITED)
    assert (rest.error, rest.state["updated_at"]) == ("", max(EDITED.values()))


def test_a_missing_permission_does_not_cost_the_position() -> None:
    client = account(edited=True)
    half = sync(client, "people", READ).checkpoints[1][1]
    client.refuse(lambda asked: True, 403)
    rest = sync(client, "people", half)
    assert ("status 403" in rest.error, rest.state) == (True, half)


def test_changes_during_a_resumed_read_arrive_with_the_next_sync() -> None:
    client = account(edited=True)
    later = sync(client, "people", READ)
    client.recover()
    client.edit("people", 1, updated_at=at(80), name="new")
    rest = sync(client, "people", later.checkpoints[1][1])
    assert 1 in sync(client, "people", rest.state).ids


@pytest.mark.parametrize("reads", ["a first sync", "a later sync"])
def test_a_sort_that_is_ignored_costs_no_record(reads: str) -> None:
    client = account(edited=True)
    client.honours_sorts = False
    result = sync(client, "people", None if reads == "a first sync" else READ)
    assert (set(result.ids), result.error) == (ALL, "")
    client.edit("people", 7, updated_at=at(80), name="new")
    assert 7 in sync(client, "people", result.state).ids


@pytest.mark.parametrize("number", range(1, 7))
def test_a_missing_cursor_among_changes_costs_no_change(number: int) -> None:
    client = account(edited=True)
    client.after = lambda asked, page: replace(page, scroll_id=None) if len(client.asked) == number else page
    later = sync(client, "people", READ)
    assert set(later.ids) >= set(EDITED)
    assert later.error == ""


def test_cursors_that_are_always_missing_make_it_a_full_read() -> None:
    client = account(edited=True)

    def without_cursor(asked: Any, page: Page) -> Page:
        return replace(page, scroll_id=None) if asked.params.get("updated_at_sort") == "desc" else page

    client.after = without_cursor
    later = sync(client, "people", READ)
    assert (set(later.ids), later.error) == (ALL, "")


@pytest.mark.parametrize("number", range(1, 7))
def test_an_empty_response_among_changes_costs_no_change(number: int) -> None:
    client = account(edited=True)
    client.after = lambda asked, page: Page([], None, 0) if len(client.asked) == number else page
    assert set(sync(client, "people", READ).ids) >= set(EDITED)


@pytest.mark.parametrize("time", [None, "no time", "2024"])
def test_records_with_missing_or_odd_timestamps_are_delivered(time: str | None) -> None:
    client = account()
    for number in (1, 25, 50):
        client.edit("people", number, updated_at=time)
    first = sync(client, "people")
    assert set(first.ids) == ALL
    assert first.state["updated_at"] == at(49)


def test_a_first_record_without_a_time_does_not_end_the_read() -> None:
    client = account(edited=True)
    undated = {**record(99), "updated_at": None}
    client.after = lambda asked, page: replace(page, records=[undated, *page.records])
    later = sync(client, "people", READ)
    assert set(later.ids) >= set(EDITED)


def test_a_change_in_the_future_does_not_move_the_state_there(set_clock: Callable[[str], None]) -> None:
    client = account()
    client.edit("people", 3, updated_at=shift(NOW, days=300))
    first = sync(client, "people")
    assert (set(first.ids), first.state["updated_at"]) == (ALL, NOW)
    set_clock(shift(NOW, days=1))
    client.edit("people", 7, updated_at=shift(NOW, hours=5), name="new")
    assert 7 in sync(client, "people", first.state).ids


@pytest.mark.parametrize("number", range(1, 40, 4))
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_many_edits_and_deletions_arrive_by_the_next_sync(
    number: int, state: Any, set_clock: Callable[[str], None]
) -> None:
    client = account(edited=bool(state))

    def live() -> None:
        client.delete("people", 6, 48)
        client.lists["people"].append({**record(99), "created_at": NOW, "updated_at": NOW})
        client.edit("people", 25, updated_at=NOW, name="new")

    client.once(number, live)
    first = sync(client, "people", state)
    client.recover()
    set_clock(shift(NOW, hours=1))
    if client.lists["people"][-1]["id"] != 99:
        live()
    later = sync(client, "people", first.state)
    assert (first.error, later.error) == ("", "")
    held = table(first, later)
    wanted = {each["id"]: each for each in client.lists["people"] if not state or each["updated_at"] > at(51)}
    assert {key: held.get(key) for key in wanted} == wanted


def test_an_empty_account_syncs_and_later_records_arrive(set_clock: Callable[[str], None]) -> None:
    client = FakeClient({"people": []})
    first = sync(client, "people")
    assert (first.records, first.error) == ([], "")
    client.lists["people"] = records(3)
    assert sorted(sync(client, "people", first.state).ids) == [1, 2, 3]


def test_a_total_that_is_capped_does_not_end_the_changes(small_cap: int) -> None:
    client = FakeClient({"people": records(90)}, page_size=4)
    client.total = lambda count: min(count, small_cap)
    assert set(sync(client, "people", {**READ, "updated_at": at(10)}).ids) >= set(range(11, 91))
