"""The HTTP session against a server of the test's own, which sends any bytes."""

import gzip
import re
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import urllib3
from listener import Listener

from loxo_api import client as client_module
from loxo_api import transport as transport_module
from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.retry import RetryPolicy

PEOPLE = ENDPOINTS["people"]
GOOD = b'{"people": [{"id": 1}], "total_count": 1}'


def answer(body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}Connection: close\r\n\r\n".encode() + body


class Server(Listener):
    """Answers each connection with the next of its byte strings or their pieces, the last one for ever."""

    def __init__(self, *answers: bytes | Iterable[bytes]) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        super().__init__()
        self.url = f"http://{self.address}"

    def handle(self, connection: socket.socket) -> None:
        with connection:
            self.requests.append(_received(connection))
            with suppress(OSError):  # a client that does not read the rest closes the connection
                said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                for piece in [said] if isinstance(said, bytes) else said:
                    connection.sendall(piece)


def _received(connection: socket.socket) -> bytes:
    """A whole request: the body may come in a packet of its own."""
    request = connection.recv(65536)
    length = re.search(rb"Content-Length: (\d+)", request)
    while length and len(request.partition(b"\r\n\r\n")[2]) < int(length[1]):
        request += connection.recv(65536)
    return request


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*answers: bytes | Iterable[bytes]) -> Server:
        servers.append(Server(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


def connected(url: str, retries: int = 2) -> LoxoClient:
    config = {"domain": url, "agency_slug": "acme", "api_key": "sandbox-key"}
    return LoxoClient(Config.parse(config), RetryPolicy(retries, 300))


@pytest.mark.parametrize(
    "fault", [answer(GOOD, length=500), b"", b"not http at all\r\n\r\n"], ids=["cut-body", "closed", "garbage"]
)
def test_an_incomplete_response_is_retried(serve: Callable[..., Server], fault: bytes) -> None:
    server = serve(fault, answer(GOOD))
    assert connected(server.url).page(PEOPLE).records == [{"id": 1}]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "fault",
    [b"", answer(GOOD, length=500), b"HTTP/1.1 200 OK\r\nDate: Thu"],
    ids=["closed", "cut-body", "cut-headers"],
)
def test_a_post_without_a_response_is_not_sent_again(serve: Callable[..., Server], fault: bytes) -> None:
    server = serve(fault)
    with pytest.raises(LoxoError) as failed:
        connected(server.url).request("POST", "people", form=[("person[name]", "Ann")])
    assert failed.value.may_have_effect
    assert len(server.requests) == 1


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_an_interim_response_is_not_the_response(serve: Callable[..., Server], interim: bytes) -> None:
    server = serve(b"HTTP/1.1 %b\r\nLink: </style.css>\r\n\r\n" % interim + answer(GOOD))
    assert connected(server.url, retries=0).page(PEOPLE).records == [{"id": 1}]


@pytest.mark.parametrize("length", ["-5", "many", "9" * 5000])
def test_a_length_that_is_not_one_is_ignored(serve: Callable[..., Server], length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert connected(serve(head.encode() + GOOD).url, retries=0).page(PEOPLE).records == [{"id": 1}]


def test_a_long_upload_needs_no_longer_than_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of the connection does not apply to a body that the server reads slowly."""
    monkeypatch.setattr(transport_module, "TIMEOUT", urllib3.Timeout(connect=0.2, read=60))
    body = b"x" * (16 << 20)  # more than sockets hold

    def read_slowly(listening: socket.socket) -> None:
        with listening.accept()[0] as connection:
            threading.Event().wait(0.6)
            left = len(body)
            while left > 0:
                left -= len(connection.recv(1 << 20))
            connection.sendall(answer(b"{}"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=read_slowly, args=[listening], daemon=True).start()
        client = connected(f"http://127.0.0.1:{listening.getsockname()[1]}", retries=0)
        assert client.request("POST", "people", files=[("document", "cv.pdf", body)]).body == b"{}"


def test_a_post_without_a_connection_is_known_to_have_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with caplog.at_level("INFO", "airbyte"), pytest.raises(LoxoError) as failed:
        connected(url).request("POST", "people")
    assert not failed.value.may_have_effect
    assert "Attempt 2 failed" in caplog.text


def test_a_form_is_urlencoded_and_files_make_it_multipart(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"{}"))
    client = connected(server.url)
    client.request("POST", "people", form=[("person[tags][]", "a&b"), ("person[tags][]", "ü")])
    client.request("POST", "people", form=[("person[name]", "Ann")], files=[("document", "cv.pdf", b"%PDF-1")])
    assert b"application/x-www-form-urlencoded" in server.requests[0]
    assert b"person%5Btags%5D%5B%5D=a%26b&person%5Btags%5D%5B%5D=%C3%BC" in server.requests[0]
    assert b"multipart/form-data" in server.requests[1]
    assert b'name="document"; filename="cv.pdf"' in server.requests[1]


def test_a_parameter_without_a_value_is_left_out(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"{}"))
    connected(server.url).request("GET", "people", {"scroll_id": None, "list_ids[]": [1, 2], "query": ""})
    assert server.requests[0].startswith(b"GET /api/acme/people?list_ids%5B%5D=1&list_ids%5B%5D=2&query= HTTP")


def test_a_status_line_that_repeats_the_key_is_not_quoted(serve: Callable[..., Server]) -> None:
    with pytest.raises(LoxoError) as failed:
        connected(serve(b"no http, but Bearer sandbox-key\r\n\r\n").url, retries=0).page(PEOPLE)
    assert "sandbox" not in str(failed.value)


def test_the_key_is_in_the_header_and_in_no_address(serve: Callable[..., Server]) -> None:
    server = serve(answer(GOOD))
    connected(server.url).page(PEOPLE)
    head, _, rest = server.requests[0].partition(b"\r\n")
    assert b"sandbox-key" not in head
    assert b"Authorization: Bearer sandbox-key" in rest


def test_a_netrc_file_does_not_replace_the_key(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(answer(GOOD))
    connected(server.url).page(PEOPLE)
    assert b"Authorization: Bearer sandbox-key" in server.requests[0]


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "fe80::1%eth0", "::ffff:192.168.0.1"])
def test_no_request_goes_to_a_private_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    private = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **kind: [public, private])
    client = connected("smuggled.example.com")
    for _ in range(2):
        with pytest.raises(LoxoError, match="private network") as refused:
            client.page(PEOPLE)
    assert refused.value.kind is ErrorKind.CONFIG


@pytest.mark.parametrize("packed", [False, True])
def test_a_giant_response_ends_the_request(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(client_module, "MAX_PAGE_MB", 6)
    body = b" " * (8 << 20)
    headers = "Content-Encoding: gzip\r\n" if packed else ""
    server = serve(answer(gzip.compress(body) if packed else body, headers=headers))
    with pytest.raises(LoxoError, match="larger than 6 MB"):
        connected(server.url).page(ENDPOINTS["deals"])
    assert len(server.requests) == 2


def test_the_limit_applies_to_the_decompressed_size(serve: Callable[..., Server]) -> None:
    bomb = gzip.compress(bytes(512 << 20))
    server = serve(answer(bomb, headers="Content-Encoding: gzip\r\n"))
    tracemalloc.start()
    try:
        with pytest.raises(LoxoError, match="larger than"):
            connected(server.url).page(ENDPOINTS["deals"])
        assert tracemalloc.get_traced_memory()[1] < 3 * client_module.MAX_PAGE_MB << 20
    finally:
        tracemalloc.stop()


def test_page_sizes_follow_the_size_of_the_records(serve: Callable[..., Server]) -> None:
    def people(megabytes: float, rows: int = 1) -> bytes:
        text = b"x" * int(megabytes * 2**20)
        return answer(
            b'{"people": [%s]}' % b",".join(b'{"id": %d, "text": "%s"}' % (each, text) for each in range(rows))
        )

    server = serve(people(5), people(0.5), people(0.001, rows=4), people(0.001, rows=4))
    client = connected(server.url)
    for _ in range(3):
        assert client.page(PEOPLE).records
    asked = [match[1].decode() for sent in server.requests if (match := re.search(rb"per_page=(\d+)", sent))]
    assert asked == ["100", "10", "3", "100"]


def dripping(said: bytes, until: int) -> Iterable[bytes]:
    """A response whose first bytes come one by one."""
    for place in range(until):
        threading.Event().wait(0.02)  # time.sleep does not sleep here
        yield said[place : place + 1]
    yield said[until:]


@pytest.mark.parametrize("until", [35, 75], ids=["header", "body"])
def test_a_response_that_drips_times_out(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, until: int
) -> None:
    monkeypatch.setattr(transport_module, "RESPONSE_SECONDS", 0.3)
    with pytest.raises(LoxoError, match="no complete response"):
        connected(serve(dripping(answer(GOOD), until)).url, retries=0).page(PEOPLE)


def test_numbers_nesting_and_surrogates_arrive_unchanged(serve: Callable[..., Server]) -> None:
    row = b'{"id": 18446744073709551616, "low": -9223372036854775809, "deep": %s, "text": "\\ud800"}'
    deep = b"[" * 300 + b"]" * 300
    rows = connected(serve(answer(b'{"people": [%s]}' % (row % deep))).url).page(PEOPLE).records
    assert (rows[0]["id"], rows[0]["low"], rows[0]["text"]) == (2**64, -(2**63) - 1, "\ud800")
