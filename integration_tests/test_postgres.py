"""The tests' own PostgreSQL server leaves no process and no folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import postgres
import pytest

pytest.importorskip("psycopg", reason="PyAirbyte, which brings psycopg, needs Python 3.12 or older")


@pytest.mark.skipif(not postgres.binaries(), reason="PostgreSQL is not installed (Debian: apt-get install postgresql)")
def test_a_failed_start_leaves_no_process_and_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[subprocess.Popen[bytes], str]] = []

    def never_ready(server: postgres.Postgres) -> None:
        assert server._child
        started.append((server._child, server._folder))
        raise AssertionError("it does not answer")

    monkeypatch.setattr(postgres.Postgres, "_wait", never_ready)
    with pytest.raises(AssertionError, match="does not answer"), postgres.Postgres():
        pass
    ((child, folder),) = started
    assert child.returncode is not None
    assert not Path(folder).exists()
