"""The kinds of streams that are read in windows: every scrolled list.

The table of all kinds is in syncs.py.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pendulum

from loxo_api.pages import Page, Tally
from loxo_api.timestamps import format_timestamp, parse_timestamp, shift
from source_loxo import numbered, walks
from source_loxo.cursors import FULL_REFRESH_COMPLETE_KEY, PlanCursor, stored_windows
from source_loxo.syncs import OVERLAP_SECONDS, Sync, Walk, changed, not_ahead
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

# A list shorter than this (20 pages) is read in one go: proving and planning would cost more than they save.
WORTH_PLANNING = 2000
# Activities are written down late, and dated back; so many days are read again. What is dated back further, or edited
# later, is found only where `query` can be asked for changes.
LOOKBACK_DAYS = 3
# The times by which the next sync knows where this one ended.
SEEN_FIELDS = ("created_at", "updated_at")


class WindowedSync(Sync):
    """The base of the streams that are read in windows: planning, reading, taking up again, reconciling."""

    cursor: PlanCursor
    _total = 0

    def __init__(self, *facts: Any) -> None:
        super().__init__(*facts)
        # The recent rows of this sync by id, with their time of change: what is read twice is delivered once, since
        # not every destination compares the records of one sync with each other.
        self._sent: dict[Any, str | None] = {}

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
        return [row for row in rows if start <= (parse_timestamp(row.get("created_at")) or start) < end]

    def _unsent(self, rows: Rows) -> Rows:
        return [row for row in rows if row["id"] not in self._sent or self._sent[row["id"]] != changed(row)]

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
        windows = super().resumed() if parse_timestamp(self.stored.get("since")) else []
        if windows:
            self.cursor.remember(since=self.stored["since"])
        return windows

    def planned(self) -> list[Window]:
        newest = {self.endpoint.newest_first_sort: "desc", "per_page": 1}
        page = self.client.page(self.endpoint, newest)
        mark = not_ahead(numbered.newest_change(self.endpoint, page.rows))
        self.cursor.remember(since=mark or "1970-01-01T00:00:00.000Z")
        return super().planned()

    def _inside(self, window: Window, rows: Rows) -> Rows:
        inside, recent = (
            super()._inside(window, rows),
            shift(self.cursor.remembered["since"], seconds=-OVERLAP_SECONDS),
        )
        self._sent.update({row["id"]: time for row in inside if (time := changed(row)) and time >= recent})
        return inside

    def finish(self) -> Iterator[Rows]:
        yield from super().finish()
        mark = self.cursor.remembered.pop("since")
        self.cursor.begin([])
        yield from self._changes(mark)

    def _changes(self, floor: str) -> Iterator[Rows]:
        """Newest first down to the floor; the floor moves up when the walk is at its end."""
        stored = self.stored.get("walk")
        walk = stored if isinstance(stored, Mapping) and parse_timestamp(stored.get("top")) else {}
        top, scroll_id = parse_timestamp(walk.get("top")), walk.get("scroll_id")
        self.cursor.remember(updated_at=floor)

        def checkpoint(scroll_id: str | None, rows: Rows) -> None:
            self.cursor.remember(walk={"top": top or floor, "scroll_id": scroll_id})
            self.cursor.checkpoint()

        since, count = shift(floor, seconds=-OVERLAP_SECONDS), 0
        for rows in walks.newest_first(self.client, self.endpoint, since, scroll_id, checkpoint):
            top = top or not_ahead(numbered.newest_change(self.endpoint, rows))
            fresh = self._unsent(rows)
            count += len(fresh)
            yield fresh
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
        windows = super().resumed() if parse_timestamp(self.stored.get("began")) else []
        if windows:
            self._start_from(self.stored["began"], self.stored.get("seen"))
        return windows

    def opened(self, page: Page) -> None:
        self._start_from(not_ahead(page.served_at or format_timestamp(pendulum.now("UTC"))), None)

    def _start_from(self, began: str, seen: Any) -> None:
        last = {field: self.stored[field] for field in SEEN_FIELDS if self.stored.get(field)}
        self.cursor.remember(**last, began=began, seen={**last, **(seen if isinstance(seen, Mapping) else {})})

    def since(self) -> str | None:
        read_until = self.stored.get("created_at")
        looked_back = shift(read_until, days=-LOOKBACK_DAYS) if read_until else None
        return max((each for each in (looked_back, self.start_date) if each), default=None)

    def _inside(self, window: Window, rows: Rows) -> Rows:
        inside = super()._inside(window, rows)
        seen, began = dict(self.cursor.remembered["seen"]), self.cursor.remembered["began"]
        for field in SEEN_FIELDS:
            times = [time for row in inside if (time := parse_timestamp(row.get(field))) and time <= began]
            if times:
                seen[field] = max(*times, seen.get(field, ""))
        self.cursor.remember(seen=seen)
        if self.stored.get("updated_at"):
            self._sent.update({row["id"]: changed(row) for row in inside})
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
        asked = query_range("updated_at")(shift(changed_since, seconds=-OVERLAP_SECONDS), None)
        kept = Window(start=self.start_date)
        for rows in walks.scroll(self.client, self.endpoint, Tally(), Window(), asked, lambda: None):
            yield self._inside(kept, self._unsent(rows))


class ChangedSync(WindowedSync):
    """Companies, deals, placements: no filter and no sort by change is declared, so `query` is tried.

    If Loxo cannot be asked for changes, all is read, and what is known to be unchanged is not delivered again.
    State: `updated_at`, the latest change when the sync began, or the server's clock then if the records do not say;
    during a sync `began`, `seen` and the windows.
    """

    def planned(self) -> list[Window]:
        page = self.client.page(self.endpoint)
        began = page.served_at or shift(format_timestamp(pendulum.now("UTC")), days=-1)
        self.cursor.remember(began=began, **self._last())
        if self._last() and query_range_works(self.client, self.endpoint, "updated_at", page.total_count):
            self.cursor.remember(asked=True)
        return super().planned()

    def resumed(self) -> list[Window]:
        windows = (
            super().resumed() if parse_timestamp(self.stored.get("began")) and not self.stored.get("asked") else []
        )
        if windows:
            self.cursor.remember(began=self.stored["began"], **self._last())
            if parse_timestamp(self.stored.get("seen")):
                self.cursor.remember(seen=self.stored["seen"])
        return windows

    def _last(self) -> dict[str, str]:
        return {"updated_at": self.stored["updated_at"]} if self.stored.get("updated_at") else {}

    def _since_change(self) -> str | None:
        last = self.cursor.remembered.get("updated_at")
        return shift(last, seconds=-OVERLAP_SECONDS) if last else None

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
