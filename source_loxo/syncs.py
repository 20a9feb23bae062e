"""The kinds of streams: what a sync of each reads, in which parts, and what the next one needs to know.

| kind | streams | first sync | later syncs |
|---|---|---|---|
| `PlainSync` | lists that come whole, countries | all | all |
| `FullSync` | every scrolled stream in full refresh | windows | windows |
| `FeedSync` | people | windows, then newest first down to the mark | newest first down to the state |
| `JobsSync` | jobs | all, below the wall, then newest first | newest first down to the state |
| `TouchedJobs` | the parents of job_candidates | all jobs | changed jobs, jobs that new activities name; weekly all |
| `CreatedSync` | person_events, email_tracking, sms, merges | windows | what was created lately, and what changed |
| `ChangedSync` | companies, deals, placements | windows | what changed, if Loxo can be asked for it; else all |

Streams below these are in children.py.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import pendulum
from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Page, Tally
from loxo_api.timestamps import format_timestamp, parse_timestamp, shift
from source_loxo import numbered, walks
from source_loxo.cursors import PlanCursor, StreamCursor
from source_loxo.walks import Rows
from source_loxo.windows import (
    Window,
    declared_range,
)

logger = logging.getLogger("airbyte")

Walk = Callable[[], Iterator[Rows]]

# Changes may become visible in a search index a little later than they are stamped, so the last minute is read again.
OVERLAP_SECONDS = 60
# What changed below a parent without a trace in it is found when all parents are read again.
FULL_PASS_DAYS = 7
# Activities that move candidates are read again for so long, for what was written down late.
MOVES_LOOKBACK_DAYS = 1
LONG_AGO = "1970-01-02T00:00:00.000Z"


class Sync:
    """One stream's sync.

    :param stored: the state that the platform handed back, already checked.
    :param start_date: a moment; records created earlier are left out, where the endpoint can filter by creation.
    """

    def __init__(
        self, endpoint: Endpoint, client: LoxoClient, cursor: Any, stored: Mapping[str, Any], start_date: str | None
    ) -> None:
        self.endpoint = endpoint
        self.client = client
        self.cursor = cursor
        self.stored = stored
        self.start_date = start_date if endpoint.created_after else None
        self.parents = ""
        self.on_total: Callable[[int | None], None] = self.estimate
        self._began = time.monotonic()

    def walks(self) -> Iterator[Walk]:
        """The walks that make up the sync, for the workers to run side by side."""
        raise NotImplementedError

    def estimate(self, rows: int | None) -> None:
        """Tells the platform how many records to expect."""
        if rows is not None:
            estimate = AirbyteEstimateTraceMessage(self.endpoint.name, EstimateType.STREAM, row_estimate=rows)
            trace = AirbyteTraceMessage(TraceType.ESTIMATE, time.time() * 1000, estimate=estimate)
            self.cursor.say(AirbyteMessage(Type.TRACE, trace=trace))

    def settle(self, tally: Tally) -> None:
        """Logs delivered / claimed, and how long it took.

        :raises LoxoError: Loxo claims more than was delivered.
        """
        seconds = time.monotonic() - self._began
        claimed = "claims no number" if tally.claimed is None else f"claims {tally.claimed}"
        what = f"records of {self.parents} read" if self.parents else "records delivered"
        logger.info(f"{self.endpoint.name}: {tally.delivered} {what}, Loxo {claimed}; {seconds:.1f} s.")
        if tally.missing:
            message = (
                f"{self.endpoint.name}: {tally.missing} records are missing: Loxo claims {tally.claimed}, its pages "
                f"held {tally.delivered}. What was read is delivered; sync again, and report this if it stays."
            )
            raise LoxoError(message, ErrorKind.SYSTEM)


class PlainSync(Sync):
    """A stream that is read whole, in one walk, each time."""

    cursor: StreamCursor

    def walks(self) -> Iterator[Walk]:
        yield self._read

    def _read(self) -> Iterator[Rows]:
        tally = Tally()
        of_style: dict[Paging, Callable[[LoxoClient, Endpoint, Tally], Iterator[Rows]]] = {
            Paging.WHOLE: walks.whole,
            Paging.AFTER_ID: walks.after_id,
            Paging.PAGE: functools.partial(numbered.pages, filters={}),
        }
        for number, rows in enumerate(of_style[self.endpoint.paging](self.client, self.endpoint, tally)):
            if number == 0:
                self.on_total(tally.claimed)
            yield rows
        self.settle(tally)


class JobsSync(Sync):
    """A numbered list with a newest-first sort. Without a position there is no state before the end."""

    cursor: PlanCursor

    def __init__(self, *facts: Any, incremental: bool) -> None:
        super().__init__(*facts)
        self._incremental = incremental

    def walks(self) -> Iterator[Walk]:
        yield self._read

    def _read(self) -> Iterator[Rows]:
        top = self.client.page(self.endpoint, {self.endpoint.newest_first_sort: "desc", "page": 1})
        floor = self.stored.get("updated_at") if self._incremental else None
        if floor:
            yield from self._changes(floor, top)
        else:
            self.on_total(top.total_count)
            tally = Tally()
            yield from numbered.pages_of_any_number(self.client, self.endpoint, tally, top)
            self.settle(tally)
        newest = not_ahead(numbered.newest_change(self.endpoint, top.rows))
        if self._incremental and (newest or floor):
            self.cursor.finish(updated_at=newest or floor)

    def _changes(self, floor: str, top: Any) -> Iterator[Rows]:
        since, tally = shift(floor, seconds=-OVERLAP_SECONDS), Tally()
        try:
            for rows in numbered.changed_pages(self.client, self.endpoint, since, top):
                yield tally.unseen([row for row in rows if (changed(row) or since) >= since])
        except LoxoError as error:
            if error.status != 400:
                raise
            logger.info(f"{self.endpoint.name}: too many changes for Loxo to list; reading all.")
            yield from numbered.pages_of_any_number(self.client, self.endpoint, tally, top)
        logger.info(f"{self.endpoint.name}: {tally.delivered} records changed since {floor}.")


class TouchedJobs(Sync):
    """The jobs whose candidates may have changed: changed jobs, and jobs that new activities name.

    Every move of a candidate writes an activity with its job (seen by loxo-mcp-server's author). What changes without a
    trace, such as a silent removal, is found by reading all jobs once a week.

    State: `updated_at` of jobs, `created_at` of activities, `full_at`, when all jobs were read.
    """

    cursor: PlanCursor

    def walks(self) -> Iterator[Walk]:
        yield self._read

    def _read(self) -> Iterator[Rows]:
        now = format_timestamp(pendulum.now("UTC"))
        events = ENDPOINTS["person_events"]
        top = self.client.page(self.endpoint, {self.endpoint.newest_first_sort: "desc", "page": 1})
        full_at = recent_full_pass(self.stored)
        if full_at:
            touched, seen = yield from self._touched(events, top)
        else:
            self.on_total(top.total_count)
            latest = self.client.page(events, {"created_at_sort": "desc", "per_page": 1}).rows
            touched, seen, full_at = Tally(), [parse_timestamp(row.get("created_at")) or "" for row in latest], now
            yield from numbered.pages_of_any_number(self.client, self.endpoint, touched, top)
            self.settle(touched)
        state = {
            "updated_at": not_ahead(numbered.newest_change(self.endpoint, top.rows)) or self.stored.get("updated_at"),
            "created_at": max((min(time, now) for time in seen), default="") or self.stored.get("created_at"),
        }
        self.cursor.finish(full_at=full_at, **{name: time for name, time in state.items() if time})

    def _touched(self, events: Endpoint, top: Page) -> Generator[Rows, None, tuple[Tally, list[str]]]:
        tally, seen = Tally(), []
        since = self.stored.get("updated_at") or LONG_AGO
        changes = numbered.changed_pages(self.client, self.endpoint, shift(since, seconds=-OVERLAP_SECONDS), top)
        for rows in changes:
            yield tally.unseen([row for row in rows if (changed(row) or since) >= since])
        read_until = self.stored.get("created_at") or LONG_AGO
        filters = {
            "created_at_sort": "asc",
            **declared_range(events)(shift(read_until, days=-MOVES_LOOKBACK_DAYS), None),
        }
        for rows in walks.scroll(self.client, events, Tally(), Window(), filters, lambda: None):
            seen += [time for row in rows if (time := parse_timestamp(row.get("created_at")))]
            yield tally.unseen([{"id": row["job_id"]} for row in rows if row.get("job_id")])
        logger.info(f"{self.endpoint.name}: {tally.delivered} jobs were touched since {read_until}.")
        return tally, seen


def recent_full_pass(stored: Mapping[str, Any]) -> str | None:
    """When a stream that must be read in full each week was last begun, or None if that is too long ago."""
    full_at = parse_timestamp(stored.get("full_at"))
    return full_at if full_at and full_at > shift(format_timestamp(pendulum.now("UTC")), days=-FULL_PASS_DAYS) else None


def changed(row: Mapping[str, Any]) -> str | None:
    """When the record changed last, if it says."""
    return parse_timestamp(row.get("updated_at"))


def not_ahead(time: str) -> str:
    """The time, but never later than now: a state in the future would hide all that comes before it."""
    return min(time, format_timestamp(pendulum.now("UTC")))
