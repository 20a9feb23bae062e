"""Companies, deals, placements: later syncs read changed records if Loxo can select them, otherwise all."""

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
READ = {"version": STATE_VERSION, "kind": "updated_at", "updated_at": at(50)}
HOUR_LATER = shift(NOW, hours=1)
# Changes of old records after the state READ, more than a page of them.
EDITED = {number: at(60 + number / 10) for number in range(3, 33, 3)}
# Records so near the state that another time zone could make them new.
NEAR = {46, 47, 48, 49, 50}

SetClock = Callable[[str], None]


def account(edited: bool = False, ranges: str = "honoured") -> FakeClient:
    client = FakeClient({"companies": records(50)}, page_size=4)
    client.query = ranges
    for number, time in EDITED.items() if edited else ():
        client.edit("companies", number, updated_at=time)
    return client


@pytest.mark.parametrize("ranges", ["honoured", "ignored", "refused"])
def test_a_first_sync_delivers_each_record_once(ranges: str) -> None:
    first = sync(account(ranges=ranges), "companies")
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.estimate, first.state) == ("", 50, READ)


def test_slices_may_be_read_in_any_order() -> None:
    first = sync(account(), "companies", side_by_side=True)
    assert (sorted(first.ids), first.state) == (sorted(ALL), READ)


def test_a_later_sync_requests_changes_and_few_others() -> None:
    client = account(edited=True)
    later = sync(client, "companies", READ)
    assert set(later.ids) - NEAR == set(EDITED)
    assert len(later.ids) == len(set(later.ids))
    assert later.state["updated_at"] == max(EDITED.values())
    assert all(asked.has("updated_at:[") or asked.has("per_page") or not asked.params for asked in client.asked)


@pytest.mark.parametrize("ranges", ["ignored", "refused"])
def test_unchanged_records_of_a_full_read_are_left_out(ranges: str) -> None:
    later = sync(account(edited=True, ranges=ranges), "companies", READ)
    assert set(later.ids) - NEAR == set(EDITED)
    assert later.state["updated_at"] == max(EDITED.values())


@pytest.mark.parametrize("ranges", ["ignored", "refused"])
@pytest.mark.parametrize("time", [None, "no time", "2024"])
def test_records_of_unknown_age_are_always_delivered(ranges: str, time: str | None) -> None:
    client = account(ranges=ranges)
    client.edit("companies", 3, updated_at=time)
    assert set(sync(client, "companies").ids) == ALL
    # The text "2024" is the first day of 2024, so it is as old as the others.
    assert (3 in sync(client, "companies", READ).ids) == (time != "2024")


def test_a_list_without_times_of_change_moves_by_the_clock(set_clock: SetClock) -> None:
    client = account(ranges="ignored")
    for number in ALL:
        client.edit("companies", number, updated_at=None)
    first = sync(client, "companies")
    assert (set(first.ids), first.state["updated_at"]) == (ALL, NOW)


def test_a_change_at_the_time_of_the_state_is_delivered_again() -> None:
    client = account()
    client.edit("companies", 3, updated_at=at(50), name="new")
    assert 3 in sync(client, "companies", READ).ids


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
def test_each_stored_position_resumes_to_the_end(ranges: str) -> None:
    client = account(ranges=ranges)
    first = sync(client, "companies")
    for (before, rest), (_, state) in zip(resumed(client, first, "companies"), first.checkpoints, strict=True):
        if state == READ:
            continue  # the sync was complete
        assert before | set(rest.ids) == ALL
        assert (rest.error, rest.state) == ("", READ)


def test_a_resumed_read_does_not_start_over() -> None:
    client = account(ranges="ignored")
    half = sync(client, "companies").checkpoints[8][1]
    client.recover()
    sync(client, "companies", half)
    assert client.asked[0].params["scroll_id"] == half["slices"][0]["scroll_id"]


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
@pytest.mark.parametrize("edited", [False, True], ids=["first sync", "later sync"])
def test_after_an_outage_at_any_request_the_next_sync_completes(edited: bool, ranges: str) -> None:
    wanted = set(EDITED) if edited else ALL
    tried = 0
    for before, rest in after_each_outage(lambda: account(edited, ranges), "companies", READ if edited else None):
        assert before | set(rest.ids) >= wanted
        assert rest.error == ""
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_a_refused_position_reads_its_slice_again(status: int) -> None:
    client = account(ranges="ignored")
    half = sync(client, "companies").checkpoints[3][1]
    position = half["slices"][0]["scroll_id"]
    client.recover()
    client.refuse(lambda asked: asked.params.get("scroll_id") == position and len(client.asked) == 1, status)
    rest = sync(client, "companies", half)
    assert (set(rest.ids), rest.error, rest.state) == (ALL, "", READ)


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
@pytest.mark.parametrize("number", range(1, 40, 5))
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_many_edits_and_deletions_arrive_by_the_next_sync(
    ranges: str, number: int, state: Any, set_clock: SetClock
) -> None:
    client = account(edited=bool(state), ranges=ranges)
    is_alive: list[bool] = []

    def live() -> None:
        is_alive.append(True)
        client.delete("companies", 6, 48)
        client.lists["companies"].append({**record(99), "created_at": NOW, "updated_at": NOW})
        client.edit("companies", 25, updated_at=NOW, name="new")

    client.once(number, live)
    first = sync(client, "companies", state)
    client.recover()
    if not is_alive:
        live()
    set_clock(HOUR_LATER)
    later = sync(client, "companies", first.state)
    assert (first.error, later.error) == ("", "")
    held = table(first, later)
    wanted = {each["id"]: each for each in client.lists["companies"] if not state or each["updated_at"] > at(51)}
    assert {key: held.get(key) for key in wanted} == wanted


def test_an_edited_record_that_is_read_again_is_delivered_twice() -> None:
    client = account(ranges="ignored")
    client.once(12, lambda: client.edit("companies", 50, updated_at=NOW, name="new"))
    client.once(13, lambda: client.delete("companies", 1))  # the total moves, so the top of the list is read again
    first = sync(client, "companies")
    assert first.ids.count(50) == 2
    assert table(first)[50]["name"] == "new"


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
@pytest.mark.parametrize("number", [2, 8, 12, 15])
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_one_wrong_empty_response_costs_nothing(ranges: str, number: int, state: Any) -> None:
    client = account(edited=bool(state), ranges=ranges)
    client.after = lambda asked, page: Page([], None, 0) if len(client.asked) == number else page
    result = sync(client, "companies", state)
    assert set(result.ids) >= (set(EDITED) if state else ALL)
    assert result.error == ""


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
def test_a_missing_cursor_costs_nothing(ranges: str) -> None:
    client = account(ranges=ranges)
    client.after = lambda asked, page: replace(page, scroll_id=None) if len(client.asked) == 10 else page
    assert set(sync(client, "companies").ids) == ALL


def test_a_shortfall_is_an_error_after_which_all_is_read_again() -> None:
    client = account()
    client.total = lambda count: count + 3
    short = sync(client, "companies")
    assert "3 records are missing" in short.error
    client.total = lambda count: count
    rest = sync(client, "companies", short.state)
    assert (set(rest.ids), rest.error, rest.state) == (ALL, "", READ)


def test_a_shortfall_of_changes_keeps_the_state() -> None:
    client = account(edited=True)
    client.after = lambda asked, page: (
        replace(page, total_count=(page.total_count or 0) + 3)
        if asked.has(f"updated_at:[{shift(at(50), seconds=-61)}")
        else page
    )
    short = sync(client, "companies", READ)
    assert "3 records are missing" in short.error
    assert short.state["updated_at"] == READ["updated_at"]
    client.recover()
    rest = sync(client, "companies", short.state)
    assert (set(rest.ids) >= set(EDITED), rest.error) == (True, "")


def test_a_change_in_the_future_does_not_move_the_state_there() -> None:
    client = account()
    client.edit("companies", 3, updated_at=shift(NOW, days=300))
    first = sync(client, "companies")
    assert (set(first.ids), first.state) == (ALL, READ)


@pytest.mark.parametrize("hours", [-12, 9, 14])
def test_bounds_that_are_read_in_another_zone_lose_no_edit(hours: int) -> None:
    """The account's times are shown in one zone, its filters read them in another."""
    client = account()
    client.edit("companies", 3, updated_at=at(50.1), name="new")
    shown = client.page

    def page(endpoint: Any, params: Any = None) -> Page:
        query = dict(params or {})
        if "query" in query:
            name, _, bounds = query["query"].partition(":")
            ends = [end if end == "*" else shift(end, hours=hours) for end in bounds.strip("[]").split(" TO ")]
            query["query"] = f"{name}:[{ends[0]} TO {ends[1]}]"
        return shown(endpoint, query)

    client.page = page  # type: ignore[method-assign]
    assert 3 in sync(client, "companies", READ).ids


def test_an_edit_behind_the_reader_arrives_with_the_next_sync(set_clock: SetClock) -> None:
    """If the list of changes has another order, the latest edit is not on its first page."""
    client = account(edited=True)
    client.honours_sorts = False

    def live() -> None:
        set_clock(HOUR_LATER)
        client.edit("companies", 3, updated_at=shift(NOW, minutes=10), name="new")  # on a page that was read
        client.edit("companies", 30, updated_at=shift(NOW, minutes=30), name="new")

    client.once(7, live)
    first = sync(client, "companies", READ)
    assert {"name": "new"}.items() <= table(first)[30].items()
    later = sync(client, "companies", first.state)
    assert table(first, later)[3]["name"] == "new"


def test_an_empty_account_syncs_and_later_records_arrive(set_clock: SetClock) -> None:
    client = FakeClient({"companies": []})
    first = sync(client, "companies")
    assert (first.records, first.error) == ([], "")
    set_clock(HOUR_LATER)
    client.lists["companies"] = [{**each, "updated_at": HOUR_LATER} for each in records(3)]
    assert sorted(sync(client, "companies", first.state).ids) == [1, 2, 3]
