"""The example scripts and snippets, run as written against the sandbox."""

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

from loxo_api.endpoints import ENDPOINTS
from sandbox.process import ROOT, Sandbox

pytest.importorskip("duckdb", reason="PyAirbyte needs Python 3.12 or older")

Start = Callable[..., Sandbox]


EXAMPLE = str(ROOT / "examples/pyairbyte.py")
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed (Debian: apt-get install jq)")


def started(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder of its own, as after `pip install`."""
    env = {**ENVIRONMENT, **environment}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env)


def configure(folder: Path, config: dict[str, Any]) -> None:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets/config.json").write_text(json.dumps(config))


def run(folder: Path, box: Sandbox, *arguments: str) -> str:
    """Runs Python with the sandbox for an account."""
    configure(folder, box.config)
    done = started(folder, sys.executable, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert box.api_key not in done.stdout + done.stderr
    return done.stdout


def count(folder: Path, table: str) -> int:
    import duckdb

    with duckdb.connect(str(folder / "loxo.duckdb"), read_only=True) as db:
        found = db.execute(f"SELECT count(DISTINCT id) FROM {table}").fetchone()
    assert found
    return int(found[0])


def test_the_example_reads_new_records_and_runs_its_query(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=150, jobs=20, events=200, companies=20)
    first = run(tmp_path, box, EXAMPLE)
    assert count(tmp_path, "people") == 150
    assert re.search(r"^\d{4}-\d{2} +\d+  \w+", first, re.MULTILINE), first
    box.create("people")
    second = run(tmp_path, box, EXAMPLE)
    assert count(tmp_path, "people") == 151
    read = [int(re.findall(r"^(\d+) records read", each, re.MULTILINE)[0]) for each in (first, second)]
    assert read[1] < read[0] / 2, read


def marked(page: str, language: str) -> list[str]:
    """The code blocks of a page that are marked as tested."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language} test\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_snippet_of_the_pyairbyte_page_runs(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=60, jobs=10, events=20, companies=10)
    (snippet,) = marked("pyairbyte.md", "python")
    (tmp_path / "snippet.py").write_text(snippet)
    assert "60 people" in run(tmp_path, box, "snippet.py")
    assert count(tmp_path, "jobs") == 10


def copied(folder: Path, name: str) -> list[str]:
    """The command line of a script as a user copies it."""
    if name == "example":
        return [sys.executable, EXAMPLE]
    if name == "snippet":
        (folder / "snippet.py").write_text(marked("pyairbyte.md", "python")[0])
        return [sys.executable, "snippet.py"]
    return ["sh", "-c", marked("orchestrator.md", "sh")[0]]


SCRIPTS = ["example", "snippet", pytest.param("orchestrator", marks=needs_jq)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_explains_a_failed_check_and_reads_nothing(start_sandbox: Start, tmp_path: Path, name: str) -> None:
    box = start_sandbox(people=5)
    missing = started(tmp_path, *copied(tmp_path, name))
    assert missing.returncode == 1
    assert "secrets/config.json" in missing.stderr.splitlines()[-1]
    configure(tmp_path, {**box.config, "api_key": "no-such-key"})
    refused = started(tmp_path, *copied(tmp_path, name))
    assert refused.returncode == 1
    assert "Loxo does not accept the API key. Make a new one" in refused.stderr.splitlines()[-1]
    for done in (missing, refused):
        assert "Traceback" not in done.stdout + done.stderr
    assert set(box.requests()["by_path"]) <= {"person_types"}


def test_the_example_names_the_stream_that_fails(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=5, set={"forbidden": ["users"]})
    configure(tmp_path, box.config)
    done = started(tmp_path, sys.executable, EXAMPLE)
    assert done.returncode == 1
    assert "Nothing was stored:\nusers: the API key has no permission for 'users'" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_example_names_a_missing_pyairbyte(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['airbyte'] = None\n")
    done = started(tmp_path, sys.executable, EXAMPLE, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "'airbyte' is not installed: pip install 'airbyte>=0.71,<0.72'" in done.stderr
    assert "Traceback" not in done.stderr


@needs_jq
def test_the_script_of_the_orchestrator_page_keeps_its_state(start_sandbox: Start, tmp_path: Path) -> None:
    box = start_sandbox(people=60, jobs=10, events=20, companies=10)
    (script,) = marked("orchestrator.md", "sh")
    configure(tmp_path, box.config)

    def synced() -> tuple[int, list[dict[str, Any]]]:
        done = started(tmp_path, "sh", "-c", script)
        records = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
        return done.returncode, [each["data"] for each in records if each["stream"] == "email_tracking"]

    code, first = synced()
    assert (code, len(first)) == (0, 400)
    chosen = {each["stream"]["name"] for each in json.loads((tmp_path / "catalog.json").read_text())["streams"]}
    assert set(ENDPOINTS) - chosen == {name for name, endpoint in ENDPOINTS.items() if endpoint.is_costly}
    assert "deleted_records" not in chosen
    made = box.create("email_tracking")["id"]
    box.set(forbidden=["users"])
    code, second = synced()
    assert code == 1
    assert made in [row["id"] for row in second]
    assert len(second) < 100
    # The records and states of the other streams of a failed sync count.
    box.set(forbidden=[])
    states = json.loads((tmp_path / "state.json").read_text())
    names = [state["stream"]["stream_descriptor"]["name"] for state in states]
    assert len(names) == len(set(names)) > 50
    code, third = synced()
    assert code == 0
    assert made in [row["id"] for row in third]
