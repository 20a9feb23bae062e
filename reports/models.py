"""Builds the models of dbt_loxo in the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from reports.database import ReportError, opened

PROJECT = Path(__file__).resolve().parent.parent / "dbt_loxo"
SCHEMA = "models"
# dbt's own files; it starts faster with those of the last time.
WORK = Path(".demo/dbt")
TABLES = """
SELECT DISTINCT table_schema, table_name FROM information_schema.columns
WHERE column_name = '_airbyte_extracted_at' OR table_name IN ('_demo_runs', 'loxo_reads')
"""


def build(database: Path) -> None:
    """Builds every model, without the package's tests.

    :raises ReportError: the file holds no raw tables, or dbt failed.
    """
    slug = agency_slug(database)
    WORK.mkdir(parents=True, exist_ok=True)
    # Attached under a name of ours, because dbt takes the file's name as the database's, and fails at a quote in it.
    file = {"path": str(database.resolve()), "alias": "loxo"}
    output = {
        "type": "duckdb",
        "path": ":memory:",
        "database": "loxo",
        "schema": SCHEMA,
        "attach": [file],
        "threads": 2,
    }
    profile = {"loxo": {"target": "report", "outputs": {"report": output}}}
    (WORK / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    variables = {"loxo_schema": "main", "loxo_agency_slug": slug}
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(WORK)]
    folders += ["--target-path", str((WORK / "target").resolve()), "--log-path", str((WORK / "logs").resolve())]
    dbt = str(Path(sys.executable).with_name("dbt"))
    command = [dbt, "--quiet", "--no-use-colors", "build", "--exclude", "resource_type:test", "resource_type:unit_test"]
    done = subprocess.run(
        [*command, *folders, "--vars", json.dumps(variables)],
        capture_output=True,
        text=True,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        check=False,
    )
    if done.returncode:
        raise ReportError(f"dbt could not build the models in {database}:\n{(done.stdout + done.stderr)[-3000:]}")


def agency_slug(database: Path) -> str:
    """The slug under which the models know the agency, so that ids stay the same; as the demo wrote it, or a build.

    :raises ReportError: the file cannot be opened or holds no raw tables.
    """
    with opened(database) as db:
        tables = {f"{schema}.{table}" for schema, table in db.execute(TABLES).fetchall()}
        if not any(name.startswith("main.") and name != "main._demo_runs" for name in tables):
            raise ReportError(f"{database} holds no tables of source-loxo in the schema main.")
        for name, column in (("main._demo_runs", "agency_slug"), (f"{SCHEMA}.loxo_reads", "source_relation")):
            found = db.execute(f"SELECT max({column}) FROM {name}").fetchone() if name in tables else None
            if found and found[0]:
                return str(found[0])
    return "agency"
