"""Pagination by `scroll_id`: false ends, repeated records, and the order of changes."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_client import Asked, FakeClient, at, record, records

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.pages import Page
from loxo_api.pagination.scroll import NewestFirst, OrderError, check_newest_first, newest_first, scroll
from loxo_api.record_count import RecordCount

PEOPLE = ENDPOINTS["people"]
EMPTY = Page([], None, 0)


def account(count: int = 24) -> FakeClient:
    return FakeClient({"people": records(count)}, page_size=4)


def seen(client: FakeClient) -> set[Any]:
    """The ids on the pages of one pass."""
    return {each["id"] for page in scroll(client, PEOPLE, {}, RecordCount()) for each in page.records}  # type: ignore[arg-type]


def changes(client: FakeClient, bound: str, scroll_id: str | None = None) -> list[Any]:
    pages = newest_first(client, PEOPLE, bound, scroll_id)  # type: ignore[arg-type]
    return [each["id"] for page in pages for each in page.records]


def at_requests(client: FakeClient, numbers: set[int], change: Callable[[Page], Page]) -> FakeClient:
    client.after = lambda asked, page: change(page) if len(client.asked) in numbers else page
    return client


@pytest.mark.parametrize("false_end", [EMPTY, Page([], None, 24), Page([], None, None)])
@pytest.mark.parametrize("number", range(1, 7))
def test_one_false_end_ends_no_pass(number: int, false_end: Page) -> None:
    client = at_requests(account(), {number}, lambda page: false_end)
    assert len(seen(client)) == 24


def test_false_ends_apart_from_each_other_end_no_pass() -> None:
    client = at_requests(account(), {2, 4, 6, 8}, lambda page: replace(page, records=[], scroll_id=None))
    assert len(seen(client)) == 24


def test_a_missing_cursor_before_the_total_ends_no_pass() -> None:
    client = at_requests(account(), {2}, lambda page: replace(page, scroll_id=None))
    assert len(seen(client)) == 24


def test_new_cursors_to_the_same_records_are_an_error(small_cap: int) -> None:
    client = account()
    client.after = lambda asked, page: Page(records(4), json.dumps([0, len(client.asked)]).encode().hex(), 24)
    with pytest.raises(ContractError, match="repeats itself"):
        seen(client)
    assert len(client.asked) < 40


def test_a_list_below_a_parent_that_fits_a_page_is_one_request() -> None:
    of_parent = ENDPOINTS["company_people"].of({"id": 7})
    client = FakeClient({of_parent.path: records(3)})
    for _ in scroll(client, of_parent, {}, RecordCount()):  # type: ignore[arg-type]
        pass
    assert len(client.asked) == 1


def test_changes_end_behind_their_bound() -> None:
    assert changes(account(), at(17)) == list(range(24, 12, -1))  # a page is whole: 16 is the first older one


def test_a_record_that_is_newer_than_the_one_above_it_is_an_error() -> None:
    order = NewestFirst(PEOPLE, at(0))
    assert not order.passes(Page([record(9), record(5)]))
    with pytest.raises(OrderError):
        order.passes(Page([record(7)]))


def test_a_record_that_was_edited_during_the_read_may_be_anywhere() -> None:
    order = NewestFirst(PEOPLE, at(0))
    page = Page([record(9), record(5, updated_at="2025-01-01T00:00:01.000Z")], date="Wed, 01 Jan 2025 00:00:00 GMT")
    assert not order.passes(page)


def test_the_bound_is_passed_by_an_older_record_only() -> None:
    assert not NewestFirst(PEOPLE, at(5)).passes(Page([record(9), record(5)]))
    assert NewestFirst(PEOPLE, at(5)).passes(Page([record(9), record(4)]))


def test_changes_that_end_above_their_bound_are_an_error(small_cap: int) -> None:
    client = account(60)
    client.total = lambda count: min(count, small_cap)

    def ends(asked: Asked, page: Page) -> Page:
        return replace(page, records=[], scroll_id=None) if "scroll_id" in asked.params else page

    client.after = ends
    with pytest.raises(OrderError, match="ends before"):
        changes(client, at(1))


def test_changes_from_a_stored_position_prove_no_whole_list() -> None:
    client = account()
    client.total = lambda count: None  # type: ignore[assignment, return-value]
    position = client.page(PEOPLE, {"updated_at_sort": "desc"}).scroll_id
    with pytest.raises(OrderError, match="ends before"):
        changes(client, "1970-01-01T00:00:00.000Z", position)


@pytest.mark.parametrize("oldest", [records(24)[-1], record(99, updated_at=at(50))])
def test_both_ends_show_whether_a_sort_is_honoured(oldest: dict[str, Any]) -> None:
    client = account()
    first = client.page(PEOPLE, {"updated_at_sort": "desc"})
    check_newest_first(client, PEOPLE, first)  # type: ignore[arg-type]
    client.after = lambda asked, page: replace(page, records=[oldest])
    with pytest.raises(OrderError, match="ignores"):
        check_newest_first(client, PEOPLE, first)  # type: ignore[arg-type]
