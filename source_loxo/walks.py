"""The orders in which pages are asked for, so that no row slips between them while people work in Loxo.

- **whole** and **after_id** lists cannot shift under the reader.
- **scroll** walks stand at a position between rows, not at a count of rows. With a created-ascending sort nothing that
  happens meanwhile moves a row out of the way. Where Loxo offers no sort, the list is newest first (judging by the
  times in recorded cursors), and a row edited or made meanwhile may stand above the reader: its top is read again.
- **page** walks shift: a deleted row pulls the next page's first row onto the page already read. So they go from the
  last page to the first: what a deletion moves then stands on a page yet to come. Rows made or edited meanwhile stand
  at the end of an updated-ascending list, which is read again.

Each walk is a generator of lists of new rows. What stands after a `yield` runs when those rows are in the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from source_loxo.client import LoxoClient, LoxoError
from source_loxo.cursors import ResumableCursor
from source_loxo.endpoints import ENDPOINTS, Endpoint, Paging
from source_loxo.paging import COUNT_CAP, ContractError, Page, Row, Tally, position, scroll_goes_on

logger = logging.getLogger("airbyte")

Rows = list[Row]
Splits = tuple[tuple[str, "str | tuple[str, ...]"], ...]

# A list that lost rows to edits in one pass is read again; who edits faster than three passes gets an error.
PASSES = 3


def whole(client: LoxoClient, endpoint: Endpoint, tally: Tally) -> Iterator[Rows]:
    """A bare list, in one request."""
    yield tally.add(client.page(endpoint))


def after_id(client: LoxoClient, endpoint: Endpoint, tally: Tally) -> Iterator[Rows]:
    """Rows with a higher id, until none is left."""
    params: dict[str, Any] = {}
    while rows := client.page(endpoint, params).rows:
        fresh = tally.unseen(rows)
        if not fresh:
            raise ContractError(f"{endpoint.path} repeats itself: it ignores after_id")
        yield fresh
        params["after_id"] = max(row["id"] for row in rows)


def scroll(
    client: LoxoClient,
    endpoint: Endpoint,
    tally: Tally,
    cursor: ResumableCursor,
    filters: Mapping[str, str],
) -> Iterator[Rows]:
    """A whole scrolled list, resumed where an earlier attempt ended."""
    try:
        yield from _scroll_through(client, endpoint, tally, cursor, filters)
    except LoxoError as error:
        if error.status != 400 or not cursor.scroll_id or tally.delivered > tally.before:
            raise
        logger.warning(f"{endpoint.name}: Loxo no longer accepts the saved position; reading from the start.")
        cursor.forget()
        tally.before = 0
        yield from _scroll_through(client, endpoint, tally, cursor, filters)


def _scroll_through(
    client: LoxoClient, endpoint: Endpoint, tally: Tally, cursor: ResumableCursor, filters: Mapping[str, str]
) -> Iterator[Rows]:
    top, last = cursor.top, cursor.scroll_id
    for page, fresh in _scroll_pages(client, endpoint, tally, filters, cursor.scroll_id):
        yield fresh
        if page.scroll_id:
            top, last = top or page.scroll_id, page.scroll_id
            cursor.checkpoint(page.scroll_id, top, tally.delivered)
    if endpoint.steady_sort or top == last:
        return
    yield from _scroll_top_again(client, endpoint, tally, filters, top, last)
    for _ in range(PASSES - 1):
        if not tally.missing:
            return
        logger.info(f"{endpoint.name}: {tally.missing} records moved while we read; reading the list again.")
        # The rows of an earlier attempt are not known by id, so they are delivered and counted anew.
        tally.before = 0
        for _page, fresh in _scroll_pages(client, endpoint, tally, filters, None):
            yield fresh


def _scroll_top_again(
    client: LoxoClient, endpoint: Endpoint, tally: Tally, filters: Mapping[str, str], top: str | None, last: str | None
) -> Iterator[Rows]:
    """Reads a newest-first list from its top down to where its first page ended when the walk began."""
    began, ended = position(top), position(last)
    if began is not None and ended is not None and began < ended:
        return  # oldest first: what came meanwhile stood at the end, and was read
    for page, fresh in _scroll_pages(client, endpoint, tally, filters, None):
        yield fresh
        here = position(page.scroll_id)
        if (here <= began) if here is not None and began is not None else not fresh:
            return


def _scroll_pages(
    client: LoxoClient, endpoint: Endpoint, tally: Tally, filters: Mapping[str, str], scroll_id: str | None
) -> Iterator[tuple[Page, Rows]]:
    """Pages with the rows that are new to the tally; every filter is repeated with the cursor, or Loxo drops it."""
    met, walked = {scroll_id}, 0
    while True:
        page = client.page(endpoint, {**filters, **({"scroll_id": scroll_id} if scroll_id else {})})
        yield page, tally.add(page)
        walked += len(page.rows)
        # The second test ends a walk whose cursors are new for ever but whose rows are not.
        repeats = page.scroll_id in met or walked > 2 * max(tally.delivered, tally.claimed or 0) + COUNT_CAP
        if not scroll_goes_on(endpoint, page, repeats, tally):
            return
        scroll_id = page.scroll_id
        met.add(scroll_id)


def pages(client: LoxoClient, endpoint: Endpoint, tally: Tally, filters: Mapping[str, str]) -> Iterator[Rows]:
    """A numbered list, or the part of it that the filters name, from its last page to its first."""
    first = client.page(endpoint, {**filters, "page": 1})
    if _page_count(endpoint, first) <= 1:
        yield tally.add(first)
        return
    for _ in range(PASSES):
        for number in range(_page_count(endpoint, first), 0, -1):
            first = client.page(endpoint, {**filters, "page": number})
            yield tally.add(first)
        yield from _last_pages_again(client, endpoint, tally, filters, _page_count(endpoint, first))
        if not tally.missing:
            return
        logger.info(f"{endpoint.name}: {tally.missing} records moved while we read; reading the list again.")


def _last_pages_again(
    client: LoxoClient, endpoint: Endpoint, tally: Tally, filters: Mapping[str, str], number: int
) -> Iterator[Rows]:
    """Reads backwards from the end until a page brings nothing new."""
    while number:
        fresh = tally.add(client.page(endpoint, {**filters, "page": number}))
        if not fresh:
            return
        yield fresh
        number -= 1


def _page_count(endpoint: Endpoint, page_one: Page) -> int:
    """How many pages there are, from the counters of page 1."""
    if page_one.total_pages is not None:
        return page_one.total_pages
    if page_one.total_count is not None:
        # Not divided by what we asked for: the server may serve smaller pages than that.
        return -(-page_one.total_count // max(1, len(page_one.rows)))
    raise ContractError(f"{endpoint.path} has neither total_count nor total_pages, so its end is unknown")


def pages_of_any_number(client: LoxoClient, endpoint: Endpoint, tally: Tally) -> Iterator[Rows]:
    """A numbered list that Loxo refuses to page through beyond a wall, and whose rows move when they are edited.

    What changes while it is read comes to stand above the mark taken at the start, and is read from there.
    """
    newest = {endpoint.newest_first_sort: "desc"}
    top = client.page(endpoint, {**newest, "page": 1})
    if _page_count(endpoint, top) <= 1:
        yield tally.add(top)
        return
    tally.claimed = top.total_count
    mark = max((row.get(endpoint.cursor_field) or "" for row in top.rows), default="")
    for _ in range(PASSES):
        for rows in _below_the_wall(client, endpoint, {endpoint.steady_sort: "asc"}, endpoint.splits, Wall()):
            yield tally.unseen(rows)
        for rows in newest_pages(client, endpoint, mark):
            yield tally.unseen(rows)
        # The claim of the whole list: the parts' claims are theirs alone.
        tally.add(client.page(endpoint, {**newest, "page": 1, "per_page": 1}))
        if not tally.missing:
            return
        logger.info(f"{endpoint.name}: {tally.missing} records were not reached; reading the list again.")


@dataclass
class Wall:
    """How many results a numbered list shows at most; 10,000 on Loxo (loxo-cli, live), lowered when met earlier."""

    results: int = 10_000


def _below_the_wall(
    client: LoxoClient, endpoint: Endpoint, filters: dict[str, str], splits: Splits, wall: Wall
) -> Iterator[Rows]:
    """A list in parts that each stay below the wall."""
    claimed = _claim(client, endpoint, filters)
    if claimed <= wall.results:
        try:
            yield from pages(client, endpoint, Tally(), filters)
            return
        except LoxoError as error:
            if error.status != 400:
                raise
            wall.results = min(wall.results, claimed - 1)
            logger.info(f"{endpoint.name}: Loxo shows fewer than {claimed} results of one search; splitting it.")
    for index, (parameter, values) in enumerate(splits):
        parts = [{**filters, parameter: value} for value in _split_values(client, values)]
        claims = [_claim(client, endpoint, part) for part in parts]
        if sum(claims) == claimed:  # each record is in one part, none in two: the split is proven
            for part, claim in zip(parts, claims):
                if claim:
                    yield from _below_the_wall(client, endpoint, part, splits[index + 1 :], wall)
            return
    logger.info(f"{endpoint.name}: {claimed} results cannot be split further; reading them from both ends.")
    for direction in ("asc", "desc"):
        yield from _until_the_wall(client, endpoint, {**filters, endpoint.steady_sort: direction})


def _claim(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> int:
    page = client.page(endpoint, {**filters, "page": 1, "per_page": 1})
    if page.total_count is None:
        raise ContractError(f"{endpoint.path} has no total_count, so its parts cannot be proven complete")
    return page.total_count


def _split_values(client: LoxoClient, values: str | tuple[str, ...]) -> Iterator[str]:
    if isinstance(values, tuple):
        yield from values
        return
    endpoint = ENDPOINTS[values]
    walk = whole(client, endpoint, Tally()) if endpoint.paging is Paging.WHOLE else pages(client, endpoint, Tally(), {})
    for rows in walk:
        yield from (str(row["id"]) for row in rows)


def _until_the_wall(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> Iterator[Rows]:
    number = 1
    try:
        while rows := client.page(endpoint, {**filters, "page": number}).rows:
            yield list(rows)
            number += 1
    except LoxoError as error:
        if error.status != 400:
            raise


def newest_pages(client: LoxoClient, endpoint: Endpoint, mark: str) -> Iterator[Rows]:
    """Pages newest first, down to the first row older than the mark; ties with the mark are read.

    Going down, an edit only pushes rows onto pages yet to come; a deletion pulls them up past the reader, so more
    than one page is read upwards again.
    """
    filters, number = {endpoint.newest_first_sort: "desc"}, 0
    while True:
        number += 1
        rows = client.page(endpoint, {**filters, "page": number}).rows
        yield list(rows)
        if not rows or min(row.get(endpoint.cursor_field) or "" for row in rows) < mark:
            break
    for above in range(number - 1, 0, -1):
        yield list(client.page(endpoint, {**filters, "page": above}).rows)
