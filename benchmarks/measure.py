"""The cost of a whole process, from its start to its end."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

# A contender that hangs is ended, and counts as failed.
LIMIT_SECONDS = 1200
LAUNCH = Path(__file__).resolve().parent / "children" / "launch.py"


@dataclass(frozen=True)
class Cost:
    """One run: seconds, megabytes, requests that the server received, distinct records in the output."""

    cpu: float
    wall: float
    peak_mb: float
    exit_code: int
    requests: int = 0
    delivered: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Runs a command with its output in `folder`/out and its errors in `folder`/errors."""
    launch = [sys.executable, "-I", "-S", str(LAUNCH), str(folder / "cost"), str(LIMIT_SECONDS), *command]
    with (folder / "out").open("wb") as out, (folder / "errors").open("wb") as errors:
        subprocess.run(launch, stdout=out, stderr=errors, env={**os.environ, **(environment or {})}, check=True)
    return Cost(**orjson.loads((folder / "cost").read_bytes()))


def delivered(folder: Path) -> dict[str, set[Any]]:
    """The distinct ids in a reader's output, by list: in messages, an array, a dlt dataset, or a DuckDB file."""
    found: dict[str, set[Any]] = defaultdict(set)
    out = folder / "out"
    with out.open("rb") as lines:
        if lines.read(1) == b"[":
            found[""] = {row["id"] for row in orjson.loads(out.read_bytes())}
            return found
        lines.seek(0)
        for line in lines:
            if b'"RECORD"' in line[:80]:
                record = orjson.loads(line)["record"]
                found[record["stream"]].add(record["data"]["id"])
    for path in folder.glob("files/all.duckdb"):
        with duckdb.connect(str(path), read_only=True) as database:
            for (name,) in database.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'loxo'").fetchall():
                if not name.startswith("_"):
                    found[name].update(row for (row,) in database.sql(f"SELECT id FROM loxo.{name}").fetchall())
    for path in folder.glob("files/*/*/*.jsonl"):
        with path.open("rb") as rows:
            found[path.parent.name].update(orjson.loads(row).get("id") for row in rows)
    return found


def median(costs: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(statistics.median(cost[name] for cost in costs))
