"""PyAirbyte writes a cache through the destination's own process; a cache sends all of its rows every time."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from connector import ROOT

from sandbox.process import Sandbox

HERE = Path(__file__).parent


def executable(path: Path, words: str) -> str:
    """A file that runs a Python program, as an installed console script does."""
    path.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} {words} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(not importlib.util.find_spec("airbyte"), reason="PyAirbyte is not installed")
def test_a_cache_written_twice_is_sent_once(box: Sandbox, tmp_path: Path) -> None:
    source = executable(tmp_path / "source-plain", str(HERE / "plain_source.py"))
    destination = executable(tmp_path / "destination-loxo", "-m destination_loxo")
    config = json.dumps({**box.config, "ledger_path": str(tmp_path / "ledger.db")})

    def write(times: int, **variables: str) -> None:
        words = (source, destination, config, str(tmp_path / "cache.duckdb"), str(times))
        command = [sys.executable, str(HERE / "pyairbyte_program.py"), *words]
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    write(times=2)
    assert [(entry["effect"], entry["path"]) for entry in box.writes()] == [("created", "people")] * 2
    written = {row["name"]: row for row in box.records("people")[-2:]}
    assert (written["Ada"]["city"], written["Ada"]["salary"]) == ("Ulm", 50000.5)
    write(times=1, WITHOUT_CITY="1")  # the row comes with a null now, which changes nothing
    row = box.record("people", written["Ada"]["id"])
    assert (row["city"], row["salary"]) == ("Ulm", 50000.5)
