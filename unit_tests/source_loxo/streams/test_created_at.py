"""Activities and messages: recently created and changed records, in slices by creation time."""

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
# Four records a day: the look-back of three days is twelve records.
RECENT = set(range(38, 51))
TIMES = {"created_at": at(50), "updated_at": at(50), "looked_back_at": NOW}
READ = {"version": STATE_VERSION, "kind": "created_at", **TIMES}
HOUR_LATER, WEEK_LATER = shift(NOW, hours=1), shift(NOW, days=7, hours=1)
# `person_events` can be filtered by change and has a sort by creation, `sms` neither.
LISTS = ["person_events", "sms"]

SetClock = Callable[[str], None]


def account(name: str = "person_events") -> FakeClient:
    return FakeClient({name: records(50)}, page_size=4)


@pytest.mark.parametrize("name", LISTS)
def test_a_first_sync_delivers_each_record_once(name: str) -> None:
    first = sync(account(name), name)
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.estimate, first.state) == ("", 50, READ)


@pytest.mark.parametrize("name", LISTS)
def test_slices_may_be_read_in_any_order(name: str) -> None:
    first = sync(account(name), name, side_by_side=True)
    assert sorted(first.ids) == sorted(ALL)
    assert first.state == READ


@pytest.mark.parametrize("name", LISTS)
def test_a_later_sync_delivers_the_last_three_days(name: str, set_clock: SetClock) -> None:
    client = account(name)
    client.lists[name].append(record(51))
    set_clock(HOUR_LATER)
    later = sync(client, name, READ)
    assert set(later.ids) == {*RECENT, 51}
    assert len(later.ids) == len(set(later.ids))
    assert (later.state["created_at"], later.state["looked_back_at"]) == (at(51), NOW)


@pytest.mark.parametrize("name", LISTS)
def test_once_a_week_the_last_35_days_are_read(name: str, set_clock: SetClock) -> None:
    client = FakeClient({name: records(200)}, page_size=4)
    set_clock(WEEK_LATER)
    later = sync(client, name, {**READ, "created_at": at(200), "updated_at": at(200)})
    assert set(later.ids) == set(range(60, 201))
    assert later.state["looked_back_at"] == WEEK_LATER


def test_an_edit_of_an_old_record_arrives(set_clock: SetClock) -> None:
    client = account()
    client.edit("person_events", 3, updated_at=at(60), name="new")
    set_clock(HOUR_LATER)
    later = sync(client, "person_events", READ)
    assert table(later)[3]["name"] == "new"
    assert set(later.ids) == {*RECENT, 3}
    assert later.state["updated_at"] == at(60)


def test_an_old_edit_arrives_once_date_ranges_work(set_clock: SetClock) -> None:
    client = account()
    client.edit("person_events", 3, updated_at=at(60), name="new")
    client.edit("person_events", 45, updated_at=at(61))
    set_clock(HOUR_LATER)
    client.query = "ignored"
    later = sync(client, "person_events", READ)
    assert (set(later.ids), later.state["updated_at"]) == (RECENT, at(50))
    client.query = "honoured"
    assert 3 in sync(client, "person_events", later.state).ids


def test_a_record_dated_far_back_arrives_by_its_change(set_clock: SetClock) -> None:
    client = account()
    client.lists["person_events"].append({**record(99), "created_at": at(-400), "updated_at": at(60)})
    set_clock(HOUR_LATER)
    assert 99 in sync(client, "person_events", READ).ids


@pytest.mark.parametrize("name", LISTS)
def test_a_record_dated_back_a_little_arrives(name: str, set_clock: SetClock) -> None:
    client = account(name)
    client.lists[name].append({**record(99), "created_at": at(40.5), "updated_at": at(40.5)})
    set_clock(HOUR_LATER)
    assert 99 in sync(client, name, READ).ids


@pytest.mark.parametrize("name", LISTS)
def test_each_stored_position_resumes_to_the_end(name: str) -> None:
    client = account(name)
    for before, rest in resumed(client, sync(client, name), name):
        assert before | set(rest.ids) == ALL
        assert (rest.error, rest.state) == ("", READ) or before == ALL
        assert before == ALL or len(rest.ids) <= 50 - len(before) + 4


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_after_an_outage_at_any_request_the_next_sync_completes(name: str, state: Any, set_clock: SetClock) -> None:
    set_clock(HOUR_LATER)

    def make() -> FakeClient:
        client = account(name)
        if state and name == "person_events":
            client.edit(name, 3, updated_at=at(60), name="new")
        return client

    wanted = ALL if state is None else {*RECENT, 3} if name == "person_events" else RECENT
    tried = 0
    for before, rest in after_each_outage(make, name, state):
        assert before | set(rest.ids) >= wanted
        assert rest.error == ""
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_a_refused_position_reads_its_slice_again(name: str, status: int) -> None:
    client = account(name)
    half = sync(client, name).checkpoints[1][1]
    (position,) = [part["scroll_id"] for part in half["slices"] if "scroll_id" in part]
    client.recover()
    met: list[Any] = []
    client.refuse(lambda asked: asked.params.get("scroll_id") == position and not met and not met.append(1), status)
    rest = sync(client, name, half)
    assert met
    assert (set(rest.ids), rest.error, rest.state) == (ALL, "", READ)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("ranges", ["ignored", "refused"])
def test_date_ranges_that_do_not_work_are_not_used(name: str, ranges: str) -> None:
    client = account(name)
    client.query, client.filters = ranges, "ignored"
    first = sync(client, name)
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.state["created_at"]) == ("", at(50))


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("time", [None, "no time", "2024"])
def test_records_with_missing_or_odd_timestamps_are_delivered(name: str, time: str | None) -> None:
    client = account(name)
    for number in (1, 25, 50):
        client.edit(name, number, created_at=time, updated_at=time)
    first = sync(client, name)
    assert (set(first.ids), first.error) == (ALL, "")
    assert first.state["created_at"] == at(49)


@pytest.mark.parametrize("name", LISTS)
def test_a_creation_in_the_future_does_not_move_the_state_there(name: str, set_clock: SetClock) -> None:
    client = account(name)
    client.lists[name].append({**record(51), "created_at": shift(NOW, days=300), "updated_at": NOW})
    first = sync(client, name)
    assert (set(first.ids), first.state["created_at"]) == ({*ALL, 51}, at(50))
    client.lists[name].append({**record(52), "created_at": HOUR_LATER, "updated_at": HOUR_LATER})
    set_clock(HOUR_LATER)
    assert {51, 52} <= set(sync(client, name, first.state).ids)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("number", range(1, 40, 5))
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_many_creations_and_deletions_arrive_by_the_next_sync(
    name: str, number: int, state: Any, set_clock: SetClock
) -> None:
    client = account(name)
    is_alive: list[bool] = []

    def live() -> None:
        is_alive.append(True)
        client.delete(name, 6, 48)
        client.lists[name].append({**record(99), "created_at": NOW, "updated_at": NOW})
        client.lists[name].append({**record(98), "created_at": shift(NOW, days=-2), "updated_at": NOW})
        if name == "person_events":
            client.edit(name, 25, updated_at=NOW, name="new")

    client.once(number, live)
    first = sync(client, name, state)
    client.recover()
    if not is_alive:
        live()
    set_clock(HOUR_LATER)
    later = sync(client, name, first.state)
    assert (first.error, later.error) == ("", "")
    held = table(first, later)
    wanted = {each["id"]: each for each in client.lists[name] if not state or each["updated_at"] > at(50)}
    assert {key: held.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("number", [2, 8, 15, 25])
def test_one_wrong_empty_response_costs_nothing(name: str, number: int) -> None:
    client = account(name)
    client.after = lambda asked, page: Page([], None, 0) if len(client.asked) == number else page
    first = sync(client, name)
    assert (set(first.ids), first.error) == (ALL, "")


@pytest.mark.parametrize("name", LISTS)
def test_a_shortfall_is_an_error_after_which_all_is_read_again(name: str) -> None:
    client = account(name)
    client.total = lambda count: count + 3
    short = sync(client, name)
    assert "3 records are missing" in short.error
    client.total = lambda count: count
    rest = sync(client, name, short.state)
    assert (set(rest.ids), rest.error, rest.state) == (ALL, "", READ)


def test_a_sort_that_is_ignored_costs_nothing() -> None:
    client = account()
    client.honours_sorts = False
    first = sync(client, "person_events")
    assert (sorted(first.ids), first.error, first.state) == (sorted(ALL), "", READ)


def test_a_missing_cursor_costs_nothing() -> None:
    client = account()
    client.after = lambda asked, page: replace(page, scroll_id=None) if len(client.asked) == 20 else page
    assert set(sync(client, "person_events").ids) == ALL


@pytest.mark.parametrize("name", LISTS)
def test_a_start_date_leaves_out_earlier_records(name: str) -> None:
    first = sync(account(name), name, start_date=at(30))
    assert min(first.ids) in range(24, 27)  # 26 hours more, for bounds that are read in another time zone
    assert max(first.ids) == 50


def test_an_empty_account_syncs_and_later_records_arrive(set_clock: SetClock) -> None:
    client = FakeClient({"person_events": []})
    first = sync(client, "person_events")
    assert (first.records, first.error) == ([], "")
    client.lists["person_events"] = records(3)
    set_clock(HOUR_LATER)
    assert sorted(sync(client, "person_events", first.state).ids) == [1, 2, 3]


@pytest.mark.parametrize("hours", [-12, -5, 9, 14])
def test_bounds_that_are_read_in_another_zone_lose_no_edit(hours: int, set_clock: SetClock) -> None:
    """The account's times are shown in one zone, its filters read them in another."""
    client = account()
    client.edit("person_events", 3, updated_at=at(50.1), name="new")
    set_clock(HOUR_LATER)
    shown = client.page

    def page(endpoint: Any, params: Any = None) -> Page:
        query = dict(params or {})
        if "query" in query:
            name, _, bounds = query["query"].partition(":")
            ends = [end if end == "*" else shift(end, hours=hours) for end in bounds.strip("[]").split(" TO ")]
            query["query"] = f"{name}:[{ends[0]} TO {ends[1]}]"
        return shown(endpoint, query)

    client.page = page  # type: ignore[method-assign]
    assert 3 in sync(client, "person_events", READ).ids
