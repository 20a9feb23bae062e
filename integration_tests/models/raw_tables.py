"""Raw tables as Airbyte's destinations and PyAirbyte write them, from the connector's own records.

The types are those of tables of PyAirbyte (DuckDB) and of Airbyte's PostgreSQL destination.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from tools.model_columns import kind

Record = Mapping[str, Any]

TYPES = {
    "duckdb": {"json": "JSON", "timestamp": "TIMESTAMP", "text": "VARCHAR"},
    "postgres": {"json": "JSONB", "timestamp": "TIMESTAMPTZ", "text": "VARCHAR"},
    "snowflake": {"json": "JSON", "timestamp": "TIMESTAMPTZ", "text": "VARCHAR"},
    "bigquery": {"json": "JSON", "timestamp": "TIMESTAMPTZ", "text": "VARCHAR"},
    "spark": {"json": "VARCHAR", "timestamp": "TIMESTAMPTZ", "text": "VARCHAR"},
}
SAME = {"integer": "BIGINT", "number": "DECIMAL(38, 9)", "boolean": "BOOLEAN", "date": "DATE"}


def value(of: Any, of_kind: str) -> Any:
    if of is None:
        return None
    if of_kind == "json":
        return json.dumps(of, ensure_ascii=False)
    if of_kind == "timestamp":
        return datetime.fromisoformat(of.replace("Z", "+00:00")).astimezone(timezone.utc)
    if of_kind == "date":
        return date.fromisoformat(of)
    if of_kind == "number":
        return Decimal(str(of))
    return str(of) if of_kind == "text" else of


class RawTables:
    """The tables of one schema, kept in memory and written whole."""

    def __init__(self, catalog: Mapping[str, Any]) -> None:
        self.kinds = {
            name: {column: kind(schema) for column, schema in stream["json_schema"]["properties"].items()}
            for name, stream in catalog.items()
        }
        self.keys = {
            name: [part[0] for part in stream.get("source_defined_primary_key") or []]
            for name, stream in catalog.items()
        }
        self.rows: dict[str, list[tuple[Record, datetime]]] = {}

    def replace(self, records: Iterable[Record]) -> None:
        """Full refresh, overwrite: of each stream that a message names."""
        read = self._by_stream(records)
        self.rows.update(read)

    def merge(self, records: Iterable[Record]) -> None:
        """Append and deduplicate by primary key."""
        for name, rows in self._by_stream(records).items():
            kept = {self._key(name, record): (record, at) for record, at in self.rows.get(name, [])}
            kept.update({self._key(name, record): (record, at) for record, at in rows})
            self.rows[name] = list(kept.values())

    def _key(self, name: str, record: Record) -> tuple[Any, ...]:
        return tuple(record[part] for part in self.keys[name])

    def _by_stream(self, records: Iterable[Record]) -> dict[str, list[tuple[Record, datetime]]]:
        read: dict[str, list[tuple[Record, datetime]]] = {}
        for message in records:
            at = datetime.fromtimestamp(message["emitted_at"] / 1000, timezone.utc)
            read.setdefault(message["stream"], []).append((message["data"], at))
        return read

    def columns(self, name: str, engine: str) -> list[tuple[str, str]]:
        own = [(column, {**SAME, **TYPES[engine]}[of]) for column, of in self.kinds[name].items()]
        meta = [("_airbyte_raw_id", TYPES[engine]["text"]), ("_airbyte_extracted_at", TYPES[engine]["timestamp"])]
        return [*own, *meta]

    def values(self, name: str) -> list[tuple[Any, ...]]:
        return [
            (*(value(record.get(column), of) for column, of in self.kinds[name].items()), f"{name}-{number}", at)
            for number, (record, at) in enumerate(self.rows[name])
        ]

    def into_duckdb(self, connection: Any, schema: str, engine: str = "duckdb") -> None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute("SET TimeZone = 'UTC'")
        for name in self.rows:
            columns = self.columns(name, engine)
            defined = ", ".join(f'"{column}" {of}' for column, of in columns)
            connection.execute(f"CREATE OR REPLACE TABLE {schema}.{name} ({defined})")
            rows = [tuple(_without_zone(each) for each in row) for row in self.values(name)]
            if rows:
                connection.executemany(f"INSERT INTO {schema}.{name} VALUES ({', '.join('?' * len(columns))})", rows)

    def into_postgres(self, connection: Any, schema: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            for name in self.rows:
                columns = self.columns(name, "postgres")
                defined = ", ".join(f'"{column}" {of}' for column, of in columns)
                cursor.execute(f"DROP TABLE IF EXISTS {schema}.{name}")  # fails if a view stands on it
                cursor.execute(f"CREATE TABLE {schema}.{name} ({defined})")
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {schema}.{name} VALUES ({marks})", self.values(name))
        connection.commit()


def _without_zone(of: Any) -> Any:
    return of.replace(tzinfo=None) if isinstance(of, datetime) else of
