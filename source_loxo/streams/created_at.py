"""Activities and messages: Loxo filters them by creation time.

The writer of a record can set its creation time, also to the future or the past. So the high-water mark is the latest
creation time that is not in the future, recent days are read again, and the last slice has no end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from loxo_api.pages import Page, Record
from loxo_api.slices import Slice, query_range, range_works
from loxo_api.timestamps import ZONES_HOURS, changed_at, latest, not_ahead, now, parse_timestamp, shift
from source_loxo.batch import Batch
from source_loxo.state import CreatedAtState
from source_loxo.streams.base import OVERLAP_SECONDS
from source_loxo.streams.sliced import SlicedRead

logger = logging.getLogger("airbyte")

# Days that each sync reads again, because activities are entered late and dated back.
LOOKBACK_DAYS = 3
# Days that one sync a week reads again, for activities that are dated back further where Loxo cannot select
# changes. Another client reads 35 days again, because recruiters date activities back (RecruitersOS).
LONG_LOOKBACK_DAYS = 35
LONG_LOOKBACK_EVERY_DAYS = 7


class CreatedAt(SlicedRead):
    """A list with filters on the creation time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._met_mark = False

    @property
    def _memory(self) -> CreatedAtState:
        memory = self.cursor.memory
        assert isinstance(memory, CreatedAtState)
        return memory

    def since(self) -> str | None:
        read_until = self._memory.created_at
        days = LONG_LOOKBACK_DAYS if self._is_long_lookback_due() else LOOKBACK_DAYS
        looked_back = shift(read_until, days=-days) if read_until else None
        return max((each for each in (looked_back, self.start_date) if each), default=None)

    def _is_long_lookback_due(self) -> bool:
        last = self._memory.looked_back_at
        return last is None or last < shift(now(), days=-LONG_LOOKBACK_EVERY_DAYS)

    def opened(self, first: Page) -> None:
        memory, began = self._memory, not_ahead(first.served_at or now())
        if self._is_long_lookback_due():
            memory.looked_back_at = began
        memory.began = began
        memory.seen_created_at, memory.seen_updated_at = memory.created_at, memory.updated_at
        self.recent_from(began)

    def saw(self, records: Sequence[Record]) -> None:
        memory = self._memory
        limit = memory.began or now()
        if memory.updated_at:
            near = shift(memory.updated_at, seconds=1)
            self._met_mark = self._met_mark or any((changed_at(each) or "9") <= near for each in records)
        known = memory.created_at or ""  # later syncs read recent records again, which are counted already
        undated = [each for each in records if each.get("updated_at") is None]
        with self.cursor.lock:
            memory.undated += sum((parse_timestamp(each.get("created_at")) or "9") > known for each in undated)
            memory.seen_created_at = max(latest(records, "created_at", limit), memory.seen_created_at or "") or None
            memory.seen_updated_at = max(latest(records, "updated_at", limit), memory.seen_updated_at or "") or None

    def finish(self) -> Iterator[Batch]:
        mark = self._memory.updated_at
        has_changes = True
        if mark and self.endpoint.query:
            has_changes = yield from self._edits(mark)
        yield Batch(commit=lambda: self._complete(mark, has_changes))

    def _complete(self, mark: str | None, has_changes: bool) -> None:
        memory = self._memory
        with self.cursor.lock:
            memory.created_at = memory.seen_created_at
            # The mark of changes moves only over changes that were read.
            memory.updated_at = memory.seen_updated_at if has_changes else mark
            memory.began = memory.seen_created_at = memory.seen_updated_at = None
            memory.slices = []
            self.cursor.checkpoint()

    def _edits(self, mark: str) -> Any:
        """Reads edits of old records, and records dated back. Returns whether Loxo can select them."""
        changed = query_range("updated_at")
        if not range_works(self.client, self.endpoint, changed, undated=self._memory.undated):
            logger.warning(
                f"{self.endpoint.name}: Loxo cannot select changed records in this sync, so edits of records older "
                f"than {LOOKBACK_DAYS} days are not read. The next sync tries again."
            )
            return False
        for hours in (0, ZONES_HOURS):
            bound = shift(mark, seconds=-OVERLAP_SECONDS, hours=-hours)
            reader = self.reader.with_filters({**self.filters(Slice()), **changed(bound, None)})
            self._met_mark = False
            yield from reader.read(Slice(), is_planned=False)
            if self._met_mark:
                break
            # The record at the mark is missing: it was edited again or deleted, or Loxo interprets the bound in another
            # time zone. A day more covers every zone.
        return True
