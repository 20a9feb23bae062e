"""Requests through a proxy, and the certificate of the server behind it."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from listener import Listener

from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.retry import RetryPolicy

PEOPLE = ENDPOINTS["people"]
BODY = b'{"people": [{"id": 1}], "total_count": 1}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(BODY), BODY)


class Proxy(Listener):
    """A proxy that is also the server behind it: it answers each request itself.

    `heads` has the head of each request to the proxy, `behind` of each request through its tunnels. `answer` writes
    the response into a tunnel.
    """

    def __init__(self, authority: trustme.CA) -> None:
        self.answer: Callable[[ssl.SSLSocket], None] = lambda tunnel: tunnel.sendall(GOOD)
        self.heads: list[bytes] = []
        self.behind: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("app.loxo.co").configure_cert(self._context)
        super().__init__()

    def handle(self, connection: socket.socket) -> None:
        threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client can refuse the certificate
            self.heads.append(connection.recv(65536))
            if self.heads[-1].startswith(b"CONNECT"):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self._context.wrap_socket(connection, server_side=True) as tunnel:
                    self.behind.append(tunnel.recv(65536))
                    self.answer(tunnel)
            else:
                connection.sendall(GOOD)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    started = Proxy(authority)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:pass@{started.address}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{started.address}")
    yield started
    started.close()


@pytest.fixture
def trusts(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the client trust the authority by an environment variable."""

    def trust(variable: str) -> None:
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv(variable, str(tmp_path / "authority.pem"))

    return trust


def until_closed(tunnel: ssl.SSLSocket) -> None:
    while tunnel.recv(65536):
        pass


def connected(domain: str) -> LoxoClient:
    config = {"domain": domain, "agency_slug": "acme", "api_key": "sandbox-key"}
    return LoxoClient(Config.parse(config), RetryPolicy(retries=0, max_pause=5))


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_https_passes_through_a_tunnel_that_does_not_see_the_key(
    proxy: Proxy, trusts: Callable[[str], None], variable: str
) -> None:
    trusts(variable)
    assert connected("app.loxo.co").page(PEOPLE).records == [{"id": 1}]
    assert proxy.heads[0].startswith(b"CONNECT app.loxo.co:443 ")
    assert b"Proxy-Authorization: Basic YW5uOnBhc3M=" in proxy.heads[0]
    assert b"sandbox-key" not in b"".join(proxy.heads)
    assert proxy.behind[0].startswith(b"GET /api/acme/people?")
    assert b"Authorization: Bearer sandbox-key" in proxy.behind[0]


def test_the_certificate_of_an_unknown_authority_is_refused(proxy: Proxy) -> None:
    with pytest.raises(LoxoError, match=r"no secure connection to app\.loxo\.co.*REQUESTS_CA_BUNDLE") as failed:
        connected("app.loxo.co").page(PEOPLE)
    assert failed.value.kind is ErrorKind.CONFIG
    assert not proxy.behind


def test_the_certificate_of_another_host_is_refused(proxy: Proxy, trusts: Callable[[str], None]) -> None:
    trusts("REQUESTS_CA_BUNDLE")
    with pytest.raises(LoxoError, match=r"no secure connection to acme\.app\.loxo\.co"):
        connected("acme.app.loxo.co").page(PEOPLE)
    assert not proxy.behind


def test_a_missing_file_with_certificates_is_named(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/authority.pem")
    with pytest.raises(LoxoError, match=r"/nowhere/authority\.pem.*REQUESTS_CA_BUNDLE") as failed:
        connected("app.loxo.co").page(PEOPLE)
    assert failed.value.kind is ErrorKind.CONFIG
    assert not proxy.heads


def test_plain_http_is_sent_to_a_proxy_with_its_whole_address(proxy: Proxy) -> None:
    assert connected("http://127.0.0.1:9").page(PEOPLE).records == [{"id": 1}]
    assert proxy.heads[0].startswith(b"GET http://127.0.0.1:9/api/acme/people?")


def test_no_proxy_is_obeyed(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert connected(f"http://{proxy.address}").page(PEOPLE).records == [{"id": 1}]
    assert proxy.heads[0].startswith(b"GET /api/acme/people?")


def test_a_post_through_a_proxy_that_is_gone_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:pass@127.0.0.1:{gone.getsockname()[1]}")
    with pytest.raises(LoxoError) as failed:
        connected("app.loxo.co").request("POST", "people", form=[("person[name]", "Ann")])
    assert failed.value.kind is ErrorKind.TRANSIENT
    assert failed.value.retryable
    assert not failed.value.may_have_effect
    assert "ann:pass" not in str(failed.value)


@pytest.mark.parametrize("said", [b"", GOOD[:-9]], ids=["before", "within"])
def test_a_connection_that_breaks_after_the_request_is_not_a_wrong_configuration(
    proxy: Proxy, trusts: Callable[[str], None], said: bytes
) -> None:
    """Loxo may have received the request, so a creation must not count as unsent."""

    def break_off(tunnel: ssl.SSLSocket) -> None:
        tunnel.send(said)
        os.write(tunnel.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that cannot be decrypted
        until_closed(tunnel)

    trusts("REQUESTS_CA_BUNDLE")
    proxy.answer = break_off
    with pytest.raises(LoxoError, match="no complete response") as failed:
        connected("app.loxo.co").request("POST", "people", form=[("person[name]", "Ann")])
    assert failed.value.kind is ErrorKind.TRANSIENT
    assert failed.value.retryable
    assert failed.value.may_have_effect
    assert len(proxy.behind) == 1


def test_bytes_after_a_response_are_not_the_next_response(proxy: Proxy, trusts: Callable[[str], None]) -> None:
    """They are in the same TLS record, of which the client has read only a part."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Pad: " % len(BODY)
    padding = b"x" * (8192 - len(head + b"\r\n\r\n" + BODY))
    excess = GOOD.replace(b'"id": 1', b'"id": 2')

    def answer(tunnel: ssl.SSLSocket) -> None:
        tunnel.sendall(head + padding + b"\r\n\r\n" + BODY + excess)
        until_closed(tunnel)

    trusts("REQUESTS_CA_BUNDLE")
    proxy.answer = answer
    client = connected("app.loxo.co")
    assert [client.page(PEOPLE).records for _ in range(2)] == [[{"id": 1}]] * 2


@pytest.mark.parametrize(
    "address", ["socks5://ann:pass@127.0.0.1:9", "http://ann:pass@127.0.0.1:99999", "ftp://ann:pass@x", "http://"]
)
def test_a_proxy_that_cannot_be_used_is_a_config_error_without_its_password(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(LoxoError, match="HTTPS_PROXY") as failed:
        connected("app.loxo.co").page(PEOPLE)
    assert failed.value.kind is ErrorKind.CONFIG
    assert not failed.value.may_have_effect
    assert "ann:pass" not in str(failed.value)
