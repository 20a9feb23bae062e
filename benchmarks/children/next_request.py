"""The next request of a list, for the floors: the least that reads every page."""

from __future__ import annotations

from typing import Any


def rows_of(facts: dict[str, Any], body: Any) -> list[Any]:
    rows: list[Any] = body[facts["key"]] if facts["key"] and isinstance(body, dict) else body
    return rows


def following(facts: dict[str, Any], params: dict[str, Any], body: Any) -> dict[str, Any] | None:
    """The parameters of the next page, or None at the end."""
    rows, style = rows_of(facts, body), facts["style"]
    if style == "scroll" and rows and body.get("scroll_id"):
        return {**params, "scroll_id": body["scroll_id"]}
    if style == "after_id" and rows:
        return {**params, "after_id": rows[-1]["id"]}
    if style == "page" and params.get("page", 1) < body["total_pages"]:
        return {**params, "page": params.get("page", 1) + 1}
    return None
