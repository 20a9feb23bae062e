"""HTTP error responses."""

from __future__ import annotations

from typing import Any


class ErrorResponse(Exception):
    """A response with a status other than 200, in one of the forms recorded for Loxo."""

    def __init__(
        self,
        status: int,
        *errors: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        html: bytes | None = None,
    ) -> None:
        """:param errors: messages of the body `{"errors": [...]}`, unless `body` or `html` is given."""
        super().__init__(*errors)
        self.status, self.body, self.headers = status, body or {"errors": list(errors)}, headers or {}
        self.html = html


def status_error(status: int, message: str) -> ErrorResponse:
    return ErrorResponse(status, body={"status": status, "error": message})


def not_found() -> ErrorResponse:
    return status_error(404, "Not Found")
