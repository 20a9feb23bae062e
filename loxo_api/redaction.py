"""Keeps the API key out of messages that quote a response.

A server can echo a key in more forms than a search finds. So nothing is replaced within a text: a text that shows a
part of the key in any form is omitted as a whole.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
import urllib.parse
from typing import Any

from loxo_api.exact_json import loads

HIDDEN = "****"
# This many consecutive letters and digits of the key count as a part of it: half a key is a leak too.
_TRACE = 8
# How often nested escapes are resolved.
_ROUNDS = 6
_LONGEST = 300
# Longer bodies are not error messages, and slow to search.
_LONGEST_BODY = 100_000
_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-fA-F]{1,6})\}?|x([0-9a-fA-F]{2})|([0-7]{3})|[bfnrt])")
_SEPARATORS = re.compile(r"[^0-9a-z]+")


class Redactor:
    """Recognises texts that show a key."""

    def __init__(self, key: str) -> None:
        raw = key.encode()
        # Base64 depends on where the key begins within three bytes; the characters at the ends on its neighbours.
        encoded = [
            base64.b64encode(b"\0" * shift + raw).decode()[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
            for shift in range(3)
        ]
        forms = [
            key,
            key[::-1],
            raw.hex(),
            "".join(f"0x{byte:02x}" for byte in raw),
            "".join(str(byte) for byte in raw),
            base64.b32encode(raw).decode().rstrip("="),
            *encoded,
            base64.b64encode(base64.b64encode(raw)).decode().rstrip("="),
        ]
        self._key = _squeezed(key)
        self._traces = {trace for form in forms for trace in _traces(_skeleton(form))}

    def shows_key(self, text: str) -> bool:
        """Whether the text contains the key or a part of it, in any escape, encoding, case or line break."""
        for form in _unescaped(text):
            skeleton = _skeleton(form)
            if self._key in _squeezed(form) or any(trace in skeleton for trace in self._traces):
                return True
        return False

    def text(self, text: str) -> str:
        """The text, or asterisks if it shows the key."""
        return HIDDEN if self.shows_key(text) else text

    def words(self, body: bytes, names: tuple[str, ...] = ("errors", "error", "message")) -> str:
        """The short texts of a JSON error; other bodies may contain personal data and are not quoted."""
        if len(body) > _LONGEST_BODY:
            return ""
        try:
            document = loads(body)
        except ValueError:
            return ""
        if not isinstance(document, dict):
            return ""
        texts = [text for name in names for text in _texts(document.get(name))]
        if self.shows_key(body.decode("utf-8", "replace")) or self.shows_key("".join(_all_texts(document))):
            return HIDDEN
        line = " ".join("; ".join(dict.fromkeys(texts)).split())
        return self.text(line)[:_LONGEST].encode("utf-8", "replace").decode()


def _texts(value: Any, levels: int = 3) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if not levels or not isinstance(value, (list, dict)):
        return []
    if isinstance(value, dict):
        return [f"{name} {text}" for name, inner in value.items() for text in _texts(inner, levels - 1)]
    return [text for inner in value for text in _texts(inner, levels - 1)]


def _all_texts(document: Any) -> list[str]:
    found, rest = [], [document]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            rest += reversed(value)
        elif isinstance(value, dict):
            rest += reversed([each for pair in value.items() for each in pair])
    return found


def _unescaped(text: str) -> list[str]:
    """The text, and its forms with the escapes of JSON, HTML and URLs resolved repeatedly."""
    forms = [text]
    for _ in range(_ROUNDS):
        for unescape in (_without_json_escapes, html.unescape, urllib.parse.unquote):
            if (resolved := unescape(forms[-1])) != forms[-1]:
                forms.append(resolved)
    return forms


def _without_json_escapes(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(escape: re.Match[str]) -> str:
    code = int(escape[3], 8) if escape[3] else int(escape[1] or escape[2] or "20", 16)  # a line break becomes a blank
    return chr(code) if code < 0x110000 else ""


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _skeleton(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _traces(skeleton: str) -> set[str]:
    return {skeleton[start : start + _TRACE] for start in range(max(1, len(skeleton) - _TRACE + 1))} - {""}
