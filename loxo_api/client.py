"""The one way to Loxo: a shared pace, one table of what an answer means, and patience with what may pass."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import requests
import tenacity

from loxo_api.config import Config
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ContractError, ErrorKind, LoxoError
from loxo_api.exact_json import loads
from loxo_api.pages import Page, decode_page
from loxo_api.rate_limiter import MAX_PAUSE_SECONDS, RateLimiter, retry_after
from loxo_api.redaction import Redactor
from loxo_api.transport import NO_ANSWER, Answer, TooLarge, Transport

logger = logging.getLogger("airbyte")

# Requests that may be under way at the same time; the pace is kept by the rate, not by this.
WORKERS = 22
# No page is larger than this (MB); one of 100 people is seen to be 0.3.
BODY_MB = 64
# Twenty larger ones at once would not fit into a small container. So smaller pages are asked for, of about half this
# size; where none can be asked for, one answer is read at a time.
SHARED_MB = 4
# Seconds after which a request is not tried again: the longest pause, twice.
PATIENCE_SECONDS = 2 * MAX_PAUSE_SECONDS


class Patience(NamedTuple):
    """How often a request is sent again, and the longest pause, in seconds, that Loxo may ask for.

    `at_a_form`: somebody waits in front of the form, who can correct what it says, and nothing else.
    """

    retries: int
    pause: float
    at_a_form: bool = False


# With waits of up to half a minute, about a minute and a half for a request that fails.
FOR_A_SYNC = Patience(retries=8, pause=MAX_PAUSE_SECONDS)
FOR_A_PERSON = Patience(retries=1, pause=5, at_a_form=True)


class Sender(Protocol):
    """Sends one request; `Transport` says how it fails."""

    def get(self, path: str, query: Mapping[str, Any], megabytes: int) -> Answer: ...


class LoxoClient:
    """Reads pages of one account. Safe to share between threads.

    `latency` is the shortest time, in seconds, from sending a request to the beginning of its answer.

    :param patience: what is done about faults that may pass.
    :param gate: entered around each request; it may wait.
    :param transport: what sends the requests.
    """

    def __init__(
        self,
        config: Config,
        patience: Patience = FOR_A_SYNC,
        gate: AbstractContextManager[None] | None = None,
        transport: Sender | None = None,
    ) -> None:
        self._gate = gate or nullcontext()
        # By name, the page sizes that answers too large have taught us.
        self._sizes: dict[str, int] = {}
        # By path, whether a page size may be asked for where that is not declared.
        self._takes_size: dict[str, bool] = {}
        self._trying = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._config = config
        self._host = config.base_url.split("/")[2]
        self._patience = patience
        self._rate = RateLimiter()
        self._redactor = Redactor(config.api_key)
        self._transport = transport or Transport(config)
        self.latency = math.inf

    def parallelism(self) -> int:
        """How many requests under way at once pay on this account; 1 before the first answer."""
        if self.latency == math.inf:
            return 1
        return max(1, min(WORKERS - 1, math.ceil(self._rate.highest * self.latency)))

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        """One page of a list; the endpoint's constant filters and page size are added.

        :raises LoxoError: Loxo refused, or gave no usable answer however often it was asked.
        """
        if endpoint.try_per_page:
            return self._page_of_tried_size(endpoint, params)
        return self._page(endpoint, params)

    def _page_of_tried_size(self, endpoint: Endpoint, params: Mapping[str, Any] | None) -> Page:
        """Where a page size is not declared, the first request finds out whether Loxo takes it."""
        path = endpoint.path
        plain = replace(endpoint, try_per_page=0)
        sized = replace(plain, per_page=endpoint.try_per_page)
        if path not in self._takes_size:
            with self._trying:
                if path not in self._takes_size:
                    try:
                        page = self._page(sized, params)
                    except LoxoError as error:
                        if error.status != 422:
                            raise
                        page = self._page(plain, params)
                        self._takes_size[path] = False
                    else:
                        self._takes_size[path] = True
                    return page
        return self._page(sized if self._takes_size[path] else plain, params)

    def _page(self, endpoint: Endpoint, params: Mapping[str, Any] | None) -> Page:
        size = self._sizes.get(endpoint.name, endpoint.per_page) if endpoint.is_resizable else endpoint.per_page
        query = {**({"per_page": size} if size else {}), **endpoint.filters, **(params or {})}
        with suppress(TooLarge):
            return self._patiently(endpoint, query, SHARED_MB)
        if endpoint.is_resizable and query["per_page"] > 1:
            self._sizes[endpoint.name] = max(1, size // 10)
            return self._page(endpoint, params)
        with self._one_at_a_time:
            return self._patiently(endpoint, query, BODY_MB)

    def _patiently(self, endpoint: Endpoint, query: Mapping[str, Any], megabytes: int) -> Page:
        """Asks again for what may pass."""
        patience = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, LoxoError) and error.retryable),
            # The jitter keeps sixteen streams that failed together from coming back together.
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=30),
            stop=tenacity.stop_after_attempt(1 + self._patience.retries) | tenacity.stop_after_delay(PATIENCE_SECONDS),
            before_sleep=_log_retry,
            reraise=True,
        )
        with self._gate:
            return patience(self._page_once, endpoint, query, megabytes)

    def _page_once(self, endpoint: Endpoint, query: Mapping[str, Any], megabytes: int) -> Page:
        self._rate.wait_for_turn()
        try:
            answer = self._transport.get(endpoint.path, query, megabytes)
        except NO_ANSWER as error:
            raise self._no_answer(endpoint, error) from None
        except TooLarge as error:
            if megabytes < BODY_MB:
                raise
            text = f"Loxo's answer cannot be read: {error}. Nothing is skipped; report this if it stays."
            raise LoxoError(f"{endpoint.name}: {text}", ErrorKind.SYSTEM, 200) from None
        self._rate.learn(answer)
        self.latency = min(self.latency, answer.seconds)
        if answer.status_code != 200:
            raise self._refused(endpoint, answer)
        try:
            document = loads(answer.body)
            page = decode_page(endpoint, document)
            if isinstance(document, dict) and (document.get("errors") or document.get("error")):
                raise ContractError("it reports errors, so its rows prove nothing")
        except (ValueError, ContractError) as error:
            raise self._unreadable(endpoint, answer, error) from None
        if endpoint.is_resizable and endpoint.name in self._sizes and page.records:
            fitting = (SHARED_MB << 19) // (len(answer.body) // len(page.records) + 1)
            self._sizes[endpoint.name] = max(1, min(endpoint.per_page, fitting))
        return replace(page, date=answer.headers.get("Date", ""))

    def _no_answer(self, endpoint: Endpoint, error: Exception) -> LoxoError:
        host, cause, retryable = self._host, self._redactor.text(str(error)), False
        kind = ErrorKind.CONFIG
        if isinstance(error, requests.exceptions.SSLError):
            text = (
                f"no secure connection to {host}. Check the Loxo Domain; behind a company proxy, name the file with "
                "its certificate in the environment variable REQUESTS_CA_BUNDLE."
            )
        elif isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
            text = "no request can be made of this configuration. Check the Loxo Domain and the API Key."
        elif "NameResolutionError" in cause:
            text, retryable = f"the network does not know the host {host}. Check the Loxo Domain.", True
        else:
            kind, retryable = ErrorKind.TRANSIENT, True
            text = f"no complete answer came from {host}. {self._later('the Loxo Domain')}"
        return LoxoError(f"{endpoint.name}: {text} ({cause})", kind, retryable=retryable)

    def _refused(self, endpoint: Endpoint, answer: Answer) -> LoxoError:
        """The table of statuses. A status that no source has seen is our defect until known better."""
        status, path, retryable, kind = answer.status_code, endpoint.path, False, ErrorKind.CONFIG
        again = "Try again" if self._patience.at_a_form else "Sync again"
        if status == 429:
            pause = retry_after(answer) or 0
            kind, retryable = ErrorKind.TRANSIENT, pause <= self._patience.pause
            text = f"Loxo throttles this account{'' if retryable else f' for {pause:.0f} seconds'}. {again} later."
        elif status >= 500 or status == 408:
            kind, retryable = ErrorKind.TRANSIENT, True
            text = f"Loxo has a fault of its own. {again} later."
        elif 300 <= status < 400:
            target = self._redactor.text(urlsplit(answer.headers.get("Location", "")).hostname or "another address")
            text = f"{self._host} points to {target}, which is not followed. Put the final host into Loxo Domain."
        elif status == 401:
            text = "Loxo does not accept the API key. Make a new one in Settings > API Keys and paste it."
        elif status == 403:
            text = (
                f"the API key may not read '{path}'. Let an account admin allow it and check that your Loxo plan has "
                f"API access{'.' if self._patience.at_a_form else ', or deselect this stream.'}"
            )
        elif status == 404 and not _is_object(answer.body):
            # Loxo's own 404 is a JSON object (Ampersand, loxo-cli); anything else comes from a proxy in between.
            kind, retryable = ErrorKind.CONFIG if self._patience.at_a_form else ErrorKind.TRANSIENT, True
            text = (
                f"{self._host} answered with a web page instead of data, so something other than Loxo's API answered. "
                f"{self._later('the Loxo Domain and the Agency Slug')}"
            )
        elif status == 404:
            text = f"Loxo knows no '{path}' of the agency '{self._config.agency_slug}' at {self._host}. "
            text += "Check the Agency Slug and the Loxo Domain."
            if not self._patience.at_a_form:
                text += " If other streams work, your Loxo plan lacks this object: deselect the stream."
        else:
            kind = ErrorKind.SYSTEM
            text = "Loxo refused the request. Please report this as a defect of the connector."
        return LoxoError(f"{endpoint.name}: {text} (status {status}{self._quote(answer)})", kind, status, retryable)

    def _unreadable(self, endpoint: Endpoint, answer: Answer, error: Exception) -> LoxoError:
        if "html" in answer.headers.get("Content-Type", "").lower():
            text = (
                f"{self._host} answered with a web page instead of data. Check the Loxo Domain; if it is right, a "
                "proxy or a maintenance page stands in between."
            )
        else:
            # A record may have a `message` of its own, which is somebody's.
            words = self._redactor.words(answer.body, ("errors", "error"))
            said = f" (Loxo's words: {words})" if words else ""
            text = f"Loxo's answer cannot be read: {error}{said}. Nothing is skipped; report this if it stays."
        return LoxoError(f"{endpoint.name}: {text}", ErrorKind.SYSTEM, 200, retryable=True)

    def _later(self, fields: str) -> str:
        """What to do about a fault that may pass, or may lie in these fields."""
        if self._patience.at_a_form:
            return f"Check {fields}. If they are right, try again later."
        return f"Sync again later. If this is the first sync, check {fields}."

    def _quote(self, answer: Answer) -> str:
        words = self._redactor.words(answer.body)
        return f", Loxo's words: {words}" if words else ""


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(loads(body), dict)
    except ValueError:
        return False


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    seconds = state.next_action.sleep if state.next_action else 0
    logger.info(f"{error} Try {state.attempt_number} failed; the next in {seconds:.1f} s.")
