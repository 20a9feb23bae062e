"""A search engine that loses its index returns no records and a total of 0. No read ends short without an error."""

from collections.abc import Callable

import pytest
from fake_client import Asked, FakeClient, Sync, records, sync

from loxo_api.pages import Page

ALL = set(range(1, 51))
EVER = 10**6
# Lists whose slices are selected by the query, by declared filters, not at all.
READS = [
    ("people", True),
    ("people", False),
    ("person_events", False),
    ("companies", False),
    ("forms", True),
    ("jobs", False),
    ("deals", False),
]


def without_index(name: str, after: int, times: int) -> FakeClient:
    """An account whose index is lost for some requests after some others."""
    client = FakeClient({name: records(50)}, page_size=4)

    def lost(asked: Asked, page: Page) -> Page:
        return Page([], None, 0, date=page.date) if after < len(client.asked) <= after + times else page

    client.after = lost
    return client


def each_moment(name: str, full_refresh: bool, times: int, change: Callable[[FakeClient], None] | None = None) -> int:
    """Loses the index after each request but the first; returns the number of reads that ended with an error."""

    def read(client: FakeClient, first: Sync | None = None) -> Sync:
        return sync(client, name, first.state if first else None, full_refresh=full_refresh, sync_id=7)

    whole = FakeClient({name: records(50)}, page_size=4)
    read(whole)
    errors = 0
    for after in range(1, len(whole.asked) + 1):
        client = without_index(name, after, times)
        if change:
            change(client)
        first = read(client)
        there = {each["id"] for each in client.lists[name]}
        if first.error:
            errors += 1
            client.recover()
            second = read(client, first)
            assert (there - set(first.ids) - set(second.ids), second.error) == (set(), ""), after
        else:
            assert there - set(first.ids) == set(), after
    return errors


@pytest.mark.parametrize("times", [1, 2, 3, 5, 9, EVER])
@pytest.mark.parametrize(("name", "full_refresh"), READS)
def test_a_lost_index_is_waited_for_or_an_error(name: str, full_refresh: bool, times: int) -> None:
    assert each_moment(name, full_refresh, times) > 0 or times < EVER


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("times", [1, 2, 3, 5, 9, EVER])
@pytest.mark.parametrize(("name", "full_refresh"), READS)
def test_a_lost_index_costs_no_slice(name: str, full_refresh: bool, times: int) -> None:
    assert each_moment(name, full_refresh, times) > 0 or times < EVER


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("times", [2, 3, 5, EVER])
@pytest.mark.parametrize(("name", "full_refresh"), READS)
def test_a_lost_index_costs_no_slice_that_is_read_again(name: str, full_refresh: bool, times: int) -> None:
    each_moment(name, full_refresh, times, lambda client: client.once(9, lambda: client.delete(name, 2)))


def test_an_account_without_people_and_a_start_date_is_not_an_error() -> None:
    client = FakeClient({"people": records(50)}, page_size=4)
    assert sync(client, "people", start_date="2024-12-20T00:00:00.000Z").error == ""


def test_an_account_that_is_emptied_during_the_read_syncs_the_next_time() -> None:
    client = FakeClient({"people": records(50)}, page_size=4)
    client.once(6, lambda: client.delete("people", *ALL))
    first = sync(client, "people")
    client.recover()
    assert sync(client, "people", first.state).error == ""
