"""A request to the Loxo API and its response, independent of the HTTP library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One HTTP request.

    :param path: the path below `https://{domain}/api/{agency_slug}/`.
    :param params: the query parameters.
    :param form: the fields of a urlencoded body (multipart with `files`), in order; names may repeat.
    :param files: the files of a multipart body, each with its field name, file name and content.
    :param max_megabytes: the largest response body to accept.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    form: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str, bytes]] = ()
    max_megabytes: int = 64


class Response(NamedTuple):
    """A complete HTTP response; `seconds` is the time from the request to the first byte of the response."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def declared_length(headers: Mapping[str, str]) -> int | None:
    """The Content-Length of a response, in bytes; None if it has no valid one."""
    length = headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None
