"""Pagination by page number: records move between pages during a read, and Loxo shows jobs only up to a limit.

A deletion moves the first record of the next page onto a page that is already read. So a pass goes from the last page
to the first: a deletion then moves records onto pages that are not read yet. Records that are created or edited
meanwhile are at the end of an updated-ascending list, which is read again. A page number is not a position, so a pass
cannot be resumed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ContractError, LoxoError
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.pagination.scroll import END_RETRIES, NewestFirst, OrderError, whole
from loxo_api.record_count import RecordCount
from loxo_api.slices import plan, query_range, range_works, total_of, totals_of

logger = logging.getLogger("airbyte")

Splits = tuple[tuple[str, "str | tuple[str, ...]"], ...]

# How often a list is read again while its total changes.
PASSES = 3


def numbered(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], count: RecordCount) -> Iterator[Page]:
    """One pass over a numbered list, from its last page to its first, then over its end again."""
    first = client.page(endpoint, {**filters, "page": 1})
    count.add(first)
    yield first
    last = _page_count(endpoint, first)
    for number in range(last, 1, -1):
        page = _page(client, endpoint, filters, number)
        count.add(page)
        yield page
    if last > 1 or len(first.records) >= endpoint.per_page:
        yield from _end_again(client, endpoint, filters, count, last, len(first.records))


def _end_again(
    client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], count: RecordCount, last: int, size: int
) -> Iterator[Page]:
    """The records that reached the end of the list meanwhile, and those that its counters do not include.

    A cached counter hides both, so this does not depend on it.

    :param last: the number of the last page, by the counters.
    :param size: the number of records on a full page.
    """
    number, page = last, client.page(endpoint, {**filters, "page": last})
    while not page.records and number > 1:  # deletions emptied it
        number -= 1
        page = client.page(endpoint, {**filters, "page": number})
    fresh = bool(count.add(page))
    yield page
    beyond = number
    while len(page.records) >= size:
        beyond += 1
        page = client.page(endpoint, {**filters, "page": beyond})
        if not count.add(page):
            break
        fresh = True
        yield page
    while fresh and number > 1:
        number -= 1
        page = client.page(endpoint, {**filters, "page": number})
        fresh = bool(count.add(page))
        yield page


def _page(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], number: int) -> Page:
    """A page that should have records; an empty one is requested again."""
    for _ in range(END_RETRIES):
        page = client.page(endpoint, {**filters, "page": number})
        if page.records or number > _page_count(endpoint, page):
            break
    return page


def _page_count(endpoint: Endpoint, page: Page) -> int:
    """The number of pages, from the counters of a page."""
    if page.total_pages is not None:
        return page.total_pages
    if page.total_count is not None:
        # Not divided by the requested size, because the server may return smaller pages.
        return -(-page.total_count // max(1, len(page.records)))
    raise ContractError(f"{endpoint.path} has neither total_count nor total_pages, so its end is unknown")


def exact(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> Iterator[Page]:
    """The pages of a numbered list, in as many passes as prove it complete.

    :raises ContractError: no pass reached the total.
    """
    whole_read = RecordCount()
    for attempt in range(PASSES):
        count = RecordCount()
        for page in numbered(client, endpoint, filters, count):
            whole_read.add(page)
            yield page
        # A search engine that lost its index returns no records and a total of 0, which prove nothing after records.
        is_lost = whole_read.delivered > 0 and not count.delivered
        is_proven = count.is_proven or count.only_grew  # new records are at the end, which is read last
        lags = not count.moved and not count.missing  # the counters are behind the list
        if (is_proven or lags) and not is_lost:
            return
        if attempt < PASSES - 1:
            logger.info(f"{endpoint.name}: the list changed while it was read; reading it again.")
    if whole_read.missing or is_lost:
        raise ContractError(
            f"{endpoint.path} claims {whole_read.last_total} records, its pages hold {whole_read.delivered}"
        )


@dataclass
class ResultLimit:
    """The number of results that a numbered list shows at most; 10,000 on Loxo (loxo-cli, live)."""

    results: int = COUNT_CAP


def beyond_the_limit(
    client: LoxoClient,
    endpoint: Endpoint,
    filters: dict[str, str],
    splits: Splits,
    limit: ResultLimit,
    total: int | None = None,
) -> Iterator[Page]:
    """The pages of a numbered list of any length, in parts below the limit.

    :param total: the total for the filters, if known.
    :raises ContractError: no filter cuts the list into readable parts.
    """
    total = total_of(client, endpoint, filters) if total is None else total
    if total < limit.results:
        try:
            yield from exact(client, endpoint, filters)
            return
        except LoxoError as error:
            if error.status != 400:
                raise
            limit.results = _found_limit(client, endpoint, filters, total)
            logger.info(f"{endpoint.name}: Loxo shows only {limit.results} of {total} results; splitting them.")
    for parts, deeper in _proven_splits(client, endpoint, filters, splits, total, limit):
        for part in parts:
            yield from beyond_the_limit(client, endpoint, {**filters, **part}, deeper, limit)
        return
    logger.info(f"{endpoint.name}: {total} results cannot be split further; reading them from both ends.")
    yield from _from_both_ends(client, endpoint, filters, total, limit)


def _from_both_ends(
    client: LoxoClient, endpoint: Endpoint, filters: dict[str, str], total: int, limit: ResultLimit
) -> Iterator[Page]:
    """The pages that Loxo shows in either direction; the two meet if the list is at most twice the limit.

    :raises ContractError: they do not meet, so records between them are missing.
    """
    count, meet = RecordCount(), False
    for direction in ("asc", "desc"):
        for page in _until_the_limit(client, endpoint, {**filters, endpoint.steady_sort: direction}, limit):
            if page.records:
                # An edit moves a record to the other end, never onto the last page of this direction.
                meet = len(count.add(page)) < len(page.records)
            yield page
    if not meet and (count.missing or total == COUNT_CAP):
        missing = "an unknown number of" if total == COUNT_CAP else total - count.delivered
        raise ContractError(
            f"{missing} records are missing: Loxo shows {count.delivered} of {total} {endpoint.path}, and no filter "
            "that it offers cuts them into parts that can be read"
        )


def _proven_splits(
    client: LoxoClient,
    endpoint: Endpoint,
    filters: dict[str, str],
    splits: Splits,
    total: int,
    limit: ResultLimit,
) -> Iterator[tuple[list[dict[str, str]], Splits]]:
    """The ways to cut the list into parts that add up to the whole, each with the remaining splits.

    A total at the cap means "at least", so then only a range on the creation time is used, because it leaves no gap.
    """
    by_creation = query_range("created_at")
    if "query" not in filters and range_works(client, endpoint, by_creation, filters):
        parts = plan(client, endpoint, by_creation, None, None, total, largest=limit.results // 2, filters=filters)
        yield [by_creation(part.start, part.end) for part in parts], splits
    if total == COUNT_CAP:
        return
    for index, (parameter, values) in enumerate(splits):
        parts_of_split = [{parameter: value} for value in _split_values(client, values)]
        totals = totals_of(client, endpoint, ({**filters, **part} for part in parts_of_split))
        if sum(totals) == total:  # each record is in exactly one part
            yield (
                [part for part, records in zip(parts_of_split, totals, strict=True) if records],
                splits[index + 1 :],
            )


def _found_limit(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], total: int) -> int:
    """The number of results that can be read, by binary search; the last page was refused."""
    shown, refused = 1, -(-total // endpoint.per_page)
    while refused - shown > 1:
        middle = (shown + refused) // 2
        try:
            client.page(endpoint, {**filters, "page": middle})
            shown = middle
        except LoxoError as error:
            if error.status != 400:
                raise
            refused = middle
    return shown * endpoint.per_page


def _split_values(client: LoxoClient, values: str | tuple[str, ...]) -> Iterator[str]:
    if isinstance(values, tuple):
        yield from values
        return
    endpoint = ENDPOINTS[values]
    is_whole = endpoint.paging is Paging.WHOLE
    pages = whole(client, endpoint, RecordCount()) if is_whole else exact(client, endpoint, {})
    seen: set[object] = set()
    for page in pages:
        for record in page.records:
            if record["id"] not in seen:
                seen.add(record["id"])
                yield str(record["id"])


def _until_the_limit(
    client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], limit: ResultLimit
) -> Iterator[Page]:
    try:
        for number in range(1, limit.results // endpoint.per_page + 1):
            page = client.page(endpoint, {**filters, "page": number})
            yield page
            if not page.records:
                return
    except LoxoError as error:
        if error.status != 400:
            raise


def newest_pages(client: LoxoClient, endpoint: Endpoint, bound: str, first: Page | None = None) -> Iterator[Page]:
    """The pages by latest change, down to a lower bound that the last page proves to have passed.

    An edit moves records onto pages that are not read yet. A deletion moves them up past the reader, so several pages
    are read upwards again.

    :param first: page 1, if already fetched.
    :raises OrderError: the records do not come newest first, or the list ends above the bound.
    """
    filters, order, count = {endpoint.newest_first_sort: "desc"}, NewestFirst(endpoint, bound), RecordCount()
    page, number = first or client.page(endpoint, {**filters, "page": 1}), 1
    size = max(1, len(page.records))
    while True:
        is_fresh = bool(count.add(page))
        reached = order.passes(page)
        yield page
        if reached:
            break
        # Counters can lag behind the list, so a full page is not the last one.
        if number >= _page_count(endpoint, page) and not (is_fresh and len(page.records) >= size):
            if count.missing:
                raise OrderError(f"{endpoint.path} ends before the records that an earlier sync has read")
            break
        number += 1
        page = _page(client, endpoint, filters, number)
    for above in range(number - 1, 0, -1):
        yield client.page(endpoint, {**filters, "page": above})
