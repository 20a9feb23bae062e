"""Downloads against a server of the test's own, which sends any bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import airbyte_cdk
import pytest
from test_transport import Server, answer

from loxo_api import client as client_module
from loxo_api import transport as transport_module
from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.errors import ErrorKind, LoxoError, StorageError
from loxo_api.files import store
from loxo_api.retry import RetryPolicy

PDF = b"%PDF-1.7\n" + os.urandom(1000)
FILE = {"id": 2, "name": "CV", "_loxo_download_path": "people/1/resumes/2/download"}
HTML = b"<!DOCTYPE html><title>Just a moment</title>"

Serve = Callable[..., tuple[Server, LoxoClient]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*answers: bytes | Iterator[bytes], retries: int = 0) -> tuple[Server, LoxoClient]:
        servers.append(Server(*answers))
        config = Config.parse({"domain": servers[-1].url, "agency_slug": "acme", "api_key": "sandbox-key"})
        return servers[-1], LoxoClient(config, RetryPolicy(retries, max_pause=1))

    yield start
    for server in servers:
        server.close()


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


@pytest.mark.parametrize(
    "whole",
    [
        answer(PDF),
        answer(PDF, headers="Content-Type: application/pdf\r\n"),
        chunked(PDF[:100], PDF[100:]),
        answer(gzip.compress(PDF), headers="Content-Encoding: gzip\r\n"),
    ],
    ids=["length", "type", "chunked", "compressed"],
)
def test_a_whole_file_appears_under_its_name(serve: Serve, tmp_path: Path, whole: bytes) -> None:
    server, client = serve(whole)
    found = store(client, FILE, tmp_path)
    assert (found.path, found.content_type) == (tmp_path / "2 CV.pdf", "application/pdf")
    assert found.path.read_bytes() == PDF and found.size == len(PDF)
    assert found.sha256 == hashlib.sha256(PDF).hexdigest()
    assert list(tmp_path.iterdir()) == [found.path]
    (request,) = server.requests
    assert b"Accept: */*" in request and b"Bearer sandbox-key" in request


BROKEN = {
    "shorter than its length": answer(PDF, length=len(PDF) + 1),
    "cut chunks": chunked(PDF, end=b""),
    "cut in its compression": answer(gzip.compress(PDF)[:-400], headers="Content-Encoding: gzip\r\n"),
    "an unknown compression": answer(PDF, headers="Content-Encoding: br\r\n"),
    "chunks of another encoding": chunked(PDF, end=b"").replace(b"chunked", b"gzip, chunked"),
    "two types": answer(b"{}", headers="Content-Type: application/json\r\nContent-Type: application/pdf\r\n"),
    "no length": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PDF,
    "empty": answer(b""),
    "a page": answer(HTML, headers="Content-Type: text/html\r\n"),
    "a page without a type": answer(HTML),
    "an error object": answer(b'{"error": "no"}', headers="Content-Type: application/json; charset=utf-8\r\n"),
    "a server error": answer(b"{}", "503 Down"),
    "a proxy's page": answer(HTML, "404 Not Found"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_whole_file_is_asked_for_again_and_then_an_error(
    serve: Serve, tmp_path: Path, broken: bytes
) -> None:
    server, client = serve(broken, broken, answer(PDF), retries=2)
    assert store(client, FILE, tmp_path).path.read_bytes() == PDF
    assert len(server.requests) == 3

    _, client = serve(broken)
    with pytest.raises(LoxoError, match="people/1/resumes/2"):
        store(client, FILE, tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())


REFUSALS = {
    "redirect": (answer(b"", "302 Found", "Location: https://elsewhere.example/file\r\n"), "elsewhere.example"),
    "forbidden": (answer(b"{}", "403 Forbidden"), "no permission"),
    "part": (answer(PDF, "206 Partial Content"), "status 206"),
    "not found": (answer(b'{"error": "Not Found"}', "404 Not Found"), "people/1/resumes/2"),
}


@pytest.mark.parametrize(("refusal", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_an_error_at_once(serve: Serve, tmp_path: Path, refusal: bytes, words: str) -> None:
    server, client = serve(refusal, answer(PDF), retries=2)
    with pytest.raises(LoxoError, match=words):
        store(client, FILE, tmp_path)
    assert len(server.requests) == 1 and not list(tmp_path.iterdir())


def test_a_page_that_comes_as_an_attachment_is_a_file(serve: Serve, tmp_path: Path) -> None:
    headers = 'Content-Type: text/html\r\nContent-Disposition: attachment; filename="cv.html"\r\n'
    _, client = serve(answer(HTML, headers=headers))
    assert store(client, {**FILE, "name": "cv.html"}, tmp_path).path == tmp_path / "2 cv.html"


def test_a_file_above_the_limit_is_not_read(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_FILE_BYTES", 500)
    for large in (answer(PDF), chunked(PDF)):
        server, client = serve(large, retries=2)
        with pytest.raises(LoxoError, match="larger than") as raised:
            store(client, FILE, tmp_path)
        assert raised.value.kind is ErrorKind.CONFIG
        assert len(server.requests) == 1 and not list(tmp_path.iterdir())


def test_the_limit_is_that_of_airbyte() -> None:
    reader = Path(airbyte_cdk.__file__).parent / "sources" / "file_based" / "file_based_stream_reader.py"
    assert f"FILE_SIZE_LIMIT = {client_module.MAX_FILE_BYTES:_}" in reader.read_text()


def test_a_large_file_needs_little_memory(serve: Serve, tmp_path: Path) -> None:
    size, piece = 64 << 20, os.urandom(1 << 20)

    def body() -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode()
        for _ in range(size >> 20):
            yield piece

    _, client = serve(body())
    tracemalloc.start()
    found = store(client, FILE, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"peak {peak / 1e6:.1f} MB for a file of {size / 1e6:.0f} MB")
    assert found.size == size and peak < 8 << 20


@pytest.mark.parametrize("slowest", [100, 1 << 20], ids=["time for its size", "no time"])
def test_a_file_has_more_time_than_a_page_by_its_size(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowest: int
) -> None:
    monkeypatch.setattr(transport_module, "RESPONSE_SECONDS", 0.3)
    monkeypatch.setattr(transport_module, "SLOWEST_DOWNLOAD", slowest)

    def slowly() -> Iterator[bytes]:
        said = answer(PDF)
        yield said[:-20]
        for place in range(-20, 0):
            threading.Event().wait(0.03)
            yield said[place : place + 1 or None]

    _, client = serve(slowly())
    if slowest == 100:
        assert store(client, FILE, tmp_path).size == len(PDF)
    else:
        with pytest.raises(LoxoError, match="no complete response"):
            store(client, FILE, tmp_path)


def test_a_full_disk_is_an_error_of_its_own(serve: Serve, tmp_path: Path) -> None:
    server, client = serve(answer(PDF), retries=2)
    with pytest.raises(StorageError, match="/dev"):
        client.download("people/1/resumes/2/download", Path("/dev/full"))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        store(client, FILE, tmp_path / "file")
    assert len(server.requests) == 1
