"""The destination's output when its reader, its disk or its process ends. The writer of lines itself: test_run.py."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest
from connector import COMMAND, ROOT, Destination, record, state, stream, text_of

from sandbox.process import Sandbox

Connect = Callable[..., Destination]
PEOPLE = stream("people", "append", ["n"])


def started(destination: Destination, **streams: int) -> subprocess.Popen[str]:
    words = [*COMMAND, *destination.write_arguments([PEOPLE])]
    files = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen(words, **files, text=True, cwd=ROOT)  # type: ignore[call-overload,no-any-return]


def lines() -> str:
    return text_of([record("people", n=1, name="Ada", email="ada@new.example"), state("people", 1)])


def test_a_full_disk_is_said_once(connect: Connect) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = started(connect(), stdout=full.fileno())
        _, said = process.communicate(lines())
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert said.startswith("destination-loxo: the output cannot be written: No space left on device.")


def test_an_output_that_does_not_block_is_waited_for(connect: Connect) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    bad = [record("people", n=number, name="x" * 200, email="bad") for number in range(100)]
    process = started(connect(max_rejected=100), stdout=writing)
    os.close(writing)
    assert process.stdin
    process.stdin.write(text_of([*bad, state("people", 1)]))
    process.stdin.close()
    with os.fdopen(reading) as printed:
        assert sum('"STATE"' in line for line in printed) == 1
    assert process.wait() == 0


def test_a_reader_that_has_gone_ends_the_process(connect: Connect) -> None:
    process = started(connect())
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(lines())
    process.stdin.flush()  # the input stays open: nothing but the reader's end can end it
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 1
    assert "the output cannot be written" in process.stderr.read()


@pytest.mark.parametrize("stage", ["start", "idle", "writing"])
def test_a_sigterm_ends_the_process_by_its_signal_and_the_next_sync_continues(
    connect: Connect, box: Sandbox, stage: str
) -> None:
    destination = connect()
    box.set(latency_ms=1500 if stage == "writing" else 0)
    process = started(destination)
    assert process.stdin and process.stdout
    if stage != "start":
        process.stdin.write(lines())
        process.stdin.flush()
    if stage == "idle":
        while '"STATE"' not in process.stdout.readline():
            pass
    elif stage == "writing":
        while box.requests()["total"] < 2:  # the second request is the write, which is on its way
            pass
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == -signal.SIGTERM
    if stage != "start":
        assert said == "destination-loxo: stopped by SIGTERM. The next sync continues from the last state.\n"
    box.set(latency_ms=0)
    output = destination.run(*destination.write_arguments([PEOPLE]), stdin=lines())
    assert (output.exit_code, len(output.states)) == (0, 1), output.text
    assert sum(entry["effect"] == "created" for entry in box.writes()) == 1
