"""The scripts and snippets that people copy, run as they stand against the sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.process import ROOT, Sandbox

pytest.importorskip("duckdb", reason="PyAirbyte needs Python 3.12 or older")

Start = Callable[..., Sandbox]


def run(folder: Path, box: Sandbox, *arguments: str) -> str:
    """Runs Python in a folder of its own, as after `pip install`, with the sandbox for an account."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets/config.json").write_text(json.dumps(box.config))
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert box.api_key not in done.stdout + done.stderr
    return done.stdout


def count(folder: Path, table: str) -> int:
    import duckdb

    with duckdb.connect(str(folder / "loxo.duckdb"), read_only=True) as db:
        found = db.execute(f"SELECT count(DISTINCT id) FROM {table}").fetchone()
    assert found
    return int(found[0])


def test_the_example_reads_what_is_new_and_answers(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=150, jobs=20, events=200, companies=20)
    example = str(ROOT / "examples/pyairbyte.py")
    first = run(tmp_path, box, example)
    assert count(tmp_path, "people") == 150
    assert re.search(r"^\d{4}-\d{2} +\d+  \w+", first, re.MULTILINE), first
    box.create("people")
    second = run(tmp_path, box, example)
    assert count(tmp_path, "people") == 151
    read = [int(re.findall(r"^(\d+) records read", each, re.MULTILINE)[0]) for each in (first, second)]
    assert read[1] < read[0] / 2, read
