"""The demo as its users run it, through PyAirbyte as published."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.cost import cost
from loxo_api.endpoints import ENDPOINTS
from sandbox.process import ROOT, Sandbox

pytest.importorskip("duckdb", reason="PyAirbyte, which brings DuckDB, needs Python 3.12 or older")

Start = Callable[..., Sandbox]
KEY = "sandbox-key-4f1d9c"
# The streams that the demo reads without --everything.
STREAMS = [*(name for name, endpoint in ENDPOINTS.items() if not endpoint.is_costly), "deleted_records"]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def demo(folder: Path, *arguments: str, module: str = "demo") -> subprocess.CompletedProcess[str]:
    """Runs it in a folder of its own, where it puts its files."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder: Path, config: dict[str, Any]) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return str(path)


def rows(output: str) -> dict[str, list[str]]:
    """The lines of the table: records read now, in DuckDB, claimed by Loxo, and seconds."""
    return {line[0]: line[1:] for line in map(str.split, output.splitlines()) if len(line) == 5}


def stored(folder: Path, database: str, table: str) -> int:
    import duckdb

    with duckdb.connect(str(folder / ".demo" / database), read_only=True) as db:
        found = db.execute(f"SELECT count(DISTINCT id) FROM {table}").fetchone()
    assert found
    return int(found[0])


def ids(folder: Path, table: str) -> set[int]:
    import duckdb

    with duckdb.connect(str(folder / ".demo/sandbox.duckdb"), read_only=True) as db:
        return {row[0] for row in db.execute(f"SELECT id FROM {table}").fetchall()}


def stop_while_reading(folder: Path) -> None:
    """Kills a run in the middle, and waits for its last process."""
    child = subprocess.Popen(
        [sys.executable, "-m", "demo"], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert any("streams read" in line for line in child.stdout)
    child.kill()
    assert "The records are in" not in child.stdout.read()
    child.stdout.close()
    child.wait()


def test_the_sandbox_lands_in_duckdb_and_lives_on(tmp_path: Path) -> None:
    done = demo(tmp_path, "--people", "250")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = rows(done.stdout)
    assert shown["people"][:3] == ["250", "250", "250"]
    assert shown["jobs"][:3] == ["300", "300", "300"]
    assert stored(tmp_path, "sandbox.duckdb", "people") == 250
    assert f"{len(STREAMS)} of {len(STREAMS)} streams read" in done.stdout
    assert done.stderr == ""
    first = ids(tmp_path, "people")

    stop_while_reading(tmp_path)
    later = demo(tmp_path)  # the day of work of the stopped run, once
    assert later.returncode == 0, later.stdout + later.stderr
    told = re.search(r"since the last run: .* (\d+) people, .*created;.* 1 people merged\.", later.stdout)
    assert told, later.stdout
    assert ids(tmp_path, "people") > first
    assert len(ids(tmp_path, "people") - first) == int(told[1])
    assert int(rows(later.stdout)["people"][0]) < 100
    assert re.search(r"Deletions noticed: .*\d people", later.stdout)

    other = demo(tmp_path, "--people", "120")
    assert other.returncode == 1
    assert "sandbox.duckdb holds the agency of 250 people. Delete it to begin anew" in other.stdout

    question = re.search(r"^  .*-c \".*\"$", done.stdout, re.MULTILINE)
    assert question
    answer = subprocess.run(question[0], shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "current_title" in answer
    assert not (tmp_path / ".demo/cache").exists()
    filled = demo(tmp_path, module="demo.columns").stdout
    assert re.search(r"^people +name +100% +\d+$", filled, re.MULTILINE), filled


def test_a_failed_stream_is_named_and_the_others_are_stored(tmp_path: Path, start_sandbox: Start) -> None:
    """A stream that fails keeps its table as it was, and so does one that is not read this time."""
    box = start_sandbox(people=60, jobs=5, events=20, companies=5, api_key=KEY, set={"forbidden": ["companies"]})
    config = written(tmp_path, box.config)
    first = demo(tmp_path, "--config", config)
    assert first.returncode == 1
    shown = rows(first.stdout)
    assert shown["people"][:3] == ["60", "60", "60"]
    assert shown["companies"] == ["-", "failed", "-", "-"]
    assert "companies: the API key has no permission for 'companies'" in first.stdout
    below = [name for name, endpoint in ENDPOINTS.items() if endpoint.parent == "companies"]
    assert all(shown[name][1] == "failed" for name in below)
    assert f"{1 + len(below)} of {len(STREAMS)} streams failed" in first.stdout
    assert "Of an earlier run" not in first.stdout

    users = stored(tmp_path, "account-demo-agency.duckdb", "users")
    box.set(forbidden=["users"])
    box.create("people")
    second = demo(tmp_path, "--config", config)
    assert second.returncode == 1
    assert rows(second.stdout)["companies"][:3] == ["5", "5", "5"]
    assert f"1 of {len(STREAMS)} streams failed" in second.stdout
    assert f"Of an earlier run, and not renewed: users ({users} rows)." in second.stdout
    assert stored(tmp_path, "account-demo-agency.duckdb", "people") == 61
    assert not (tmp_path / ".demo/sandbox.duckdb").exists()
    assert KEY not in "".join(done.stdout + done.stderr for done in (first, second))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api_key": "wrong"}, "does not accept the API key"),
        ({"api_key": None}, "api_key"),
    ],
    ids=["wrong key", "no key"],
)
def test_a_wrong_config_has_a_message_without_a_stack_trace(
    tmp_path: Path, start_sandbox: Start, change: dict[str, Any], words: str
) -> None:
    box = start_sandbox(people=5)
    config = {key: value for key, value in {**box.config, **change}.items() if value is not None}
    done = demo(tmp_path, "--config", written(tmp_path, config))
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.glob(".demo/*.duckdb"))


def test_a_config_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert "broken.json is not JSON" in demo(tmp_path, "--config", "broken.json").stdout
    assert "nothing.json cannot be read" in demo(tmp_path, "--config", "nothing.json").stdout


@pytest.mark.parametrize(
    ("module", "arguments", "code", "words"),
    [
        ("demo", ["--people", "-3"], 2, "'-3' is not a number of at least 1"),
        ("demo", ["--people", "some"], 2, "'some' is not a number of at least 1"),
        ("demo", ["--nonsense"], 2, "unrecognized arguments: --nonsense"),
        ("demo.columns", ["nothing.duckdb"], 1, "nothing.duckdb cannot be read"),
        ("sandbox", ["--people=-3"], 2, "'-3' is not a number of at least 0"),
        ("sandbox", ["--set", "nonsense=1"], 2, "unknown setting 'nonsense'"),
        ("sandbox", ["--workdays", "2024-05-02/2024-05-01"], 2, "is not began/ended"),
        ("sandbox", ["--port", "70000"], 1, "cannot listen on port 70000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_argument_gets_one_line(
    tmp_path: Path, module: str, arguments: list[str], code: int, words: str
) -> None:
    done = demo(tmp_path, *arguments, module=module)
    assert done.returncode == code
    assert words in done.stderr
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)


def test_a_port_in_use_gets_one_line(tmp_path: Path, start_sandbox: Start) -> None:
    port = start_sandbox(people=5).url.rsplit(":", 1)[1]
    done = demo(tmp_path, "--port", port, module="sandbox")
    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unwritable_database_is_named_before_the_read(tmp_path: Path, start_sandbox: Start) -> None:
    box = start_sandbox(people=5)
    config = written(tmp_path, box.config)
    (tmp_path / "text.duckdb").write_text("This is not a database. " * 500)
    for database in ("text.duckdb", f"{config}/loxo.duckdb", "."):
        done = demo(tmp_path, "--config", config, "--database", database)
        assert done.returncode == 1
        assert f"The database {database} cannot be opened" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
    assert box.requests()["total"] == 0


def processes(group: int) -> list[str]:
    """The processes of a group."""
    listed = subprocess.run(["ps", "-eo", "pgid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.split()[0] == str(group)]


@pytest.mark.skipif(not shutil.which("ps"), reason="ps is not installed (Debian: apt-get install procps)")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("moment", ["Starting PyAirbyte", "Discovering the streams", "streams read"])
def test_an_interrupt_ends_all_processes(tmp_path: Path, moment: str) -> None:
    """As Ctrl-C in a terminal does: SIGINT to the whole foreground group."""
    child = subprocess.Popen(
        [sys.executable, "-m", "demo", "--people", "5"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert child.stdout
    seen = ""
    for line in child.stdout:
        seen += line
        if moment in line:
            break
    worker = int(subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True, check=True).stdout)
    assert processes(worker)
    os.killpg(child.pid, signal.SIGINT)
    after = child.stdout.read()
    assert child.wait() == 130, seen + after
    assert re.fullmatch(r"(.* …\n)?Stopped\. .*\n", after), after
    for _ in range(100):  # a killed process may wait for init to reap it
        if not processes(worker):
            break
        time.sleep(0.1)
    assert processes(worker) == []
    assert not (tmp_path / ".demo/cache").exists()


def test_the_worker_ends_when_the_demo_is_killed(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "demo", "--people", "5"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert "Loxo account" in child.stdout.readline()
    child.kill()
    child.wait()
    # The pipe closes when its last writer has ended: the worker, its sandbox and its connector.
    assert "The records are in" not in child.stdout.read()
    child.stdout.close()


def test_the_cost_of_everything_is_shown_first() -> None:
    with Sandbox(people=30, jobs=3, events=20, companies=3) as box:
        countries = box.counts()["countries"]
        text = cost(box.config)
    # Six streams below people, two below activities, one below countries.
    assert f"at least {6 * 30 + 2 * 20 + countries:,} more requests" in text
    assert "6 for each of 30 people, 2 for each of 20 person_events" in text
