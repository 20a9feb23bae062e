"""Parses the bodies of writes as Rails does: `person[emails][][value]=...` becomes nested values."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from ..agency.write_effects import Upload
from .errors import ErrorResponse

_NAME_PART = re.compile(r"\[([^\[\]]*)\]")


async def read_form(request: web.Request, accepts_json: bool) -> dict[str, Any]:
    """Return the nested values of a body.

    :raises ErrorResponse: 422 for JSON that is not accepted (see the setting `json_bodies`); 400 for a multipart body
        without its boundary.
    """
    if request.content_type == "application/json":
        if not accepts_json:
            raise ErrorResponse(422, "Invalid parameters: [:json]")
        document = await request.json()
        return document if isinstance(document, dict) else {}
    try:
        fields = await request.post()
    except ValueError:
        raise ErrorResponse(400, "The body cannot be parsed") from None
    form: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, web.FileField):
            add_field(form, name, Upload(value.filename, value.file.read()))
        else:
            add_field(form, name, value)
    return form


def add_field(form: dict[str, Any], name: str, value: Any) -> None:
    """Add one field by Rack's rules: a key that the last item of a list already has begins a new item.

    :raises ErrorResponse: 400, the name contradicts an earlier one.
    """
    first, _, rest = name.partition("[")
    _add_value(form, first, _NAME_PART.findall(f"[{rest}") if rest else [], value)


def _add_value(target: dict[str, Any], key: str, parts: list[str], value: Any) -> None:
    if not parts:
        target[key] = value
        return
    if parts[0]:
        inner = target.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ErrorResponse(400, f"expected a hash for param {key}")
        _add_value(inner, parts[0], parts[1:], value)
        return
    items = target.setdefault(key, [])
    if not isinstance(items, list):
        raise ErrorResponse(400, f"expected an array for param {key}")
    if len(parts) == 1:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or _has_value(items[-1], parts[1:]):
        items.append({})
    _add_value(items[-1], parts[1], parts[2:], value)


def _has_value(item: dict[str, Any], parts: list[str]) -> bool:
    """Return whether an item has a value under these keys; a list inside it accepts more values."""
    inner: Any = item
    for part in parts:
        if not part or not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part]
    return True
