"""The connector through PyAirbyte into a DuckDB file: pyairbyte_reader.py TASK."""

import json
import os
import sys
from pathlib import Path

os.environ.update(AIRBYTE_OFFLINE_MODE="1", DO_NOT_TRACK="1", NO_LIVE_PROGRESS="1")

import airbyte
from airbyte.caches import DuckDBCache

task = json.loads(Path(sys.argv[1]).read_text())
files = Path(task["files"])
source = airbyte.get_source(
    "source-loxo",
    {name: task[name] for name in ("domain", "agency_slug", "api_key")},
    local_executable=Path(sys.executable).with_name("source-loxo"),
    streams=[facts["name"] for facts in task["lists"]],
)
source.read(DuckDBCache(db_path=files / "all.duckdb", schema_name="loxo", cache_dir=files / "cache"))
