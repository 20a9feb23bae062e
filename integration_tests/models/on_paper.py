"""Warehouses that nobody can start here: dbt compiles for them without a connection, and the SQL runs elsewhere.

Snowflake's in fakesnow, BigQuery's in DuckDB as sqlglot translates it, Databricks's in a local Spark.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from functools import partialmethod
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from engines import PROJECT, Engine, Row, Spark
from raw_tables import RawTables


class OnPaper(Engine):
    """Compiles both kinds of build for an adapter, and runs them on what stands in for its warehouse."""

    models = "warehouse.models"

    def __init__(self, folder: Path, tables: RawTables) -> None:
        super().__init__(folder)
        self.failed: dict[str, str] = {}
        self.custom = {
            name: [column for column in kinds if column.startswith("custom_")] for name, kinds in tables.kinds.items()
        }

    def compiled(self, build: str) -> Iterator[tuple[str, str, bool]]:
        """Each model's name, SQL, and whether it is appended to; after the models that it reads."""
        from dbt.cli.main import dbtRunner

        self.write_profile()
        variables = {"loxo_introspect": False, "loxo_build": build, "loxo_custom_columns": self.custom}
        offline = ("compile", "--quiet", "--no-introspect", "--no-populate-cache")
        done = dbtRunner().invoke(self.arguments(*offline, **variables))
        assert done.success, done.exception or done.result
        nodes = json.loads((self.folder / "target" / "manifest.json").read_text())["nodes"]
        seen: set[str] = set()

        def visit(key: str) -> Iterator[tuple[str, str, bool]]:
            if key in seen or key not in nodes:
                return
            seen.add(key)
            node = nodes[key]
            for needed in node["depends_on"].get("nodes", []):
                yield from visit(needed)
            kind = node["config"]["materialized"]
            if node["resource_type"] == "model" and kind != "ephemeral":
                yield node["name"], node["compiled_code"], kind == "incremental"

        for key in nodes:
            yield from visit(key)

    def build(self, which: str, models: list[tuple[str, str, bool]]) -> None:
        if which == "first":
            for path in sorted((PROJECT / "seeds").glob("*.csv")):
                with path.open() as file:
                    rows = [
                        ", ".join(f"'{cell}' AS {name}" for name, cell in row.items()) for row in csv.DictReader(file)
                    ]
                seed = " UNION ALL ".join(f"SELECT {row}" for row in rows)
                self.run(f"CREATE TABLE {self.models}.{path.stem} AS {seed}")
        for name, sql, is_memory in models:
            if which == "first" and not is_memory:
                continue  # the later build replaces it
            table = f"{self.models}.{name}"
            try:
                if which == "later" and is_memory:
                    self.run(f"INSERT INTO {table} {sql}")
                else:
                    self.run(f"DROP TABLE IF EXISTS {table}")
                    self.run(f"CREATE TABLE {table} AS {sql}")
            except Exception as error:
                self.failed.setdefault(name, f"{type(error).__name__}: {error}")

    def run(self, sql: str) -> None:
        raise NotImplementedError


class BigQuery(OnPaper):
    profile: Mapping[str, Any] = {
        **{"type": "bigquery", "method": "oauth-secrets", "token": "none"},
        **{"project": "warehouse", "dataset": "models"},
    }

    def __init__(self, folder: Path, tables: RawTables) -> None:
        super().__init__(folder, tables)
        self.connection = duckdb.connect()
        self.connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse; CREATE SCHEMA models")

    def load(self, tables: RawTables) -> None:
        tables.into_duckdb(self.connection, "raw", "bigquery")

    def run(self, sql: str) -> None:
        import sqlglot

        tree = sqlglot.parse_one(sql, dialect="bigquery")
        for text in list(tree.find_all(sqlglot.exp.JSONExtractScalar)):
            # DuckDB's ->> binds less tightly than sqlglot takes it to.
            text.replace(sqlglot.exp.Paren(this=text.copy()))
        # sqlglot leaves BigQuery's seconds with three decimals as they are, and BigQuery casts no object to a list.
        translated = tree.sql(dialect="duckdb").replace("%E3S", "%S.%g")
        self.connection.execute(re.sub(r"\bCAST\((\S+ -> '\$' AS JSON\[\])", r"TRY_CAST(\1", translated))

    def rows(self, model: str) -> list[Row]:
        return in_utc(self.connection.execute(f"SELECT * FROM models.{model}"))


class Snowflake(OnPaper):
    profile: Mapping[str, Any] = {
        **{"type": "snowflake", "account": "none", "user": "none", "password": "not-a-real-key"},
        **{"database": "warehouse", "schema": "models", "warehouse": "none"},
    }

    def __init__(self, folder: Path, tables: RawTables) -> None:
        super().__init__(folder, tables)
        from fakesnow.instance import FakeSnow

        fake = FakeSnow()
        self.connection = fake.duck_conn
        self.cursor = fake.connect(database="warehouse", schema="models").cursor()
        self.connection.execute("USE warehouse.models; CREATE MACRO json_list(list) AS json_extract(list, '$[*]')")

    def load(self, tables: RawTables) -> None:
        tables.into_duckdb(self.connection, "raw", "snowflake")

    def run(self, sql: str) -> None:
        from sqlglot import exp

        # fakesnow takes an array for JSON, which a lambda cannot go through, and leaves the format of a time out.
        sql = re.sub(r"\btransform\(cast\((\S+) as array\)", r"transform(json_list(\1)", sql)
        iso = r"""\bto_varchar\((\S+), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"'\)"""
        sql = re.sub(iso, r"strftime(\1, '%Y-%m-%dT%H:%M:%S.%gZ')", sql)
        # It copies a statement for each of some seventy rewritings; without the copies it takes a tenth of the time.
        with mock.patch.object(exp.Expression, "transform", partialmethod(exp.Expression.transform, copy=False)):
            self.cursor.execute(sql)

    def rows(self, model: str) -> list[Row]:
        return in_utc(self.connection.execute(f"SELECT * FROM {self.models}.{model}"))


class Databricks(OnPaper):
    models = "spark_catalog.databricks"  # beside the models that Spark's own adapter builds
    profile: Mapping[str, Any] = {
        **{"type": "databricks", "host": "none.example", "http_path": "/sql", "token": "none"},
        **{"catalog": "spark_catalog", "schema": "databricks"},
    }

    def load(self, tables: RawTables) -> None:
        self.spark = Spark(self.folder)
        self.spark.load(tables)
        self.run(f"CREATE SCHEMA IF NOT EXISTS {self.models}")

    def run(self, sql: str) -> None:
        self.spark.session.sql(sql)

    def rows(self, model: str) -> list[Row]:
        return self.spark.rows(model, "databricks")


def in_utc(found: Any) -> list[Row]:
    """Rows of DuckDB with times of UTC without zone, and names in lower case."""
    names = [column[0].lower() for column in found.description]
    return [
        {
            name: value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
            for name, value in zip(names, row, strict=True)
        }
        for row in found.fetchall()
    ]
