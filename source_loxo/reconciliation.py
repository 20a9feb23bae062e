"""Reads a slice until Loxo's own counts prove it complete.

One pass proves a slice if all pages have the same total and the distinct ids reach it. On a busy account totals change.
A slice whose total changes is read again alone, in smaller slices: the smaller a slice, the less it changes during the
read, and a single page always agrees with its own total. A slice that cannot be cut is read in repeated passes.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint
from loxo_api.errors import LoxoError
from loxo_api.pages import COUNT_CAP, Page, Record, position
from loxo_api.pagination.scroll import scroll
from loxo_api.record_count import IdSet, RecordCount, shortfall
from loxo_api.slices import DateRange, Slice, plan, total_of
from loxo_api.timestamps import changed_at
from source_loxo.batch import Batch

logger = logging.getLogger("airbyte")

# Passes over a slice that cannot be cut, while its total changes.
PASSES = 3
# The size of the slices in which a slice is read again, at each depth of cutting.
SLICE_SIZES = (500, 100)
# The statuses with which a server may refuse an expired position; it is unknown which of them Loxo uses.
POSITION_REFUSALS = (400, 404, 410, 422)


class SliceReader:
    """Reads the slices of one list in one sync. Its methods run in several workers.

    :param filters: returns the parameters that select a slice. Without it, there is one slice, the whole list.
    :param ranged: returns the date range that selects a smaller slice, or None if none works.
    :param checkpoint: called when a slice is in the queue; with `is_progress`, when a page of it is.
    :param saw: called with the records of each page before they are delivered.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: LoxoClient,
        filters: Callable[[Slice], Mapping[str, str]] = lambda part: {},
        ranged: Callable[[], DateRange | None] = lambda: None,
        checkpoint: Callable[..., None] = lambda is_progress=False: None,
        saw: Callable[[Sequence[Record]], None] = lambda records: None,
    ) -> None:
        self.ids = IdSet()
        # Records that changed after this time are delivered again if they appear with another time of change.
        self.recent_from = "9"
        self._recent: dict[object, str | None] = {}
        # By slice, the number of records that an earlier attempt delivered before it stopped in the slice.
        self._before: dict[int, int] = {}
        self._endpoint = endpoint
        self._client = client
        self._filters = filters
        self._ranged = ranged
        self._checkpoint = checkpoint
        self._saw = saw

    def with_filters(self, filters: Mapping[str, str]) -> SliceReader:
        """A reader of the same sync with fixed parameters. Its reads cannot be cut and are not part of the state."""
        reader = copy.copy(self)
        reader._filters, reader._ranged = lambda part: filters, lambda: None
        reader._checkpoint = lambda is_progress=False: None
        return reader

    @property
    def delivered(self) -> int:
        """Distinct records of the slices that were read, with what an earlier attempt delivered of them."""
        return sum(self._before.values()) + len(self.ids)

    def read(self, part: Slice, first: Page | None = None, is_planned: bool = True) -> Iterator[Batch]:
        """The records of a slice that this sync has not delivered, until the slice is proven complete.

        :param first: the slice's first page, if already fetched.
        :param is_planned: whether the slice is part of the state.
        :raises LoxoError: the total exceeds the records on the pages in all passes.
        """
        if is_planned:
            self._before[id(part)] = part.delivered
        seen = IdSet() if part.is_untouched else None
        count = yield from self._pass(part, self._advance if is_planned else None, seen, first)
        if not self._is_complete(part, count):
            logger.info(
                f"{self._endpoint.name}: {_span(part)} has {count.delivered} distinct records while Loxo's total went "
                f"from {count.first_total} to {count.last_total}; reading it again."
            )
            self._reset(part)
            try:
                yield from self._again(part, count, seen, 0)
            except LoxoError:
                yield Batch(commit=self._checkpoint)  # the slice is reset in the state
                raise
        if is_planned:
            yield Batch(commit=partial(self._close, part, count))

    def new(self, records: list[Record]) -> list[Record]:
        """The records that this sync has not delivered, or that changed since it delivered them."""
        fresh = self.ids.add(records)
        if len(fresh) < len(records):
            unseen = {id(record) for record in fresh}
            fresh = [each for each in records if id(each) in unseen or self._changed_again(each)]
        day = self.recent_from[:10]
        for record in fresh:
            if str(record.get("updated_at"))[:10] >= day and (changed := changed_at(record)):
                self._recent[record["id"]] = changed
        return fresh

    def _changed_again(self, record: Record) -> bool:
        changed = changed_at(record)
        return changed is not None and changed >= self.recent_from and self._recent.get(record["id"]) != changed

    def _advance(self, part: Slice, page: Page, count: RecordCount) -> None:
        if page.scroll_id and page.records:
            part.top = part.top or page.scroll_id
            part.scroll_id = page.scroll_id
            part.delivered, part.total, part.moved = count.delivered, count.first_total, count.moved
            self._checkpoint(is_progress=True)

    def _close(self, part: Slice, count: RecordCount) -> None:
        part.done, part.scroll_id, part.top = True, None, None
        part.delivered, part.total, part.moved = count.delivered, count.last_total, False
        self._checkpoint()

    def _reset(self, part: Slice) -> None:
        part.reset()
        self._before.pop(id(part), None)

    def _pass(
        self,
        part: Slice,
        advance: Callable[[Slice, Page, RecordCount], None] | None = None,
        seen: IdSet | None = None,
        first: Page | None = None,
    ) -> Generator[Batch, None, RecordCount]:
        """One pass over a slice, from its stored position if it has one."""
        is_resumed, before, started = bool(part.scroll_id), part.delivered, False
        try:
            for batch in (generator := _Returning(self._scroll(part, advance, seen, first))):
                started = True
                yield batch
            count = generator.value
            if not is_resumed or count.is_proven or count.delivered > before:
                return count
            reason = "it returns no records, although not all are read"
        except LoxoError as error:
            refused = error.status in POSITION_REFUSALS or error.status >= 500
            if started or not is_resumed or not refused:
                raise
            reason = f"status {error.status}"
        logger.warning(
            f"{self._endpoint.name}: Loxo no longer accepts the saved position ({reason}); reading {_span(part)} from "
            "the start."
        )
        self._reset(part)
        return (yield from self._scroll(part, advance, seen, None))

    def _scroll(
        self,
        part: Slice,
        advance: Callable[[Slice, Page, RecordCount], None] | None,
        seen: IdSet | None,
        first: Page | None,
    ) -> Generator[Batch, None, RecordCount]:
        count = RecordCount(part.delivered, part.total, part.moved)
        filters, top, pages = self._filters(part), part.top, 0
        for page in scroll(self._client, self._endpoint, filters, count, part.scroll_id, first):
            top, pages = top or page.scroll_id, pages + bool(page.records)
            last = page.scroll_id or part.scroll_id
            if seen is not None:
                seen.add(page.records)
            self._saw(page.records)
            yield Batch(self.new(list(page.records)), partial(advance, part, page, count) if advance else None)
        # A cached total can agree although a record was created and another one moved up past the reader.
        if not self._endpoint.steady_sort and (pages > 1 or not count.is_proven):
            yield from self._top_again(filters, count, seen, top, last)
        return count

    def _top_again(
        self, filters: Mapping[str, str], count: RecordCount, seen: IdSet | None, top: str | None, last: str | None
    ) -> Iterator[Batch]:
        """Reads a newest-first list from its top down to the end of the first page of the pass.

        Lists without a sort are newest first, according to the times in recorded cursors. A record that was edited or
        created meanwhile can be above the reader.
        """
        began, ended = position(top), position(last)
        if began is not None and ended is not None and began < ended:
            return  # oldest first: new records are at the end, and were read
        for page in scroll(self._client, self._endpoint, filters, count):
            if seen is not None:
                seen.add(page.records)
            self._saw(page.records)
            fresh = self.new(list(page.records))
            yield Batch(fresh)
            here = position(page.scroll_id)
            if (here <= began) if here is not None and began is not None else not fresh:
                return

    def _is_complete(self, part: Slice, count: RecordCount) -> bool:
        if count.last_total is None:
            return True  # without a total, the end that came twice is the only evidence
        if count.is_proven:
            return True
        if part.end is None and count.only_grew and self._endpoint.steady_sort:
            return True  # new records, which are behind the reader only if they are dated back
        if count.last_total == COUNT_CAP:
            return count.delivered >= COUNT_CAP and self._at_least(part)
        return not count.moved and count.delivered > count.last_total

    def _at_least(self, part: Slice) -> bool:
        """Whether a capped total has to be accepted, because the list cannot be cut into smaller slices."""
        if self._ranged():
            return False
        logger.warning(
            f"{self._endpoint.name}: Loxo's total of {COUNT_CAP} may mean 'at least', and {_span(part)} cannot be cut "
            "into slices. It was read to its end, which Loxo confirmed; its count cannot confirm it."
        )
        return True

    def _again(self, part: Slice, count: RecordCount, seen: IdSet | None, depth: int) -> Iterator[Batch]:
        """Reads a slice again in smaller slices, or in repeated passes if it cannot be cut."""
        total = count.last_total or 0
        ranged = self._ranged() if depth < len(SLICE_SIZES) and total > SLICE_SIZES[depth] else None
        if ranged:
            largest = SLICE_SIZES[depth]
            for piece in plan(self._client, self._endpoint, ranged, part.start, part.end, total, largest=largest):
                piece_seen = IdSet()
                piece_count = yield from self._pass(piece, seen=piece_seen)
                if not self._is_complete(piece, piece_count):
                    yield from self._again(piece, piece_count, piece_seen, depth + 1)
            return
        seen = seen if seen is not None else IdSet()
        claimed = max(count.first_total or 0, len(seen))
        for _ in range(PASSES - 1):
            count = yield from self._pass(Slice(part.start, part.end), seen=seen)
            if self._is_complete(part, count) and (count.delivered or not len(seen)):
                return
        # Its total moved in each pass. Together the passes hold the records that the last pass began with, except those
        # deleted since, or records are missing. The total of the end proves less, because records enter an open slice
        # behind the reader. A total of 0 proves nothing where records were seen: a search engine that lost its index,
        # or fails at a position, returns no records and a total of 0.
        total = total_of(self._client, self._endpoint, self._filters(part))
        if len(seen) < (expected := min(count.first_total or 0, total) or claimed):
            raise shortfall(self._endpoint, len(seen), expected)


class _Returning(Iterator[Batch]):
    """A generator whose return value is available after a for loop."""

    def __init__(self, generator: Generator[Batch, None, RecordCount]) -> None:
        self._generator = generator
        self.value = RecordCount()

    def __next__(self) -> Batch:
        try:
            return next(self._generator)
        except StopIteration as stopped:
            self.value = stopped.value
            raise


def _span(part: Slice) -> str:
    return (
        f"the slice {part.start or 'from the beginning'} to {part.end or 'now'}"
        if part.start or part.end
        else "the list"
    )
