"""Wrong responses for an object: permanent ones by the setting `answers`, single ones through `/_sandbox/at`.

`settings.RESPONSE_KINDS` describes each kind.
"""

from __future__ import annotations

import orjson

from ..settings import Settings
from .endpoints import Endpoint
from .errors import ErrorResponse, not_found, status_error

PROXY_HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Please wait.</body></html>"

# The settings that list objects with one kind of wrong response, in the order of their precedence.
KIND_BY_SETTING = {
    "forbidden": "forbidden",
    "missing": "json_404",
    "no_records_key": "empty_object",
    "error_object": "error_object",
    "broken_json": "cut_json",
}
CONSTANT_BODIES = {"empty_object": b"{}", "error_object": b'{"error":"Something went wrong"}', "null": b"null"}


def kind_from_settings(settings: Settings, names: set[str]) -> str:
    """Return the kind that the settings name for an object, "" for a correct response.

    :param names: the path of the request and the path of its endpoint.
    """
    for name in names & set(settings.answers):
        return settings.answers[name]
    return next((kind for setting, kind in KIND_BY_SETTING.items() if names & set(getattr(settings, setting))), "")


def body_without_records(kind: str, endpoint: Endpoint | None) -> bytes | None:
    """Return the body of a kind that does not need the correct body; None for all other kinds.

    :raises ErrorResponse: the status of this kind is not 200.
    """
    if kind == "forbidden":
        raise status_error(403, "Forbidden")
    if kind == "proxy_404":
        raise ErrorResponse(404, html=PROXY_HTML)
    if kind == "json_404" or endpoint is None:
        raise not_found()
    if kind == "errors":
        has_key = endpoint.kind == "list" and endpoint.records_key
        empty_list = {endpoint.records_key: [], "total_count": 0} if has_key else {}
        return orjson.dumps({**empty_list, "errors": ["The search is not available"]})
    return CONSTANT_BODIES.get(kind)


def corrupt_body(kind: str, endpoint: Endpoint, body: bytes) -> bytes:
    """Return the body of the kinds that change the correct body."""
    if kind == "cut_json":
        return body[: len(body) // 2]
    if kind not in ("empty_page", "empty_list"):
        return body
    page = orjson.loads(body)
    if not isinstance(page, dict) or endpoint.records_key not in page:
        return b"[]"
    page[endpoint.records_key] = []
    if "scroll_id" in page:
        page["scroll_id"] = None
    if kind == "empty_list":
        counters = page.get("pagination", page)
        counters |= {name: 0 for name in ("total_count", "total_pages") if name in counters}
    return orjson.dumps(page)
