"""The HTTP server for Loxo's API: authentication, rate limit, faults, then `responses.py` or `writes.py`."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import Any

import orjson
from aiohttp import web

from ..agency.agency import Agency
from ..agency.background_changes import BackgroundChanges
from ..settings import RESPONSE_KINDS, Settings
from ..timestamps import now_ms
from .endpoints import find_endpoint
from .errors import ErrorResponse, not_found, status_error
from .faults import RandomFaults, RateLimiter, retry_after_header
from .key_echo import authorization_echo
from .request_log import RequestLog
from .responses import ResponseBodies, is_download
from .scheduled_actions import ScheduledActions
from .writes import Writes
from .wrong_responses import CONSTANT_BODIES, PROXY_HTML, body_without_records, corrupt_body, kind_from_settings


class LoxoApi:
    """Loxo's public API for one agency."""

    def __init__(self, agency: Agency, settings: Settings, slug: str, api_key: str) -> None:
        self.agency, self.settings, self.slug, self.api_key = agency, settings, slug, api_key
        self.bodies, self.writes = ResponseBodies(agency, settings), Writes(agency, settings)
        self.request_log, self.request_number = RequestLog(), 0
        self.rate_limiter, self.faults = RateLimiter(), RandomFaults(agency.seed)
        self.scheduled = ScheduledActions(agency, self.change_settings)
        self.background_changes = BackgroundChanges(agency, settings)

    def change_settings(self, values: dict[str, Any]) -> None:
        """Change settings and the state that depends on them."""
        self.settings.update(values)
        if self.settings.custom_fields != self.agency.custom_field_set:
            self.agency.use_custom_field_set(self.settings.custom_fields)
        if values.get("refuse_cursors") == "stored":
            self.bodies.paginator.issued_cursors.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].strip("/")
        self.request_log.start_request()
        status = "error"
        try:
            response, status = await self._respond(request, path)
            if not response.prepared:
                response.headers["Date"] = formatdate(now_ms() / 1000, usegmt=True)
                if names := _names(path) & set(self.settings.drip_header):
                    await _send_slowly(request, response, self.settings.drip_header[names.pop()])
            return response
        finally:
            self.request_log.end_request(path, request.query_string, status)

    async def _respond(self, request: web.Request, path: str) -> tuple[web.StreamResponse, str]:
        """Return the response and its status or fault, for the request log."""
        self.request_number += 1
        try:
            self._check_access(request)
            if request.method != "GET":
                await asyncio.sleep(self.settings.latency_ms / 1000)
                return await self.writes.respond(request, path, self.request_number)
            is_file = is_download(path)
            fault = self.faults.choose(self.settings, self.request_number, path, request.path_qs, is_file)
            delay_ms = self.settings.latency_ms + (self.settings.slow_ms if fault == "slow" else 0)
            if delay_ms:
                await asyncio.sleep(delay_ms / 1000)
            if fault in ("status_500", "status_503"):
                raise status_error(int(fault[-3:]), "Server Error")
            if fault == "html":
                return web.Response(body=PROXY_HTML, content_type="text/html"), "html"
            body = self._body(request, path, fault or "")
            content_type = self.settings.download_type if is_file else "application/json"
            if fault == "json":
                return web.Response(body=CONSTANT_BODIES["error_object"], content_type="application/json"), fault
            if fault == "empty":
                return web.Response(content_type=content_type), fault
            if fault in ("reset", "truncate", "wrong_length"):
                return await _send_part(request, body, fault, content_type), fault
            if is_file:
                return web.Response(body=body, content_type=content_type), "200"
        except ErrorResponse as error:
            return self._error(error), str(error.status)
        return web.Response(body=body, content_type="application/json", charset="utf-8"), "200"

    def _check_access(self, request: web.Request) -> None:
        """:raises ErrorResponse: the key, the slug or the rate of the request is not accepted."""
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise status_error(401, "Unauthorized")
        if request.match_info["slug"] != self.slug:
            raise not_found()
        interval = self.settings.throttle_every
        is_throttled = interval and self.request_number % interval == 0
        if is_throttled or self.rate_limiter.is_exceeded(self.settings):
            raise status_error(429, "Too Many Requests")

    def _error(self, error: ErrorResponse) -> web.Response:
        if error.html:
            return web.Response(status=error.status, body=error.html, content_type="text/html")
        body = dict(error.body)
        if self.settings.echo_key:
            body["authorization"] = authorization_echo(self.api_key, self.settings.echo_key_as)
        headers = retry_after_header(self.settings) if error.status in (429, 503) else error.headers
        return web.Response(
            status=error.status,
            body=orjson.dumps(body),
            content_type="application/json",
            charset="utf-8",
            headers=headers,
        )

    def _body(self, request: web.Request, path: str, fault: str) -> bytes:
        """Return the correct body, unless a setting, a scheduled action or the fault asks for a wrong one."""
        names, settings = _names(path), self.settings
        try:
            for name in names & set(settings.redirect):
                raise ErrorResponse(302, body={}, headers={"Location": settings.redirect[name]})
            kind = (
                self.scheduled.next_wrong_response(names)
                or (fault if fault in RESPONSE_KINDS else "")
                or kind_from_settings(settings, names)
            )
            file = None if kind else self.bodies.file(path)
            if file is not None:
                return file
            endpoint, ids = find_endpoint(path) or (None, [])
            body = body_without_records(kind, endpoint)
            if body is None and endpoint:
                correct = self.bodies.body(endpoint, ids, list(request.query.items()), path, kind == "short_page")
                body = self.bodies.paginator.serializer.rewrite_timestamps(corrupt_body(kind, endpoint, correct))
            return body or b""
        finally:
            self.scheduled.after_response(names)


def _names(path: str) -> set[str]:
    """Return the path of a request and the path of its endpoint; settings use either of them."""
    found = find_endpoint(path)
    return {path, found[0].path} if found else {path}


async def _send_slowly(request: web.Request, response: web.StreamResponse, pause_ms: float) -> None:
    """Send the header with a pause after each byte, then the body, and close the connection."""
    transport, body = request.transport, getattr(response, "body", None) or b""
    content_type = response.content_type
    head = f"HTTP/1.1 {response.status} Slow\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    for byte in head.encode():
        if transport is None or transport.is_closing():
            return
        transport.write(bytes([byte]))
        await asyncio.sleep(pause_ms / 1000)
    if transport is not None:
        transport.write(bytes(body))
        transport.close()


async def _send_part(request: web.Request, body: bytes, fault: str, content_type: str) -> web.StreamResponse:
    """Send a header for a longer body than the one that follows.

    `reset` aborts the connection after half of the body, `truncate` closes it there; `wrong_length` sends the whole
    body and closes.
    """
    length = len(body) + 10 if fault == "wrong_length" else len(body)
    response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(length)})
    await response.prepare(request)
    await response.write(body if fault == "wrong_length" else body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort() if fault == "reset" else request.transport.close()
    return response
