"""Ledgers that cannot be used, or no more: a message names them, nothing is sent without one, and nothing is lost."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connector import COMMAND, ROOT, Destination, parse, record, state, stream, text_of

from sandbox.process import Sandbox

Connect = Callable[..., Destination]
PEOPLE = stream("people", "append", ["n"])
GOOD = {"name": "Ada", "email": "ada@new.example"}


def people(count: int) -> list[dict[str, Any]]:
    return [record("people", n=number, name=f"P {number}", email=f"p{number}@new.example") for number in range(count)]


def created(box: Sandbox) -> int:
    return sum(entry["effect"] == "created" for entry in box.writes())


def damage(ledger: Path, kind: str) -> None:
    if kind == "not a database":
        ledger.write_bytes(b"not a database, " * 100)
    elif kind == "a folder":
        ledger.mkdir()
    elif kind == "newer":
        with sqlite3.connect(ledger) as database:
            database.execute("pragma user_version = 9")
    elif kind == "another's":
        with sqlite3.connect(ledger) as database:
            database.execute("create table writes (x)")
    elif kind == "in a read-only folder":
        ledger.parent.chmod(0o555)
    elif kind == "read-only":
        ledger.touch(0o444)


needs_permissions = pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")


@pytest.mark.parametrize(
    "kind",
    [
        "not a database",
        "a folder",
        "newer",
        "another's",
        pytest.param("read-only", marks=needs_permissions),
        pytest.param("in a read-only folder", marks=needs_permissions),
    ],
)
def test_a_ledger_that_cannot_be_used_is_named_before_anything_is_sent(
    connect: Connect, box: Sandbox, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    destination = connect(ledger_path=str(folder / "ledger.db"))
    damage(folder / "ledger.db", kind)
    output = destination.write([PEOPLE], [record("people", n=1, **GOOD)])
    assert output.exit_code == 1
    assert output.error.startswith("Ledger: ")
    assert box.writes() == []
    assert destination.check().messages[-1]["connectionStatus"]["status"] == "FAILED"


@pytest.mark.parametrize("path", ["/proc/ledger.db", "/dev/null/ledger.db", "/dev/full", "a\0b"])
def test_a_disk_that_takes_no_ledger_is_named_before_anything_is_sent(
    connect: Connect, box: Sandbox, path: str
) -> None:
    output = connect(ledger_path=path).write([PEOPLE], [record("people", n=1, **GOOD), state("people", 1)])
    assert output.exit_code == 1
    assert output.error.startswith("Ledger: ")
    assert (output.states, box.writes()) == ([], [])


def test_a_ledger_that_another_program_holds_is_named_before_anything_is_sent(connect: Connect, box: Sandbox) -> None:
    destination = connect()
    holder = sqlite3.connect(destination.ledger, isolation_level=None)
    holder.execute("begin exclusive")
    output = destination.write([PEOPLE], people(1))
    holder.close()
    assert (output.exit_code, box.writes()) == (1, [])
    assert "database is locked. Check that no other run uses it" in output.error


@pytest.mark.parametrize("is_cut", [False, True], ids=["one page", "cut"])
def test_a_damaged_ledger_is_named_before_anything_is_sent(connect: Connect, box: Sandbox, is_cut: bool) -> None:
    destination, lines = connect(), people(200)
    destination.write([PEOPLE], lines)
    content = destination.ledger.read_bytes()
    last = len(content) - 4096
    destination.ledger.write_bytes(content[:last] + (b"" if is_cut else b"\x05" * 4096))
    output = destination.write([PEOPLE], [*people(201)[200:], *lines, state("people", 1)])
    assert (output.exit_code, output.states, created(box)) == (1, [], 200)
    assert output.error.startswith("Ledger: ")
    destination.ledger.write_bytes(content)
    assert destination.write([PEOPLE], lines).counts("people")["unchanged"] == 200


def test_a_disk_that_fills_up_ends_the_write_and_the_next_loses_nothing(connect: Connect, box: Sandbox) -> None:
    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    destination, lines = connect(), [*people(300), state("people", 1)]
    done = subprocess.run(
        [*COMMAND, *destination.write_arguments([PEOPLE])],
        input=text_of(lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        preexec_fn=small_disk,
        check=False,
    )
    output = parse(done.returncode, done.stdout, done.stderr)
    assert (output.exit_code, output.states) == (1, [])
    assert output.error.startswith("Ledger: ")
    assert "its disk has room" in output.error
    assert 0 < created(box) < 300
    again = destination.write([PEOPLE], lines)
    assert (again.exit_code, len(again.states), created(box)) == (0, 1, 300)


def test_a_clock_that_goes_back_between_two_runs_writes_nothing_twice(connect: Connect, box: Sandbox) -> None:
    destination, lines = connect(), [record("people", n=1, **GOOD)]
    box.set(write_faults={"reset_after": 1.0}, search_lag=3600)
    process = destination.started([PEOPLE])
    assert process.stdin
    process.stdin.write(text_of(lines))
    process.stdin.flush()
    while not box.writes():
        pass
    process.kill()
    process.wait()
    with sqlite3.connect(destination.ledger) as ledger:
        ledger.execute("update writes set started_at = started_at + 7200")  # the first run's clock was ahead
    box.set(write_faults={}, search_lag=0)
    destination.write([PEOPLE], lines)
    assert sum(entry["effect"] == "created" for entry in box.writes()) == 1
