"""Numbered pages, which shift under the reader, and which Loxo stops showing beyond a wall.

A deleted row pulls the next page's first row onto the page already read. So a walk goes from the last page to the
first: what a deletion moves then stands on a page yet to come. Rows made or edited meanwhile stand at the end of an
updated-ascending list, which is read again. A page number is no position, so these walks cannot be taken up again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ContractError, LoxoError
from loxo_api.pages import Page, Record, Tally
from loxo_api.timestamps import parse_timestamp
from source_loxo.walks import PASSES, Rows, whole
from source_loxo.windows import claim, counts, plan, query_range, query_range_works

logger = logging.getLogger("airbyte")

Splits = tuple[tuple[str, "str | tuple[str, ...]"], ...]


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


def pages_of_any_number(client: LoxoClient, endpoint: Endpoint, tally: Tally, top: Page) -> Iterator[Rows]:
    """A whole numbered list that Loxo refuses to page through beyond a wall, and whose rows move when they are edited.

    What changes while it is read comes to stand above the mark taken at the start, and is read from there.

    :param top: page 1, newest first, asked for before anything else.
    """
    tally.claimed = top.total_count
    if _page_count(endpoint, top) <= 1:
        yield tally.add(top)
        return
    mark = newest_change(endpoint, top.rows)
    for _ in range(PASSES):
        for rows in _below_the_wall(client, endpoint, {endpoint.steady_sort: "asc"}, endpoint.splits, Wall()):
            yield tally.unseen(rows)
        for rows in changed_pages(client, endpoint, mark):
            yield tally.unseen(rows)
        # The claim of the whole list: the parts' claims are theirs alone.
        tally.claimed = claim(client, endpoint, {})
        if not tally.missing:
            return
        logger.info(f"{endpoint.name}: {tally.missing} records were not reached; reading the list again.")


def newest_change(endpoint: Endpoint, rows: Sequence[Record]) -> str:
    """The latest change among the rows, or an empty text, which is older than all."""
    return max((parse_timestamp(row.get(endpoint.cursor_field)) or "" for row in rows), default="")


@dataclass
class Wall:
    """How many results a numbered list shows at most; 10,000 on Loxo (loxo-cli, live)."""

    results: int = 10_000


def _below_the_wall(
    client: LoxoClient, endpoint: Endpoint, filters: dict[str, str], splits: Splits, wall: Wall
) -> Iterator[Rows]:
    """A list in parts that each stay below the wall."""
    claimed = claim(client, endpoint, filters)
    if claimed <= wall.results:
        try:
            yield from pages(client, endpoint, Tally(), filters)
            return
        except LoxoError as error:
            if error.status != 400:
                raise
            wall.results = _found_wall(client, endpoint, filters, claimed)
            logger.info(f"{endpoint.name}: Loxo shows only {wall.results} of {claimed} results; splitting them.")
    for parts, deeper in _proven_splits(client, endpoint, filters, splits, claimed, wall):
        for part in parts:
            yield from _below_the_wall(client, endpoint, {**filters, **part}, deeper, wall)
        return
    logger.info(f"{endpoint.name}: {claimed} results cannot be split further; reading them from both ends.")
    for direction in ("asc", "desc"):
        yield from _until_the_wall(client, endpoint, {**filters, endpoint.steady_sort: direction}, wall)


def _proven_splits(
    client: LoxoClient, endpoint: Endpoint, filters: dict[str, str], splits: Splits, claimed: int, wall: Wall
) -> Iterator[tuple[list[dict[str, str]], Splits]]:
    """Ways to cut the list whose parts' counts add up to the whole, each with the splits that remain below it."""
    if "query" not in filters and query_range_works(client, endpoint, "created_at", claimed):
        ranged = query_range("created_at")
        first = Page([], total_count=claimed)
        windows = plan(client, endpoint, ranged, first, None, largest=wall.results // 2)
        yield [ranged(window.start, window.end) for window in windows], splits
    for index, (parameter, values) in enumerate(splits):
        parts = [{parameter: value} for value in _split_values(client, values)]
        claims = counts(client, endpoint, ({**filters, **part} for part in parts))
        if sum(claims) == claimed:  # each record is in one part, none in two
            yield [part for part, rows in zip(parts, claims, strict=True) if rows], splits[index + 1 :]


def _found_wall(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], claimed: int) -> int:
    """The number of results that can be paged through, by halving; the last page of all was refused."""
    shown, refused = 1, -(-claimed // endpoint.per_page)
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
    walk = whole(client, endpoint, Tally()) if endpoint.paging is Paging.WHOLE else pages(client, endpoint, Tally(), {})
    for rows in walk:
        yield from (str(row["id"]) for row in rows)


def _until_the_wall(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str], wall: Wall) -> Iterator[Rows]:
    try:
        for number in range(1, wall.results // endpoint.per_page + 1):
            yield list(client.page(endpoint, {**filters, "page": number}).rows)
    except LoxoError as error:
        if error.status != 400:
            raise


def changed_pages(client: LoxoClient, endpoint: Endpoint, floor: str, first: Page | None = None) -> Iterator[Rows]:
    """Pages newest first, down to the first row older than the floor; ties with the floor are read.

    Going down, an edit only pushes rows onto pages yet to come; a deletion pulls them up past the reader, so more
    than one page is read upwards again.

    :param first: page 1, if it was already asked for.
    """
    filters, number = {endpoint.newest_first_sort: "desc"}, 1
    page = first or client.page(endpoint, {**filters, "page": number})
    yield list(page.rows)
    while page.rows and all((parse_timestamp(row.get(endpoint.cursor_field)) or "") >= floor for row in page.rows):
        number += 1
        page = client.page(endpoint, {**filters, "page": number})
        if page.rows and number > _page_count(endpoint, page):
            raise ContractError(f"{endpoint.path} repeats itself: it has rows on page {number}, and claims fewer pages")
        yield list(page.rows)
    for above in range(number - 1, 0, -1):
        yield list(client.page(endpoint, {**filters, "page": above}).rows)
