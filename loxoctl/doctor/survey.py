"""The doctor's requests: GET only, counted, at a gentle pace, one after another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import Endpoint
from loxo_api.errors import LoxoError
from loxo_api.exact_json import is_object, loads
from loxo_api.http_messages import Request, Response
from loxo_api.redaction import Redactor
from loxo_api.retry import RetryPolicy
from loxo_api.transport import NO_RESPONSE, Sender, Transport

# Requests without repetitions. An examination takes about 150, and a few more where bounds are read in an unusual way;
# after that, the remaining points are reported as unknown.
MAX_REQUESTS = 180
# Requests with repetitions, and seconds beyond those that the pace needs: an account that throttles or fails ends it.
MAX_SENT = 2 * MAX_REQUESTS
MAX_SECONDS = 900
# A request whose response looks broken is sent again, as the connector does.
TRIES = 3
POLICY = RetryPolicy(retries=TRIES, max_pause=60, is_interactive=True)


class BudgetError(Exception):
    """All requests of an examination are used, or its time is."""


@dataclass(frozen=True)
class Answer:
    """One response, healthy or not. `status` is 0 without any; `kind` is a fixed text that names the fault."""

    status: int
    kind: str
    document: Any
    headers: Mapping[str, str]

    @property
    def is_healthy(self) -> bool:
        return self.kind == ""

    @property
    def has_failed(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in (0, 408, 429) or self.status >= 500

    @property
    def shows_nothing(self) -> bool:
        """Whether the response to a further request about a list that can be read is no answer to its question."""
        return self.has_failed or self.kind == "404 without JSON" or (self.status == 200 and not self.is_healthy)


class Survey:
    """Sends the requests of one examination.

    :param pace: requests a second at most.
    :param transport: sends the requests; tests inject their own.
    :param tell: called with the number of requests so far.
    """

    def __init__(
        self,
        config: Config,
        pace: float,
        transport: Sender | None = None,
        tell: Callable[[int], None] = lambda sent: None,
        max_requests: int = MAX_REQUESTS,
    ) -> None:
        self.wire = _Wire(transport or Transport(config), pace)
        self._client = LoxoClient(config, POLICY, transport=self.wire)
        self._redactor = Redactor(config.api_key)
        self._tell = tell
        self._left = max_requests
        self.trouble: Counter[str] = Counter()  # responses after which the request was repeated, by kind
        self.echoes_key = False
        self.seen_at = 0.0  # our clock at the first response
        self._accepts_key = False

    @property
    def sent(self) -> int:
        return self.wire.sent

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The response to a GET, which is sent again while the response looks broken.

        :raises BudgetError: no request or no time is left.
        :raises LoxoError: Loxo does not accept the key at all, or cannot be reached at all.
        """
        for attempt in range(TRIES):
            if self._left <= 0:
                raise BudgetError
            self._left -= 1 if attempt == 0 else 0
            answer = self._once(path, params)
            self.seen_at = self.seen_at or time.time()
            self._tell(self.sent)
            if answer.is_healthy or answer.status != 200:
                break
            self.trouble[answer.kind] += 1
        return answer

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Answer:
        """A page of a list, with the endpoint's constant filters and no page size of its own."""
        return self.get(endpoint.path, {**endpoint.filters, **(params or {})})

    def _once(self, path: str, params: Mapping[str, Any] | None) -> Answer:
        self.wire.last = None
        try:
            response = self._client.request("GET", path, params)
        except LoxoError as error:
            last = self.wire.last
            if (error.status == 401 and not self._accepts_key) or not (last or self.seen_at):
                raise
            if last is None:
                return Answer(error.status, "no complete answer", None, {})
            # The form of an error is a finding too, its text is not.
            self.echoes_key |= self._redactor.shows_key(last.body.decode("utf-8", "replace"))
            return Answer(last.status_code, _refusal(last), None, last.headers)
        kind, document = _read(response.body)
        self._accepts_key |= not kind
        return Answer(response.status_code, kind, document, response.headers)


def _read(body: bytes) -> tuple[str, Any]:
    """The fault in the body of a 200, and its document."""
    try:
        document = loads(body)
    except ValueError:
        return ("a web page" if body.lstrip()[:1] == b"<" else "not JSON"), None
    if isinstance(document, dict) and document.get("errors"):
        return "errors in a 200", document
    if isinstance(document, dict) and document.get("error"):
        return "an error in a 200", document
    return "", document


def _refusal(response: Response) -> str:
    # A redirect has no body to speak of.
    is_plain = response.status_code < 400 or is_object(response.body)
    return str(response.status_code) if is_plain else f"{response.status_code} without JSON"


class _Wire:
    """A sender that lets only GET through, keeps the pace, and records the responses."""

    def __init__(self, sender: Sender, pace: float) -> None:
        self._sender, self._gap, self._next = sender, 1 / pace, 0.0
        self._until = time.monotonic() + MAX_SECONDS + MAX_SENT * self._gap
        self.sent = 0
        self.last: Response | None = None
        self.statuses: Counter[str] = Counter()
        self.header_names: set[str] = set()
        self.throttles: list[Response] = []
        self.fastest = float("inf")

    def send(self, request: Request) -> Response:
        if request.method != "GET":
            raise AssertionError("the doctor only reads")
        if self.sent >= MAX_SENT or time.monotonic() > self._until:
            raise BudgetError
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self._gap
        return self.send_now(request)

    def receive(self, request: Request) -> NoReturn:
        raise AssertionError("the doctor downloads no file")

    def send_now(self, request: Request) -> Response:
        """Sends a GET without a pause."""
        self.sent += 1
        try:
            response = self._sender.send(request)
        except NO_RESPONSE:
            self.statuses["no complete answer"] += 1
            raise
        self.last = response
        self.statuses["200" if response.status_code == 200 else _refusal(response)] += 1
        self.header_names |= {name.lower() for name in response.headers}
        self.fastest = min(self.fastest, response.seconds)
        if response.status_code == 429:
            self.throttles.append(response)
        if response.status_code == 200:
            return response
        # The client would quote the text of an error on stderr, and that text may contain personal data.
        return response._replace(body=b"{}" if is_object(response.body) else b"")
