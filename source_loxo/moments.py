"""Points in time as Loxo writes them: ISO 8601 in UTC with milliseconds (recorded by Whippy), so that text sorts."""

from __future__ import annotations

import email.utils
import re
from datetime import datetime
from typing import Any

import pendulum

_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def moment(value: Any) -> str | None:
    """A time in Loxo's usual form, whatever form it came in; None if it is no time."""
    if isinstance(value, str):
        if _USUAL.fullmatch(value):
            return value
        try:
            parsed = pendulum.parse(value, tz="UTC")
        except ValueError:
            return None
        return written(parsed) if isinstance(parsed, pendulum.DateTime) else None
    return None


def http_date(value: str) -> str | None:
    """The moment that a server's Date header names, or None."""
    try:
        return written(pendulum.instance(email.utils.parsedate_to_datetime(value)))
    except (TypeError, ValueError):
        return None


def written(time: pendulum.DateTime) -> str:
    """A time in Loxo's usual form."""
    return time.in_timezone("UTC").format("YYYY-MM-DDTHH:mm:ss.SSS") + "Z"


def shifted(value: str, **amount: int) -> str:
    """A moment moved by `seconds`, `days` and the like."""
    return written(pendulum.instance(datetime.fromisoformat(value.replace("Z", "+00:00"))).add(**amount))


def timestamp(value: str) -> float:
    """A moment in seconds since 1970."""
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
