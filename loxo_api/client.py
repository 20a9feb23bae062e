"""The one way to Loxo: a shared session, a shared pace, one table of what an answer means.

Built on requests and tenacity. The CDK's HttpClient was tried and left: it calls every pause a rate limit and every
timeout a system error, prints a stack trace for each request given up, adds a second to each wait, has no jitter,
takes a 3xx for success, and under --debug logs whole answers, which are people's data.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from loxo_api.config import Config
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ConfigError, ContractError, ErrorKind, LoxoError
from loxo_api.pages import Page, decode_page
from loxo_api.rate_limiter import MAX_PAUSE_SECONDS, RateLimiter, retry_after

logger = logging.getLogger("airbyte")

# Requests that may be under way at the same time; the pace is kept by the rate, not by this.
WORKERS = 22
# More than the workers and the threads of all streams below others can use; urllib3 drops what it has no room for.
CONNECTIONS = 256
# Seconds to connect, and between two pieces of an answer.
TIMEOUTS = (10, 60)
# Seconds for a whole answer: a server that drips a byte a second never trips the timeouts above.
BODY_SECONDS = 300
# No page is larger than this (MB); one of 100 people is seen to be 0.3.
BODY_MB = 64
# Twenty larger ones at once would not fit into a small container. So smaller pages are asked for, of about half this
# size; where none can be asked for, one answer is read at a time.
SHARED_MB = 4
# Seconds after which a request is not tried again: the longest pause, twice.
PATIENCE_SECONDS = 2 * MAX_PAUSE_SECONDS


class Patience(NamedTuple):
    """How often a request is sent again, and the longest pause, in seconds, that Loxo may ask for."""

    retries: int
    pause: float


# With waits of up to half a minute, about a minute and a half for a request that fails.
FOR_A_SYNC = Patience(retries=8, pause=MAX_PAUSE_SECONDS)
# Somebody sits in front of the form and waits.
FOR_A_PERSON = Patience(retries=1, pause=5)


class LoxoClient:
    """Reads pages of one account. Safe to share between threads.

    `latency` is the shortest time, in seconds, from sending a request to the beginning of its answer.

    :param patience: what is done about faults that may pass.
    :param gate: entered around each request; it may wait.
    :raises ConfigError: the Loxo Domain stands for an address in a private network.
    """

    def __init__(
        self, config: Config, patience: Patience = FOR_A_SYNC, gate: AbstractContextManager[None] | None = None
    ) -> None:
        self._gate = gate or nullcontext()
        # By name, the page sizes that answers too large have taught us.
        self._sizes: dict[str, int] = {}
        self._one_at_a_time = threading.Lock()
        self._config = config
        self._patience = patience
        self._rate = RateLimiter()
        self.latency = math.inf
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {config.api_key}", "Accept": "application/json"})
        # The environment's proxies and certificates, looked up once: requests would do so for every page, at a tenth
        # of a read's time, and would let a netrc file replace the key.
        self._session.trust_env = False
        self._session.proxies.update(requests.utils.get_environ_proxies(config.base_url))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
        self._refuse_private_networks()

    def parallelism(self) -> int:
        """How many requests side by side pay on this account."""
        return 1 if self.latency == math.inf else max(1, min(WORKERS - 1, math.ceil(200 * self.latency)))

    def _refuse_private_networks(self) -> None:
        """A name can stand for any address, also for one that only the machine we run on can reach."""
        url = self._config.base_url
        if url.startswith("http://") or requests.utils.select_proxy(url, self._session.proxies):
            return  # a sandbox on this machine; or the proxy looks the name up, in its own network
        with suppress(OSError):  # a name that is not known fails at the first request, in better words
            for *_, (address, *_) in socket.getaddrinfo(self._host, 443, type=socket.SOCK_STREAM):
                if ipaddress.ip_address(str(address).partition("%")[0]).is_private:
                    raise ConfigError(
                        f"Loxo Domain: {self._host} stands for {address}, an address in a private network, where Loxo "
                        "cannot be. Type the host name that your browser shows when you use Loxo."
                    )

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        """One page of a list; the endpoint's constant filters and page size are added.

        :raises LoxoError: Loxo refused, or gave no usable answer however often it was asked.
        """
        size = self._sizes.get(endpoint.name, endpoint.per_page) if endpoint.is_resizable else endpoint.per_page
        query = {**({"per_page": size} if size else {}), **endpoint.filters, **(params or {})}
        with suppress(TooLarge):
            return self._patiently(endpoint, query, SHARED_MB)
        if endpoint.is_resizable and query["per_page"] > 1:
            self._sizes[endpoint.name] = size // 10
            return self.page(endpoint, params)
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
        response = None
        try:
            response = self._session.get(
                f"{self._config.base_url}/{endpoint.path}",
                params=query,
                timeout=TIMEOUTS,
                stream=True,
                allow_redirects=False,
            )
            body = read_body(response, megabytes)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._no_answer(endpoint, error) from None
        except TooLarge as error:
            if megabytes < BODY_MB:
                raise
            raise self._unreadable(endpoint, response, error, retryable=False) from None
        self._rate.learn(response)
        self.latency = min(self.latency, response.elapsed.total_seconds())
        if response.status_code != 200:
            raise self._refused(endpoint, response, body)
        try:
            page = decode_page(endpoint, orjson.loads(body))
        except (orjson.JSONDecodeError, ContractError) as error:
            raise self._unreadable(endpoint, response, error, retryable=True) from None
        if endpoint.is_resizable and endpoint.name in self._sizes and page.records:
            fitting = (SHARED_MB << 19) // (len(body) // len(page.records) + 1)
            self._sizes[endpoint.name] = max(1, min(endpoint.per_page, fitting))
        return replace(page, date=response.headers.get("Date", ""))

    def _no_answer(self, endpoint: Endpoint, error: Exception) -> LoxoError:
        cause = self._redact(str(error))
        if isinstance(error, requests.exceptions.SSLError):
            advice = (
                f"no secure connection to {self._host}. Check the Loxo Domain; behind a company proxy, name its "
                "certificate in REQUESTS_CA_BUNDLE"
            )
            return LoxoError(f"{endpoint.name}: {advice}. ({cause})", ErrorKind.CONFIG)
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
            return LoxoError(f"{endpoint.name}: no request can be made. ({cause})", ErrorKind.CONFIG)
        if "NameResolutionError" in cause:
            advice = f"the host {self._host} is not known to the network. Check the Loxo Domain"
            return LoxoError(f"{endpoint.name}: {advice}. ({cause})", ErrorKind.CONFIG, retryable=True)
        advice = f"no whole answer from {self._host}. If this is the first sync, check the Loxo Domain; else sync again"
        return LoxoError(f"{endpoint.name}: {advice}. ({cause})", ErrorKind.TRANSIENT, retryable=True)

    def _refused(self, endpoint: Endpoint, response: requests.Response, body: bytes) -> LoxoError:
        """The table of statuses. A status that no source has seen is our defect until known better."""
        status, path, retryable = response.status_code, endpoint.path, False
        if status == 429:
            pause = retry_after(response) or 0
            kind, retryable = ErrorKind.TRANSIENT, pause <= self._patience.pause
            text = f"Loxo throttles this account{'' if retryable else f' for {pause:.0f} seconds'}. Sync again later."
        elif status >= 500 or status == 408:
            kind, retryable = ErrorKind.TRANSIENT, True
            text = "Loxo has a fault of its own. Sync again later."
        elif 300 <= status < 400:
            kind = ErrorKind.CONFIG
            target = self._redact(response.headers.get("Location", "nowhere"))
            text = f"{self._host} points to {target}, which is not followed. Put the final host into Loxo Domain."
        elif status == 401:
            kind = ErrorKind.CONFIG
            text = "Loxo does not accept the API key. Make a new one in Settings > API Keys and paste it."
        elif status == 403:
            kind = ErrorKind.CONFIG
            text = (
                f"the API key may not read '{path}'. Let an account admin allow it, check that your Loxo plan has API "
                "access, or deselect this stream."
            )
        elif status == 404:
            # Loxo's own 404 is a JSON object (Ampersand, loxo-cli); anything else comes from a proxy in between.
            kind, retryable = ErrorKind.CONFIG, not _is_object(body)
            text = (
                f"{self._host} knows no '{path}' of the agency '{self._config.agency_slug}'. Check the Agency Slug and "
                "the Loxo Domain. If other streams work, your Loxo plan lacks this object: deselect the stream."
            )
        else:
            kind = ErrorKind.SYSTEM
            text = "Loxo refused the request. Please report this as a defect of the connector."
        return LoxoError(f"{endpoint.name}: {text} (status {status}{self._quote(body)})", kind, status, retryable)

    def _unreadable(
        self, endpoint: Endpoint, response: requests.Response | None, error: Exception, retryable: bool
    ) -> LoxoError:
        if response is not None and "html" in response.headers.get("Content-Type", "").lower():
            text = (
                f"{self._host} answered with a web page instead of data. Check the Loxo Domain; if it is right, a "
                "proxy or a maintenance page stands in between."
            )
        else:
            text = f"Loxo's answer cannot be read: {error}. Nothing was skipped; report this if it stays."
        return LoxoError(f"{endpoint.name}: {text}", ErrorKind.SYSTEM, 200, retryable)

    def _quote(self, body: bytes) -> str:
        # Redacted before it is cut: half a key is a leak too.
        words = " ".join(self._redact(body.decode("utf-8", "replace")).split())
        return f", Loxo's words: {words[:300]}" if words else ""

    def _redact(self, text: str) -> str:
        return text.replace(self._config.api_key, "****")

    @property
    def _host(self) -> str:
        return self._config.base_url.split("/")[2]


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    seconds = state.next_action.sleep if state.next_action else 0
    logger.info(f"{error} Try {state.attempt_number} failed; the next in {seconds:.1f} s.")


class TooLarge(ContractError):
    """An answer that is larger than it may be."""


def read_body(response: requests.Response, megabytes: int) -> bytes:
    """The whole body, unpacked, bounded in size and time.

    :raises requests.RequestException, urllib3.exceptions.HTTPError, OSError: it broke off or came too slowly.
    :raises TooLarge: it is larger than so many megabytes.
    """
    deadline = time.monotonic() + BODY_SECONDS
    pieces, size = [], 0
    with response:
        while piece := response.raw.read1(1 << 20, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > megabytes << 20:
                pieces.clear()  # the error's traceback would keep them
                raise TooLarge(f"it is larger than {megabytes} MB")
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout(f"it took longer than {BODY_SECONDS} seconds")
    return b"".join(pieces)
