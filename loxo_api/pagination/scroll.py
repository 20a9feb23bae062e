"""Pagination by `scroll_id`, a position between records, and the lists that need no position.

A list ends with an empty page or a page without a cursor. Search engines and proxies also return these during faults,
so an end is accepted only if it agrees with the record count; otherwise the page is requested again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint, Paging
from loxo_api.errors import ContractError
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.record_count import RecordCount
from loxo_api.slices import smallest_page
from loxo_api.timestamps import latest, parse_timestamp

# How often the page at which a list seems to end is requested again.
END_RETRIES = 2


class OrderError(ContractError):
    """The records are not in the requested order."""


def whole(client: LoxoClient, endpoint: Endpoint, count: RecordCount) -> Iterator[Page]:
    """A bare list, in one request."""
    page = client.page(endpoint)
    count.add(page)
    yield page


def after_id(client: LoxoClient, endpoint: Endpoint, count: RecordCount) -> Iterator[Page]:
    """Pages of records with a higher id, until no record is left.

    :raises ContractError: the list ignores the parameter.
    """
    params: dict[str, Any] = {}
    retries = 0
    while True:
        page = client.page(endpoint, params)
        if not page.records:
            # Such a list has no total, so its end is requested twice.
            if retries == END_RETRIES - 1:
                return
            retries += 1
            continue
        if not count.add(page):
            raise ContractError(f"{endpoint.path} repeats itself: it ignores after_id")
        retries = 0
        yield page
        numbers = [record["id"] for record in page.records if isinstance(record["id"], int)]
        if not numbers:
            raise ContractError(f"the ids of {endpoint.path} are not numbers, so none is the highest")
        params["after_id"] = max(numbers)


def scroll(
    client: LoxoClient,
    endpoint: Endpoint,
    filters: Mapping[str, str],
    count: RecordCount,
    scroll_id: str | None = None,
    first: Page | None = None,
) -> Iterator[Page]:
    """The pages of a scrolled list, or of the part that the filters select, from a position to the end.

    :param filters: repeated with each scroll_id, because Loxo drops them otherwise (Lignum group's scripts, live).
    :param first: the first page, if already fetched.
    :raises ContractError: the cursors lead in a circle, and the count does not prove that everything was read.
    """
    cursors, read, retries = {scroll_id}, 0, 0
    while True:
        page = first or client.page(endpoint, {**filters, **({"scroll_id": scroll_id} if scroll_id else {})})
        first = None
        count.add(page)
        yield page
        if not page.records or page.scroll_id is None:
            if retries >= END_RETRIES or _end_agrees(endpoint, page, count, retries):
                return
            retries += 1
            continue
        if _holds_the_rest(endpoint, page, count):
            return
        read += len(page.records)
        # The second condition ends a list whose cursors are always new but whose records are not.
        bound = 2 * max(count.delivered, page.total_count or 0) + COUNT_CAP
        if page.scroll_id in cursors or read > bound:
            if count.is_proven:
                return
            claimed = "an unknown number of" if page.total_count is None else page.total_count
            raise ContractError(
                f"{endpoint.path} repeats itself: its scroll_id leads to records already read, after "
                f"{count.delivered} of {claimed} records"
            )
        scroll_id, retries = page.scroll_id, 0
        cursors.add(scroll_id)


def _end_agrees(endpoint: Endpoint, page: Page, count: RecordCount, retries: int) -> bool:
    """Whether an apparent end agrees with the record count."""
    if page.total_count is None or page.total_count == COUNT_CAP or page.total_count < count.delivered:
        return retries > 0  # without a usable total, the end must come twice
    if not count.delivered and not endpoint.parent:
        return retries > 0  # an empty account, or a search engine that lost its index
    return page.total_count == count.delivered


def _holds_the_rest(endpoint: Endpoint, page: Page, count: RecordCount) -> bool:
    """Whether the page is the last one, although it has a cursor, as even the last page does (Ampersand)."""
    if not count.is_proven:
        return False
    if endpoint.per_page:
        return len(page.records) < endpoint.per_page
    # Loxo chooses the page size. Nearly every list below a parent has one page, so a second request doubles the cost.
    return bool(endpoint.parent) and len(page.records) == count.delivered


def newest_first(
    client: LoxoClient, endpoint: Endpoint, bound: str, scroll_id: str | None = None, first: Page | None = None
) -> Iterator[Page]:
    """The pages of a scrolled list by latest change, down to a lower bound that the last page proves to have passed.

    :param bound: a timestamp; the page with an older change is the last.
    :param first: the first page, if already fetched.
    :raises OrderError: the records do not come newest first, or the list ends above the bound.
    """
    filters = {endpoint.newest_first_sort: "desc"}
    cursors, retries, order = {scroll_id}, 0, NewestFirst(endpoint, bound)
    is_whole, count = scroll_id is None, RecordCount()
    while True:
        page = first or client.page(endpoint, {**filters, **({"scroll_id": scroll_id} if scroll_id else {})})
        first = None
        count.add(page)
        reached = order.passes(page)
        yield page
        if reached:
            return
        if not page.records or page.scroll_id is None:
            # The whole list may be newer than the bound; otherwise the end is false.
            if is_whole and not count.missing and _end_agrees(endpoint, page, count, retries):
                return
            if retries >= END_RETRIES:
                raise OrderError(f"{endpoint.path} ends before the records that an earlier sync has read")
            retries += 1
            continue
        if page.scroll_id in cursors:
            raise OrderError(f"{endpoint.path} repeats itself: its scroll_id leads to records already read")
        scroll_id, retries = page.scroll_id, 0
        cursors.add(scroll_id)


def check_newest_first(client: LoxoClient, endpoint: Endpoint, first: Page) -> None:
    """Requests the other end: a list that ignores its sort begins with the same record in both directions.

    :param first: the first page, newest first.
    :raises OrderError: the sort is not honoured.
    """
    if first.total_count == len(first.records) or not first.records:
        return  # all records are on one page, so the order does not matter
    number = {"page": 1} if endpoint.paging is Paging.PAGE else {}
    oldest = smallest_page(client, endpoint, {endpoint.newest_first_sort: "asc", **number}).records
    bottom, top = latest(oldest[:1], endpoint.cursor_field), latest(first.records, endpoint.cursor_field)
    same = bool(oldest) and oldest[0]["id"] == first.records[0]["id"]
    if same or (bottom and top and bottom > top):
        raise OrderError(f"{endpoint.path} ignores {endpoint.newest_first_sort}")


class NewestFirst:
    """Checks that pages are ordered by latest change, and finds the lower bound.

    A record without a timestamp is ignored.
    """

    def __init__(self, endpoint: Endpoint, bound: str) -> None:
        self._endpoint = endpoint
        self._bound = bound
        self._began: str | None = None
        self._last: str | None = None

    def passes(self, page: Page) -> bool:
        """Whether a record on the page changed before the bound.

        :raises OrderError: a record is newer than one above it, and was not edited while the list was read.
        """
        # A search index sorts by indexed values but returns current ones, so an edited record can be at any place.
        self._began = self._began or page.served_at or "9"
        for record in page.records:
            changed = parse_timestamp(record.get(self._endpoint.cursor_field))
            if changed is None or changed >= self._began:
                continue
            if self._last and changed > self._last:
                raise OrderError(f"{self._endpoint.path} ignores {self._endpoint.newest_first_sort}")
            self._last = changed
        return self._last is not None and self._last < self._bound
