"""The HTTP session of one account, with limits on the time and the size of a response and on the host's address.

Built on requests and the urllib3 below it. The CDK's HttpClient was tried and rejected: it reports every pause as a
rate limit and every timeout as a system error, prints a stack trace for each failed request, adds a second to each
wait, has no jitter, accepts a 3xx as success, and under --debug logs whole responses, which contain personal data.
"""

from __future__ import annotations

import functools
import http.client
import io
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from loxo_api.config import Config
from loxo_api.errors import ConfigError, ContractError
from loxo_api.http_messages import Request, Response, declared_length

# More than the workers and the threads of all substreams can use; urllib3 drops connections beyond it.
CONNECTIONS = 256
# Seconds to connect, and between two pieces of a response.
CONNECT_SECONDS, PIECE_SECONDS = 10, 60
TIMEOUT = urllib3.Timeout(connect=CONNECT_SECONDS, read=PIECE_SECONDS)
# Seconds for a whole response: a server that drips a byte a second, in header or body, never trips the timeouts above.
RESPONSE_SECONDS = 300
# A file may take longer than a page: this many bytes a second are enough, so the largest one has an hour and a half.
SLOWEST_DOWNLOAD = 256 << 10
# Many files are downloaded side by side, and of each one piece is in memory.
PIECE = 64 << 10
# The largest body that is read of a response that refuses a download, in MB.
REFUSAL_MB = 1

# The exceptions that requests raises, or lets through, when no complete response arrives.
NO_RESPONSE = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class TooLarge(ContractError):
    """A response above the size limit."""


class NotSecure(urllib3.exceptions.SSLError):
    """No secure connection was established, so that nothing was sent."""


class Sender(Protocol):
    """Sends a request; `Transport` documents the errors. Tests inject their own."""

    def send(self, request: Request) -> Response: ...

    def receive(self, request: Request) -> AbstractContextManager[tuple[Response, Iterator[bytes]]]: ...


# The address of a list is the same for each of its pages.
_parsed = functools.lru_cache(parse_url)


def is_unsent(error: BaseException | None) -> bool:
    """Whether no connection was established, so that Loxo cannot have received the request."""
    unsent = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, NotSecure)
    # A proxy's error holds the one of the connection to the proxy.
    return isinstance(error, unsent) or isinstance(getattr(error, "original_error", None), unsent)


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
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    @functools.cached_property
    def _connections(self) -> tuple[urllib3.HTTPConnectionPool, Mapping[str, str]]:
        """The connections to the host or its proxy, and the headers of each request, as requests makes them.

        Requests pass through urllib3's pool, because `Session.send` and the adapter below it look up for each of them
        what never changes, follow redirects and keep cookies: together nearly half of a request's time (measured).
        """
        prepared = self._prepared("GET")
        adapter: Any = HTTPAdapter(pool_maxsize=CONNECTIONS)
        connection = _Secure if self._base_url.startswith("https://") else _Plain
        try:
            pool = adapter.get_connection_with_tls_context(prepared, self._verify, self._session.proxies)
            if not issubclass(connection, pool.ConnectionCls):
                raise requests.exceptions.InvalidSchema  # SOCKS has connections of its own
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            # The cause is not quoted, because the address can contain a password.
            raise ConfigError(
                "The proxy in the environment variable HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used. Write its "
                "address as http://HOST:PORT (not SOCKS), or remove the variable."
            ) from None
        try:
            adapter.cert_verify(pool, self._base_url, self._verify, None)
        except OSError as error:
            raise ConfigError(
                f"{error}. If the environment variable REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names it, correct or "
                "remove the variable."
            ) from None
        pool.ConnectionCls = connection
        return pool, dict(prepared.headers)

    def _prepared(self, method: str, **content: Any) -> requests.PreparedRequest:
        return self._session.prepare_request(requests.Request(method, self._base_url, **content))

    def send(self, request: Request) -> Response:
        """Sends one request, once.

        :raises ConfigError: the domain resolves to an address in a private network, the proxy cannot be used, or the
            file with certificates is missing; nothing was sent.
        :raises TooLarge: the body is larger than `max_megabytes`.
        :raises requests.RequestException, urllib3.exceptions.HTTPError, OSError: no complete response in time.
        """
        response, seconds = self._sent(request)
        body = b"".join(_read_body(response, request.max_megabytes))
        return Response(response.status, response.headers, body, seconds)

    @contextmanager
    def receive(self, request: Request) -> Iterator[tuple[Response, Iterator[bytes]]]:
        """Sends one request, once, and gives a body with status 200 piece by piece, and not in the response.

        The errors are those of `send`, and are raised between the pieces too: a body that is shorter than its
        Content-Length is not complete.
        """
        response, seconds = self._sent(request, {"Accept": "*/*", "Accept-Encoding": "identity"})
        with response:
            if response.status != 200:
                body = b"".join(_read_body(response, REFUSAL_MB))
                yield Response(response.status, response.headers, body, seconds), iter(())
                return
            length = declared_length(response.headers)
            if length is not None and isinstance(response._original_response, _BoundedResponse):
                response._original_response.allow(length / SLOWEST_DOWNLOAD)
            yield Response(200, response.headers, b"", seconds), _whole_file(response)

    def _sent(self, request: Request, headers: Mapping[str, str] | None = None) -> tuple[HTTPResponse, float]:
        """The response, with its body still to be read, and the seconds until its first byte."""
        self._refuse_private_networks()
        pool, common = self._connections
        body = None
        if request.form or request.files:
            files = [(field, (name, content)) for field, name, content in request.files]
            prepared = self._prepared(request.method, data=list(request.form) or None, files=files or None)
            body, common = prepared.body, prepared.headers
        url = _parsed(f"{self._base_url}/{request.path}")
        params = {name: value for name, value in (request.params or {}).items() if value is not None}
        query = "&".join(filter(None, (url.query, urlencode(params, doseq=True))))
        url = url._replace(query=query or None)
        began = time.perf_counter()
        response = pool.urlopen(
            request.method,
            url.url if pool.proxy and url.scheme == "http" else url.request_uri,
            body,
            {**common, **(headers or {})},
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=TIMEOUT,
            preload_content=False,
            decode_content=False,
        )
        assert isinstance(response, HTTPResponse)
        return response, time.perf_counter() - began

    def _refuse_private_networks(self) -> None:
        """A name can resolve to any address, also to one that only this machine can reach."""
        with self._looking_up:
            if self._is_public:
                return
            url = self._base_url
            # Plain http is a sandbox on this machine; a proxy resolves the name in its own network.
            if url.startswith("https://") and not requests.utils.select_proxy(url, self._session.proxies):
                host = url.split("/")[2]
                with suppress(OSError):  # an unknown name fails at the request, with a better message
                    for *_, (address, *_) in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM):
                        if ipaddress.ip_address(str(address).partition("%")[0]).is_private:
                            raise ConfigError(
                                f"Loxo Domain: {host} resolves to {address}, an address in a private network, which "
                                "is not Loxo. Type the host name that your browser shows when you use Loxo."
                            )
            self._is_public = True


def _pieces(response: HTTPResponse, size: int) -> Iterator[bytes]:
    """The body, decompressed, as it arrives."""
    while piece := response.read1(size, decode_content=True):
        yield piece


def _whole_file(response: HTTPResponse) -> Iterator[bytes]:
    """The pieces of a file. A proxy can compress it unasked, and urllib3 accepts a cut or unknown compression."""
    yield from _pieces(response, PIECE)
    encoding = (response.headers.get("Content-Encoding") or "identity").lower()
    decompressor = getattr(getattr(response, "_decoder", None), "_obj", None)
    if encoding != "identity" and not getattr(decompressor, "eof", False):
        raise urllib3.exceptions.DecodeError(f"the end of the compressed body ({encoding}) is missing")


def _read_body(response: HTTPResponse, megabytes: int) -> list[bytes]:
    """The whole body, decompressed."""
    pieces, size = [], 0
    with response:
        if _declares_at_most(megabytes << 20, response):
            return [response.read()]  # at two thirds of the cost of reads in pieces (measured)
        for piece in _pieces(response, 1 << 20):
            pieces.append(piece)
            size += len(piece)
            if size > megabytes << 20:
                pieces.clear()  # the error's traceback would keep them
                raise TooLarge(f"the body is larger than {megabytes} MB")
    return pieces


def _declares_at_most(size: int, response: HTTPResponse) -> bool:
    """Whether the response declares the length of its body, and the body cannot grow beyond it."""
    length = declared_length(response.headers)
    grows = response.headers.keys() & {"Content-Encoding", "Transfer-Encoding"}
    return length is not None and length <= size and not grows


class _Pieces(io.RawIOBase):
    """The bytes of one response, headers and body, until its deadline. requests limits each piece only."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._seconds: float = RESPONSE_SECONDS
        self._deadline = time.monotonic() + self._seconds
        self.ended = False

    def allow(self, seconds: float) -> None:
        """Moves the deadline."""
        self._seconds += seconds
        self._deadline += seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the response took longer than {self._seconds:.0f} seconds")
        self._socket.settimeout(min(PIECE_SECONDS, left))
        size = self._raw.readinto(buffer)
        self.ended = not size
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self._body = _Pieces(sock)
        self.fp = io.BufferedReader(self._body)

    def begin(self) -> None:
        super().begin()
        # http.client takes an interim response other than 100 for the response, which would answer the next request.
        while self.status < 200:
            self.headers = None  # type: ignore[assignment]
            super().begin()
        if self._body.ended:  # http.client takes this for the end of the headers
            raise http.client.IncompleteRead(b"")

    def allow(self, seconds: float) -> None:
        """Gives the response this much more time."""
        self._body.allow(seconds)


class _Plain(HTTPConnection):
    response_class = _BoundedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # The socket has the limit of the connection, or the rest of the last response's; a file takes longer.
        self.sock.settimeout(PIECE_SECONDS)
        super().send(data)


class _Secure(_Plain, HTTPSConnection):
    def connect(self) -> None:
        """Connects. Other errors of TLS come from the connection, when Loxo may have received the request."""
        try:
            super().connect()
        except ssl.SSLEOFError:
            raise
        except (ssl.SSLError, urllib3.exceptions.SSLError) as error:
            raise NotSecure(error) from error

    @property
    def is_connected(self) -> bool:
        # OpenSSL can hold bytes that came after the last body; they would be the next response.
        return super().is_connected and not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending())
