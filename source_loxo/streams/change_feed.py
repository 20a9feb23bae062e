"""People: changes can be read newest first. The first sync reads all records in an order that changes do not affect."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from loxo_api.errors import LoxoError
from loxo_api.pages import Page
from loxo_api.pagination.scroll import OrderError, check_newest_first, newest_first
from loxo_api.slices import smallest_page
from loxo_api.timestamps import ZONES_HOURS, changed_at, latest, not_ahead, shift
from source_loxo.batch import Batch
from source_loxo.reconciliation import POSITION_REFUSALS
from source_loxo.state import ChangeFeedState
from source_loxo.streams.base import OVERLAP_SECONDS, Read
from source_loxo.streams.sliced import SlicedRead

logger = logging.getLogger("airbyte")

LONG_AGO = "1970-01-01T00:00:00.000Z"


class ChangeFeed(SlicedRead):
    """A list with a newest-first sort.

    First sync: the latest change before the first page becomes the mark; all records are read by creation, then changes
    newest first down to the mark. Later syncs: changes down to the stored mark. If Loxo does not honour the sort, or
    the changes end too early, the list is read as in a first sync.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._has_pages = False  # whether a page of changes was read in this sync

    def partitions(self) -> Iterator[Read]:
        memory = self._memory
        if memory.updated_at and not memory.slices:
            yield partial(self._changes, memory.updated_at)
        else:
            yield from self._slice_reads()

    @property
    def _memory(self) -> ChangeFeedState:
        memory = self.cursor.memory
        assert isinstance(memory, ChangeFeedState)
        return memory

    def _planned(self) -> Any:
        newest = smallest_page(self.client, self.endpoint, {self.endpoint.newest_first_sort: "desc"})
        mark = not_ahead(latest(newest.records, "updated_at"))
        if not self.start_date:
            self._expected = newest.total_count or 0
        self._memory.since = mark or LONG_AGO
        self.recent_from(self._memory.since)
        return super()._planned()

    def _slice_reads(self) -> Iterator[Read]:
        if self._memory.since:
            self.recent_from(self._memory.since)
        else:
            self._memory.slices = []
        yield from super()._slice_reads()

    def finish(self) -> Iterator[Batch]:
        memory = self._memory
        with self.cursor.lock:
            mark, memory.since, memory.slices = memory.since or LONG_AGO, None, []
            memory.updated_at = mark
        yield from self._changes(mark, is_first_sync=True)

    def _changes(self, mark: str, is_first_sync: bool = False) -> Iterator[Batch]:
        """The changes, newest first, down to the mark. The mark moves when the pages have passed it."""
        memory, delivered = self._memory, 0
        is_resumed = memory.changes_scroll_id is not None
        try:
            for batch in self._newest_first(mark):
                delivered += len(batch)
                yield batch
        except OrderError as error:
            if is_first_sync:
                # All records were just read; the next sync finds the same order, and reads all again.
                logger.warning(f"{self.endpoint.name}: {error}. Edits made during this sync arrive with the next one.")
                yield Batch(commit=self._pass_mark(mark))
                return
            logger.warning(f"{self.endpoint.name}: {error}. Reading all records instead of the changes.")
            yield from self._all_again()
            return
        logger.info(f"{self.endpoint.name}: {delivered} records changed since {mark}.")
        mark = max(mark, memory.changes_top or mark)
        yield Batch(commit=self._pass_mark(mark))
        if is_resumed and memory.changes_scroll_id is None:
            # Records that changed since the attempt that began to read the changes are above the place where it began.
            self.recent_from(mark)
            yield from self._changes(mark, is_first_sync)
        elif not is_first_sync:
            self.log_count(delivered, None)

    def _pass_mark(self, mark: str) -> Any:
        def commit() -> None:
            with self.cursor.lock:
                memory = self._memory
                memory.updated_at, memory.changes_top, memory.changes_scroll_id = mark, None, None
                self.cursor.checkpoint()

        return commit

    def _newest_first(self, mark: str) -> Iterator[Batch]:
        memory, bound = self._memory, shift(mark, seconds=-OVERLAP_SECONDS)
        if memory.changes_scroll_id and memory.changes_top:
            try:
                yield from self._pages(bound, memory.changes_scroll_id, None)
                return
            except LoxoError as error:
                refused = error.status in POSITION_REFUSALS or error.status >= 500
                if self._has_pages or not refused:
                    raise
                logger.warning(
                    f"{self.endpoint.name}: Loxo no longer accepts the saved position (status {error.status}); reading "
                    "the changes from the newest."
                )
        first = self.client.page(self.endpoint, {self.endpoint.newest_first_sort: "desc"})
        check_newest_first(self.client, self.endpoint, first)
        memory.changes_top = not_ahead(latest(first.records, "updated_at")) or mark
        yield from self._pages(bound, None, first)

    def _pages(self, bound: str, scroll_id: str | None, first: Page | None) -> Iterator[Batch]:
        for page in newest_first(self.client, self.endpoint, bound, scroll_id, first):
            self._has_pages = True
            # A substream needs a request for each parent, so it takes those above the bound only. A stream delivers all
            # records on the page, except those that are unchanged in any time zone.
            kept = bound if self.counts_parents else shift(bound, hours=-ZONES_HOURS)
            records = [each for each in page.records if (changed_at(each) or kept) >= kept]
            yield Batch(self.reader.new(records), partial(self._advance, page))

    def _advance(self, page: Page) -> None:
        if page.scroll_id and page.records:
            with self.cursor.lock:
                self._memory.changes_scroll_id = page.scroll_id
                self.cursor.checkpoint(is_progress=True)

    def _all_again(self) -> Iterator[Batch]:
        """The whole list, as in a first sync."""
        memory = self._memory
        with self.cursor.lock:
            memory.updated_at = memory.changes_top = memory.changes_scroll_id = None
            memory.slices = []
        for read in self._slice_reads():
            yield from read()
