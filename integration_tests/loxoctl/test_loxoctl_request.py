"""`loxoctl request` as a process, over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from command import environment, loxoctl

from sandbox.process import Sandbox

KEY = "only-for-this-test"


class Recorder(BaseHTTPRequestHandler):
    """Records requests, and returns the responses of the test."""

    requests: list[tuple[str, str, str, bytes]]
    status, kind, body = 200, "application/json", b'{"id": 7}'

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        kind = self.headers.get("Content-Type", "")
        self.server.seen.append((self.command, self.path, kind, self.rfile.read(length)))  # type: ignore[attr-defined]
        status, kind, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.seen = []  # type: ignore[attr-defined]
        server.answer = (200, "application/json", b'{"id": 7}')  # type: ignore[attr-defined]
        server.config = {  # type: ignore[attr-defined]
            "domain": f"http://127.0.0.1:{server.server_port}", "agency_slug": "acme", "api_key": KEY,
        }  # fmt: skip
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(people=230, jobs=130, events=200, companies=60) as box:
        yield box


def test_a_get_prints_json_and_nothing_else(box: Sandbox) -> None:
    person = box.ids("people")[0]
    done = loxoctl(box, "request", "GET", f"people/{person}")
    assert done.returncode == 0
    assert json.loads(done.stdout)["id"] == person
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_the_config_file_of_the_connector_names_the_account(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(box.config))
    done = loxoctl(None, "request", "GET", "users", "--config", str(tmp_path / "config.json"))
    assert len(json.loads(done.stdout)) == 14


def test_without_an_account_nothing_is_sent() -> None:
    done = loxoctl(None, "request", "GET", "users")
    assert done.returncode == 3
    assert b"LOXO_API_KEY" in done.stderr


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("people", ()),  # by scroll_id
        ("jobs", ()),  # by page number
        ("countries", ()),
        ("source_types", ()),  # by after_id
        ("users", ()),  # at once
        ("companies", ("--param", "per_page=10")),
    ],
)  # fmt: skip
def test_all_reads_a_list_to_its_end(box: Sandbox, path: str, options: tuple[str, ...]) -> None:
    if options:
        box.set(companies_per_page="accepted")
    done = loxoctl(box, "request", "GET", path, "--all", *options)
    assert done.returncode == 0, done.stderr
    read = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert sorted(read) == sorted(box.ids(path))


def test_all_takes_filters_and_children(box: Sandbox) -> None:
    job = next(row["job_id"] for row in box.records("person_events") if row["job_id"])
    done = loxoctl(box, "request", "GET", f"jobs/{job}/candidates", "--all")
    assert done.returncode == 0
    assert done.stdout
    some = box.ids("people")[:3]
    chosen = [word for number in some for word in ("--param", f"include_ids[]={number}")]
    done = loxoctl(box, "request", "GET", "people", "--all", *chosen)
    assert sorted(json.loads(line)["id"] for line in done.stdout.splitlines()) == some


def test_a_shortfall_is_an_error_after_the_records(box: Sandbox) -> None:
    box.at("people", 1, {"op": "answer", "kind": "empty_page", "times": 50})
    done = loxoctl(box, "request", "GET", "people", "--all")
    box.call("DELETE", "at")
    assert done.returncode == 5
    assert b"records are missing" in done.stderr
    assert len(done.stdout.splitlines()) == 100


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("GET", "people/0"), 6, b"Not Found"),
        (("GET", "people", "--param", "unknown=1"), 6, b"Invalid parameters: [:unknown]"),
        (("GET", "../people"), 2, b"PATH"),
        (("POST", "people", "--all"), 2, b"--all"),
        (("GET", "people", "--field", "a=1"), 2, b"GET"),
        (("FETCH", "people"), 2, b"METHOD"),
        (("GET", "people", "--param", "per_page"), 2, b"NAME=VALUE"),
        (("GET",), 2, b"PATH"),
    ],
)
def test_errors_have_their_exit_code_and_loxos_message(
    box: Sandbox, arguments: tuple[str, ...], code: int, words: bytes
) -> None:
    box.reset_requests()
    done = loxoctl(box, "request", *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert words in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert box.requests()["total"] == (0 if code == 2 else 1)


def test_a_wrong_key_and_a_missing_permission_are_config_errors(box: Sandbox) -> None:
    done = loxoctl({**box.config, "api_key": "no-such-key"}, "request", "GET", "users")
    assert done.returncode == 3
    box.set(forbidden=["deals"])
    done = loxoctl(box, "request", "GET", "deals")
    box.set(forbidden=[])
    assert done.returncode == 3


@pytest.mark.parametrize("form", ["plain", "json", "html", "percent", "base64", "other_case"])
def test_a_key_that_the_server_repeats_is_not_printed(box: Sandbox, form: str) -> None:
    box.set(echo_key=True, echo_key_as=form)
    done = loxoctl(box, "request", "GET", "people/0")
    box.set(echo_key=False)
    assert done.returncode == 6
    assert b"sandbox-key" not in done.stderr.lower()


def test_a_key_in_a_successful_response_is_hidden(server: Any) -> None:
    server.answer = (200, "application/json", json.dumps({"id": 1, "note": f"Bearer {KEY}"}).encode())
    done = loxoctl(server.config, "request", "GET", "people/1")
    assert json.loads(done.stdout) == {"id": 1, "note": "****"}


def test_json_is_sent_as_a_form(server: Any) -> None:
    document = b'{"person": {"name": "Ada \\u00df", "list_ids": [1, 2]}}'
    done = loxoctl(server.config, "request", "POST", "people", "--json", "-", "--field", "x=1", stdin=document)
    assert json.loads(done.stdout) == {"id": 7}
    ((method, path, kind, body),) = server.seen
    assert (method, path, kind) == ("POST", "/api/acme/people", "application/x-www-form-urlencoded")
    sent = parse_qsl(body.decode())
    assert sent == [("x", "1"), ("person[name]", "Ada ß"), ("person[list_ids][]", "1"), ("person[list_ids][]", "2")]


def test_a_file_is_sent_as_multipart(server: Any, tmp_path: Path) -> None:
    (tmp_path / "cv.pdf").write_bytes(b"%PDF \xff")
    done = loxoctl(server.config, "request", "PUT", "people/1", "--file", f"person[document]=@{tmp_path / 'cv.pdf'}",
                   "--field", "person[name]=Ada")  # fmt: skip
    assert done.returncode == 0
    ((_, _, kind, body),) = server.seen
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body).get_payload()
    found = {part.get_param("name", header="content-disposition"): part for part in parts}  # type: ignore[union-attr]
    assert found["person[document]"].get_filename() == "cv.pdf"  # type: ignore[union-attr]
    assert found["person[document]"].get_payload(decode=True) == b"%PDF \xff"  # type: ignore[union-attr]
    assert found["person[name]"].get_payload(decode=True) == b"Ada"  # type: ignore[union-attr]


def test_a_failed_post_is_sent_once_with_a_warning(server: Any) -> None:
    server.answer = (500, "application/json", b'{"error": "Server Error"}')
    done = loxoctl(server.config, "request", "POST", "people", "--field", "a=1")
    assert done.returncode == 4
    assert b"check in Loxo before you send it again" in done.stderr
    assert len(server.seen) == 1


def test_a_binary_response_is_written_to_a_file_only(server: Any, tmp_path: Path) -> None:
    server.answer = (200, "application/pdf", b"%PDF \xff")
    done = loxoctl(server.config, "request", "GET", "people/1/resumes/2/download")
    assert (done.returncode, done.stdout) == (7, b"")
    assert b"--out" in done.stderr
    target = tmp_path / "cv.pdf"
    done = loxoctl(server.config, "request", "GET", "people/1/resumes/2/download", "--out", str(target))
    assert (done.returncode, done.stdout) == (0, b"")
    assert target.read_bytes() == b"%PDF \xff"
    assert [path.name for path in tmp_path.iterdir()] == ["cv.pdf"]


def test_an_unwritable_file_is_found_before_a_request(server: Any, tmp_path: Path) -> None:
    done = loxoctl(server.config, "request", "DELETE", "people/1", "--out", str(tmp_path / "no/such/folder"))
    assert done.returncode == 7
    assert server.seen == []


def test_a_lost_reader_ends_the_command(box: Sandbox) -> None:
    child = subprocess.Popen([sys.executable, "-m", "loxoctl", "request", "GET", "people", "--all"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(box.config))  # fmt: skip
    assert child.stdout and child.stderr
    child.stdout.close()
    assert child.wait() == 7
    assert child.stderr.read() == b""
    child.stderr.close()


def test_help_starts_four_times_as_fast_as_the_connector() -> None:
    """The fastest of several starts each, one after the other."""

    commands = ([sys.executable, "-m", "loxoctl", "--help"], [sys.executable, "main.py", "spec"])
    fastest = [9e9, 9e9]
    for _ in range(3):
        for number, command in enumerate(commands):
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            fastest[number] = min(fastest[number], time.perf_counter() - began)
    print(f"start-time ratio {fastest[0] / fastest[1]:.3f}")
    assert fastest[0] < fastest[1] / 4


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_terminal_sees_a_progress_bar_on_stderr_only(box: Sandbox, tmp_path: Path) -> None:
    pytest.importorskip("rich")
    ours, theirs = os.openpty()
    child = subprocess.Popen([sys.executable, "-m", "loxoctl", "request", "GET", "people", "--all"],
                             stdout=subprocess.PIPE, stderr=theirs,
                             env=environment(box.config) | {"TERM": "xterm", "COLUMNS": "90"})  # fmt: skip
    os.close(theirs)
    printed, _ = child.communicate()
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # the error on Linux if the other end is closed
        pass
    os.close(ours)
    assert child.returncode == 0
    assert len([json.loads(line) for line in printed.splitlines()]) == 230
    assert b"people" in shown
    assert b"230/230" in shown


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_binary_response_is_printed_only_to_a_pipe(server: Any) -> None:
    server.answer = (200, "application/pdf", b"%PDF \xff")
    arguments = ("request", "GET", "people/1/resumes/2/download", "--out", "-")
    assert loxoctl(server.config, *arguments).stdout == b"%PDF \xff"
    ours, theirs = os.openpty()
    done = subprocess.run([sys.executable, "-m", "loxoctl", *arguments], stdout=theirs, stderr=subprocess.PIPE,
                          check=False, env=environment(server.config))  # fmt: skip
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 7
    assert b"not printed" in done.stderr
