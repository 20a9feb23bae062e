"""What each answer means, in the client alone: a tiny server of the test's own says anything it likes."""

import gzip
import json
import re
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from loxo_api import client as client_module
from loxo_api import transport as transport_module
from loxo_api.client import FOR_A_PERSON, WORKERS, LoxoClient, Patience
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.transport import Answer

PEOPLE = ENDPOINTS["people"]
GOOD = b'{"people": [{"id": 1}], "total_count": 1}'


def answer(body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}Connection: close\r\n\r\n".encode() + body


class Server:
    """Answers each connection with the next of its byte strings or their pieces, the last one for ever."""

    def __init__(self, *answers: bytes | Iterable[bytes]) -> None:
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
                    said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                    for piece in [said] if isinstance(said, bytes) else said:
                        connection.sendall(piece)

    def close(self) -> None:
        self._socket.close()


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
        answer(b"<html>no such page</html>", "404 Not Found", "Content-Type: text/html\r\n"),
        answer(b'{"people": [], "total_count": 0, "errors": ["search is down"]}'),
        b"",
        b"not http at all\r\n\r\n",
    ],
    ids=[
        "html",
        "no-envelope",
        "cut-json",
        "cut-body",
        "500",
        "503",
        "429",
        "proxy-404",
        "errors",
        "closed",
        "garbage",
    ],
)
def test_a_fault_that_may_pass_is_tried_again(serve: Callable[..., Server], fault: bytes) -> None:
    server = serve(fault, answer(GOOD))
    assert connected(server).page(PEOPLE).records == [{"id": 1}]
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
        (answer(b'{"status":404,"error":"Not Found"}', "404 Not Found"), ErrorKind.CONFIG, 1),
        (answer(b"", "404 Not Found"), ErrorKind.TRANSIENT, 3),
        (answer(b'{"people": [], "errors": ["search is down"]}'), ErrorKind.SYSTEM, 3),
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


ONCE = Patience(retries=0, pause=5)


def refused(serve: Callable[..., Server], fault: bytes, patience: Patience = ONCE) -> str:
    config = {"domain": serve(fault).url, "agency_slug": "acme", "api_key": "sandbox-key"}
    with pytest.raises(LoxoError) as failed:
        LoxoClient(Config.parse(config), patience).page(PEOPLE)
    return str(failed.value)


def test_loxos_words_are_quoted_and_nothing_else_of_its_answer(serve: Callable[..., Server]) -> None:
    body = json.dumps({"errors": ["Invalid parameters: [:per_page]"], "person": {"name": "Somebody"}}).encode()
    said = refused(serve, answer(body, "422 Unprocessable"))
    assert "Invalid parameters: [:per_page]" in said
    assert "Somebody" not in said


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error", "200 OK"])
def test_words_that_show_the_key_are_not_quoted_however_long_they_are(
    serve: Callable[..., Server], status: str
) -> None:
    said = refused(serve, answer(json.dumps({"errors": ["x" * 295 + " Bearer sandbox-key is wrong"]}).encode(), status))
    assert "****" in said
    assert "sandbox" not in said


def test_a_status_line_that_repeats_the_key_is_not_quoted(serve: Callable[..., Server]) -> None:
    assert "sandbox" not in refused(serve, b"no http, but Bearer sandbox-key\r\n\r\n")


JSON_404 = answer(b'{"status":404,"error":"Not Found"}', "404 Not Found")
PROXY_404 = answer(b"<html>no such page</html>", "404 Not Found", "Content-Type: text/html\r\n")


def test_at_the_form_a_wrong_slug_is_told_in_what_the_form_has(serve: Callable[..., Server]) -> None:
    said = refused(serve, JSON_404, FOR_A_PERSON)
    assert "Agency Slug" in said
    assert "stream" not in said
    assert "stream" not in refused(serve, answer(b"", "403 Forbidden"), FOR_A_PERSON)
    assert "deselect the stream" in refused(serve, JSON_404)


@pytest.mark.parametrize("patience", [FOR_A_PERSON, ONCE])
def test_a_404_page_of_a_proxy_is_not_taken_for_an_object_that_loxo_lacks(
    serve: Callable[..., Server], patience: Patience
) -> None:
    said = refused(serve, PROXY_404, patience)
    assert "web page instead of data" in said
    assert "deselect" not in said


@pytest.mark.parametrize(
    ("fault", "not_found"),
    [(JSON_404, True), (PROXY_404, False), (answer(b"[]", "404 Not Found"), False)],
    ids=["loxo", "proxy", "list"],
)
def test_only_loxos_own_404_says_that_an_object_does_not_exist(
    serve: Callable[..., Server], fault: bytes, not_found: bool
) -> None:
    with pytest.raises(LoxoError) as failed:
        connected(serve(fault), retries=0).page(PEOPLE)
    assert failed.value.is_not_found is not_found


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
    client = LoxoClient(config)
    for _ in range(2):
        with pytest.raises(LoxoError, match="private network") as refused:
            client.page(PEOPLE)
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
        connected(server).page(ENDPOINTS["deals"])
    assert len(server.requests) == 2


def test_a_few_packed_kilobytes_never_become_half_a_gigabyte(serve: Callable[..., Server]) -> None:
    bomb = gzip.compress(bytes(512 << 20))
    server = serve(answer(bomb, headers="Content-Encoding: gzip\r\n"))
    tracemalloc.start()
    try:
        with pytest.raises(LoxoError, match="larger than"):
            connected(server).page(ENDPOINTS["deals"])
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
        assert client.page(PEOPLE).records
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
    assert len(connected(server).page(PEOPLE).records) == 1
    assert sizes_asked_for(server) == ["100", "10", "1", "1"]


def test_a_page_size_never_shrinks_to_nothing(serve: Callable[..., Server]) -> None:
    client = connected(serve(people_of(5), people_of(1), people_of(5), people_of(5), people_of(1)))
    for _ in range(2):
        assert client.page(PEOPLE).records


def dripping(said: bytes, until: int) -> Iterable[bytes]:
    """An answer whose first bytes come one by one."""
    for place in range(until):
        threading.Event().wait(0.02)  # time.sleep does not sleep here
        yield said[place : place + 1]
    yield said[until:]


@pytest.mark.parametrize("until", [35, 75], ids=["header", "body"])
def test_an_answer_that_drips_is_given_up(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, until: int
) -> None:
    monkeypatch.setattr(transport_module, "ANSWER_SECONDS", 0.3)
    with pytest.raises(LoxoError, match="no complete answer"):
        connected(serve(dripping(answer(GOOD), until)), retries=0).page(PEOPLE)


def test_numbers_nesting_and_surrogates_arrive_as_they_are(serve: Callable[..., Server]) -> None:
    row = b'{"id": 18446744073709551616, "low": -9223372036854775809, "deep": %s, "text": "\\ud800"}'
    deep = b"[" * 300 + b"]" * 300
    rows = connected(serve(answer(b'{"people": [%s]}' % (row % deep)))).page(PEOPLE).records
    assert (rows[0]["id"], rows[0]["low"], rows[0]["text"]) == (2**64, -(2**63) - 1, "\ud800")


class Recorded:
    """Answers as told, without a network."""

    def __init__(self, answers: Callable[[Mapping[str, Any]], Answer]) -> None:
        self._answers = answers
        self.asked: list[dict[str, Any]] = []

    def get(self, path: str, query: Mapping[str, Any], megabytes: int) -> Answer:
        self.asked.append(dict(query))
        return self._answers(query)


def recorded(answers: Callable[[Mapping[str, Any]], Answer]) -> tuple[LoxoClient, Recorded]:
    config = Config.parse({"domain": "app.loxo.co", "agency_slug": "acme", "api_key": "sandbox-key"})
    transport = Recorded(answers)
    return LoxoClient(config, transport=transport), transport


COMPANIES = ENDPOINTS["companies"]
COMPANY_PAGE = Answer(200, {}, b'{"companies": [{"id": 1}]}', 0.05)
NO_PER_PAGE = Answer(422, {}, b'{"errors":["Invalid parameters: [:per_page]"]}', 0.05)


def test_a_page_size_that_companies_refuse_is_tried_once() -> None:
    client, transport = recorded(lambda query: NO_PER_PAGE if "per_page" in query else COMPANY_PAGE)
    client.page(COMPANIES)
    client.page(replace(COMPANIES, name="company_emails"), {"scroll_id": "5B5D"})
    assert transport.asked == [{"per_page": 100}, {}, {"scroll_id": "5B5D"}]


def test_a_page_size_that_companies_take_is_kept() -> None:
    client, transport = recorded(lambda query: COMPANY_PAGE)
    client.page(COMPANIES)
    client.page(COMPANIES, {"scroll_id": "5B5D"})
    assert [query.get("per_page") for query in transport.asked] == [100, 100]


def test_a_refusal_for_another_reason_is_none_of_the_page_size() -> None:
    client, transport = recorded(lambda query: NO_PER_PAGE if "query" in query else COMPANY_PAGE)
    with pytest.raises(LoxoError, match="422"):
        client.page(COMPANIES, {"query": "name:x"})
    client.page(COMPANIES)
    assert transport.asked[-1] == {"per_page": 100}


@pytest.mark.parametrize(("seconds", "wanted"), [(0.001, 1), (0.05, 10), (2, WORKERS - 1)])
def test_requests_side_by_side_are_as_many_as_pace_and_latency_call_for(seconds: float, wanted: int) -> None:
    client, _ = recorded(lambda query: Answer(200, {}, GOOD, seconds))
    assert client.parallelism() == 1
    client.page(PEOPLE)
    assert client.parallelism() == wanted


def test_a_known_limit_leaves_nothing_to_do_side_by_side() -> None:
    answers = [Answer(429, {"Retry-After": "0"}, b"", 0.05), Answer(200, {}, GOOD, 0.05)]
    client, _ = recorded(lambda query: answers.pop(0))
    client.page(PEOPLE)
    assert client.parallelism() == 1
