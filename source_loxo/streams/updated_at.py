"""Companies, deals, placements: they declare no filter and no sort by change, so `query` is tried.

If Loxo cannot select changed records, all records are read, and those known to be unchanged are not delivered again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from loxo_api.pages import Page, Record
from loxo_api.slices import Slice, query_range, range_works
from loxo_api.timestamps import ZONES_HOURS, changed_at, latest, not_ahead, now, shift
from source_loxo.batch import Batch
from source_loxo.state import UpdatedAtState
from source_loxo.streams.base import OVERLAP_SECONDS, Read
from source_loxo.streams.sliced import SlicedRead

logger = logging.getLogger("airbyte")


class UpdatedAt(SlicedRead):
    """A list without a declared way to select changes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._met_mark = False

    @property
    def _memory(self) -> UpdatedAtState:
        memory = self.cursor.memory
        assert isinstance(memory, UpdatedAtState)
        return memory

    def partitions(self) -> Iterator[Read]:
        memory = self._memory
        is_later = memory.updated_at and not memory.slices
        if is_later and range_works(self.client, self.endpoint, query_range("updated_at")):
            yield partial(self._changes, memory.updated_at or "")
            return
        yield from self._slice_reads()

    def opened(self, first: Page) -> None:
        memory = self._memory
        memory.began = not_ahead(first.served_at or shift(now(), days=-1))
        memory.seen_updated_at = None
        self.recent_from(memory.began)

    def saw(self, records: Sequence[Record]) -> None:
        memory = self._memory
        with self.cursor.lock:
            found = latest(records, "updated_at", memory.began or now())
            memory.seen_updated_at = max(found, memory.seen_updated_at or "") or None
        if memory.updated_at:
            near = shift(memory.updated_at, seconds=1)
            self._met_mark = self._met_mark or any((changed_at(each) or "9") <= near for each in records)

    def _changes(self, mark: str) -> Iterator[Batch]:
        """The records that changed since the mark."""
        delivered = 0
        for hours in (0, ZONES_HOURS):
            filters = query_range("updated_at")(shift(mark, seconds=-OVERLAP_SECONDS, hours=-hours), None)
            first = self.client.page(self.endpoint, filters)
            if not hours:
                # The mark must not pass an edit that is made behind the reader, so it stays before the first page.
                self.opened(first)
            self._met_mark = False
            for batch in self.reader.with_filters(filters).read(Slice(), first, is_planned=False):
                delivered += len(batch)
                yield batch
            if self._met_mark:
                break
            # The record at the mark is missing: it was edited again or deleted, or Loxo interprets the bound in another
            # time zone. A day more covers every zone.
        logger.info(f"{self.endpoint.name}: {delivered} records changed since {mark}.")
        self.log_count(delivered, None)
        yield Batch(commit=lambda: self._complete(mark))

    def deliverable(self, records: list[Record]) -> list[Record]:
        """The records without those known to be unchanged since the last sync, in any time zone."""
        mark = self._memory.updated_at
        if not mark:
            return records
        kept = shift(mark, hours=-ZONES_HOURS)
        return [each for each in records if (changed_at(each) or kept) >= kept]

    def finish(self) -> Iterator[Batch]:
        # Without times of change, the server's clock is the mark.
        yield Batch(commit=lambda: self._complete(self._memory.began))

    def _complete(self, otherwise: str | None) -> None:
        memory = self._memory
        with self.cursor.lock:
            memory.updated_at = max(memory.seen_updated_at or otherwise or "", memory.updated_at or "") or None
            memory.began = memory.seen_updated_at = None
            memory.slices = []
            self.cursor.checkpoint()
