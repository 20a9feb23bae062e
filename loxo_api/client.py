"""HTTP client for the Loxo API: one rate for all requests of an account, retries, and errors with a remedy."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from loxo_api.config import Config
from loxo_api.endpoints import Endpoint
from loxo_api.error_messages import ErrorMessages
from loxo_api.errors import ContractError, LoxoError
from loxo_api.exact_json import loads
from loxo_api.http_messages import Request, Response
from loxo_api.pages import Page, decode_page
from loxo_api.rate_limiter import RateLimiter
from loxo_api.retry import SYNC, Replay, RetryPolicy, retrying
from loxo_api.transport import NO_RESPONSE, Sender, TooLarge, Transport

# Requests that may be in progress at the same time; the rate limiter, not this, limits how many are sent.
WORKERS = 22
# The largest page that is accepted, in MB; one of 100 people is seen to be 0.3.
MAX_PAGE_MB = 64
# Twenty pages above this size, in MB, do not fit into a small container together. So smaller pages of about half this
# size are asked for; where no size can be asked for, such pages are read one at a time.
SHARED_PAGE_MB = 4


class LoxoClient:
    """Sends the requests of one account. Safe to share between threads.

    `latency` is the shortest time, in seconds, from a request to the first byte of its response.

    :param policy: how often a request is sent again after a transient error.
    :param gate: entered around each page request; it may wait.
    :param transport: sends the requests.
    """

    def __init__(
        self,
        config: Config,
        policy: RetryPolicy = SYNC,
        gate: AbstractContextManager[None] | None = None,
        transport: Sender | None = None,
    ) -> None:
        self._policy = policy
        self._gate = gate or nullcontext()
        self._errors = ErrorMessages(config, policy)
        self._rate = RateLimiter()
        self._transport = transport or Transport(config)
        # The page sizes, by stream, that replace those in the table because pages were too large.
        self._sizes: dict[str, int] = {}
        # Whether a path accepts a page size where that is not declared.
        self._accepts_size: dict[str, bool] = {}
        self._size_trial = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self.latency = math.inf

    def parallelism(self) -> int:
        """How many requests in progress at once are of use on this account; 1 before the first response."""
        if self.latency == math.inf:
            return 1
        return max(1, min(WORKERS - 1, math.ceil(self._rate.highest * self.latency)))

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        form: Sequence[tuple[str, str]] = (),
        files: Sequence[tuple[str, str, bytes]] = (),
        replay: Replay | None = None,
    ) -> Response:
        """Any request, with the account's rate, retries and errors.

        :param path: the path below `/api/{agency_slug}/`.
        :param form: the fields of the body: Loxo takes urlencoded forms, never JSON (Loxo OpenAPI 1.2.5).
        :param replay: whether the request may be sent twice; without it, every method but POST may.
        :raises LoxoError: the status is not 2xx, or no complete response arrived. `may_have_effect` says whether Loxo
            may have carried out the request all the same.
        """
        request = Request(method, path, params, form, files, MAX_PAGE_MB)
        safe = replay or (Replay.UNSAFE if method == "POST" else Replay.SAFE)
        name = f"{method} {path}"
        try:
            return retrying(self._policy, safe, partial(self._respond, name, request))
        except TooLarge as error:
            raise self._errors.too_large(name, error) from None

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        """One page of a list; the endpoint's constant filters and page size are added.

        :raises LoxoError: Loxo refused the request, or returned no usable response after all retries.
        """
        if endpoint.try_per_page:
            return self._page_with_trial_size(endpoint, params)
        return self._page(endpoint, params)

    def _page_with_trial_size(self, endpoint: Endpoint, params: Mapping[str, Any] | None) -> Page:
        """Where a page size is not declared, the first request shows whether Loxo accepts it."""
        path = endpoint.path
        plain = replace(endpoint, try_per_page=0)
        sized = replace(plain, per_page=endpoint.try_per_page)
        if path not in self._accepts_size:
            with self._size_trial:
                if path not in self._accepts_size:
                    try:
                        page = self._page(sized, params)
                    except LoxoError as error:
                        if error.status != 422:
                            raise
                        page = self._page(plain, params)
                        self._accepts_size[path] = False
                    else:
                        self._accepts_size[path] = True
                    return page
        return self._page(sized if self._accepts_size[path] else plain, params)

    def _page(self, endpoint: Endpoint, params: Mapping[str, Any] | None) -> Page:
        size = self._sizes.get(endpoint.name, endpoint.per_page) if endpoint.is_resizable else endpoint.per_page
        query = {**({"per_page": size} if size else {}), **endpoint.filters, **(params or {})}
        with suppress(TooLarge):
            return self._sent_page(endpoint, query, SHARED_PAGE_MB)
        if endpoint.is_resizable and query["per_page"] > 1:
            self._sizes[endpoint.name] = max(1, size // 10)
            return self._page(endpoint, params)
        with self._one_at_a_time:
            try:
                return self._sent_page(endpoint, query, MAX_PAGE_MB)
            except TooLarge as error:
                raise self._errors.too_large(endpoint.name, error) from None

    def _sent_page(self, endpoint: Endpoint, query: Mapping[str, Any], megabytes: int) -> Page:
        request = Request("GET", endpoint.path, query, max_megabytes=megabytes)
        with self._gate:
            return retrying(self._policy, Replay.SAFE, partial(self._decoded_page, endpoint, request))

    def _decoded_page(self, endpoint: Endpoint, request: Request) -> Page:
        response = self._respond(endpoint.name, request)
        if response.status_code != 200:
            raise self._errors.refused(endpoint.name, endpoint.path, response)
        try:
            document = loads(response.body)
            page = decode_page(endpoint, document)
            if isinstance(document, dict) and (document.get("errors") or document.get("error")):
                raise ContractError("it reports errors, so its rows prove nothing")
        except (ValueError, ContractError) as error:
            raise self._errors.unreadable(endpoint.name, response, error) from None
        if endpoint.is_resizable and endpoint.name in self._sizes and page.records:
            fitting = (SHARED_PAGE_MB << 19) // (len(response.body) // len(page.records) + 1)
            self._sizes[endpoint.name] = max(1, min(endpoint.per_page, fitting))
        return replace(page, date=response.headers.get("Date", ""))

    def _respond(self, name: str, request: Request) -> Response:
        """Sends a request once, when the rate allows.

        :raises LoxoError: the status is not 2xx, or no complete response arrived.
        :raises TooLarge: the body is above the request's limit.
        """
        self._rate.wait_for_turn()
        response = None
        try:
            response = self._transport.send(request)
        except NO_RESPONSE as error:
            raise self._errors.no_response(name, error) from None
        finally:
            self._rate.learn(response)
        self.latency = min(self.latency, response.seconds)
        if not 200 <= response.status_code < 300:
            raise self._errors.refused(name, request.path, response)
        return response
