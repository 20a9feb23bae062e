"""What each answer means, in the client alone: a tiny server of the test's own says anything it likes."""

import gzip
import re
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from loxo_api import client as client_module
from loxo_api.client import LoxoClient, Patience
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError

PEOPLE = ENDPOINTS["people"]
GOOD = b'{"people": [{"id": 1}], "total_count": 1}'


def answer(body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}Connection: close\r\n\r\n".encode() + body


class Server:
    """Answers each connection with the next of its byte strings, the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536))
                with suppress(OSError):  # who is not interested in the rest hangs up
                    connection.sendall(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*answers: bytes) -> Server:
        servers.append(Server(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


def connected(server: Server, retries: int = 2, pause: float = 300) -> LoxoClient:
    config = {"domain": server.url, "agency_slug": "acme", "api_key": "sandbox-key"}
    return LoxoClient(Config.parse(config), Patience(retries, pause))


@pytest.mark.parametrize(
    "fault",
    [
        answer(b"<html>", headers="Content-Type: text/html\r\n"),
        answer(b"{}"),
        answer(b'{"people": [{"id": 1}'),
        answer(GOOD, length=500),
        answer(b"oops", "500 Internal Server Error"),
        answer(b"", "503 Service Unavailable"),
        answer(b"", "429 Too Many Requests", "Retry-After: 0\r\n"),
        b"",
        b"not http at all\r\n\r\n",
    ],
    ids=["html", "no-envelope", "cut-json", "cut-body", "500", "503", "429", "closed", "garbage"],
)
def test_a_fault_that_retryable_is_tried_again(serve: Callable[..., Server], fault: bytes) -> None:
    server = serve(fault, answer(GOOD))
    assert connected(server).page(PEOPLE).rows == [{"id": 1}]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "tries"),
    [
        (answer(b"<html>", headers="Content-Type: text/html\r\n"), ErrorKind.SYSTEM, 3),
        (answer(b"{}"), ErrorKind.SYSTEM, 3),
        (answer(b"", "500 Internal Server Error"), ErrorKind.TRANSIENT, 3),
        (answer(b"", "429 Too Many Requests", "Retry-After: 0\r\n"), ErrorKind.TRANSIENT, 3),
        (answer(b"", "429 Too Many Requests", "Retry-After: 100000\r\n"), ErrorKind.TRANSIENT, 1),
        (b"", ErrorKind.TRANSIENT, 3),
        (answer(b"", "401 Unauthorized"), ErrorKind.CONFIG, 1),
        (answer(b"", "403 Forbidden"), ErrorKind.CONFIG, 1),
        (answer(b"", "404 Not Found"), ErrorKind.CONFIG, 1),
        (answer(b"", "302 Found", "Location: https://elsewhere.example/\r\n"), ErrorKind.CONFIG, 1),
        (answer(b'{"errors":["Invalid parameters"]}', "422 Unprocessable"), ErrorKind.SYSTEM, 1),
        (answer(b"", "400 Bad Request"), ErrorKind.SYSTEM, 1),
        (answer(b"", "418 Teapot"), ErrorKind.SYSTEM, 1),
        (answer(b"", "204 No Content"), ErrorKind.SYSTEM, 1),
    ],
)
def test_each_refusal_has_its_kind_and_its_number_of_tries(
    serve: Callable[..., Server], fault: bytes, kind: ErrorKind, tries: int
) -> None:
    server = serve(fault)
    with pytest.raises(LoxoError) as failed:
        connected(server).page(PEOPLE)
    assert failed.value.kind is kind
    assert len(server.requests) == tries
    assert "people" in str(failed.value)


def test_nobody_who_waits_in_front_of_a_form_waits_out_a_throttle(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"", "429 Too Many Requests", "Retry-After: 60\r\n"))
    with pytest.raises(LoxoError, match="throttles this account for 60 seconds"):
        connected(server, pause=5).page(PEOPLE)
    assert len(server.requests) == 1


def test_loxos_words_are_quoted_without_the_key_however_long_they_are(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"x" * 295 + b" Bearer sandbox-key is wrong", "403 Forbidden"))
    with pytest.raises(LoxoError) as refused:
        connected(server).page(PEOPLE)
    assert "xxx" in str(refused.value)
    assert "sandbox" not in str(refused.value)


def test_the_key_is_in_the_header_and_in_no_address(serve: Callable[..., Server]) -> None:
    server = serve(answer(GOOD))
    connected(server).page(PEOPLE)
    head, _, rest = server.requests[0].partition(b"\r\n")
    assert b"sandbox-key" not in head
    assert b"Authorization: Bearer sandbox-key" in rest


def test_a_netrc_file_does_not_replace_the_key(
    serve: Callable[..., Server], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", netrc)
    server = serve(answer(GOOD))
    connected(server).page(PEOPLE)
    assert b"Authorization: Bearer sandbox-key" in server.requests[0]


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "fe80::1%eth0", "::ffff:192.168.0.1"])
def test_a_domain_that_stands_for_a_private_address_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    private = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **kind: [public, private])
    config = Config.parse({"domain": "smuggled.example.com", "agency_slug": "acme", "api_key": "sandbox-key"})
    with pytest.raises(LoxoError, match="private network") as refused:
        LoxoClient(config)
    assert refused.value.kind is ErrorKind.CONFIG


@pytest.mark.parametrize("packed", [False, True])
def test_a_giant_answer_ends_the_request_and_not_the_machine(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(client_module, "BODY_MB", 6)
    body = b" " * (8 << 20)
    headers = "Content-Encoding: gzip\r\n" if packed else ""
    server = serve(answer(gzip.compress(body) if packed else body, headers=headers))
    with pytest.raises(LoxoError, match="larger than 6 MB"):
        connected(server).page(ENDPOINTS["companies"])
    assert len(server.requests) == 2


def test_a_few_packed_kilobytes_never_become_half_a_gigabyte(serve: Callable[..., Server]) -> None:
    bomb = gzip.compress(bytes(512 << 20))
    server = serve(answer(bomb, headers="Content-Encoding: gzip\r\n"))
    tracemalloc.start()
    try:
        with pytest.raises(LoxoError, match="larger than"):
            connected(server).page(ENDPOINTS["companies"])
        assert tracemalloc.get_traced_memory()[1] < 3 * client_module.BODY_MB << 20
    finally:
        tracemalloc.stop()


def sizes_asked_for(server: Server) -> list[str]:
    return [match[1].decode() for asked in server.requests if (match := re.search(rb"per_page=(\d+)", asked))]


def people_of(megabytes: float, rows: int = 1) -> bytes:
    text = b"x" * int(megabytes * 2**20)
    return answer(b'{"people": [%s]}' % b",".join(b'{"id": %d, "text": "%s"}' % (each, text) for each in range(rows)))


def test_smaller_pages_are_asked_for_while_records_are_large(serve: Callable[..., Server]) -> None:
    too_large, fitting, usual = people_of(5), people_of(0.5), people_of(0.001, rows=4)
    server = serve(too_large, fitting, usual, usual)
    client = connected(server)
    for _ in range(3):
        assert client.page(PEOPLE).rows
    assert sizes_asked_for(server) == ["100", "10", "3", "100"]


def test_numbered_pages_keep_their_size_and_a_record_has_none(serve: Callable[..., Server]) -> None:
    large_jobs = answer(b'{"results": [{"id": 1, "text": "%s"}]}' % (b"x" * (5 << 20)))
    server = serve(people_of(5), people_of(0.5), large_jobs, large_jobs, answer(b'{"id": 7}'))
    client = connected(server)
    # A child's list of parents goes by the child's name.
    client.page(replace(PEOPLE, name="people_details"))
    client.page(replace(ENDPOINTS["jobs"], name="people_details"))
    client.page(ENDPOINTS["people_details"].of({"id": 7}))
    assert sizes_asked_for(server) == ["100", "10", "100", "100"]
    assert len(server.requests) == 5


def test_one_record_larger_than_that_is_read_all_the_same(serve: Callable[..., Server]) -> None:
    server = serve(people_of(5))
    assert len(connected(server).page(PEOPLE).rows) == 1
    assert sizes_asked_for(server) == ["100", "10", "1", "1"]


def test_an_answer_that_drips_is_given_up(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "BODY_SECONDS", -1)
    with pytest.raises(LoxoError, match="longer than"):
        connected(serve(answer(GOOD)), retries=0).page(PEOPLE)
