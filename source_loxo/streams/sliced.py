"""The base of the kinds that read a scrolled list in slices: planning, reading, resuming, reconciling."""

from __future__ import annotations

import functools
import logging
import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Page, Record
from loxo_api.pagination.scroll import END_RETRIES
from loxo_api.record_count import shortfall
from loxo_api.slices import (
    LARGEST_SLICE,
    DateRange,
    Slice,
    declared_range,
    plan,
    query_range,
    range_works,
    total_of,
    totals_of,
)
from loxo_api.timestamps import ZONES_HOURS, not_ahead, now, parse_timestamp, shift
from source_loxo.batch import Batch
from source_loxo.reconciliation import SliceReader
from source_loxo.streams.base import Read, StreamRead

logger = logging.getLogger("airbyte")

# A shorter list is read in one slice, because the proof and the plan cost more than they save.
WORTH_SLICING = 2000
# The failing slices after which a reader of slices ends: each takes all retries.
MOST_FAILURES = 3


class SlicedRead(StreamRead):
    """Reads a list in slices, each of which resumes at the page where it stopped.

    The slices end at the start time of the sync. Records created later are read at the end, after the total that they
    are compared with, so that the total never includes a record that cannot be delivered yet.

    :param start_date: records created earlier are omitted if Loxo can filter by creation; those close to it are not.
    """

    def __init__(self, *args: Any, start_date: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        # It is unknown how Loxo interprets the zone of a bound, so a day more is read: never less than the user wants.
        is_asked = start_date and self.endpoint.created_after
        self.start_date = shift(start_date, hours=-ZONES_HOURS) if start_date and is_asked else None
        self.slices: list[Slice] = []
        self.reader = SliceReader(
            self.endpoint, self.client, self.filters, lambda: self._proven_range, self.cursor.checkpoint, self.saw
        )
        self._first: Page | None = None
        self._expected = 0  # the records that Loxo claimed when the slices were planned
        self._page_seconds = math.inf  # to the first byte of the first page; responses with counts take less
        self._delivered_before = self._unchanged = 0
        self._is_resumed = False

    def partitions(self) -> Iterator[Read]:
        yield from self._slice_reads()

    def _slice_reads(self) -> Iterator[Read]:
        memory: Any = self.cursor.memory
        stored = memory.slices
        if stored:
            logger.info(f"{self.endpoint.name}: resuming where the last attempt ended.")
            self._is_resumed = True
            self.slices = self._resumed(stored)
            self._delivered_before = sum(part.delivered for part in self.slices if part.done)
        else:
            self.slices = self._planned()
        with self.cursor.lock:
            memory.slices = self.slices
        unread = [part for part in self.slices if not part.done]
        self._unread = len(unread)
        if not unread:
            yield self._finished
        if self._is_resumed:
            random.shuffle(unread)  # slices that fail in every sync must not always come first
        turns = deque(unread)
        # Other pages may take twice as long as the first. More readers only cost CPU: where one reaches the rate, a
        # record costs a sixth more with two (measured).
        for _ in range(min(len(unread), self.client.parallelism(2 * self._page_seconds))):
            yield partial(self._read_in_turn, turns)

    def _read_in_turn(self, turns: deque[Slice]) -> Iterator[Batch]:
        """Reads slices until none is left. A failing slice does not keep the others from being read; an outage does.

        :raises LoxoError: the first failure; the others are logged.
        """
        failures: list[LoxoError] = []
        while len(failures) < MOST_FAILURES:
            try:
                part = turns.popleft()
            except IndexError:  # another reader has taken the last one
                break
            try:
                yield from self._read(part)
            except LoxoError as error:
                if failures:
                    logger.error(f"{self.endpoint.name}: another slice failed: {error}")
                failures.append(error)
        if failures:
            yield Batch(commit=self.cursor.checkpoint)  # with the slices, the next attempt reads them in another order
            raise failures[0]

    def since(self) -> str | None:
        """The creation time from which the list is read; None for the whole list."""
        return self.start_date

    def opened(self, first: Page) -> None:
        """Called with the first page of a new attempt."""

    def filters(self, part: Slice) -> dict[str, str]:
        """The parameters that select a slice."""
        steady = {self.endpoint.steady_sort: "asc"} if self.endpoint.steady_sort else {}
        return {**steady, **(self.range()(part.start, part.end) if part.start or part.end else {})}

    def range(self) -> DateRange:
        """The date range on the creation time."""
        return declared_range(self.endpoint) if self.endpoint.created_after else query_range("created_at")

    @functools.cached_property
    def _proven_range(self) -> DateRange | None:
        """The range if it works on this account in this sync, else None."""
        if not (self.endpoint.created_after or self.endpoint.query):
            return None
        return self.range() if range_works(self.client, self.endpoint, self.range()) else None

    def _planned(self) -> list[Slice]:
        """The slices of a new attempt."""
        since = self.since()
        first = self.client.page(self.endpoint, self.filters(Slice(start=since)))
        self._page_seconds = first.seconds
        self.opened(first)
        total = first.total_count or 0
        self._expected = max(self._expected, total)
        self.reports_total(first.total_count)
        if total > self._worth_slicing() and self._proven_range:
            oldest = self._oldest(first)
            end = not_ahead(first.served_at or now())
            slices = plan(self.client, self.endpoint, self._proven_range, since, end, total, oldest)
            if len(slices) > 1:
                return slices
        self._first = first
        return [Slice(start=since)]

    def _worth_slicing(self) -> int:
        return WORTH_SLICING if self.client.parallelism() > 1 else LARGEST_SLICE

    def _oldest(self, first: Page) -> str | None:
        """The earliest creation time, if the page is oldest first."""
        oldest_first = first.records and self.endpoint.steady_sort == "created_at_sort"
        return parse_timestamp(first.records[0].get("created_at")) if oldest_first else None

    def _resumed(self, stored: list[Slice]) -> list[Slice]:
        """The stored slices, or a new plan if their date ranges do not work any more."""
        if len(stored) > 1 and not self._proven_range:
            logger.info(f"{self.endpoint.name}: the date ranges of the last attempt do not work any more.")
            return self._planned()
        return stored

    def _read(self, part: Slice) -> Iterator[Batch]:
        first = self._first if part.is_untouched and len(self.slices) == 1 else None
        for batch in self.reader.read(part, first):
            kept = self.deliverable(batch)
            with self.cursor.lock:
                self._unchanged += len(batch) - len(kept)
            yield Batch(kept, batch.commit)
        with self.cursor.lock:
            self._unread -= 1
            last = self._unread == 0
        if last:
            yield from self._finished()

    def deliverable(self, records: list[Record]) -> list[Record]:
        """The records that the destination does not have yet."""
        return records

    def saw(self, records: Sequence[Record]) -> None:
        """Called with the records of each page before they are delivered."""

    def _finished(self) -> Iterator[Batch]:
        """Runs in the worker that reads the last slice: reconciles the list, then completes the sync.

        :raises LoxoError: records are missing. The state discards the slices, so that the next attempt starts over.
        """
        whole, end, total = Slice(start=self.slices[0].start), self.slices[-1].end, self.slices[0].total
        if end is not None:
            total = self._total(whole)  # before the records created since the plan, so that it counts none of them
            yield from self._beside(Slice(start=end))
        try:
            yield from self._reconciled(whole, total, is_cut=end is not None)
        except LoxoError as error:
            if error.kind is ErrorKind.SYSTEM:  # an outage discards no slice
                with self.cursor.lock:
                    self._start_over()
                yield Batch(commit=self.cursor.checkpoint)
            raise
        self.log_count(self._delivered, total)
        if self._unchanged:
            logger.info(f"{self.endpoint.name}: {self._unchanged} of them are unchanged and were omitted.")
        yield from self.finish()

    def finish(self) -> Iterator[Batch]:
        """Completes the sync once the list is read and reconciled."""
        yield from ()

    @property
    def _delivered(self) -> int:
        return self._delivered_before + self.reader.delivered

    def _total(self, whole: Slice) -> int:
        """The total of the list. A total of 0 is requested again: a search engine that lost its index claims it."""
        totals = (total_of(self.client, self.endpoint, self.filters(whole)) for _ in range(1 + END_RETRIES))
        return next(filter(None, totals), 0)

    def _reconciled(self, whole: Slice, total: int | None, is_cut: bool) -> Iterator[Batch]:
        """Compares the delivered records with the total; reads what is missing.

        The number of an earlier attempt counts records in the overlap of two slices twice, so a resumed attempt also
        compares each slice with its own total.

        :param is_cut: whether the list was read in several slices; one is already compared with its own total.
        :raises LoxoError: records are missing, and neither the slices with other totals nor the whole list have them.
        """
        is_empty = total == 0 if is_cut else not self._delivered
        if is_empty and (self._delivered or self._expected):
            raise LoxoError(
                f"{self.endpoint.name}: Loxo claimed {self._expected} records before the read, returned "
                f"{self._delivered}, and claims none now, so nothing proves that all were read. Sync again: the list "
                "is read from the start. Report this if it persists.",
                ErrorKind.SYSTEM,
            )
        if is_cut and total is not None:
            yield from self._caught_up(whole, total)
            if self._delivered < total:
                raise shortfall(self.endpoint, self._delivered, total)

    def _caught_up(self, whole: Slice, total: int) -> Iterator[Batch]:
        """Reads the slices with other totals again, then the whole list, while records are missing from a total."""
        if self._delivered < total or self._is_resumed:
            closed = [part for part in self.slices if part.done]
            totals = totals_of(self.client, self.endpoint, (self.filters(part) for part in closed))
            disagreeing = [
                part
                for part, claimed in zip(closed, totals, strict=True)
                if claimed != (part.delivered if part.total is None else part.total)
            ]
            if disagreeing:
                logger.info(
                    f"{self.endpoint.name}: the totals of {len(disagreeing)} slices changed; reading them again."
                )
            for part in disagreeing:
                yield from self._beside(Slice(part.start, part.end))
        if self._delivered < total:
            logger.info(f"{self.endpoint.name}: records are outside all slices; reading the list as a whole.")
            yield from self._beside(whole)

    def _start_over(self) -> None:
        memory: Any = self.cursor.memory
        memory.slices = []

    def _beside(self, part: Slice) -> Iterator[Batch]:
        """Reads a slice that is not part of the state."""
        yield from self.reader.read(part, is_planned=False)

    def recent_from(self, timestamp: str) -> None:
        """Records that changed since are delivered again if they appear again."""
        self.reader.recent_from = shift(timestamp, seconds=-60)
