"""The scripts and snippets that people copy, run as they stand against the sandbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def marked(page: str, language: str) -> list[str]:
    """The code blocks of a page that say they are tested."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language} test\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_snippet_of_the_pyairbyte_page_runs(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=60, jobs=10, events=20, companies=10)
    (snippet,) = marked("pyairbyte.md", "python")
    (tmp_path / "snippet.py").write_text(snippet)
    assert "60 people" in run(tmp_path, box, "snippet.py")
    assert count(tmp_path, "jobs") == 10


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed (Debian: apt-get install jq)")
def test_the_script_of_the_orchestrator_page_keeps_its_state(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=60, jobs=10, events=20, companies=10)
    (script,) = marked("orchestrator.md", "sh")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/config.json").write_text(json.dumps(box.config))

    def synced() -> tuple[int, list[dict[str, Any]]]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, capture_output=True, check=False, env={**os.environ, "PATH": path}
        )
        records = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
        return done.returncode, [each["data"] for each in records if each["stream"] == "email_tracking"]

    code, first = synced()
    assert (code, len(first)) == (0, 400)
    made = box.create("email_tracking")["id"]
    box.set(forbidden=["users"])
    code, second = synced()
    assert code == 1
    assert made in [row["id"] for row in second]
    assert len(second) < 100
    # What a failed sync says of its other streams counts.
    box.set(forbidden=[])
    states = json.loads((tmp_path / "state.json").read_text())
    names = [state["stream"]["stream_descriptor"]["name"] for state in states]
    assert len(names) == len(set(names)) > 50
    code, third = synced()
    assert code == 0
    assert made in [row["id"] for row in third]
