"""The printed output: whole lines from any thread; and the end of the process in each case."""

import fcntl
import itertools
import json
import logging
import os
import signal
import struct
import sys
import tempfile
import termios
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, AirbyteStateMessage, Type
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_loxo import SourceLoxo
from source_loxo import run as run_module
from source_loxo.run import (
    TOGETHER_BYTES,
    Entrypoint,
    WholeLines,
    _encoded,
    _end_on_signals,
    _end_without_reader,
    _read,
    _write_all,
    print_through,
    run,
)

LINES = 300


def _print_from_many_threads(descriptor: int) -> None:
    out = WholeLines(descriptor)
    AirbyteEntrypoint(SourceLoxo())  # sets up the CDK's log handler, as every command does
    print_through(out)
    long = json.dumps({"type": "RECORD", "text": "x" * 50_000}).encode()
    short = json.dumps({"type": "TRACE"})
    jobs = [
        lambda: out.write_line(long),
        lambda: logging.getLogger("airbyte").info("a line of the log"),
        lambda: logging.getLogger("airbyte.SourceLoxo").warning("another"),
        lambda: print(short),
    ]

    def repeat(job: int) -> None:
        for _ in range(LINES):
            jobs[job]()

    threads = [threading.Thread(target=repeat, args=(job,)) for job in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_lines_of_many_threads_are_never_mixed() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
        _print_from_many_threads(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        printed = lines.readlines()
    kinds = [json.loads(line)["type"] for line in printed]
    assert os.waitpid(child, 0)[1] == 0
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"RECORD": LINES, "LOG": 2 * LINES + 1, "TRACE": LINES}


def _record(number: int, size: int = 1000) -> AirbyteMessage:
    return AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage("people", {"id": number, "text": "x" * size}, 1))


def _read_back(descriptor: int) -> list[dict[str, object]]:
    return [json.loads(line) for line in os.read(descriptor, 1 << 16).splitlines()]


def test_a_state_flushes_all_records_before_it() -> None:
    reading, writing = os.pipe()

    def messages():  # type: ignore[no-untyped-def]
        yield _record(1)
        yield _record(2)
        yield AirbyteMessage(Type.STATE, state=AirbyteStateMessage())
        assert [message["type"] for message in _read_back(reading)] == ["RECORD", "RECORD", "STATE"]
        yield _record(3)
        raise OSError("the read fails")

    with pytest.raises(OSError, match="the read fails"):
        _write_all(messages(), WholeLines(writing))
    assert [message["record"]["data"]["id"] for message in _read_back(reading)] == [3]  # type: ignore[index]


def test_records_are_written_together_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out"
    sizes = [10, TOGETHER_BYTES, 10, TOGETHER_BYTES - 500, 900, 10] * 3
    with path.open("wb") as file:
        _write_all((_record(number, size) for number, size in enumerate(sizes)), WholeLines(file.fileno()))
    rows = [json.loads(line)["record"]["data"] for line in path.read_text().splitlines()]
    assert [(row["id"], len(row["text"])) for row in rows] == list(enumerate(sizes))


def test_a_pipe_whose_reader_is_behind_gets_line_by_line() -> None:
    reading, writing = os.pipe()
    writes: list[int] = []

    class Counted(WholeLines):
        def _write(self, data: bytes) -> None:
            writes.append(data.count(b"\n"))
            super()._write(data)

    out = Counted(writing)
    out.write_lines([b"one", b"two"])
    out.write_lines([b"three", b"four"])
    assert writes == [2, 1, 1]
    assert os.read(reading, 100) == b"one\ntwo\nthree\nfour\n"


def in_a_child(work: Callable[[], None], out: int) -> tuple[int, int]:
    """Runs something in a fork whose output goes to a descriptor: its process id and where its stderr can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    signal.alarm(120)
    os.close(reading)
    os.dup2(out, 1)
    os.dup2(writing, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(99)


def ended(child: int, errors: int) -> tuple[int, list[str]]:
    """The exit status of a child, and its lines on stderr."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(errors) as lines:
        return code, lines.read().splitlines()


def endless(is_sync: bool = True) -> None:
    out = WholeLines(1)
    _end_on_signals(out, is_sync)
    # Like a worker that waits in a full queue: the interpreter would wait for it at its end.
    threading.Thread(target=threading.Event().wait).start()
    _write_all((_record(number) for number in itertools.count()), out)


def pausing() -> None:
    """Prints nothing more, as during a long throttle."""
    _end_without_reader(1)
    os.write(1, b"line begun")
    threading.Event().wait()


@pytest.mark.parametrize(("work", "words"), [(endless, "Broken pipe"), (pausing, "reader is gone")])
def test_a_lost_reader_ends_the_process_with_one_message(work: Callable[[], None], words: str) -> None:
    reading, writing = os.pipe()
    child = in_a_child(lambda: (os.close(reading), work())[1], writing)
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    code, said = ended(*child)
    assert code == 1
    assert len(said) == 1
    assert words in said[0]


def test_a_full_disk_ends_the_process_with_one_message() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        code, said = ended(*in_a_child(endless, full.fileno()))
    assert code == 1
    assert len(said) == 1
    assert "No space left" in said[0]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_with_a_stalled_reader(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(run_module, "GRACE_SECONDS", 0.2)
    reading, writing = os.pipe()
    child = in_a_child(endless, writing)
    while struct.unpack("i", fcntl.ioctl(reading, termios.FIONREAD, b"    "))[0] < 60_000:
        time.sleep(0.01)
    os.kill(child[0], number)
    code, said = ended(*child)
    assert code == -number
    assert len(said) == 1
    assert number.name in said[0]


def test_a_signal_ends_a_command_other_than_read_without_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyAirbyte ends `spec` so as soon as it has its line, and shows what the command says."""
    monkeypatch.setattr(run_module, "GRACE_SECONDS", 0.2)
    reading, writing = os.pipe()
    child = in_a_child(lambda: endless(is_sync=False), writing)
    os.read(reading, 10)
    os.kill(child[0], signal.SIGTERM)
    assert ended(*child) == (-signal.SIGTERM, [])


def test_an_output_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def write() -> None:
        _write_all((_record(number, size=9000) for number in range(100)), WholeLines(1))
        os._exit(0)

    child = in_a_child(write, writing)
    os.close(writing)
    with os.fdopen(reading) as lines:
        rows = [json.loads(line)["record"]["data"]["id"] for line in lines]
    assert ended(*child) == (0, [])
    assert rows == list(range(100))


def test_values_that_orjson_refuses_are_printed_exactly() -> None:
    deep: list[object] = []
    for _ in range(300):
        deep = [deep]
    data = {"id": 2**64, "low": -(2**70), "deep": deep, "text": "\ud800", "none": None}
    (line,) = _encoded(AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage("people", data, 1)))
    assert b"\n" not in line
    assert json.loads(line)["record"] == {"stream": "people", "data": data, "emitted_at": 1}


class Account(BaseHTTPRequestHandler):
    """An account in which the key has no permission for users, and genders can be read."""

    def do_GET(self) -> None:
        refused = self.path.partition("?")[0].endswith("/users")
        self.send_response(403 if refused else 200)
        self.end_headers()
        self.wfile.write(b'{"error": "Forbidden"}' if refused else b'[{"id": 1, "name": "any"}]')

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Account)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def files(folder: Path, domain: str, streams: Sequence[str]) -> list[str]:
    """The arguments of a read of these streams."""
    config = {"domain": domain, "agency_slug": "acme", "api_key": "sandbox-key"}
    chosen = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
        for name in streams
    ]
    for name, content in {"config": config, "catalog": {"streams": chosen}}.items():
        (folder / name).write_text(json.dumps(content))
    return ["read", "--config", str(folder / "config"), "--catalog", str(folder / "catalog")]


def command(*arguments: str) -> None:
    sys.argv = ["source-loxo", *arguments]
    try:
        run()
    except SystemExit as left:
        sys.stderr.flush()
        os._exit(int(left.code or 0))
    os._exit(0)


def printed(arguments: list[str]) -> tuple[int, list[dict[str, Any]], list[str]]:
    """The exit code of the command, its messages, and its lines on stderr."""
    with tempfile.TemporaryFile() as out:
        code, said = ended(*in_a_child(lambda: command(*arguments), out.fileno()))
        out.seek(0)
        return code, [json.loads(line) for line in out.read().splitlines()], said


def comparable(line: str) -> str:
    """A printed message without its time."""
    content = json.loads(line)
    for part in (content.get("record"), content.get("trace")):
        (part or {}).pop("emitted_at", None)
    return json.dumps(content)


def until_it_fails(messages: Iterator[Any]) -> tuple[list[Any], str]:
    seen = []
    try:
        for message in messages:
            seen.append(message)
    except AirbyteTracedException as error:
        return seen, str(error)
    return seen, ""


def test_a_failing_read_yields_the_messages_of_the_cdk(account: str, tmp_path: Path) -> None:
    arguments = AirbyteEntrypoint.parse_args(files(tmp_path, account, ["users", "genders"]))
    ours, our_end = until_it_fails(_read(Entrypoint(SourceLoxo()), arguments))
    theirs, their_end = until_it_fails(iter(AirbyteEntrypoint(SourceLoxo()).run(arguments)))
    ours = [AirbyteEntrypoint.airbyte_message_to_string(message) for message in ours]
    # Two streams are read in parallel, so their messages come in any order.
    assert sorted(map(comparable, ours)) == sorted(map(comparable, theirs))
    assert our_end == their_end


def test_a_failing_read_reports_each_stream_once(account: str, tmp_path: Path) -> None:
    code, messages, said = printed(files(tmp_path, account, ["users", "genders"]))
    text = json.dumps(messages) + "".join(said)
    assert code == 1
    assert text.count("has no permission for 'users'") == 1
    assert "Traceback" not in text
    errors = [
        message["trace"]["error"]
        for message in messages
        if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR"
    ]
    assert [(error.get("stream_descriptor") or {}).get("name") for error in errors] == ["users", None]
    assert "users" in errors[1]["message"]
    assert [message["record"]["stream"] for message in messages if message["type"] == "RECORD"] == ["genders"]


@pytest.mark.parametrize("name", ["spec", "read"])
def test_a_command_on_a_full_disk_reports_it_once(account: str, tmp_path: Path, name: str) -> None:
    arguments = files(tmp_path, account, ["genders"]) if name == "read" else [name]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        code, said = ended(*in_a_child(lambda: command(*arguments), full.fileno()))
    assert (code, [line.partition(":")[0] for line in said]) == (1, ["source-loxo"])


def test_without_a_command_the_usage_is_printed() -> None:
    code, messages, said = printed([])
    assert (code, messages) == (2, [])
    assert "usage: source-loxo" in said[0]


def test_a_catalog_without_streams_is_logged(account: str, tmp_path: Path) -> None:
    code, messages, _ = printed(files(tmp_path, account, []))
    assert code == 0
    assert [message for message in messages if "selects no stream" in message.get("log", {}).get("message", "")]


@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_every_command_explains_a_wrong_config_without_its_value(tmp_path: Path, command: str) -> None:
    arguments = files(tmp_path, "https://user:hunter2@app.loxo.co", ["users"])
    code, messages, said = printed([command, *arguments[1 : 5 if command == "read" else 3]])
    text = json.dumps(messages) + "".join(said)
    assert code == (0 if command == "check" else 1)
    assert "Loxo Domain: type only the host name" in text
    assert "hunter2" not in text
    assert "a-zA-Z" not in text


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "does not exist"), ("", "is empty"), ("{", "is not JSON"), ("[]", "not a JSON object"), ("{}", "lacks")],
)
def test_each_fault_of_a_config_file_has_its_message(tmp_path: Path, content: str | None, word: str) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    code, messages, _ = printed(["discover", "--config", str(path)])
    errors = [message["trace"]["error"] for message in messages if message["type"] == "TRACE"]
    assert code == 1
    assert [error["failure_type"] for error in errors] == ["config_error"]
    assert word in errors[0]["message"]
    assert word == "lacks" or str(path) in errors[0]["message"]


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(b"\xef\xbb\xbf{}")
    assert SourceLoxo.read_config(str(path)) == {}
