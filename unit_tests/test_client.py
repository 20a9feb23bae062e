"""What each answer means, in the client alone: a tiny server of the test's own says anything it likes."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from airbyte_cdk.models import FailureType

from source_loxo import client as client_module
from source_loxo.client import LoxoClient, LoxoError, Patience
from source_loxo.config import Config
from source_loxo.endpoints import ENDPOINTS

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
def test_a_fault_that_may_pass_is_tried_again(serve: Callable[..., Server], fault: bytes) -> None:
    server = serve(fault, answer(GOOD))
    assert connected(server).page(PEOPLE).rows == [{"id": 1}]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "tries"),
    [
        (answer(b"<html>", headers="Content-Type: text/html\r\n"), FailureType.system_error, 3),
        (answer(b"{}"), FailureType.system_error, 3),
        (answer(b"", "500 Internal Server Error"), FailureType.transient_error, 3),
        (answer(b"", "429 Too Many Requests", "Retry-After: 0\r\n"), FailureType.transient_error, 3),
        (answer(b"", "429 Too Many Requests", "Retry-After: 100000\r\n"), FailureType.transient_error, 1),
        (b"", FailureType.transient_error, 3),
        (answer(b"", "401 Unauthorized"), FailureType.config_error, 1),
        (answer(b"", "403 Forbidden"), FailureType.config_error, 1),
        (answer(b"", "404 Not Found"), FailureType.config_error, 1),
        (answer(b"", "302 Found", "Location: https://elsewhere.example/\r\n"), FailureType.config_error, 1),
        (answer(b'{"errors":["Invalid parameters"]}', "422 Unprocessable"), FailureType.system_error, 1),
        (answer(b"", "400 Bad Request"), FailureType.system_error, 1),
        (answer(b"", "418 Teapot"), FailureType.system_error, 1),
        (answer(b"", "204 No Content"), FailureType.system_error, 1),
    ],
)
def test_each_refusal_has_its_kind_and_its_number_of_tries(
    serve: Callable[..., Server], fault: bytes, kind: FailureType, tries: int
) -> None:
    server = serve(fault)
    with pytest.raises(LoxoError) as failed:
        connected(server).page(PEOPLE)
    assert failed.value.failure_type is kind
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


@pytest.mark.parametrize("packed", [False, True])
def test_a_giant_answer_ends_the_request_and_not_the_machine(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(client_module, "BODY_BYTES", 1 << 20)
    body = b" " * (8 << 20)
    headers = "Content-Encoding: gzip\r\n" if packed else ""
    server = serve(answer(gzip.compress(body) if packed else body, headers=headers))
    with pytest.raises(LoxoError, match="larger than"):
        connected(server).page(PEOPLE)
    assert len(server.requests) == 1


def test_an_answer_that_drips_is_given_up(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "BODY_SECONDS", -1)
    with pytest.raises(LoxoError, match="longer than"):
        connected(serve(answer(GOOD)), retries=0).page(PEOPLE)
