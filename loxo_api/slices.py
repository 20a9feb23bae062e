"""Slices of a list by creation time, so that workers read one list in parallel and a killed sync resumes.

A slice uses filters that the endpoint declares (`created_at_start` ...) or a date range in the Lucene `query`. No
source shows that date ranges work in the query, nor how Loxo interprets the bounds of either. So both are proven by
counts on the account before a list is cut, slices overlap, and no record is dropped because of its own timestamp.
"""

from __future__ import annotations

import itertools
import logging
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

# Maps the start and the end of a slice, either of them open, to request parameters.
DateRange = Callable[["str | None", "str | None"], dict[str, str]]

# One worker makes the slices, the others read them.
READERS = WORKERS - 1
# Records in a slice. Smaller slices cost more requests than they save; larger ones are expensive to read again.
SMALLEST_SLICE = 700
LARGEST_SLICE = 4000
# Seconds by which slices overlap on either side, because it is unknown whether Loxo's bounds are inclusive.
OVERLAP_SECONDS = 1
# Loxo was founded in 2012. Earlier records belong to the first slice, which has no start.
BEGINNING = "2010-01-01T00:00:00.000Z"
# How often crowded slices are cut again.
ROUNDS = 4
# How often a total is requested while responses lack it.
TOTAL_TRIES = 3
# How often the proof of date ranges is repeated while the totals move.
PROOF_TRIES = 4


@dataclass
class Slice:
    """A part of a list with its progress. Times are timestamps; both None is the whole list.

    `scroll_id` is the position of the next page, `top` the cursor of the slice's first page, `delivered` the number of
    distinct ids so far, `total` the record count on the first page, and `moved` whether a later page has another one.
    """

    start: str | None = None
    end: str | None = None
    scroll_id: str | None = None
    top: str | None = None
    delivered: int = 0
    total: int | None = None
    moved: bool = False
    done: bool = False

    @property
    def is_untouched(self) -> bool:
        return not (self.done or self.scroll_id or self.delivered)

    def reset(self) -> None:
        """Discards the progress, so that the slice is read from its start."""
        self.scroll_id = self.top = self.total = None
        self.delivered, self.moved, self.done = 0, False, False

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value}

    @classmethod
    def from_json(cls, stored: Any) -> Slice | None:
        """The slice of a JSON object that `to_json` made, or None for anything else."""
        if not isinstance(stored, Mapping) or not set(stored) <= set(cls.__dataclass_fields__):
            return None
        part = cls(**stored)
        times = all(time is None or parse_timestamp(time) == time for time in (part.start, part.end))
        cursors = all(text is None or (isinstance(text, str) and text) for text in (part.scroll_id, part.top))
        numbers = (
            type(part.delivered) is int and part.delivered >= 0 and (part.total is None or type(part.total) is int)
        )
        flags = isinstance(part.done, bool) and isinstance(part.moved, bool)
        return part if times and cursors and numbers and flags else None


def slices_from_json(stored: Any) -> list[Slice]:
    """The slices of an interrupted sync, or an empty list for anything else."""
    slices = [Slice.from_json(each) for each in stored] if isinstance(stored, list) else []
    return [part for part in slices if part] if all(slices) else []


def declared_range(endpoint: Endpoint, overlap: int = OVERLAP_SECONDS) -> DateRange:
    """The endpoint's own filters on the creation time."""
    return lambda start, end: {
        **({endpoint.created_after: shift(start, seconds=-overlap)} if start else {}),
        **({endpoint.created_before: shift(end, seconds=overlap)} if end else {}),
    }


def query_range(field: str, overlap: int = OVERLAP_SECONDS) -> DateRange:
    """A Lucene range on a field. With both ends open, there is no filter."""
    return lambda start, end: (
        {
            "query": f"{field}:[{shift(start, seconds=-overlap) if start else '*'} TO "
            f"{shift(end, seconds=overlap) if end else '*'}]"
        }
        if start or end
        else {}
    )


def range_works(
    client: LoxoClient,
    endpoint: Endpoint,
    ranged: DateRange,
    filters: Mapping[str, str] | None = None,
    undated: int = 0,
) -> bool:
    """Proves by counts that a date range is honoured on this account, and that no record is outside all ranges.

    An impossible range must be empty, and two halves must add up to the whole. The whole is counted before and after
    them: while it moves, the proof is repeated.

    :param undated: the number of records known to lack the field; the halves may miss as many.
    """
    filters = filters or {}
    example = ranged(BEGINNING, None)
    name = f"{endpoint.name}: date ranges ({', '.join(example)}: {next(iter(example.values()))})"
    middle = shift(format_timestamp(pendulum.now("UTC")), days=-90)
    # Without the overlap of slices, which would count a record twice.
    later, earlier = shift(middle, seconds=OVERLAP_SECONDS, microseconds=1000), shift(middle, seconds=-OVERLAP_SECONDS)
    ranges = (
        ranged("1900-01-01T00:00:01.000Z", "1900-01-02T00:00:00.000Z"),
        ranged(None, earlier),
        ranged(later, None),
    )
    try:
        total = total_of(client, endpoint, filters)
        for _ in range(PROOF_TRIES):
            none, before, after = totals_of(client, endpoint, ({**filters, **each} for each in ranges))
            found = before + after
            agrees = found >= COUNT_CAP if total == COUNT_CAP else 0 <= total - found <= undated and found > 0
            if none or agrees:
                break
            previous, total = total, total_of(client, endpoint, filters)
            if previous != total and min(previous, total) - undated <= found <= max(previous, total):
                agrees = True  # the account changes faster than it can be counted
            elif previous == total:
                break
    except LoxoError as error:
        if error.status not in (400, 422) and error.status < 500:
            raise
        if error.status >= 500:
            total_of(client, endpoint, filters)  # fails too if Loxo has an outage
        logger.info(f"{name} are not used: Loxo refuses them (status {error.status}).")
        return False
    if none or not agrees or not total:
        logger.info(
            f"{name} are not used: an impossible range has {none} records, two halves {before} + {after} of {total}."
        )
        return False
    logger.info(f"{name} are used: proven by counts, {before} + {after} of {total}.")
    return True


def totals_of(client: LoxoClient, endpoint: Endpoint, filters: Iterable[Mapping[str, str]]) -> list[int]:
    """The record counts for several filters, requested in parallel."""
    with ThreadPoolExecutor(READERS, thread_name_prefix="counts") as pool:
        return list(pool.map(lambda each: total_of(client, endpoint, each), filters))


def total_of(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, str]) -> int:
    """The number of records that Loxo states.

    :raises ContractError: the responses have no total.
    """
    for _ in range(TOTAL_TRIES):
        total = smallest_page(client, endpoint, filters).total_count
        if total is not None:
            return total
    raise ContractError(f"{endpoint.path} has no total_count, so its parts cannot be proven complete")


def smallest_page(client: LoxoClient, endpoint: Endpoint, filters: Mapping[str, Any]) -> Page:
    """The smallest page with a count."""
    return client.page(endpoint, {**filters, **({"per_page": 1} if endpoint.per_page else {})})


def plan(
    client: LoxoClient,
    endpoint: Endpoint,
    ranged: DateRange,
    start: str | None,
    end: str | None,
    total: int,
    oldest: str | None = None,
    largest: int = 0,
    filters: Mapping[str, str] | None = None,
) -> list[Slice]:
    """Cuts a period into slices of similar record counts.

    :param start: the start of the first slice, or None for an open start.
    :param end: the end of the last slice, or None for an open end.
    :param oldest: the earliest creation time, if known.
    :param largest: the largest number of records in a slice, according to the counts.
    """
    wanted = largest or min(LARGEST_SLICE, max(SMALLEST_SLICE, -(-total // client.parallelism())))
    parts = [Part(start or oldest or BEGINNING, end or format_timestamp(pendulum.now("UTC")), total)]
    for _ in range(ROUNDS):
        if max(part.records for part in parts) <= wanted * (1 if largest else 2):
            break
        finer = _cut(client, endpoint, ranged, parts, wanted, filters or {})
        # Slices overlap by two seconds, so a record can be counted twice. A larger sum means that the range is ignored.
        # A capped total proves nothing about the sum.
        if total != COUNT_CAP and sum(part.records for part in finer) > 2 * total + len(finer):
            logger.info(f"{endpoint.name}: the counts of its slices do not add up; it is read in {len(parts)} instead.")
            break
        parts = finer
    slices, records = [Slice(start=start)], 0
    for part in parts:
        if records and records + part.records > wanted:
            slices[-1].end = part.start
            slices.append(Slice(start=part.start))
            records = 0
        records += part.records
    slices[-1].end = end
    return slices


@dataclass
class Part:
    """A period and its number of records; the times are timestamps."""

    start: str
    end: str
    records: int


def _cut(
    client: LoxoClient,
    endpoint: Endpoint,
    ranged: DateRange,
    parts: list[Part],
    wanted: int,
    filters: Mapping[str, str],
) -> list[Part]:
    """Cuts each crowded part into equal periods and counts the records of each."""
    finer: list[Part] = []
    for part in parts:
        pieces = min(2 * READERS, -(-part.records // wanted))
        length = (to_seconds(part.end) - to_seconds(part.start)) / max(1, pieces)
        if pieces <= 1 or length < 2:
            finer.append(part)
            continue
        inner = [shift(part.start, seconds=round(length * each)) for each in range(1, pieces)]
        stretches = list(itertools.pairwise([part.start, *inner, part.end]))
        records = totals_of(client, endpoint, ({**filters, **ranged(*stretch)} for stretch in stretches))
        finer += [Part(*stretch, each) for stretch, each in zip(stretches, records, strict=True)]
    return finer
