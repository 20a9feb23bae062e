"""PyAirbyte writes a cache through the destination's own process; a cache sends all of its rows every time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from connector import ROOT

from sandbox.process import Sandbox

ab = pytest.importorskip("airbyte")


@pytest.fixture
def executable(tmp_path: Path) -> Callable[[str, str], Path]:
    """A file that runs a Python program, as an installed console script does."""

    def made(name: str, words: str) -> Path:
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} {words} "$@"\n')
        path.chmod(0o755)
        return path

    return made


def test_a_cache_written_twice_is_sent_once(
    box: Sandbox, tmp_path: Path, executable: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(__file__).with_name("plain_source.py")
    source = ab.get_source("source-plain", config={}, local_executable=executable("source-plain", str(program)))
    source.select_all_streams()
    destination = ab.get_destination(
        "destination-loxo",
        config={**box.config, "ledger_path": str(tmp_path / "ledger.db")},
        local_executable=executable("destination-loxo", "-m destination_loxo"),
    )
    destination.check()
    cache = ab.DuckDBCache(db_path=str(tmp_path / "cache.duckdb"))
    for _ in range(2):
        destination.write(source.read(cache=cache, force_full_refresh=True))
    assert [(entry["effect"], entry["path"]) for entry in box.writes()] == [("created", "people")] * 2
    written = {row["name"]: row for row in box.records("people")[-2:]}
    assert (written["Ada"]["city"], written["Ada"]["salary"]) == ("Ulm", 50000.5)
    monkeypatch.setenv("WITHOUT_CITY", "1")  # the row comes with a null now, which changes nothing
    destination.write(source.read(cache=cache, force_full_refresh=True))
    row = box.record("people", written["Ada"]["id"])
    assert (row["city"], row["salary"]) == ("Ulm", 50000.5)
