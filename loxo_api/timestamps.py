"""Timestamps in Loxo's form: ISO 8601 in UTC with milliseconds (recorded by Whippy), so that they sort as text."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pendulum

# A timestamp of Loxo can lack its zone or be in the agency's zone. So a record or a file counts as older than a time
# only if it is older by more hours than any zone can explain.
ZONES_HOURS = 26

_DATE = r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_USUAL = re.compile(_DATE + r"T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{3}Z")


def parse_timestamp(value: Any) -> str | None:
    """A timestamp of any form in Loxo's form; None if it is invalid or before the year 1000."""
    if not isinstance(value, str):
        return None
    try:
        if _USUAL.fullmatch(value):
            datetime.fromisoformat(value[:10])  # refuses February 30
            return value
        parsed = pendulum.parse(value, tz="UTC")
        usual = format_timestamp(parsed) if isinstance(parsed, pendulum.DateTime) else ""
    except (ValueError, TypeError, OverflowError):
        return None
    return usual if _USUAL.fullmatch(usual) else None


def http_date(value: str) -> str | None:
    """The timestamp of an HTTP Date header, or None if it is invalid."""
    try:
        return format_timestamp(pendulum.instance(email.utils.parsedate_to_datetime(value)))
    except (TypeError, ValueError):
        return None


def format_timestamp(time: pendulum.DateTime) -> str:
    """The time in Loxo's form."""
    return time.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss.SSS") + "Z"


def shift(value: str, **amount: int) -> str:
    """The timestamp moved by `seconds`, `hours`, `days` and so on."""
    return format_timestamp(pendulum.instance(datetime.fromisoformat(value.replace("Z", "+00:00"))).add(**amount))


def to_seconds(value: str) -> float:
    """The timestamp in seconds since 1970."""
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


def changed_at(record: Mapping[str, Any]) -> str | None:
    """The record's `updated_at` as a timestamp, or None if it is missing or invalid."""
    return parse_timestamp(record.get("updated_at"))


def now() -> str:
    return format_timestamp(pendulum.now("UTC"))


def not_ahead(timestamp: str) -> str:
    """The earlier of the timestamp and now: a state in the future would hide all records before it."""
    return min(timestamp, now())


def latest(records: Iterable[Mapping[str, Any]], field: str, limit: str = "9") -> str:
    """The latest timestamp in a field of the records that is not after the limit, or an empty string."""
    found = ""
    for record in records:
        value = record.get(field)
        # Compared as text first, because parsing each value takes a tenth of the CPU time of a read.
        if isinstance(value, str) and value[:10] >= found[:10]:
            parsed = parse_timestamp(value)
            if parsed and found < parsed <= limit:
                found = parsed
    return found
