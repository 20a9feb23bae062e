"""JSON without loss: orjson where it is exact, the standard library where it is not.

orjson turns integers beyond 64 bits into rounded floats, and refuses lone surrogates and, when it writes, more than 254
levels. Each value passes through unchanged, or the document is refused.
"""

from __future__ import annotations

import json
import math
import sys
import threading
from typing import Any

import orjson

# A number of 19 digits may exceed 64 bits. To find one, digits become zeros, the characters that can precede a number
# become commas, and all that are neither, nor end a number or begin a text, are removed. Text that looks like such a
# number only makes decoding slower.
_DIGITS = bytes.maketrans(b"0123456789[:", b"0000000000,,")
_OTHERS = bytes(set(range(256)) - set(b'0123456789[:,."'))
_LONG = b"," + b"0" * 19
# orjson reads 1024 levels; the standard library needs a frame for each to write them.
_FRAMES = 5000
# The recursion limit is the whole interpreter's, and workers encode at the same time.
_RECURSION = threading.Lock()


def loads(body: bytes) -> Any:
    """Decodes a document.

    :raises ValueError: it is not JSON, or holds a number or a nesting that cannot be represented exactly.
    """
    translated = body.translate(_DIGITS, _OTHERS)
    if _LONG not in translated and not translated.startswith(_LONG[1:]):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if "surrogate" not in str(error):
                raise
    try:
        return json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def is_object(body: bytes) -> bool:
    """Whether a document is a JSON object."""
    try:
        return isinstance(loads(body), dict)
    except ValueError:
        return False


def dumps(value: Any) -> bytes:
    """Encodes what `loads` returns, on one line."""
    try:
        return orjson.dumps(value)
    except TypeError:
        with _RECURSION:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(max(limit, _FRAMES))
            try:
                return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
            finally:
                sys.setrecursionlimit(limit)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
