"""The server's clock, Loxo's timestamp format, and the date formats that its filters accept."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import lru_cache

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_ZONE = re.compile(r"(?<=\d)(Z|z|[+ -]\d\d:?\d\d)$")

_clock_offset_ms = 0
_stopped_at_ms: int | None = None


def set_clock_offset(seconds: float) -> None:
    """Set the server's clock ahead of the machine's clock or, with a negative value, behind it."""
    global _clock_offset_ms
    _clock_offset_ms = int(seconds * 1000)


def now_ms() -> int:
    """Return the server's time in milliseconds since 1970 (Loxo's precision)."""
    return int(time.time() * 1000) + _clock_offset_ms if _stopped_at_ms is None else _stopped_at_ms


@contextmanager
def clock_at(ms: int) -> Iterator[None]:
    """Stop the server's clock at a time."""
    global _stopped_at_ms
    _stopped_at_ms = ms
    try:
        yield
    finally:
        _stopped_at_ms = None


@lru_cache(maxsize=8192)
def _format_day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, tz=timezone.utc).strftime("%Y-%m-%d")


def format_timestamp(ms: int) -> str:
    """Format as `2024-07-15T16:28:19.935Z`, the only format in Loxo's responses (recorded by Whippy)."""
    days, rest = divmod(ms, DAY_MS)
    seconds, milliseconds = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_format_day(days)}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"


def format_date(ms: int) -> str:
    """Format a date-only field, as in placements."""
    return _format_day(ms // DAY_MS)


def parse_timestamp(text: str) -> int | None:
    """Return the milliseconds of a date with or without time; None if `text` is not a date.

    A date without time is midnight UTC.
    """
    text = text.strip().strip('"')
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    elapsed = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000


def parse_bound(
    text: str, is_upper: bool, precision: str = "exact", zone_offset_hours: float | None = None
) -> int | None:
    """Parse one end of a date range with the precision and the time zone that a server may use.

    :param precision: one of the choices of the setting `filter_dates`.
    :param zone_offset_hours: the server's own zone, used instead of the zone in `text`; None keeps the one in `text`.
    """
    ms = parse_timestamp(text if zone_offset_hours is None else _ZONE.sub("", text.strip().strip('"')))
    if ms is None or (precision == "exact" and zone_offset_hours is None):
        return ms
    offset_ms = int((zone_offset_hours or 0) * HOUR_MS)
    unit_ms = {"exact": 1, "minutes": 60_000}.get(precision, DAY_MS)
    local_ms = ms // unit_ms * unit_ms  # without the zone in the text, its digits are local time
    if is_upper and precision == "days":
        local_ms += DAY_MS - 1
    return local_ms - offset_ms
