"""The demo as its users run it, through PyAirbyte as published."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import ROOT, Sandbox

pytest.importorskip("airbyte", reason="PyAirbyte needs Python 3.12 or older")

Start = Callable[..., Sandbox]
KEY = "sandbox-key-4f1d9c"


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it in a folder of its own, where it puts its files."""
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder: Path, config: dict[str, Any]) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return str(path)


def rows(output: str) -> dict[str, list[str]]:
    """The lines of the table."""
    return {line[0]: line[1:] for line in map(str.split, output.splitlines()) if len(line) == 4}


def stored(folder: Path, database: str, table: str) -> int:
    import duckdb

    with duckdb.connect(str(folder / ".demo" / database), read_only=True) as db:
        found = db.execute(f"SELECT count(DISTINCT id) FROM {table}").fetchone()
    assert found
    return int(found[0])


def test_the_sandbox_lands_in_duckdb_and_so_it_does_the_second_time(tmp_path: Path) -> None:
    for people in (250, 120):  # the second account is smaller: nothing of the first may stay
        done = demo(tmp_path, "--people", str(people))
        assert done.returncode == 0, done.stdout + done.stderr
        shown = rows(done.stdout)
        assert shown["people"][:2] == [str(people), str(people)]
        assert shown["jobs"][:2] == ["300", "300"]
        assert stored(tmp_path, "sandbox.duckdb", "people") == people
        assert "66 of 66 streams read" in done.stdout
        assert done.stderr == ""
    question = re.search(r"^  .*-c \".*\"$", done.stdout, re.MULTILINE)
    assert question
    answer = subprocess.run(question[0], shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "current_title" in answer
    assert not (tmp_path / ".demo/cache").exists()


def test_a_failed_stream_is_named_and_the_others_are_stored(tmp_path: Path, start_sandbox: Start) -> None:
    broken = {"forbidden": ["users"], "empty_envelope": ["companies"]}
    box = start_sandbox(people=60, jobs=20, events=50, api_key=KEY, set=broken)
    done = demo(tmp_path, "--config", written(tmp_path, box.config))
    assert done.returncode == 1
    shown = rows(done.stdout)
    assert shown["people"][:2] == ["60", "60"]
    assert shown["users"] == shown["companies"] == ["failed", "-", "-"]
    assert "users: the API key may not read 'users'" in done.stdout
    # companies, and the five streams below it, and users
    assert "7 of 66 streams failed" in done.stdout
    assert stored(tmp_path, "account-demo-agency.duckdb", "people") == 60
    assert not (tmp_path / ".demo/sandbox.duckdb").exists()
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api_key": "wrong"}, "does not accept the API key"),
        ({"api_key": None}, "api_key"),
    ],
    ids=["wrong key", "no key"],
)
def test_a_wrong_config_gets_a_sentence_and_no_stack_trace(
    tmp_path: Path, start_sandbox: Start, change: dict[str, Any], words: str
) -> None:
    box = start_sandbox(people=5)
    config = {key: value for key, value in {**box.config, **change}.items() if value is not None}
    done = demo(tmp_path, "--config", written(tmp_path, config))
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.glob(".demo/*.duckdb"))


def test_a_config_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert "broken.json is not JSON" in demo(tmp_path, "--config", "broken.json").stdout
    assert "nothing.json cannot be read" in demo(tmp_path, "--config", "nothing.json").stdout
