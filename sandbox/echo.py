"""The forms in which a server's error page may repeat the key that was sent."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "html": html.escape,
    "percent": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "other_case": str.swapcase,
}


def echoed(key: str, form: str) -> Any:
    """A value of a JSON body; `json` writes each character as its escape."""
    if form == "json":
        return orjson.Fragment('"Bearer ' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"')
    return f"Bearer {FORMS[form](key)}"
