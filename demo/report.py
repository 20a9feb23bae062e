"""The result of each stream, from the connector's log, and the table that shows it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

_SETTLED = re.compile(r"(\w+): (\d+) records delivered, Loxo claims (\d+|no number); ([\d.]+) s\.")
# This stream has no count, so no line with its numbers.
_FINISHED = re.compile(r"Finished syncing (deleted_records)")
_NAMED = re.compile(r"(\w+): (.*)", re.DOTALL)
# Progress is told once for so many records of a stream: a page.
STEP = 100


@dataclass
class Stream:
    """What became of one stream.

    :ivar delivered: records that the connector delivered, or None while it has not come to its end.
    :ivar claimed: how many records Loxo says there are, where it says so.
    :ivar rows: records in DuckDB, or None if this sync stored none.
    :ivar passed: records that have come so far.
    :ivar expected: how many records the connector expects, where it says so.
    :ivar total: how many records the account has now, where Loxo says so.
    """

    name: str
    delivered: int | None = None
    claimed: int | None = None
    seconds: float | None = None
    rows: int | None = None
    error: str = ""
    passed: int = 0
    expected: int | None = None
    total: int | None = None

    @property
    def has_ended(self) -> bool:
        return self.delivered is not None or bool(self.error)

    @property
    def read(self) -> bool:
        return self.delivered is not None and not self.error


class Report(logging.Handler):
    """Listens to the connector: its log, which PyAirbyte passes on line by line, and its records and estimates.

    :param on_change: called after each stream that came to its end, and now and then between.
    :ivar stale: rows by table, where a table holds those of an earlier run.
    """

    def __init__(self, on_change: Callable[[Report], None]) -> None:
        super().__init__()
        self.streams: dict[str, Stream] = {}
        self.other_errors: list[str] = []
        self.stale: dict[str, int] = {}
        self._on_change = on_change

    def expect(self, names: Iterable[str]) -> None:
        """Forgets what is known of these streams: they are about to be read."""
        self.streams.update({name: Stream(name) for name in names})

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if settled := _SETTLED.fullmatch(text):
            stream = self.streams.get(settled[1])
            if stream:
                stream.delivered, stream.seconds = int(settled[2]), float(settled[4])
                stream.claimed = int(settled[3]) if settled[3].isdigit() else None
                self._on_change(self)
        elif finished := _FINISHED.fullmatch(text):
            stream = self.streams.get(finished[1])
            if stream and stream.delivered is None:
                stream.delivered = stream.passed
                self._on_change(self)
        elif record.levelno >= logging.ERROR:
            named = _NAMED.fullmatch(text)
            stream = self.streams.get(named[1]) if named else None
            if named and stream:
                stream.error = named[2]
                self._on_change(self)
            else:
                self.other_errors.append(text)

    def hear(self, message: Any) -> None:
        """Takes note of an Airbyte message: a record, or an estimate of how many will come."""
        if message.record:
            stream = self.streams.get(message.record.stream)
            if stream:
                stream.passed += 1
                if stream.passed % STEP == 0:
                    self._on_change(self)
        elif message.trace and message.trace.estimate:
            stream = self.streams.get(message.trace.estimate.name)
            if stream:
                stream.expected = message.trace.estimate.row_estimate

    @property
    def ended(self) -> list[Stream]:
        return [stream for stream in self.streams.values() if stream.has_ended]

    @property
    def failed(self) -> list[Stream]:
        return [stream for stream in self.streams.values() if not stream.read]

    @property
    def records(self) -> int:
        return sum(stream.delivered or stream.passed for stream in self.streams.values())

    @property
    def progress(self) -> str:
        """How far the sync is, and the stream that has most to go."""
        text = f"{len(self.ended)} of {len(self.streams)} streams read, {self.records:,} records"
        under_way = [stream for stream in self.streams.values() if stream.passed and not stream.has_ended]
        if under_way:
            longest = max(under_way, key=lambda stream: (stream.expected or 0) - stream.passed)
            of = f" of {longest.expected:,}" if longest.expected else ""
            text += f"; {longest.name}: {longest.passed:,}{of}"
        elif len(self.ended) == len(self.streams):
            text += "; writing them into DuckDB"
        return text


def not_renewed(rows: Mapping[str, int]) -> str:
    """Names the tables that hold rows of an earlier run."""
    held = ", ".join(f"{name} ({count:,} rows)" for name, count in rows.items())
    return f"Of an earlier run, and not renewed: {held}."


def table(streams: Iterable[Stream], seconds: float) -> Table:
    """The biggest streams first; the last line is the total."""
    ordered = sorted(streams, key=lambda stream: (-(stream.rows or 0), stream.name))
    grid = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
    grid.add_column("Stream", f"{len(ordered)} streams")
    grid.add_column("Read now", f"{sum(stream.delivered or 0 for stream in ordered):,}", justify="right")
    grid.add_column("Records in DuckDB", f"{sum(stream.rows or 0 for stream in ordered):,}", justify="right")
    grid.add_column("Loxo claims", "", justify="right")
    grid.add_column("Seconds", f"{seconds:.1f}", justify="right")
    for stream in ordered:
        grid.add_row(
            stream.name,
            "-" if stream.delivered is None else f"{stream.delivered:,}",
            "failed" if stream.rows is None else f"{stream.rows:,}",
            "-" if stream.claimed is None else f"{stream.claimed:,}",
            "-" if stream.seconds is None else f"{stream.seconds:.1f}",
            style="red" if stream.rows is None else "",
        )
    return grid
