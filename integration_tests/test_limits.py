"""Responses far larger than any known from Loxo: the memory stays bounded, and no record is lost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.contenders import Job, command
from benchmarks.measure import run
from loxo_api.endpoints import ENDPOINTS, Paging

PAGES = 3
NUMBERS = ("scroll_id", "per_page")
SCROLLED = {row.path: row for row in ENDPOINTS.values() if row.paging is Paging.SCROLL and not row.parent}


@contextmanager
def account(rows_a_page: int, row_bytes: int) -> Iterator[dict[str, str]]:
    """The config of an account whose scrolled lists each have three pages of rows of this size."""
    text, total = "x" * row_bytes, PAGES * rows_a_page

    class Lists(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            row = SCROLLED[address.path.split("/", 3)[3]]
            asked = {name: int(values[0]) for name, values in parse_qs(address.query).items() if name in NUMBERS}
            first = asked.get("scroll_id", 0)
            last = min(first + min(rows_a_page, asked.get("per_page", rows_a_page)), total)
            rows = [{"id": each, "text": text} for each in range(first, last)]
            body = {row.records_keys[0]: rows, "total_count": total, "scroll_id": str(last)}
            encoded = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client may close the connection before the end of a response."""

    with Server(("127.0.0.1", 0), Lists) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield {"domain": f"http://127.0.0.1:{server.server_port}", "agency_slug": "acme", "api_key": "sandbox-key"}
        server.shutdown()


@pytest.mark.parametrize(("rows_a_page", "row_bytes"), [(100, 300_000), (6, 5_000_000)])
def test_pages_of_30_mb_on_all_lists_at_once_fit_into_a_gigabyte(
    tmp_path: Path, rows_a_page: int, row_bytes: int
) -> None:
    with account(rows_a_page, row_bytes) as config:
        words, _ = command("source-loxo", Job(config, tuple(row.name for row in SCROLLED.values())), tmp_path)
        cost = run(words, tmp_path)  # not a child of pytest, whose own peak it would inherit
    print(f"{cost.peak_mb:.0f} MB")
    with (tmp_path / "out").open("rb") as lines:
        assert sum(line.startswith(b'{"type":"RECORD"') for line in lines) == PAGES * rows_a_page * len(SCROLLED)
    assert cost.exit_code == 0
    assert cost.peak_mb < 1000
