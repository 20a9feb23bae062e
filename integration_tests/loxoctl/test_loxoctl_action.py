"""`loxoctl action` as a process, against a sandbox that takes writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import environment, loxoctl

from loxo_api.writing.actions import ACTIONS
from loxoctl import cli
from sandbox.process import Sandbox

ADA = {"first_name": "Ada", "last_name": "Example", "email_address": "ada@new.example", "phone_number": "+1 555 0100"}
FLAGS = [word for name, value in ADA.items() for word in ("--field", f"candidate.{name}={value}")]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(people=40, jobs=12, companies=12, events=120, deals=5) as started:
        yield started


def result_of(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    assert done.stdout.count(b"\n") == 1, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def candidates(count: int) -> bytes:
    rows = ({"candidate": {**ADA, "email_address": f"a{number}@new.example"}} for number in range(count))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_the_command_line_names_the_actions() -> None:
    assert tuple(ACTIONS) == cli.ACTIONS


def test_an_applicant_is_created_moved_and_noted(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "cv.pdf").write_bytes(b"%PDF cv")
    ledger = ("--ledger", str(tmp_path / "ledger.db"))
    job = box.ids("jobs")[0]
    cv = ("--field", f"attachments.file={tmp_path / 'cv.pdf'}", "--field", "attachments.type=CV")
    done = loxoctl(box, "action", "create-application", *FLAGS, "--field", f"application.job_id={job}", *cv, *ledger)
    applied = result_of(done)
    assert (done.returncode, applied["outcome"], done.stderr) == (0, "written", b"")

    stage = box.record("jobs", job)["counts"][3]["id"]
    move = json.dumps({"application_id": applied["application_id"], "stage_id": stage}).encode()
    moved = loxoctl(box, "action", "move-application", "--json", "-", *ledger, stdin=move)
    assert (moved.returncode, result_of(moved)["outcome"]) == (0, "written")
    candidate = applied["application_id"].split("/")[1]
    assert box.api(f"jobs/{job}/candidates/{candidate}")["workflow_stage_id"] == stage

    note = ("--field", f"application_id={applied['application_id']}", "--field", "content=<p>Call a=b</p>")
    noted = result_of(loxoctl(box, "action", "add-note-to-application", *note, *ledger))
    assert box.record("person_events", noted["note_id"])["notes"] == "<p>Call a=b</p>"

    folder = ("--field", f"candidate_id={applied['candidate_id']}", "--field", f"folder={tmp_path / 'files'}")
    read = result_of(loxoctl(box, "action", "get-candidate-attachments", *folder))
    assert read["outcome"] == "read"
    assert [Path(file["path"]).read_bytes() for file in read["attachments"]] == [b"%PDF cv"]


def test_a_second_run_sends_nothing_with_the_ledger(box: Sandbox, tmp_path: Path) -> None:
    arguments = ("action", "create-candidate", *FLAGS, "--ledger", str(tmp_path / "ledger.db"))
    first, second = result_of(loxoctl(box, *arguments)), result_of(loxoctl(box, *arguments))
    assert (first["was_sent"], second["was_sent"]) == (True, False)
    assert first["candidate_id"] == second["candidate_id"]
    assert [write["effect"] for write in box.writes()] == ["created"]


def test_without_a_ledger_only_what_can_be_searched_is_created(box: Sandbox) -> None:
    found = result_of(loxoctl(box, "action", "create-candidate", *FLAGS))
    assert found["outcome"] == "written"
    done = loxoctl(box, "action", "create-candidate", "--field", "candidate.first_name=Ada")
    refused = result_of(done)
    assert (done.returncode, refused["outcome"], refused["was_sent"]) == (6, "rejected", False)
    assert "ledger" in refused["reason"]


def test_a_lost_answer_is_unknown_and_never_sent_twice(box: Sandbox, tmp_path: Path) -> None:
    box.set(write_faults={"reset_after": 1}, applicants="inbox")
    job = ("--field", f"application.job_id={box.ids('jobs')[0]}")
    arguments = ("action", "create-application", *FLAGS, *job, "--ledger", str(tmp_path / "ledger.db"))
    done = loxoctl(box, *arguments)
    assert (done.returncode, result_of(done)["outcome"]) == (8, "unknown")
    box.set(write_faults={})
    assert loxoctl(box, *arguments).returncode == 8
    assert [write["effect"] for write in box.writes()] == ["applied"]


def test_a_batch_tells_each_line_and_is_run_again_as_a_whole(box: Sandbox, tmp_path: Path) -> None:
    lines = candidates(2) + b'{\n\n{"candidate": {}}\n[]\n{"attachments": [1], "candidate": {"first_name": "A"}}\n'
    lines += b"[" * 100_000 + b"\n" + candidates(3)
    (tmp_path / "people.jsonl").write_bytes(lines)
    ledger = ("--ledger", str(tmp_path / "ledger.db"))
    done = loxoctl(box, "action", "create-candidate", "--batch", str(tmp_path / "people.jsonl"), *ledger)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["line"] for result in results] == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    written = {result["line"] for result in results if result["outcome"] == "written"}
    assert (done.returncode, written) == (6, {1, 2, 9, 10, 11})
    assert len(box.writes()) == 3  # lines 9 and 10 repeat lines 1 and 2

    again = loxoctl(box, "action", "create-candidate", "--batch", "-", *ledger, stdin=candidates(3))
    assert again.returncode == 0
    assert [json.loads(line)["was_sent"] for line in again.stdout.splitlines()] == [False] * 3


def test_an_empty_batch_is_done(box: Sandbox) -> None:
    done = loxoctl(box, "action", "create-candidate", "--batch", "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create-candidate",), b"--field, --json and --batch"),
        (("create-candidate", "--json", "-", "--field", "a=1"), b"--field, --json and --batch"),
        (("create-candidate", "--field", "a"), b"NAME=VALUE"),
        (("create-candidate", "--field", "a=1", "--field", "a=2"), b"twice"),
        (("create-candidate", "--field", "a=1", "--field", "a.b=2"), b"has a value already"),
        (("create-candidate", "--field", "a.b=1", "--field", "a=2"), b"has fields already"),
        (("create-candidate", "--json", "-"), b"not JSON"),
        (("create-candidate", "--json", "no-such-file"), b"cannot be read"),
        (("move-application", "--field", "a=1", "--stage-activity-type", "5"), b"NAME=VALUE"),
        (("move-application", "--field", "a=1", "--stage-activity-type", "5=x"), b"STAGE=TYPE"),
        (("hire", "--field", "a=1"), b"invalid choice"),
    ],
)
def test_a_wrong_command_line_sends_nothing(box: Sandbox, arguments: tuple[str, ...], words: bytes) -> None:
    done = loxoctl(box, "action", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert words in done.stderr
    assert box.requests()["total"] == 0


def test_a_wrong_key_and_a_wrong_ledger_are_for_the_user(box: Sandbox, tmp_path: Path) -> None:
    arguments = ("action", "create-candidate", *FLAGS)
    assert loxoctl({**box.config, "api_key": "no-such-key"}, *arguments).returncode == 3
    (tmp_path / "ledger.db").write_text("a text of a hundred letters or more, which is not a database " * 20)
    done = loxoctl(box, *arguments, "--ledger", str(tmp_path / "ledger.db"))
    assert done.returncode == 3
    assert b"Ledger" in done.stderr
    assert box.writes() == []


def test_a_stage_without_a_type_of_its_name_takes_the_given_one(box: Sandbox, tmp_path: Path) -> None:
    ledger = ("--ledger", str(tmp_path / "ledger.db"))
    job = box.ids("jobs")[0]
    applied = result_of(loxoctl(box, "action", "create-application", *FLAGS, "--field", f"application.job_id={job}",
                                *ledger))  # fmt: skip
    stage = box.record("jobs", job)["counts"][2]
    type_id = next(row["id"] for row in box.records("activity_types") if row["name"] == stage["name"])
    box.update("activity_types", type_id, name="Something else", key="something_else")
    move = ("--field", f"application_id={applied['application_id']}", "--field", f"stage_id={stage['id']}")
    refused = result_of(loxoctl(box, "action", "move-application", *move, *ledger))
    assert "no activity type has the name" in refused["reason"]
    given = ("--stage-activity-type", f"{stage['id']}={type_id}")
    assert result_of(loxoctl(box, "action", "move-application", *move, *given, *ledger))["outcome"] == "written"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_terminal_sees_the_progress_of_a_batch_on_stderr_only(box: Sandbox, tmp_path: Path) -> None:
    pytest.importorskip("rich")
    (tmp_path / "people.jsonl").write_bytes(candidates(3))
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "loxoctl", "action", "create-candidate", "--batch", str(tmp_path / "people.jsonl")]
    env = {**environment(box.config), "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=env, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert done.returncode == 0
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["written"] * 3
    assert b"create-candidate" in shown
