"""A transport without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.http_messages import Request, Response
from loxo_api.retry import RetryPolicy

API_KEY = "sandbox-key"
GOOD = b'{"people": [{"id": 1}], "total_count": 1}'


def response(body: bytes = GOOD, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, body, 0.05)


Result = Response | Exception


class FakeTransport:
    """Returns or raises the results in order, the last one for ever; or the result of a function of the request."""

    def __init__(self, *results: Result | Callable[[Request], Result]) -> None:
        self._results = list(results)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        result = self._results.pop(0) if len(self._results) > 1 else self._results[0]
        found: Any = result(request) if callable(result) else result
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    @property
    def params(self) -> list[dict[str, Any]]:
        return [dict(request.params or {}) for request in self.requests]


def connected(
    *results: Result | Callable[[Request], Result], policy: RetryPolicy | None = None
) -> tuple[LoxoClient, FakeTransport]:
    """A client and its transport."""
    config = Config.parse({"domain": "app.loxo.co", "agency_slug": "acme", "api_key": API_KEY})
    transport = FakeTransport(*results)
    return LoxoClient(config, policy or RetryPolicy(retries=2, max_pause=300), transport=transport), transport
