"""HTTP to one account: one session, and bounds for the time and the size of an answer and for where it may come from.

Built on requests. The CDK's HttpClient was tried and left: it calls every pause a rate limit and every timeout a system
error, prints a stack trace for each request given up, adds a second to each wait, has no jitter, takes a 3xx for
success, and under --debug logs whole answers, which are people's data.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from loxo_api.config import Config
from loxo_api.errors import ConfigError, ContractError

# More than the workers and the threads of all streams below others can use; urllib3 drops what it has no room for.
CONNECTIONS = 256
# Seconds to connect, and between two pieces of an answer.
TIMEOUTS = (10, 60)
# Seconds for a whole answer: a server that drips a byte a second, in header or body, never trips the timeouts above.
ANSWER_SECONDS = 300

# What requests lets through when an answer does not come, or not whole.
NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Answer(NamedTuple):
    """A whole answer; `seconds` passed from sending the request to the beginning of the answer."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class TooLarge(ContractError):
    """An answer that is larger than it may be."""


class Transport:
    """Sends requests for one account. Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self._base_url = config.base_url
        self._looking_up = threading.Lock()
        self._is_public = False
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {config.api_key}", "Accept": "application/json"})
        # The environment's proxies and certificates, looked up once: requests would do so for every page, at a tenth
        # of a read's time, and would let a netrc file replace the key.
        self._session.trust_env = False
        self._session.proxies.update(requests.utils.get_environ_proxies(config.base_url))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _BoundedAdapter(pool_maxsize=CONNECTIONS))

    def get(self, path: str, query: Mapping[str, Any], megabytes: int) -> Answer:
        """One request.

        :raises ConfigError: the domain stands for an address in a private network; nothing was sent.
        :raises TooLarge: the body is larger than so many megabytes.
        :raises requests.RequestException, urllib3.exceptions.HTTPError, OSError: no whole answer came in time.
        """
        self._refuse_private_networks()
        response = self._session.get(
            f"{self._base_url}/{path}", params=query, timeout=TIMEOUTS, stream=True, allow_redirects=False
        )
        body = _read_body(response, megabytes)
        return Answer(response.status_code, response.headers, body, response.elapsed.total_seconds())

    def _refuse_private_networks(self) -> None:
        """A name can stand for any address, also for one that only the machine we run on can reach."""
        with self._looking_up:
            if self._is_public:
                return
            url = self._base_url
            # A sandbox on this machine; or the proxy looks the name up, in its own network.
            if url.startswith("https://") and not requests.utils.select_proxy(url, self._session.proxies):
                host = url.split("/")[2]
                with suppress(OSError):  # a name that is not known fails at the request, in better words
                    for *_, (address, *_) in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM):
                        if ipaddress.ip_address(str(address).partition("%")[0]).is_private:
                            raise ConfigError(
                                f"Loxo Domain: {host} stands for {address}, an address in a private network, where "
                                "Loxo cannot be. Type the host name that your browser shows when you use Loxo."
                            )
            self._is_public = True


def _read_body(response: requests.Response, megabytes: int) -> bytes:
    """The whole body, unpacked, bounded in size."""
    pieces, size = [], 0
    with response:
        while piece := response.raw.read1(1 << 20, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > megabytes << 20:
                pieces.clear()  # the error's traceback would keep them
                raise TooLarge(f"it is larger than {megabytes} MB")
    return b"".join(pieces)


class _Pieces(io.RawIOBase):
    """The bytes of one answer, header and body, as long as its time lasts. requests bounds each piece only."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + ANSWER_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"it took longer than {ANSWER_SECONDS} seconds")
        self._socket.settimeout(min(TIMEOUTS[1], left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Pieces(sock))


class _Plain(HTTPConnection):
    response_class = _BoundedResponse


class _Secure(HTTPSConnection):
    response_class = _BoundedResponse


class _BoundedAdapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        pool.ConnectionCls = _Secure if pool.scheme == "https" else _Plain
        return pool
