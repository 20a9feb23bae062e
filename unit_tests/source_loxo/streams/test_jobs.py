"""Jobs: a numbered list with a sort by change and a limit of results."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_client import NOW, FakeClient, after_each_outage, at, record, records, sync, table

from loxo_api.endpoints import ENDPOINTS
from loxo_api.pages import Page
from loxo_api.pagination.page_number import ResultLimit
from loxo_api.timestamps import shift
from source_loxo.state import STATE_VERSION

ALL = set(range(1, 31))
READ = {"version": STATE_VERSION, "kind": "jobs", "updated_at": at(30)}
# Changes of old jobs after the state READ, on several pages.
EDITED = {number: at(60 + number / 10) for number in range(3, 21, 2)}


def account(edited: bool = False) -> FakeClient:
    client = FakeClient({"jobs": records(30)}, page_size=4)
    for number, time in EDITED.items() if edited else ():
        client.edit("jobs", number, updated_at=time)
    return client


def long_account(count: int) -> FakeClient:
    """More jobs than Loxo shows with `small_limit`, one for each five days."""
    made = [record(each, created_at=at(-20 * each), updated_at=at(each)) for each in range(1, count + 1)]
    client = FakeClient({"jobs": made, "job_statuses": [], "job_types": [], "countries": []}, page_size=10)
    client.result_limit = 40
    return client


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch, small_cap: int) -> None:
    """Pages of ten jobs, of which Loxo shows four."""
    jobs = replace(ENDPOINTS["jobs"], per_page=10)
    monkeypatch.setattr("fake_client.STREAMS", {"jobs": jobs})
    monkeypatch.setattr("source_loxo.streams.jobs.ResultLimit", lambda: ResultLimit(small_cap))


@pytest.mark.parametrize("full_refresh", [True, False])
def test_a_first_sync_delivers_each_record_once(full_refresh: bool) -> None:
    first = sync(account(), "jobs", full_refresh=full_refresh)
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.estimate) == ("", 30)


def test_the_state_is_the_latest_change() -> None:
    assert sync(account(), "jobs").state == READ


def test_a_full_refresh_keeps_no_state_and_reads_all_again() -> None:
    client = account()
    first = sync(client, "jobs", full_refresh=True)
    assert "updated_at" not in first.state
    assert set(sync(client, "jobs", READ, full_refresh=True).ids) == ALL


def test_a_list_on_one_page_costs_one_request() -> None:
    client = FakeClient({"jobs": records(5)})
    assert sorted(sync(client, "jobs").ids) == [1, 2, 3, 4, 5]
    assert len(client.asked) == 1


def test_a_later_sync_delivers_changes_and_few_others() -> None:
    later = sync(account(edited=True), "jobs", READ)
    assert set(later.ids) >= set(EDITED)
    assert set(later.ids) - set(EDITED) <= {26, 27, 28, 29, 30}  # 26 hours, for times in another zone
    assert len(later.ids) == len(set(later.ids))
    assert later.state["updated_at"] == max(EDITED.values())


def test_a_later_sync_of_an_unchanged_account_keeps_its_state() -> None:
    client = account()
    assert sync(client, "jobs", READ).state == READ
    assert len(client.asked) == 2


def test_no_state_is_emitted_before_the_end() -> None:
    assert {delivered for delivered, _ in sync(account(), "jobs").checkpoints} == {30}


@pytest.mark.parametrize("edited", [False, True], ids=["first sync", "later sync"])
def test_after_an_outage_at_any_request_the_next_sync_completes(edited: bool) -> None:
    wanted = set(EDITED) if edited else ALL
    tried = 0
    for _, rest in after_each_outage(lambda: account(edited), "jobs", READ if edited else None):
        assert set(rest.ids) >= wanted
        assert rest.error == ""
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("number", range(2, 10))
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_many_edits_and_deletions_arrive_by_the_next_sync(
    number: int, state: Any, set_clock: Callable[[str], None]
) -> None:
    client = account(edited=bool(state))

    def live() -> None:
        client.delete("jobs", 6, 28)
        client.lists["jobs"].append({**record(99), "created_at": NOW, "updated_at": NOW})
        client.edit("jobs", 15, updated_at=NOW, name="new")

    client.once(number, live)
    first = sync(client, "jobs", state)
    client.recover()
    set_clock(shift(NOW, hours=1))
    if not any(each["id"] == 99 for each in client.lists["jobs"]):
        live()
    later = sync(client, "jobs", first.state)
    assert (first.error, later.error) == ("", "")
    held = table(first, later)
    wanted = {each["id"]: each for each in client.lists["jobs"] if not state or each["updated_at"] > at(31)}
    assert {key: held.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_a_sort_that_is_ignored_costs_no_record(state: Any) -> None:
    client = account(edited=True)
    client.honours_sorts = False
    result = sync(client, "jobs", state)
    assert (set(result.ids), result.error) == (ALL, "")


def test_a_reversed_sort_costs_no_record() -> None:
    client = account(edited=True)
    client.lists["jobs"].sort(key=lambda each: each["updated_at"])
    client.honours_sorts = False
    assert set(sync(client, "jobs", READ).ids) == ALL


@pytest.mark.parametrize("time", [None, "no time", "2024"])
def test_records_with_missing_or_odd_timestamps_are_delivered(time: str | None) -> None:
    client = account()
    for number in (1, 15, 30):
        client.edit("jobs", number, updated_at=time)
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (ALL, "")


def test_a_first_job_without_a_time_does_not_end_the_read() -> None:
    client = account(edited=True)
    undated = {**record(99), "updated_at": None}
    client.after = lambda asked, page: replace(page, records=[undated, *page.records])
    assert set(sync(client, "jobs", READ).ids) >= set(EDITED)


def test_a_change_in_the_future_does_not_move_the_state_there() -> None:
    client = account()
    client.edit("jobs", 3, updated_at=shift(NOW, days=300))
    assert sync(client, "jobs").state["updated_at"] == NOW


@pytest.mark.parametrize("number", range(2, 9))
def test_one_wrong_empty_response_costs_nothing(number: int) -> None:
    client = account()
    client.after = lambda asked, page: Page([], None, 0, 0) if len(client.asked) == number else page
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (ALL, "")


def test_a_full_page_is_not_the_last_despite_the_counters() -> None:
    client = account(edited=True)
    client.after = lambda asked, page: (
        replace(page, total_pages=1) if asked.params.get("updated_at_sort") == "desc" else page
    )
    later = sync(client, "jobs", READ)
    assert (set(EDITED) <= set(later.ids), later.error) == (True, "")


def test_changes_that_end_too_early_make_it_a_full_read() -> None:
    client = account(edited=True)
    client.after = lambda asked, page: (
        replace(page, records=page.records[:2], total_pages=1)
        if asked.params.get("updated_at_sort") == "desc" and asked.params["page"] == 2
        else page
    )
    later = sync(client, "jobs", READ)
    assert (set(later.ids), later.error) == (ALL, "")


def test_a_shortfall_is_an_error_and_no_state_moves() -> None:
    client = account()
    client.total = lambda count: count + 2
    short = sync(client, "jobs")
    assert set(short.ids) == ALL
    assert "its pages hold 30" in short.error
    assert "updated_at" not in short.state


@pytest.mark.usefixtures("small_limit")
def test_more_jobs_than_the_limit_are_read_by_creation_time() -> None:
    client = long_account(95)
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, 96)), "")
    assert any(asked.has("created_at:[") for asked in client.asked)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("ranges", ["ignored", "refused"])
def test_more_jobs_than_the_limit_are_read_in_parts_that_add_up(ranges: str) -> None:
    client = long_account(95)
    client.lists["job_statuses"] = records(3)
    for each in range(1, 96):
        client.edit("jobs", each, published="true", job_status_id=1 + each % 3)
    client.query = ranges
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, 96)), "")


@pytest.mark.usefixtures("small_limit")
def test_jobs_that_cannot_be_split_are_read_from_both_ends() -> None:
    client = long_account(75)
    client.query = "ignored"
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, 76)), "")


@pytest.mark.usefixtures("small_limit")
def test_unreachable_jobs_between_both_ends_are_an_error() -> None:
    client = long_account(95)
    client.query = "ignored"
    first = sync(client, "jobs")
    assert "15 records are missing: Loxo shows 80 of 95 jobs" in first.error
    assert "updated_at" not in first.state


@pytest.mark.usefixtures("small_limit")
def test_a_capped_total_means_at_least(small_cap: int) -> None:
    client = long_account(95)
    client.total = lambda count: min(count, small_cap)
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, 96)), "")


@pytest.mark.usefixtures("small_limit")
def test_more_changed_jobs_than_the_limit_are_all_delivered() -> None:
    client = long_account(95)
    later = sync(client, "jobs", {**READ, "updated_at": at(2)})
    assert (set(later.ids) >= set(range(3, 96)), later.error) == (True, "")


@pytest.mark.usefixtures("small_limit")
def test_an_unknown_limit_is_found_and_the_list_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_loxo.streams.jobs.ResultLimit", ResultLimit)
    client = long_account(95)
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, 96)), "")
