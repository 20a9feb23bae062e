"""Rate limit, random faults, slow headers, and the API key in error responses."""

from __future__ import annotations

import base64
import http.client
import json
import socket

import pytest
from plain_client import Client

from sandbox.process import Sandbox


def test_rate_limit_is_429_with_the_chosen_retry_after(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(rate_limit=1, retry_after_value=7)
    for form, expected in (("seconds", "7"), ("date", "GMT"), ("none", None)):
        sandbox.set(retry_after=form)
        responses = iter(lambda: client.response("users"), None)
        header = next(headers["Retry-After"] for status, headers, _ in responses if status == 429)
        assert header is None if expected is None else expected in header


def test_every_nth_request_is_429_with_unusable_retry_after(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(throttle_every=5, retry_after="unusable")
    responses = [client.response("users") for _ in range(10)]
    assert [headers["Retry-After"] for status, headers, _ in responses if status == 429] == ["soon", "soon"]


@pytest.mark.parametrize("fault", ["status_500", "status_503", "html", "reset", "truncate"])
def test_url_fails_at_most_twice_in_a_row(client: Client, sandbox: Sandbox, fault: str) -> None:
    sandbox.set(faults={fault: 1.0}, fault_paths=["users"])
    succeeded = []
    for _ in range(6):
        try:
            status, headers, body = client.response("users")
            succeeded.append(status == 200 and "json" in headers["Content-Type"] and bool(json.loads(body)))
        except (http.client.IncompleteRead, ConnectionError):
            succeeded.append(False)
    assert succeeded == [False, False, True] * 2
    assert client.status("workflows") == 200


@pytest.mark.parametrize("fault", ["proxy_404", "errors"])
def test_random_faults_include_proxy_404_and_errors(client: Client, sandbox: Sandbox, fault: str) -> None:
    sandbox.set(faults={fault: 1.0})
    status, _, body = client.response("sms")
    assert (status, b"errors" in body) == ((404, False) if fault == "proxy_404" else (200, True))


def test_header_can_arrive_byte_by_byte(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(drip_header={"users": 20.0})
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        request_line = f"GET /api/{sandbox.agency_slug}/users HTTP/1.1\r\n"
        request = f"{request_line}Host: x\r\nAuthorization: Bearer {sandbox.api_key}\r\n\r\n"
        connection.sendall(request.encode())
        first = connection.recv(4096)
        assert len(first) < 40 and b"\r\n\r\n" not in first
        received = first
        while piece := connection.recv(4096):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and json.loads(body)


def test_error_can_echo_the_key_in_each_encoding() -> None:
    with Sandbox(
        people=1, jobs=0, events=0, api_key="Key&1/2", set={"forbidden": ["users"], "echo_key": True}
    ) as sandbox:
        bodies = {}
        for encoding in ("plain", "json", "html", "percent", "base64", "other_case"):
            sandbox.set(echo_key_as=encoding)
            bodies[encoding] = Client(sandbox).response("users")[2].decode()
    assert "Bearer Key&1/2" in bodies["plain"] and "Bearer kEY&1/2" in bodies["other_case"]
    assert "Key&amp;1/2" in bodies["html"] and "Key%261%2F2" in bodies["percent"]
    assert base64.b64encode(b"Key&1/2").decode() in bodies["base64"]
    assert "Key" not in bodies["json"] and json.loads(bodies["json"])["authorization"] == "Bearer Key&1/2"
