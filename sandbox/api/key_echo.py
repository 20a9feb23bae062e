"""Encodings in which a server's error page may repeat the API key."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson

ENCODERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "html": html.escape,
    "percent": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "other_case": str.swapcase,
}


def authorization_echo(key: str, encoding: str) -> Any:
    """Return the Authorization header as a value for a JSON body; `json` escapes each character of the key."""
    if encoding == "json":
        return orjson.Fragment('"Bearer ' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"')
    return f"Bearer {ENCODERS[encoding](key)}"
