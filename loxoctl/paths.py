"""The path of a request, which must not leave the account: `https://{domain}/api/{agency_slug}/`.

A path is checked against an allow list. So it contains no `..`, no escape of any encoding, no address, query or
fragment, and no character that a server or a proxy may read as another one.
"""

from __future__ import annotations

import re

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Loxo's paths consist of ids and words_with_underscores only (Loxo OpenAPI 1.2.5).
_SEGMENT = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


class UsageError(ValueError):
    """A request that is not sent; the message gives the reason."""


def checked_path(path: str) -> str:
    """The path below `/api/{agency_slug}/`; one slash before it and one after it are dropped.

    :raises UsageError: it could lead somewhere else.
    """
    found = path.removeprefix("/").removesuffix("/")
    if _PATH.fullmatch(found):
        return found
    # The path is not repeated: whole addresses are pasted here, with a key in them.
    raise UsageError(
        "PATH: it is not a path of the account. Write the part after /api/{agency_slug}/ in letters, digits and _ - . "
        "between single slashes, such as people/123: no address, no .., no % and no ?. Use --param for parameters."
    )


def checked_method(method: str) -> str:
    """The method in capitals.

    :raises UsageError: Loxo's API does not accept it.
    """
    if method.upper() in METHODS:
        return method.upper()
    raise UsageError(f"METHOD: use one of {', '.join(METHODS)}.")
