"""Lagging totals, wrong end positions and records without times: each has cost a record or a stream."""

from dataclasses import replace
from typing import Any

import pytest
from fake_client import Asked, FakeClient, at, record, records, sync, table

from loxo_api.pages import Page
from loxo_api.timestamps import shift

pytestmark = pytest.mark.usefixtures("small_slices")


def stale(client: FakeClient, total: int) -> None:
    client.total = lambda count: min(count, total)


@pytest.mark.parametrize(("count", "total"), [(105, 100), (150, 100), (1150, 1000), (1105, 1100)])
def test_jobs_that_the_total_does_not_count_yet_are_delivered(count: int, total: int) -> None:
    client = FakeClient({"jobs": records(count)})
    client.after = lambda asked, page: replace(page, total_pages=-(-total // 100))
    stale(client, total)
    first = sync(client, "jobs")
    assert (set(first.ids), first.error) == (set(range(1, count + 1)), "")


@pytest.mark.parametrize("name", ["deals", "jobs"])
@pytest.mark.parametrize("number", range(2, 12))
def test_an_edit_is_not_hidden_by_a_total_that_lags(name: str, number: int) -> None:
    """One record was created before the sync and is not counted; another one moves past the reader."""
    client = FakeClient({name: records(41)}, page_size=4)
    client.after = lambda asked, page: replace(page, total_pages=10)
    stale(client, 40)
    client.once(number, lambda: client.edit(name, 20, updated_at=at(90)))
    first = sync(client, name, full_refresh=True)
    assert (set(first.ids), first.error) == (set(range(1, 42)), "")


@pytest.mark.parametrize("number", range(2, 12))
def test_an_uncounted_creation_hides_no_unsorted_job(number: int) -> None:
    client = FakeClient({"jobs": records(40)}, page_size=4)
    client.honours_sorts = False
    stale(client, 40)
    client.once(number, lambda: client.lists["jobs"].insert(0, record(99)))
    first = sync(client, "jobs")
    assert (set(range(1, 41)) - set(first.ids), first.error) == (set(), "")


@pytest.mark.parametrize("total", [None, 0])
def test_an_empty_stored_position_starts_the_slice_over(total: int | None) -> None:
    client = FakeClient({"people": records(15)}, page_size=4)
    half = sync(client, "people").checkpoints[1][1]
    position = half["slices"][0]["scroll_id"]
    delivered = set(range(1, 9))
    client.recover()

    def after(asked: Asked, page: Page) -> Page:
        if asked.params.get("scroll_id") == position and len(client.asked) < 8:
            return Page([], None, total)
        return page

    client.after = after
    rest = sync(client, "people", half)
    assert (delivered | set(rest.ids), rest.error) == (set(range(1, 16)), "")


def test_a_position_that_is_always_empty_is_an_error() -> None:
    client = FakeClient({"people": records(15)}, page_size=4)
    position = sync(client, "people").checkpoints[1][1]["slices"][0]["scroll_id"]
    client.recover()
    client.after = lambda asked, page: Page([], None, 0) if asked.params.get("scroll_id") == position else page
    assert "records are missing" in sync(client, "people").error


def test_an_occasionally_missing_total_fails_no_stream() -> None:
    client = FakeClient({"people": records(60)}, page_size=4)
    client.after = lambda asked, page: replace(page, total_count=None) if len(client.asked) % 4 == 0 else page
    first = sync(client, "people")
    assert (set(first.ids), first.error) == (set(range(1, 61)), "")


@pytest.mark.parametrize("name", ["people", "companies"])
def test_a_query_that_returns_500_fails_no_stream(name: str) -> None:
    client = FakeClient({name: records(60)}, page_size=4)
    client.refuse(lambda asked: "query" in asked.params, 500)
    first = sync(client, name)
    client.edit(name, 5, updated_at=at(90), name="new")
    later = sync(client, name, first.state)
    assert set(first.ids) == set(range(1, 61))
    assert (first.error, later.error, table(first, later)[5]["name"]) == ("", "", "new")


def test_activities_without_a_time_do_not_end_the_read_of_edits() -> None:
    activities = [*records(60), record(61, updated_at=None)]
    client = FakeClient({"person_events": activities}, page_size=10)
    first = sync(client, "person_events")
    assert first.state["undated"] >= 1
    client.edit("person_events", 3, updated_at=at(90), notes="new")
    client.lists["person_events"].append(record(62, created_at="2020-01-01T00:00:00.000Z", updated_at=at(91)))
    later = sync(client, "person_events", first.state)
    assert {3, 62} <= set(later.ids)
    client.lists["person_events"].append(record(63, created_at=at(92), updated_at=None))
    client.edit("person_events", 4, updated_at=at(93), notes="new")
    last = sync(client, "person_events", sync(client, "person_events", later.state).state)
    assert table(first, later, last)[4].get("notes") == "new" or 4 in later.ids


def test_records_in_two_slices_hide_no_shortfall() -> None:
    """Records one second apart are in two slices, and a resumed read counts them twice."""
    dense: list[dict[str, Any]] = [
        record(number, created_at=shift(at(1), seconds=number), updated_at=at(1)) for number in range(1, 61)
    ]
    client = FakeClient({"people": dense}, page_size=5)
    first = sync(client, "people", full_refresh=True, sync_id=7)
    delivered, half = next(
        (count, state)
        for count, state in first.checkpoints
        if sum(part.get("done", False) for part in state.get("slices", [])) >= 2
    )
    before = set(first.ids[:delivered])
    client.recover()
    for number in range(71, 75):  # dated back into a slice that is done
        client.lists["people"].append(record(number, created_at=shift(at(1), seconds=3), updated_at=at(1)))
    rest = sync(client, "people", half, full_refresh=True, sync_id=7)
    assert before | set(rest.ids) == {each["id"] for each in client.lists["people"]}
    assert rest.error == ""
