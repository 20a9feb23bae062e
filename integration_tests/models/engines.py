"""Databases on which the models are built: each takes raw tables, runs dbt, and hands back rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import postgres
from raw_tables import RawTables

PROJECT = Path(__file__).resolve().parents[2] / "dbt_loxo"
SLUG = "demo-agency"
Row = dict[str, Any]


class Engine:
    """One database; its raw tables are in the schema raw, its models in models."""

    profile: Mapping[str, Any] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dbt(self, *arguments: str, **variables: Any) -> str:
        """Runs a command of dbt and returns what it printed; fails with that if dbt does."""
        self.folder.mkdir(exist_ok=True, parents=True)
        profile = {"loxo": {"target": "test", "outputs": {"test": {**self.profile, "threads": 1}}}}
        (self.folder / "profiles.yml").write_text(json.dumps(profile))
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), *self.arguments(*arguments, **variables)],
            capture_output=True,
            text=True,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "TZ": "UTC"},
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def arguments(self, *arguments: str, **variables: Any) -> list[str]:
        known = {"loxo_schema": "raw", "loxo_agency_slug": SLUG, **variables}
        folders = ["--profiles-dir", str(self.folder), "--target-path", str(self.folder / "target")]
        folders += ["--log-path", str(self.folder / "logs"), "--project-dir", str(PROJECT)]
        return [*arguments, *folders, "--vars", json.dumps(known)]


class DuckDb(Engine):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(exist_ok=True, parents=True)
        self.path = folder / "test.duckdb"
        self.profile = {"type": "duckdb", "path": str(self.path), "schema": "models"}

    def load(self, tables: RawTables) -> None:
        with duckdb.connect(str(self.path)) as connection:
            tables.into_duckdb(connection, "raw")

    def execute(self, sql: str) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(sql)

    def rows(self, model: str) -> list[Row]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            found = connection.execute(f"SELECT * FROM models.{model}")
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class Postgres(Engine):
    def __init__(self, folder: Path, address: Mapping[str, Any]) -> None:
        super().__init__(folder)
        self.address = address
        self.profile = {"type": "postgres", "schema": "models", **address}

    def load(self, tables: RawTables) -> None:
        import psycopg

        with psycopg.connect(**self.address) as connection:
            tables.into_postgres(connection, "raw")

    def rows(self, model: str) -> list[Row]:
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(**self.address, row_factory=dict_row) as connection:
            return list(connection.execute(f"SELECT * FROM models.{model}"))


def has_postgres() -> bool:
    return bool(postgres.binaries())
