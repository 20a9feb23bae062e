"""Loxo into a DuckDB file with PyAirbyte: new records since the last run, then a query in SQL.

    pip install . "airbyte>=0.71,<0.72"     # in a clone of source-loxo, with Python 3.10 to 3.12
    export LOXO_CONFIG='{"domain": "app.loxo.co", "agency_slug": "your-agency", "api_key": "your key"}'
    python examples/pyairbyte.py

LOXO_CONFIG is the config as JSON or the name of a file that holds it, secrets/config.json if unset; LOXO_DATABASE is
the file to write, loxo.duckdb if unset. Run it again, or from cron: PyAirbyte keeps the state in the database, and
reads only new records.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

# Without these PyAirbyte asks Airbyte's registry for connectors and reports usage.
os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

if not (3, 10) <= sys.version_info[:2] < (3, 13):
    sys.exit(f"PyAirbyte needs Python 3.10, 3.11 or 3.12; this is {sys.version.split()[0]}.")
try:
    import airbyte
    from airbyte.caches import DuckDBCache
    from airbyte.exceptions import PyAirbyteError
except ModuleNotFoundError as missing:
    sys.exit(f"The package '{missing.name}' is not installed: pip install 'airbyte>=0.71,<0.72'")

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
    is_text = given.lstrip().startswith("{")
    try:
        values: dict[str, Any] = json.loads(given if is_text else Path(given).read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"The config file {given} cannot be read: {error.strerror}. Write it, or name another in LOXO_CONFIG.")
    except ValueError as error:
        sys.exit(f"{'LOXO_CONFIG' if is_text else f'The config file {given}'} is not JSON: {error}.")
    return values


def connector() -> Path:
    """The `source-loxo` command of this environment, or of the path."""
    beside = Path(sys.executable).with_name("source-loxo")
    found = str(beside) if beside.exists() else shutil.which("source-loxo")
    if not found:
        sys.exit("source-loxo is not installed: run 'pip install .' in a clone of its repository.")
    return Path(found)


class Errors(logging.Handler):
    """Collects the connector's errors, each of which names its stream; PyAirbyte's exceptions do not carry them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def main() -> None:
    source = airbyte.get_source("source-loxo", config(), local_executable=connector())
    errors = Errors()
    logging.getLogger("airbyte.source-loxo").addHandler(errors)
    try:
        source.check()
    except PyAirbyteError as error:
        sys.exit(f"Loxo cannot be read: {(error.context or {}).get('failure_reason') or error.get_message()}")
    source.select_streams(STREAMS)
    with DuckDBCache(db_path=os.environ.get("LOXO_DATABASE", "loxo.duckdb")) as cache:
        try:
            result = source.read(cache)
        except PyAirbyteError as error:  # a single stream failed: nothing is stored, and the state stays
            sys.exit("Nothing was stored:\n" + "\n".join(dict.fromkeys(errors.texts) or [error.get_message()]))
        print(f"{result.processed_records} records read.")
        for row in cache.run_sql_query(ACTIVITIES_A_MONTH):
            print(f"{row['month']}  {row['number']:>6}  {row['activity']}")


if __name__ == "__main__":
    main()
