"""Jobs: a numbered list with a newest-first sort. A page number is not a position, so the state is emitted at the end.

`TouchedJobs` finds the jobs whose candidates may have changed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import LoxoError
from loxo_api.pages import Page, Record
from loxo_api.pagination.page_number import PASSES, ResultLimit, beyond_the_limit, newest_pages
from loxo_api.pagination.scroll import OrderError, check_newest_first
from loxo_api.record_count import IdSet, shortfall
from loxo_api.slices import Slice, declared_range
from loxo_api.timestamps import ZONES_HOURS, changed_at, latest, not_ahead, now, parse_timestamp, shift
from source_loxo.batch import Batch
from source_loxo.reconciliation import SliceReader
from source_loxo.state import JobsState, TouchedJobsState
from source_loxo.streams.base import OVERLAP_SECONDS, Read, StreamRead

logger = logging.getLogger("airbyte")

# Days after which all parents are read again, for children that change without a trace in the parent.
FULL_PASS_DAYS = 7
# Days of activities that are read again, for moves that are entered late.
MOVES_LOOKBACK_DAYS = 1


class JobsReader:
    """Reads all or changed jobs, and keeps the ids that this sync has read. `first` is page 1, newest first."""

    def __init__(self, client: LoxoClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self.ids = IdSet()
        self.first = client.page(endpoint, {endpoint.newest_first_sort: "desc", "page": 1})
        self.total = self.first.total_count
        self.newest = not_ahead(latest(self.first.records, endpoint.cursor_field))

    def all(self) -> Iterator[list[Record]]:
        """All jobs. Jobs that change meanwhile move above the newest of the first page, and are read from there.

        :raises LoxoError: the total exceeds the records on the pages.
        """
        endpoint, first = self._endpoint, self.first
        if len(first.records) == first.total_count and len(first.records) < endpoint.per_page:
            yield self.ids.add(first.records)  # one page, complete by its own total
            return
        sort, is_sorted = {endpoint.steady_sort: "asc"}, self._is_sorted()
        for attempt in range(PASSES):
            for page in beyond_the_limit(
                self._client, endpoint, sort, endpoint.splits, ResultLimit(), first.total_count
            ):
                yield self.ids.add(page.records)
            first = self._client.page(endpoint, {endpoint.newest_first_sort: "desc", "page": 1})
            self.total = first.total_count or self.total  # a search engine that lost its index claims 0
            yield from self._catch_up(first)
            missing = max(0, (self.total or 0) - len(self.ids))
            # Without the order, a new record moves others onto pages that are already read, also unseen by the total.
            if not missing and (is_sorted or attempt):
                return
            logger.info(f"{endpoint.name}: {missing} records were not reached; reading the list again.")
        raise shortfall(endpoint, len(self.ids), self.total or 0)

    def _is_sorted(self) -> bool:
        try:
            check_newest_first(self._client, self._endpoint, self.first)
        except OrderError as error:
            logger.info(f"{self._endpoint.name}: {error}.")
            return False
        return True

    def _catch_up(self, first: Page) -> Iterator[list[Record]]:
        """The jobs created or edited since the read began."""
        bound = shift(self.newest, seconds=-OVERLAP_SECONDS) if self.newest else "9"
        try:
            for page in newest_pages(self._client, self._endpoint, bound, first):
                yield self.ids.add(page.records)
        except OrderError:
            # The order only helps to catch up; the count decides whether records are missing.
            logger.info(f"{self._endpoint.name}: the list is not sorted newest first; only its count is checked.")
        except LoxoError as error:
            if error.status != 400:
                raise

    def changes(self, mark: str, kept: str) -> Iterator[list[Record]]:
        """Jobs that changed since the mark; all jobs if Loxo cannot list them in that order.

        :param kept: records that changed before this time are omitted.
        """
        bound = shift(mark, seconds=-OVERLAP_SECONDS)
        try:
            check_newest_first(self._client, self._endpoint, self.first)
            for page in newest_pages(self._client, self._endpoint, bound, self.first):
                yield self.ids.add([each for each in page.records if (changed_at(each) or kept) >= kept])
            return
        except OrderError as error:
            logger.warning(f"{self._endpoint.name}: {error}. Reading all records instead of the changes.")
        except LoxoError as error:
            if error.status != 400:
                raise
            logger.info(f"{self._endpoint.name}: Loxo does not list all changes; reading all records.")
        self.ids = IdSet()  # a full read is reconciled by its own count, and delivers the changes again
        yield from self.all()


class Jobs(StreamRead):
    """The stream of jobs.

    :param incremental: whether a sync with a state reads changes only.
    """

    def __init__(self, *args: Any, incremental: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self._incremental = incremental

    def partitions(self) -> Iterator[Read]:
        yield self._read

    def _read(self) -> Iterator[Batch]:
        memory = self.cursor.memory
        mark = memory.updated_at if isinstance(memory, JobsState) and self._incremental else None
        jobs = JobsReader(self.client, self.endpoint)
        if mark:
            hours = 0 if self.counts_parents else ZONES_HOURS
            for records in jobs.changes(mark, shift(mark, hours=-hours, seconds=-OVERLAP_SECONDS)):
                yield Batch(records)
            logger.info(f"{self.endpoint.name}: {len(jobs.ids)} records changed since {mark}.")
            self.log_count(len(jobs.ids), None)
        else:
            self.reports_total(jobs.total)
            for records in jobs.all():
                yield Batch(records)
            self.log_count(len(jobs.ids), jobs.total)
        yield Batch(commit=lambda: self._complete(jobs.newest))

    def _complete(self, newest: str) -> None:
        memory = self.cursor.memory
        if isinstance(memory, JobsState) and self._incremental and newest:
            memory.updated_at = max(newest, memory.updated_at or "")
            self.cursor.checkpoint()


class TouchedJobs(StreamRead):
    """The jobs whose candidates may have changed: changed jobs, and jobs of new activities.

    Every move of a candidate writes an activity with its job (seen by loxo-mcp-server's author). Changes without a
    trace, such as a removal, are found by a read of all jobs once a week.
    """

    def partitions(self) -> Iterator[Read]:
        yield self._read

    def _read(self) -> Iterator[Batch]:
        memory = self.cursor.memory
        assert isinstance(memory, TouchedJobsState)
        began, events = now(), ENDPOINTS["person_events"]
        jobs = JobsReader(self.client, self.endpoint)
        full_at, seen = recent_full_pass(memory.full_at), ""
        if full_at and memory.updated_at and memory.created_at:
            mark = memory.updated_at
            for records in jobs.changes(mark, shift(mark, seconds=-OVERLAP_SECONDS)):
                yield Batch(records)
            moves = _Moves(self.client, events, memory.created_at)
            for batch in moves.read():
                yield Batch(jobs.ids.add({"id": each["job_id"]} for each in batch if each.get("job_id")))
            seen = moves.latest
            logger.info(f"{self.endpoint.name}: {len(jobs.ids)} jobs were touched since {memory.created_at}.")
        else:
            self.reports_total(jobs.total)
            newest = self.client.page(events, {"created_at_sort": "desc", "per_page": 1}).records
            seen, full_at = max((parse_timestamp(each.get("created_at")) or "" for each in newest), default=""), began
            for records in jobs.all():
                yield Batch(records)
        self.log_count(len(jobs.ids), jobs.total if full_at == began else None)

        def commit() -> None:
            memory.updated_at = jobs.newest or memory.updated_at
            memory.created_at = max(min(seen, began), memory.created_at or "") or began
            memory.full_at = full_at
            self.cursor.checkpoint()

        yield Batch(commit=commit)


class _Moves:
    """The activities since the last sync, which contain the ids of their jobs."""

    def __init__(self, client: LoxoClient, events: Endpoint, created_at: str) -> None:
        asked = declared_range(events)(shift(created_at, days=-MOVES_LOOKBACK_DAYS), None)
        filters = {events.steady_sort: "asc", **asked}
        self.latest = ""
        self._reader = SliceReader(events, client, lambda part: filters, saw=self._saw)

    def read(self) -> Iterator[Batch]:
        yield from self._reader.read(Slice(), is_planned=False)

    def _saw(self, records: Any) -> None:
        self.latest = max(self.latest, latest(records, "created_at", now()))


def recent_full_pass(full_at: str | None) -> str | None:
    """The time of the last full read, or None if it is more than a week ago."""
    return full_at if full_at and full_at > shift(now(), days=-FULL_PASS_DAYS) else None
