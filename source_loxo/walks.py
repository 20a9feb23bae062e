"""The orders in which pages are asked for, so that no row slips between them while people work in Loxo.

- **whole** and **after_id** lists cannot shift under the reader.
- **scroll** walks stand at a position between rows, not at a count of rows. With a created-ascending sort nothing that
  happens meanwhile moves a row out of the way. Where Loxo offers no sort, the list is newest first (judging by the
  times in recorded cursors), and a row edited or made meanwhile may stand above the reader: its top is read again.
- **newest first** walks go down to a known moment; what is edited above the reader is the next sync's.

Each walk is a generator of lists of rows. What stands after a `yield` runs when those rows are in the queue.
Numbered pages are walked in numbered.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ContractError, LoxoError
from loxo_api.pages import COUNT_CAP, Page, Record, Tally, position, scroll_goes_on
from loxo_api.timestamps import parse_timestamp
from source_loxo.windows import Window

logger = logging.getLogger("airbyte")

Rows = list[Record]

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
        numbers = [row["id"] for row in rows if isinstance(row["id"], int)]
        if not numbers:
            raise ContractError(f"{endpoint.path} has ids that are no numbers, so none is the highest")
        params["after_id"] = max(numbers)


def scroll(
    client: LoxoClient,
    endpoint: Endpoint,
    tally: Tally,
    window: Window,
    filters: Mapping[str, str],
    checkpoint: Callable[[], None],
) -> Iterator[Rows]:
    """A window of a scrolled list, taken up where it was left.

    :param filters: all that asks for the window; Loxo forgets them unless they are repeated with each scroll_id.
    :param checkpoint: called when a page's rows are in the queue and the window stands behind them.
    """
    try:
        yield from _scroll_through(client, endpoint, tally, window, filters, checkpoint)
    except LoxoError as error:
        if error.status != 400 or not window.scroll_id or tally.delivered > tally.before:
            raise
        logger.warning(f"{endpoint.name}: Loxo no longer accepts the saved position; reading from the start.")
        window.scroll_id = window.top = None
        window.delivered = tally.before = 0
        yield from _scroll_through(client, endpoint, tally, window, filters, checkpoint)


def _scroll_through(
    client: LoxoClient,
    endpoint: Endpoint,
    tally: Tally,
    window: Window,
    filters: Mapping[str, str],
    checkpoint: Callable[[], None],
) -> Iterator[Rows]:
    for page, fresh in _scroll_pages(client, endpoint, tally, filters, window.scroll_id):
        yield fresh
        if page.scroll_id:
            window.top = window.top or page.scroll_id
            window.scroll_id, window.delivered = page.scroll_id, tally.delivered
            checkpoint()
    if endpoint.steady_sort or window.top == window.scroll_id:
        return
    yield from _top_again(client, endpoint, tally, window, filters)
    for _ in range(PASSES - 1):
        if not tally.missing:
            return
        logger.info(f"{endpoint.name}: {tally.missing} records moved while we read; reading the list again.")
        # The rows of an earlier attempt are not known by id, so they are delivered and counted anew.
        tally.before = 0
        for _page, fresh in _scroll_pages(client, endpoint, tally, filters, None):
            yield fresh


def _top_again(
    client: LoxoClient, endpoint: Endpoint, tally: Tally, window: Window, filters: Mapping[str, str]
) -> Iterator[Rows]:
    """Reads a newest-first list from its top down to where its first page ended when the walk began."""
    began, ended = position(window.top), position(window.scroll_id)
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
    """Pages with the rows that are new to the tally."""
    met, walked = {scroll_id}, 0
    while True:
        page = client.page(endpoint, {**filters, **({"scroll_id": scroll_id} if scroll_id else {})})
        yield page, tally.add(page)
        walked += len(page.rows)
        # The second test ends a walk whose cursors are new for ever but whose rows are not.
        repeats = page.scroll_id in met or walked > 2 * max(tally.delivered, tally.claimed or 0) + COUNT_CAP
        if not scroll_goes_on(endpoint, page, not scroll_id, repeats, tally):
            return
        scroll_id = page.scroll_id
        met.add(scroll_id)


def newest_first(
    client: LoxoClient,
    endpoint: Endpoint,
    floor: str,
    scroll_id: str | None,
    checkpoint: Callable[[str | None, Rows], None],
) -> Iterator[Rows]:
    """A scrolled list by latest change, down to the floor; rows that stand at the floor are read.

    :param scroll_id: where an interrupted walk goes on.
    :param checkpoint: called with each page's scroll_id and rows when they are in the queue.
    :raises ContractError: the rows do not come newest first, so the floor proves nothing.
    """
    filters, last, met = {endpoint.newest_first_sort: "desc"}, None, {scroll_id}
    while True:
        page = client.page(endpoint, {**filters, **({"scroll_id": scroll_id} if scroll_id else {})})
        changed = [time for row in page.rows if (time := parse_timestamp(row.get(endpoint.cursor_field)))]
        if any(newer > older for newer, older in zip(changed[1:], changed, strict=False)):
            raise ContractError(f"{endpoint.path} ignores {endpoint.newest_first_sort}")
        yield [row for row in page.rows if (parse_timestamp(row.get(endpoint.cursor_field)) or floor) >= floor]
        if not page.rows or page.scroll_id is None or (changed and changed[-1] < floor):
            return
        if page.scroll_id in met or (last and changed and changed[0] > last):
            raise ContractError(f"{endpoint.path} repeats itself: its scroll_id leads to rows already read")
        scroll_id, last = page.scroll_id, changed[-1] if changed else last
        met.add(scroll_id)
        checkpoint(scroll_id, list(page.rows))
