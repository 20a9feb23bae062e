"""Databases on which the models are built: each takes raw tables, runs dbt, and hands back rows."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import postgres
from raw_tables import RawTables
from story import Story

PROJECT = Path(__file__).resolve().parents[2] / "dbt_loxo"
SLUG = "demo-agency"
TEN = [
    "users",
    "jobs",
    "candidates",
    "application_stages",
    "applications",
    "screening_questions",
    "tags",
    "candidate_tags",
    "job_screening_questions",
    "job_hiring_team_members",
]
MARTS = [
    "application_history",
    "application_enhanced",
    "job_enhanced",
    "people",
    "placements",
    "placement_splits",
    "deals",
    "recruiter_activity",
    "custom_fields",
]
# A relation that Loxo itself may leave open warns users, and fails here.
STRICT = ("--warn-error-options", '{"error": ["LogTestResult"]}')
WITHOUT_TESTS = ("--exclude", "test_type:data", "test_type:unit")
OK = ("success", "pass", "warn", "skipped")
Row = dict[str, Any]


class Engine:
    """One database; its raw tables are in the schema raw, its models in models."""

    profile: Mapping[str, Any] = {}
    project = PROJECT
    program = Path(sys.executable).with_name("dbt")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dbt(self, *arguments: str, **variables: Any) -> str:
        """Runs a command of dbt and returns what it printed; fails with that if dbt does."""
        self.write_profile()
        done = subprocess.run(
            [str(self.program), *self.arguments(*arguments, **variables)],
            capture_output=True,
            text=True,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "TZ": "UTC"},
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def write_profile(self) -> None:
        self.folder.mkdir(exist_ok=True, parents=True)
        profile = {"loxo": {"target": "test", "outputs": {"test": {**self.profile, "threads": 1}}}}
        (self.folder / "profiles.yml").write_text(json.dumps(profile))

    def arguments(self, *arguments: str, **variables: Any) -> list[str]:
        known = {"loxo_schema": "raw", "loxo_agency_slug": SLUG, **variables}
        folders = ["--profiles-dir", str(self.folder), "--target-path", str(self.folder / "target")]
        folders += ["--log-path", str(self.folder / "logs"), "--project-dir", str(self.project)]
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


class Spark(Engine):
    """A local Spark session over parquet tables; dbt runs in this process, so that all builds share the session."""

    profile: Mapping[str, Any] = {"type": "spark", "method": "session", "host": "none", "schema": "models"}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from pyspark.sql import SparkSession

        settings = {
            "spark.master": "local[1]",
            "spark.ui.enabled": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than these few rows
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.log.level": "OFF",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        builder = SparkSession.builder.appName("dbt_loxo")
        for name, setting in settings.items():
            builder = builder.config(name, setting)
        self.session = builder.getOrCreate()

    def dbt(self, *arguments: str, **variables: Any) -> str:
        from dbt.cli.main import dbtRunner

        self.write_profile()
        done = dbtRunner().invoke(["--quiet", *self.arguments(*arguments, **variables)])
        failed = [] if done.result is None else [each for each in done.result if each.status not in OK]
        assert done.success, "\n".join([str(done.exception), *(f"{each.node.name}: {each.message}" for each in failed)])
        return ""

    def load(self, tables: RawTables) -> None:
        self.session.sql("CREATE SCHEMA IF NOT EXISTS raw")
        with duckdb.connect() as connection:
            tables.into_duckdb(connection, "raw")
            for name in tables.rows:
                path = self.folder / "raw" / f"{name}.parquet"
                path.parent.mkdir(exist_ok=True, parents=True)
                # As Airbyte's Databricks destination: JSON is text, times have a zone.
                columns = tables.columns(name, "spark")
                values = ", ".join(f'CAST("{column}" AS {of}) AS "{column}"' for column, of in columns)
                connection.execute(f"COPY (SELECT {values} FROM raw.{name}) TO '{path}' (FORMAT parquet)")
                self.session.read.parquet(str(path)).write.mode("overwrite").saveAsTable(f"raw.{name}")

    def rows(self, model: str, schema: str = "models") -> list[Row]:
        found = self.session.table(f"{schema}.{model}")
        # A time with a zone would come in the zone of this process.
        columns = [
            f"cast(`{name}` as timestamp_ntz) as `{name}`" if of == "timestamp" else f"`{name}`"
            for name, of in found.dtypes
        ]
        return [row.asDict() for row in found.selectExpr(*columns).collect()]


def has_postgres() -> bool:
    return bool(postgres.binaries())


def has_spark() -> bool:
    return bool(shutil.which("java")) and importlib.util.find_spec("pyspark") is not None


def twice(engine: Engine, story: Story, *second: str) -> None:
    """Both syncs, each read whole and built; the second build runs the package's own tests unless told otherwise."""
    tables = RawTables(story.catalog)
    tables.replace(story.first)
    engine.load(tables)
    engine.dbt("build", *WITHOUT_TESTS)
    tables.replace(story.second)
    engine.load(tables)
    engine.dbt("build", *STRICT, *second)


def plain(value: Any) -> Any:
    """A value in one form, whichever the database."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value.normalize() if isinstance(value, Decimal) else value


def sortable(row: Row) -> str:
    return json.dumps({name: plain(value) for name, value in row.items()}, sort_keys=True, default=str)
