"""Parts of a list by creation time, so that one list can be read by many workers and taken up again after a kill.

Two ways to ask for a part: filters that an endpoint declares (`created_at_start` ...), and a date range in the Lucene
`query`. Loxo documents the query, but no source shows that date ranges work in it: they are proven by counts on the
account at hand before they are used.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pendulum

from loxo_api.client import WORKERS, LoxoClient
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ContractError, LoxoError
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.timestamps import format_timestamp, parse_timestamp, shift, to_seconds

logger = logging.getLogger("airbyte")

# Start and end of a part, either of them open, to the parameters that ask for it.
DateRange = Callable[["str | None", "str | None"], dict[str, str]]

# One worker makes the parts, the others read them.
READERS = WORKERS - 1
# What decoding and writing a page of 100 people takes, about. As many readers as pages can be worked on while one
# answer is under way keep a core busy; more only stand in each other's way.
PAGE_SECONDS = 0.005
# A part of fewer rows than this (seven pages) is not worth its own requests.
SMALLEST_PART = 700
# Loxo was founded in 2012. Earlier records, if any, are in the first part, which is open at its start.
BEGINNING = "2010-01-01T00:00:00.000Z"
# Rounds of cutting the crowded parts finer.
ROUNDS = 4


@dataclass
class Window:
    """A part of a list, and how far it is read. Times are moments; both None is the whole list.

    `scroll_id` is where the next page starts, `top` the cursor of the part's first page, `delivered` the number of
    distinct rows delivered so far.
    """

    start: str | None = None
    end: str | None = None
    scroll_id: str | None = None
    top: str | None = None
    delivered: int = 0
    done: bool = False

    def as_state(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}

    @classmethod
    def from_state(cls, stored: Any) -> Window | None:
        """The window that `as_state` wrote, or None if it is something else."""
        if not isinstance(stored, Mapping) or not set(stored) <= set(cls.__dataclass_fields__):
            return None
        window = cls(**stored)
        times = all(time is None or parse_timestamp(time) == time for time in (window.start, window.end))
        cursors = all(text is None or isinstance(text, str) for text in (window.scroll_id, window.top))
        counted = type(window.delivered) is int and window.delivered >= 0 and isinstance(window.done, bool)
        return window if times and cursors and counted else None


def declared_range(endpoint: Endpoint) -> DateRange:
    """The endpoint's own filters on the creation time."""
    return lambda start, end: {
        **({endpoint.created_after: _earlier(start)} if start else {}),
        **({endpoint.created_before: _later(end)} if end else {}),
    }


def query_range(field: str) -> DateRange:
    """A Lucene range; both ends open asks for everything."""
    return lambda start, end: (
        {"query": f"{field}:[{_earlier(start) if start else '*'} TO {_later(end) if end else '*'}]"}
        if start or end
        else {}
    )


def _earlier(time: str) -> str:
    # Parts overlap by two seconds: whether Loxo's bounds include their own moment is unknown.
    return shift(time, seconds=-1)


def _later(time: str) -> str:
    return shift(time, seconds=1)


def query_range_works(client: LoxoClient, endpoint: Endpoint, field: str, total: int | None) -> bool:
    """Proves by counts, with three small requests, that a date range on the field is honoured on this account.

    :param total: how many records Loxo claims without a query, asked for just before.
    """
    middle = shift(format_timestamp(pendulum.now("UTC")), days=-90)
    exact_next = shift(middle, microseconds=1000)
    queries = (
        f"{field}:[1900-01-01T00:00:00.000Z TO 1900-01-02T00:00:00.000Z]",
        f"{field}:[* TO {middle}]",
        f"{field}:[{exact_next} TO *]",
    )
    name = f"{endpoint.name}: date ranges on {field} in a query"
    if not total or total == COUNT_CAP:
        logger.info(f"{name} are not used: a total of {total} proves nothing.")
        return False
    try:
        none, before, after = counts(client, endpoint, ({"query": query} for query in queries))
    except LoxoError as error:
        if error.retryable or error.status not in (400, 422, 500):
            raise
        logger.info(f"{name} are not used: Loxo refuses them (status {error.status}).")
        return False
    if none or before + after != total:
        logger.info(f"{name} are not used: an impossible range holds {none}, two halves {before} + {after} of {total}.")
        return False
    logger.info(f"{name} are used: proven by counts, {before} + {after} of {total}.")
    return True


def counts(client: LoxoClient, endpoint: Endpoint, filters: Iterable[Mapping[str, str]]) -> list[int]:
    """What Loxo claims for each filter, asked for side by side."""
    with ThreadPoolExecutor(READERS, thread_name_prefix="counts") as pool:
        return list(pool.map(lambda each: claim(client, endpoint, each), filters))


def claim(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> int:
    """How many records Loxo claims.

    :raises ContractError: it does not say.
    """
    total = smallest_page(client, endpoint, filters).total_count
    if total is None:
        raise ContractError(f"{endpoint.path} has no total_count, so its parts cannot be proven complete")
    return total


def smallest_page(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> Page:
    """The cheapest answer that carries a count."""
    return client.page(endpoint, {**filters, **({"per_page": 1} if endpoint.per_page else {})})


def plan(
    client: LoxoClient, endpoint: Endpoint, ranged: DateRange, first: Page, since: str | None, largest: int = 0
) -> list[Window]:
    """Cuts a list into about as many parts as there are workers, by count and not by calendar.

    :param first: an answer that claims the whole; its oldest row says where cutting pays.
    :param since: where the first part starts; None leaves it open.
    :param largest: rows that a part may have at most, as far as the counts can tell; 0 leaves it to the workers.
    """
    total = first.total_count or 0
    readers = min(READERS, 1 + math.ceil(client.latency / PAGE_SECONDS))
    wanted = max(SMALLEST_PART, -(-total // readers))
    wanted = min(wanted, largest) if largest else wanted
    parts = [Part(since or _oldest(endpoint, first), format_timestamp(pendulum.now("UTC")), total)]
    for _ in range(ROUNDS):
        if max(part.rows for part in parts) <= wanted * (1 if largest else 2):
            break
        finer = _cut(client, endpoint, ranged, parts, wanted)
        # Parts overlap by two seconds, so a row can be counted twice; if more are, the counts would never come down.
        if sum(part.rows for part in finer) > 2 * total:
            logger.info(f"{endpoint.name}: the counts of its parts do not add up; it is read in {len(parts)} instead.")
            break
        parts = finer
    windows, rows = [Window(start=since)], 0
    for part in parts:
        if rows and rows + part.rows > wanted:
            windows[-1].end = part.start
            windows.append(Window(start=part.start))
            rows = 0
        rows += part.rows
    return windows


@dataclass
class Part:
    """A stretch of time and how many rows it holds; the times are moments."""

    start: str
    end: str
    rows: int


def _cut(client: LoxoClient, endpoint: Endpoint, ranged: DateRange, parts: list[Part], wanted: int) -> list[Part]:
    """Cuts each crowded part into equal times and counts the pieces."""
    finer: list[Part] = []
    for part in parts:
        pieces = min(2 * READERS, -(-part.rows // wanted))
        length = (to_seconds(part.end) - to_seconds(part.start)) / max(1, pieces)
        if pieces <= 1 or length < 2:
            finer.append(part)
            continue
        inner = [shift(part.start, seconds=round(length * each)) for each in range(1, pieces)]
        stretches = list(itertools.pairwise([part.start, *inner, part.end]))
        rows = counts(client, endpoint, (ranged(*stretch) for stretch in stretches))
        finer += [Part(*stretch, each) for stretch, each in zip(stretches, rows, strict=True)]
    return finer


def _oldest(endpoint: Endpoint, first: Page) -> str:
    """Where the list begins, if the answer was asked for oldest first; otherwise a time before Loxo was founded."""
    oldest_first = first.rows and endpoint.steady_sort == "created_at_sort"
    return (parse_timestamp(first.rows[0].get("created_at")) if oldest_first else None) or BEGINNING
