"""A writer without a network: what Loxo answers is a function of the request."""

from __future__ import annotations

import json
from typing import Any

from fake_transport import API_KEY, connected

from loxo_api.http_messages import Request, Response
from loxo_api.redaction import Redactor
from loxo_api.retry import RetryPolicy
from loxo_api.writing.ledger import Ledger
from loxo_api.writing.preparation import Options
from loxo_api.writing.writer import Writer

Result = Response | Exception


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Account:
    """A writer, the requests that it sent, and the answers that a test gives.

    A write takes the next of `answers`, each a response or an error; a read takes what `lists` has for its path.
    """

    def __init__(self, ledger: Ledger, options: Options) -> None:
        self.clock = Clock()
        self.answers: list[Result] = []
        self.lists: dict[str, Any] = {"person_types": [{"id": 1}]}
        client, self._transport = connected(self._answer, policy=RetryPolicy(retries=2, max_pause=300))
        self.writer = Writer(
            client, ledger, Redactor(API_KEY), options, now=lambda: self.clock.now, sleep=self.clock.sleep
        )

    def _answer(self, request: Request) -> Result:
        if request.method != "GET":
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        found = self.lists[request.path]
        return answer(found(request) if callable(found) else found)

    @property
    def writes(self) -> list[Request]:
        return [request for request in self._transport.requests if request.method != "GET"]

    @property
    def reads(self) -> list[Request]:
        return [request for request in self._transport.requests if request.method == "GET"]


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {}, json.dumps(document).encode(), 0.01)


def people(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"people": list(rows), "total_count": len(rows), "scroll_id": None}
