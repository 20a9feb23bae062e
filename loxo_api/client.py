"""HTTP client for the Loxo API: one rate for all requests of an account, retries, and errors with a remedy."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from loxo_api.config import Config
from loxo_api.endpoints import Endpoint
from loxo_api.error_messages import ErrorMessages
from loxo_api.errors import ContractError, LoxoError, StorageError
from loxo_api.exact_json import loads
from loxo_api.http_messages import Request, Response, declared_length
from loxo_api.pages import Page, decode_page
from loxo_api.rate_limiter import RateLimiter
from loxo_api.retry import SYNC, Replay, RetryPolicy, retrying
from loxo_api.transport import NO_RESPONSE, Sender, TooLarge, Transport

# Requests that may be in progress at the same time; the rate limiter, not this, limits how many are sent.
WORKERS = 22
# The largest accepted page, in MB; a page of 100 people takes about 0.3.
MAX_PAGE_MB = 64
# Twenty pages above this size, in MB, do not fit into a small container together. So smaller pages of about half this
# size are requested; where the page size cannot be chosen, such pages are read one at a time.
SHARED_PAGE_MB = 4
# The largest file that Airbyte transfers (FILE_SIZE_LIMIT of airbyte-cdk).
MAX_FILE_BYTES = 1_500_000_000
# The number of bytes at the start of a file that show its type.
HEAD_BYTES = 8192
# The forms in which Loxo and proxies report errors. A file of such a type comes as an attachment.
PAGE_TYPES = ("html", "json")


class Download(NamedTuple):
    """A file that was downloaded whole: its size, SHA-256 and first bytes."""

    size: int
    sha256: str
    head: bytes


class LoxoClient:
    """Sends the requests of one account. Safe to share between threads.

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
        self.agency_slug = config.agency_slug
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
        # The shortest time, in seconds, from a request to the first byte of its response.
        self._latency = math.inf

    def parallelism(self, seconds: float | None = None) -> int:
        """The useful number of concurrent requests on this account; 1 before the first response.

        :param seconds: the time to the first byte of such a response; without it, that of the fastest response.
        """
        if self._latency == math.inf:
            return 1
        needed = self._rate.highest * (self._latency if seconds is None else seconds)
        return max(1, math.ceil(min(WORKERS - 1, needed)))

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

    def download(self, path: str, target: Path) -> Download:
        """Writes the file that Loxo returns at this path, in pieces, with the account's rate, retries and errors.

        A body is a file if it is not empty and its length is the one that the response declares.

        :param target: is overwritten; after an error, its content is of no use.
        :raises StorageError: the target cannot be written.
        :raises LoxoError: Loxo refused the request, the file is too large, or no whole file arrived.
        """
        with self._gate:
            return retrying(self._policy, Replay.SAFE, partial(self._received, path, target))

    def _received(self, path: str, target: Path) -> Download:
        """Sends the request for a file once, when the rate allows."""
        name = f"GET {path}"
        turn = self._rate.wait_for_turn()
        try:
            with self._transport.receive(Request("GET", path)) as (response, pieces):
                self._rate.learn(response, turn)
                if response.status_code != 200:
                    raise self._errors.refused(name, path, response)
                if (declared_length(response.headers) or 0) > MAX_FILE_BYTES:
                    raise self._errors.file_too_large(name, MAX_FILE_BYTES)
                found = self._written(name, pieces, target)
        except NO_RESPONSE as error:
            raise self._errors.no_response(name, error) from None
        try:
            _check_download(response, found)
        except ContractError as error:
            raise self._errors.unreadable(name, response, error) from None
        return found

    def _written(self, name: str, pieces: Iterator[bytes], target: Path) -> Download:
        """Writes the pieces; errors of the disk do not count as errors of the connection."""
        digest, head, size = hashlib.sha256(), b"", 0
        try:
            with target.open("wb") as file:
                for piece in self._arriving(name, pieces):
                    size += len(piece)
                    if size > MAX_FILE_BYTES:
                        raise self._errors.file_too_large(name, MAX_FILE_BYTES)
                    head += piece[: HEAD_BYTES - len(head)]
                    digest.update(piece)
                    file.write(piece)
        except OSError as error:
            raise StorageError(target.parent, error) from None
        return Download(size, digest.hexdigest(), head)

    def _arriving(self, name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except NO_RESPONSE as error:
            raise self._errors.no_response(name, error) from None

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
                raise ContractError("it reports errors, so its records may be incomplete")
        except (ValueError, ContractError) as error:
            raise self._errors.unreadable(endpoint.name, response, error) from None
        if endpoint.is_resizable and endpoint.name in self._sizes and page.records:
            fitting = (SHARED_PAGE_MB << 19) // (len(response.body) // len(page.records) + 1)
            self._sizes[endpoint.name] = max(1, min(endpoint.per_page, fitting))
        return replace(page, date=response.headers.get("Date", ""), seconds=response.seconds)

    def _respond(self, name: str, request: Request) -> Response:
        """Sends a request once, when the rate allows.

        :raises LoxoError: the status is not 2xx, or no complete response arrived.
        :raises TooLarge: the body is above the request's limit.
        """
        turn = self._rate.wait_for_turn()
        try:
            response = self._transport.send(request)
        except NO_RESPONSE as error:
            raise self._errors.no_response(name, error) from None
        self._rate.learn(response, turn)
        self._latency = min(self._latency, response.seconds)
        if not 200 <= response.status_code < 300:
            raise self._errors.refused(name, request.path, response)
        return response


def _check_download(response: Response, found: Download) -> None:
    """:raises ContractError: the body is not proven to be a whole file."""
    if not found.size:
        raise ContractError("the file is empty")
    is_attachment = response.headers.get("Content-Disposition", "").lower().startswith("attachment")
    kind = response.headers.get("Content-Type", "").lower()
    is_page = any(each in kind for each in PAGE_TYPES) or _is_html(found.head)
    if is_page and not is_attachment:
        raise ContractError("it is a page or a message instead of a file")
    # HTTP ends a chunked body with a mark, and http.client accepts no other end; it knows no other encoding.
    declared = declared_length(response.headers)
    is_chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if declared is None and not is_chunked:
        raise ContractError("it declares no length, so nothing proves that it is whole")
    if declared is not None and not response.headers.get("Content-Encoding") and found.size != declared:
        raise ContractError(f"{found.size} of {declared} bytes arrived")


def _is_html(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))
