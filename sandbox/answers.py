"""Answers that look like Loxo's and are not: steady by the setting `answers`, one-off through `/_sandbox/at`."""

from __future__ import annotations

from collections import defaultdict, deque

import orjson

from .endpoints import Endpoint
from .filters import Refused
from .settings import Settings

HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Please wait.</body></html>"
NOT_FOUND = {"status": 404, "error": "Not Found"}

# The settings that name objects for one kind of answer, in the order in which they are looked at.
SHORT = {
    "forbidden": "forbidden",
    "missing": "json_404",
    "empty_envelope": "empty_object",
    "error_object": "error_object",
    "broken_json": "cut_json",
}
FIXED = {"empty_object": b"{}", "error_object": b'{"error":"Something went wrong"}', "null": b"null"}


class OneOff:
    """Wrong answers planned for the next requests of a path, each given once."""

    def __init__(self) -> None:
        self.planned: defaultdict[str, deque[str]] = defaultdict(deque)

    def add(self, path: str, kind: str, times: int) -> None:
        self.planned[path].extend([kind] * times)

    def take(self, names: set[str]) -> str:
        queue = next((self.planned[name] for name in names if self.planned.get(name)), None)
        return queue.popleft() if queue else ""


def steady(settings: Settings, names: set[str]) -> str:
    """The kind of answer that is set for an object; "" is a healthy one."""
    for name in names & set(settings.answers):
        return settings.answers[name]
    return next((kind for setting, kind in SHORT.items() if names & set(getattr(settings, setting))), "")


def without_data(kind: str, endpoint: Endpoint | None) -> bytes | None:
    """The whole answer of the kinds that need no record; None of the others.

    :raises Refused: the answer is not 200.
    """
    if kind == "forbidden":
        raise Refused(403, body={"status": 403, "error": "Forbidden"})
    if kind == "proxy_404":
        raise Refused(404, html=HTML)
    if kind == "json_404" or endpoint is None:
        raise Refused(404, body=NOT_FOUND)
    if kind == "errors":
        listed = {endpoint.key: [], "total_count": 0} if endpoint.kind == "list" and endpoint.key else {}
        return orjson.dumps({**listed, "errors": ["The search is not available"]})
    return FIXED.get(kind)


def spoiled(kind: str, endpoint: Endpoint, body: bytes) -> bytes:
    """A healthy answer as the kind has it."""
    if kind == "cut_json":
        return body[: len(body) // 2]
    if kind not in ("empty_page", "empty_list"):
        return body
    page = orjson.loads(body)
    if not isinstance(page, dict) or endpoint.key not in page:
        return b"[]"
    page[endpoint.key] = []
    if "scroll_id" in page:
        page["scroll_id"] = None
    if kind == "empty_list":
        counters = page.get("pagination", page)
        counters |= {name: 0 for name in ("total_count", "total_pages") if name in counters}
    return orjson.dumps(page)
