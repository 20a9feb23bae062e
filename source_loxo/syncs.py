"""The kinds of streams: what a sync of each reads, in which parts, and what the next one needs to know.

| kind | streams | first sync | later syncs |
|---|---|---|---|
| `PlainSync` | lists that come whole, countries | all | all |
| `FullSync` | every scrolled stream in full refresh | windows | windows |
| `FeedSync` | people | windows, then newest first down to the mark | newest first down to the state |
| `JobsSync` | jobs | all, below the wall, then newest first | newest first down to the state |
| `TouchedJobs` | the parents of job_candidates | all jobs | changed jobs, and jobs that new activities name |
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
    FailureType,
    TraceType,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_loxo import numbered, walks
from source_loxo.client import LoxoClient, LoxoError
from source_loxo.cursors import FULL_REFRESH_COMPLETE_KEY, PlanCursor, StreamCursor, stored_windows
from source_loxo.endpoints import ENDPOINTS, Endpoint, Paging
from source_loxo.moments import moment, shifted, written
from source_loxo.paging import Page, Tally
from source_loxo.walks import Rows
from source_loxo.windows import (
    DateRange,
    Window,
    claim,
    declared_range,
    plan,
    query_range,
    query_range_works,
    smallest_page,
)

logger = logging.getLogger("airbyte")

Walk = Callable[[], Iterator[Rows]]

# A list shorter than this (20 pages) is read in one go: proving and planning would cost more than they save.
WORTH_PLANNING = 2000
# Changes may become visible in a search index a little later than they are stamped, so the last minute is read again.
OVERLAP_SECONDS = 60
# Activities are written down late, and dated back; so many days are read again. What is dated back further, or edited
# later, is found only where `query` can be asked for changes.
LOOKBACK_DAYS = 3
# Jobs whose candidates changed without an activity are found when all jobs are read again.
FULL_PASS_DAYS = 7
# Activities that move candidates are read again for so long, for what was written down late.
MOVES_LOOKBACK_DAYS = 1
LONG_AGO = "1970-01-02T00:00:00.000Z"
# The times by which the next sync knows where this one ended.
SEEN_FIELDS = ("created_at", "updated_at")


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

        :raises AirbyteTracedException: Loxo claims more than was delivered.
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
            raise AirbyteTracedException(message, message, FailureType.system_error)


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
        since, tally = shifted(floor, seconds=-OVERLAP_SECONDS), Tally()
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
        now = written(pendulum.now("UTC"))
        events = ENDPOINTS["person_events"]
        top = self.client.page(self.endpoint, {self.endpoint.newest_first_sort: "desc", "page": 1})
        full_at = moment(self.stored.get("full_at"))
        if full_at and full_at > shifted(now, days=-FULL_PASS_DAYS):
            touched, seen = yield from self._touched(events, top)
        else:
            self.on_total(top.total_count)
            latest = self.client.page(events, {"created_at_sort": "desc", "per_page": 1}).rows
            touched, seen, full_at = Tally(), [moment(row.get("created_at")) or "" for row in latest], now
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
        changes = numbered.changed_pages(self.client, self.endpoint, shifted(since, seconds=-OVERLAP_SECONDS), top)
        for rows in changes:
            yield tally.unseen([row for row in rows if (changed(row) or since) >= since])
        read_until = self.stored.get("created_at") or LONG_AGO
        filters = {
            "created_at_sort": "asc",
            **declared_range(events)(shifted(read_until, days=-MOVES_LOOKBACK_DAYS), None),
        }
        for rows in walks.scroll(self.client, events, Tally(), Window(), filters, lambda: None):
            seen += [time for row in rows if (time := moment(row.get("created_at")))]
            yield tally.unseen([{"id": row["job_id"]} for row in rows if row.get("job_id")])
        logger.info(f"{self.endpoint.name}: {tally.delivered} jobs were touched since {read_until}.")
        return tally, seen


class WindowedSync(Sync):
    """The base of the streams that are read in windows: planning, reading, taking up again, reconciling."""

    cursor: PlanCursor
    _total = 0

    def walks(self) -> Iterator[Walk]:
        windows = self.resumed()
        if windows:
            logger.info(f"{self.endpoint.name}: going on where the last attempt ended.")
        self._windows = windows or self.planned()
        self.cursor.begin(self._windows)
        open_windows = [window for window in self._windows if not window.done]
        if not open_windows:
            yield self.finish
        for window in open_windows:
            yield functools.partial(self._read, window)

    def resumed(self) -> list[Window]:
        """The windows of an interrupted attempt, if they still can be asked for."""
        windows = stored_windows(self.stored)
        if len(windows) > 1 and self.ranged() is None:
            logger.info(f"{self.endpoint.name}: the parts of the last attempt cannot be asked for any more.")
            return []
        return windows

    def planned(self) -> list[Window]:
        """The windows of a new attempt."""
        since = self.since()
        page = smallest_page(self.client, self.endpoint, self._filters(Window(start=since)))
        self.opened(page)
        self._total = total = page.total_count or 0
        self.on_total(total)
        ranged = self.ranged() if total > WORTH_PLANNING else None
        if ranged is None:
            return [Window(start=since)]
        return plan(self.client, self.endpoint, ranged, page, since)

    def opened(self, page: Page) -> None:
        """Called with the first answer of a new attempt."""

    def since(self) -> str | None:
        """The creation time from which the windows go; None for the whole list."""
        return self.start_date

    def ranged(self) -> DateRange | None:
        """How a window is asked for, or None if the endpoint offers no way that works."""
        return self._proven_range

    @functools.cached_property
    def _proven_range(self) -> DateRange | None:
        if self.endpoint.created_after:
            return declared_range(self.endpoint)
        if self.endpoint.query:
            total = self._total or claim(self.client, self.endpoint, {})
            if query_range_works(self.client, self.endpoint, "created_at", total):
                return query_range("created_at")
        return None

    def _filters(self, window: Window) -> dict[str, str]:
        steady = {self.endpoint.steady_sort: "asc"} if self.endpoint.steady_sort else {}
        ranged = self.ranged() if window.start or window.end else None
        return {**steady, **(ranged(window.start, window.end) if ranged else {})}

    def _read(self, window: Window) -> Iterator[Rows]:
        tally = Tally(before=window.delivered)
        filters = self._filters(window)
        for rows in walks.scroll(self.client, self.endpoint, tally, window, filters, self.cursor.checkpoint):
            yield self._inside(window, rows)
        if tally.missing or len(self._windows) == 1:
            self.settle(tally)
        window.delivered = tally.delivered
        if self.cursor.close(window):
            yield from self.finish()

    def _inside(self, window: Window, rows: Rows) -> Rows:
        """The rows that belong to the window and not to the seconds by which it overlaps the next."""
        if not window.start and not window.end:
            return rows
        start, end = window.start or "", window.end or "~"
        return [row for row in rows if start <= (moment(row.get("created_at")) or start) < end]

    def finish(self) -> Iterator[Rows]:
        """Runs in the worker that closes the last window: the reconciliation, and what else completes the sync."""
        if len(self._windows) > 1:
            whole = Window(start=self._windows[0].start)
            tally = Tally(before=sum(window.delivered for window in self._windows))
            tally.claimed = claim(self.client, self.endpoint, self._filters(whole))
            self.settle(tally)
        yield from ()


class FullSync(WindowedSync):
    """A full refresh of a scrolled stream, which a later attempt of the same sync can take up.

    When done, the state is the CDK's marker "done in an earlier attempt", with the catalog's `sync_id` beside it. Who
    hands back every state for ever (PyAirbyte, older platforms) would read nothing the second time; so the marker
    counts only with the same `sync_id`, and never with 1 or none, which are what they send.
    """

    def __init__(self, *facts: Any, sync_id: int | None) -> None:
        super().__init__(*facts)
        self._sync_id = sync_id

    def walks(self) -> Iterator[Walk]:
        same_sync = self._sync_id not in (None, 1) and self.stored.get("sync_id") == self._sync_id
        if self.stored.get(FULL_REFRESH_COMPLETE_KEY) and same_sync:
            logger.info(f"{self.endpoint.name}: read in full by an earlier attempt of this sync; nothing to do.")
            self._mark_complete()
            return
        yield from super().walks()

    def resumed(self) -> list[Window]:
        # The windows of an incremental sync, known by what it remembers, are no part of a full refresh.
        return [] if {"since", "began"} & set(self.stored) else super().resumed()

    def finish(self) -> Iterator[Rows]:
        yield from super().finish()
        self._mark_complete()

    def _mark_complete(self) -> None:
        sync_id = {} if self._sync_id is None else {"sync_id": self._sync_id}
        self.cursor.finish(**{FULL_REFRESH_COMPLETE_KEY: True}, **sync_id)


class FeedSync(WindowedSync):
    """People: changes come newest first. The first sync reads all in an order that changes do not disturb.

    State: `updated_at`, all changes up to it are delivered; during the first sync `since` (the mark taken from Loxo
    before the first page) and the windows; during a long walk `walk`, the place and the top of the walk.
    """

    def walks(self) -> Iterator[Walk]:
        if self.stored.get("updated_at"):
            yield functools.partial(self._changes, self.stored["updated_at"])
        else:
            yield from super().walks()

    def resumed(self) -> list[Window]:
        windows = super().resumed() if moment(self.stored.get("since")) else []
        if windows:
            self.cursor.remember(since=self.stored["since"])
        return windows

    def planned(self) -> list[Window]:
        newest = {self.endpoint.newest_first_sort: "desc", "per_page": 1}
        page = self.client.page(self.endpoint, newest)
        mark = not_ahead(numbered.newest_change(self.endpoint, page.rows))
        self.cursor.remember(since=mark or "1970-01-01T00:00:00.000Z")
        return super().planned()

    def finish(self) -> Iterator[Rows]:
        yield from super().finish()
        mark = self.cursor.remembered.pop("since")
        self.cursor.begin([])
        yield from self._changes(mark)

    def _changes(self, floor: str) -> Iterator[Rows]:
        """Newest first down to the floor; the floor moves up when the walk is at its end."""
        stored = self.stored.get("walk")
        walk = stored if isinstance(stored, Mapping) and moment(stored.get("top")) else {}
        top, scroll_id = moment(walk.get("top")), walk.get("scroll_id")
        self.cursor.remember(updated_at=floor)

        def checkpoint(scroll_id: str | None, rows: Rows) -> None:
            self.cursor.remember(walk={"top": top or floor, "scroll_id": scroll_id})
            self.cursor.checkpoint()

        since, count = shifted(floor, seconds=-OVERLAP_SECONDS), 0
        for rows in walks.newest_first(self.client, self.endpoint, since, scroll_id, checkpoint):
            top = top or not_ahead(numbered.newest_change(self.endpoint, rows))
            count += len(rows)
            yield rows
        logger.info(f"{self.endpoint.name}: {count} records changed since {floor}.")
        self.cursor.finish(updated_at=max(floor, top or floor))


class CreatedSync(WindowedSync):
    """Activities and messages: Loxo filters them by creation.

    A creation time can be set by who writes the record, also into the future or the past. So the state is the latest
    creation that is not ahead of the clock, recent days are read again, and the last window has no end.

    State: `created_at`, and `updated_at` where the records have one; during a sync `began`, the windows and `seen`, the
    latest times so far.
    """

    def resumed(self) -> list[Window]:
        windows = super().resumed() if moment(self.stored.get("began")) else []
        if windows:
            self._start_from(self.stored["began"], self.stored.get("seen"))
        return windows

    def opened(self, page: Page) -> None:
        self._start_from(not_ahead(page.served_at or written(pendulum.now("UTC"))), None)

    def _start_from(self, began: str, seen: Any) -> None:
        last = {field: self.stored[field] for field in SEEN_FIELDS if self.stored.get(field)}
        self.cursor.remember(**last, began=began, seen={**last, **(seen if isinstance(seen, Mapping) else {})})

    def since(self) -> str | None:
        read_until = self.stored.get("created_at")
        looked_back = shifted(read_until, days=-LOOKBACK_DAYS) if read_until else None
        return max((each for each in (looked_back, self.start_date) if each), default=None)

    def _inside(self, window: Window, rows: Rows) -> Rows:
        inside = super()._inside(window, rows)
        seen, began = dict(self.cursor.remembered["seen"]), self.cursor.remembered["began"]
        for field in SEEN_FIELDS:
            times = [time for row in inside if (time := moment(row.get(field))) and time <= began]
            if times:
                seen[field] = max(*times, seen.get(field, ""))
        self.cursor.remember(seen=seen)
        return inside

    def finish(self) -> Iterator[Rows]:
        yield from super().finish()
        changed_since = self.stored.get("updated_at")
        if changed_since and self.endpoint.query:
            yield from self._edits(changed_since)
        self.cursor.finish(**self.cursor.remembered["seen"])

    def _edits(self, changed_since: str) -> Iterator[Rows]:
        """Edits of old records, and records dated back, where Loxo can be asked for them."""
        total = claim(self.client, self.endpoint, {})
        if not query_range_works(self.client, self.endpoint, "updated_at", total):
            return
        asked = query_range("updated_at")(shifted(changed_since, seconds=-OVERLAP_SECONDS), None)
        kept = Window(start=self.start_date)
        for rows in walks.scroll(self.client, self.endpoint, Tally(), Window(), asked, lambda: None):
            yield self._inside(kept, rows)


class ChangedSync(WindowedSync):
    """Companies, deals, placements: no filter and no sort by change is declared, so `query` is tried.

    If Loxo cannot be asked for changes, all is read, and what is known to be unchanged is not delivered again.
    State: `updated_at`, the latest change when the sync began, or the server's clock then if the records do not say;
    during a sync `began`, `seen` and the windows.
    """

    def planned(self) -> list[Window]:
        page = self.client.page(self.endpoint)
        began = page.served_at or shifted(written(pendulum.now("UTC")), days=-1)
        self.cursor.remember(began=began, **self._last())
        if self._last() and query_range_works(self.client, self.endpoint, "updated_at", page.total_count):
            self.cursor.remember(asked=True)
        return super().planned()

    def resumed(self) -> list[Window]:
        windows = super().resumed() if moment(self.stored.get("began")) and not self.stored.get("asked") else []
        if windows:
            self.cursor.remember(began=self.stored["began"], **self._last())
            if moment(self.stored.get("seen")):
                self.cursor.remember(seen=self.stored["seen"])
        return windows

    def _last(self) -> dict[str, str]:
        return {"updated_at": self.stored["updated_at"]} if self.stored.get("updated_at") else {}

    def _since_change(self) -> str | None:
        last = self.cursor.remembered.get("updated_at")
        return shifted(last, seconds=-OVERLAP_SECONDS) if last else None

    def _filters(self, window: Window) -> dict[str, str]:
        since = self._since_change()
        if since and self.cursor.remembered.get("asked"):
            return query_range("updated_at")(since, None)
        return super()._filters(window)

    def ranged(self) -> DateRange | None:
        return None if self.cursor.remembered.get("asked") else super().ranged()

    def _inside(self, window: Window, rows: Rows) -> Rows:
        remembered, since = self.cursor.remembered, self._since_change()
        inside = super()._inside(window, rows)
        times = [time for row in inside if (time := changed(row)) and time <= remembered["began"]]
        if times:
            self.cursor.remember(seen=max(*times, remembered.get("seen", "")))
        return [row for row in inside if not since or (changed(row) or since) >= since]

    def finish(self) -> Iterator[Rows]:
        yield from super().finish()
        remembered = self.cursor.remembered
        self.cursor.finish(updated_at=remembered.get("seen") or remembered.get("updated_at") or remembered["began"])


def changed(row: Mapping[str, Any]) -> str | None:
    """When the record changed last, if it says."""
    return moment(row.get("updated_at"))


def not_ahead(time: str) -> str:
    """The time, but never later than now: a state in the future would hide all that comes before it."""
    return min(time, written(pendulum.now("UTC")))
