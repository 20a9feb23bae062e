"""Time and chance: Loxo's timestamp form, the dates it accepts, a repeatable hash for a random generator."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from functools import lru_cache

DAY = 86_400_000
HOUR = 3_600_000
_MASK = (1 << 64) - 1
_ZONE = re.compile(r"(?<=\d)(Z|z|[+ -]\d\d:?\d\d)$")


_ahead_ms = 0


def set_ahead(seconds: float) -> None:
    """Puts the server's clock before (or, below 0, behind) the machine's."""
    global _ahead_ms
    _ahead_ms = int(seconds * 1000)


def now_ms() -> int:
    """The server's clock, in milliseconds since 1970 (Loxo's precision)."""
    return int(time.time() * 1000) + _ahead_ms


def mix(value: int) -> int:
    """64 well-scattered bits computed from `value` (splitmix64): row i is made on demand, nothing is stored."""
    value = (value * 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, tz=timezone.utc).strftime("%Y-%m-%d")


def stamp(ms: int) -> str:
    """`2024-07-15T16:28:19.935Z`, the one form Loxo answers with (recorded by Whippy)."""
    number, rest = divmod(ms, DAY)
    seconds, milli = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day(number)}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"


def date(ms: int) -> str:
    """A date-only field, as in placements."""
    return _day(ms // DAY)


def bound(text: str, upper: bool, precision: str = "exact", zone_hours: float | None = None) -> int | None:
    """A date that bounds a range, as a server may read it: coarsely, or in its own zone instead of the one sent."""
    moment = parse(text if zone_hours is None else _ZONE.sub("", text.strip().strip('"')))
    if moment is None or (precision == "exact" and zone_hours is None):
        return moment
    offset = int((zone_hours or 0) * HOUR)
    unit = {"exact": 1, "minutes": 60_000}.get(precision, DAY)
    local = moment // unit * unit  # without the zone that was sent, the digits are the local time
    if upper and precision == "days":
        local += DAY - 1
    return local - offset


def parse(text: str) -> int | None:
    """Milliseconds of a date with or without time; a bare date is midnight UTC. None when it is no date."""
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
