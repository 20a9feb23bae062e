"""What is printed: whole lines, from any thread, in one piece."""

import json
import logging
import os
import sys
import threading
from pathlib import Path

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, AirbyteStateMessage, Type

from source_loxo import SourceLoxo
from source_loxo.run import TOGETHER_BYTES, WholeLines, _write_all, print_through

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


def test_long_records_logs_and_prints_of_many_threads_are_never_mixed() -> None:
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


def test_a_state_takes_all_records_before_it_along_and_none_is_left_behind() -> None:
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


def test_records_are_written_together_in_their_order_and_a_larger_one_whole(tmp_path: Path) -> None:
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
