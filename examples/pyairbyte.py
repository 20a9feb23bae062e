"""Loxo into a DuckDB file with PyAirbyte: what is new since the last run, then a question in SQL.

    pip install airbyte-source-loxo "airbyte>=0.71,<0.72"     # Python 3.10 to 3.12
    export LOXO_CONFIG='{"domain": "app.loxo.co", "agency_slug": "your-agency", "api_key": "your key"}'
    python examples/pyairbyte.py

LOXO_CONFIG is the config as JSON or the name of a file that holds it; LOXO_DATABASE is the file to write, loxo.duckdb
if unset. Run it again, or from cron: PyAirbyte keeps the state in the database, and reads only what is new.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

# Without these PyAirbyte asks Airbyte's registry for connectors and reports usage.
os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

import airbyte
from airbyte.caches import DuckDBCache

STREAMS = ["people", "companies", "jobs", "person_events", "activity_types", "placements", "users"]

# An incremental sync may deliver a record twice, and PyAirbyte stores both; QUALIFY takes the later one.
ACTIVITIES_A_MONTH = """
    WITH events AS (
        SELECT * FROM person_events
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY _airbyte_extracted_at DESC) = 1
    )
    SELECT strftime(events.created_at, '%Y-%m') AS month, kinds.name AS activity, count(*) AS number
    FROM events LEFT JOIN activity_types AS kinds ON kinds.id = events.activity_type_id
    GROUP BY ALL ORDER BY month DESC, number DESC LIMIT 10
"""


def config() -> dict[str, Any]:
    """The connection's fields, from LOXO_CONFIG."""
    given = os.environ.get("LOXO_CONFIG", "secrets/config.json")
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(text)
    return values


def connector() -> Path:
    """The `source-loxo` command of this environment, or of the path."""
    beside = Path(sys.executable).with_name("source-loxo")
    found = str(beside) if beside.exists() else shutil.which("source-loxo")
    if not found:
        raise SystemExit("source-loxo is not installed: pip install airbyte-source-loxo")
    return Path(found)


def main() -> None:
    source = airbyte.get_source("source-loxo", config(), local_executable=connector(), streams=STREAMS)
    source.check()
    with DuckDBCache(db_path=os.environ.get("LOXO_DATABASE", "loxo.duckdb")) as cache:
        result = source.read(cache)  # raises if a single stream failed; then nothing is stored, and the state stays
        print(f"{result.processed_records} records read.")
        for row in cache.run_sql_query(ACTIVITIES_A_MONTH):
            print(f"{row['month']}  {row['number']:>6}  {row['activity']}")


if __name__ == "__main__":
    main()
