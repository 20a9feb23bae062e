"""Bodies of writes as Rails reads them: `person[emails][][value]=…` becomes nested values."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from .filters import Refused

_PART = re.compile(r"\[([^\[\]]*)\]")


class Upload:
    """A file of a multipart body."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content = name, content


async def read_form(request: web.Request, takes_json: bool) -> dict[str, Any]:
    """The nested values of a body.

    :raises Refused: 422 for JSON (loxo-laravel-api), unless the setting accepts it as Loxo does for loxo-cli's author;
        400 for a multipart body without its boundary.
    """
    if request.content_type == "application/json":
        if not takes_json:
            raise Refused(422, "Invalid parameters: [:json]")
        document = await request.json()
        return document if isinstance(document, dict) else {}
    try:
        posted = await request.post()
    except ValueError:
        raise Refused(400, "The body cannot be parsed") from None
    form: dict[str, Any] = {}
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            nest(form, name, Upload(value.filename, value.file.read()))
        else:
            nest(form, name, value)
    return form


def nest(form: dict[str, Any], name: str, value: Any) -> None:
    """Puts one pair into its place: Rack's rules, by which a field that the last row has already begins a new row."""
    first, _, rest = name.partition("[")
    parts = _PART.findall(f"[{rest}") if rest else []
    _put(form, first, parts, value)


def _put(target: dict[str, Any], key: str, parts: list[str], value: Any) -> None:
    if not parts:
        target[key] = value
        return
    if parts[0]:
        inner = target.setdefault(key, {})
        if not isinstance(inner, dict):
            raise Refused(400, f"expected a hash for param {key}")
        _put(inner, parts[0], parts[1:], value)
        return
    rows = target.setdefault(key, [])
    if not isinstance(rows, list):
        raise Refused(400, f"expected an array for param {key}")
    if len(parts) == 1:
        rows.append(value)
        return
    if not rows or not isinstance(rows[-1], dict) or _has(rows[-1], parts[1:]):
        rows.append({})
    _put(rows[-1], parts[1], parts[2:], value)


def _has(row: dict[str, Any], parts: list[str]) -> bool:
    """Whether a row has this field; a list inside it may go on."""
    inner: Any = row
    for part in parts:
        if not part:
            return False
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part]
    return True
