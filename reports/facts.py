"""What the page says: the numbers at the top, and a table of rows for each chart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from reports.database import opened
from reports.models import agency_slug

HERE = Path(__file__).parent
# The demo writes these; another program's file has none, so the SQL of charts finds empty ones.
DEMO_TABLES = {
    "_demo_runs": "agency_slug VARCHAR, people INTEGER, began TIMESTAMP, ended TIMESTAMP",
    "_demo_streams": "began TIMESTAMP, stream VARCHAR, row_count BIGINT, total BIGINT",
}


@dataclass
class Chart:
    """One chart's file, and its rows.

    :ivar needs: the streams without which it has no rows.
    :ivar reason: why nothing is drawn, or an empty text.
    """

    name: str
    title: str
    text: str
    needs: list[str]
    sql: str
    columns: dict[str, str]
    empty: str
    spec: dict[str, Any]
    drawn: str = ""  # SQL condition on the rows that are drawn; the others are in the table only
    rows: list[dict[str, Any]] = field(default_factory=list)
    drawn_rows: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""


@dataclass
class Facts:
    agency: str
    read_at: datetime | None
    headlines: list[dict[str, Any]]
    charts: list[Chart]


def facts(database: Path, names: bool) -> Facts:
    """Asks the file.

    :param names: whether recruiters appear by name.
    """
    slug = agency_slug(database)
    with opened(database) as db:
        db.execute(f"SET VARIABLE names = {names}")
        tables = _raw_tables(db)
        _add_stand_ins(db)
        _add_streams(db, tables)
        charts = [Chart(path.stem[3:], **yaml.safe_load(path.read_text("utf-8"))) for path in _chart_files()]
        for chart in charts:
            chart.rows = _rows(db, chart.sql)
            chart.drawn_rows = _rows(db, f"SELECT * FROM ({chart.sql}) WHERE {chart.drawn or 'true'}")
            chart.reason = "" if chart.drawn_rows else _reason(chart, tables)
        read_at = db.execute("SELECT max(newest) FROM streams").fetchone()
        headlines = _rows(db, (HERE / "headlines.sql").read_text("utf-8"))
    return Facts(slug, read_at[0] if read_at else None, headlines, charts)


def _chart_files() -> list[Path]:
    return sorted((HERE / "charts").glob("*.yml"))


def _rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found = db.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _raw_tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        row[0]
        for row in db.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'main' "
            "AND column_name = '_airbyte_extracted_at' ORDER BY table_name"
        ).fetchall()
    ]


def _add_stand_ins(db: duckdb.DuckDBPyConnection) -> None:
    for table, columns in DEMO_TABLES.items():
        known = db.execute("SELECT 1 FROM information_schema.tables WHERE table_name = ?", [table]).fetchone()
        if not known:
            db.execute(f"CREATE TEMP TABLE {table} ({columns})")


def _add_streams(db: duckdb.DuckDBPyConnection, tables: list[str]) -> None:
    """A table of the raw tables: rows, rows that Loxo deleted since, time of the last read."""
    db.execute("CREATE TEMP TABLE streams (stream VARCHAR, row_count BIGINT, gone BIGINT, newest TIMESTAMP)")
    gone = "false"
    if "deleted_records" in tables:
        gone = (
            "CAST(id AS VARCHAR) IN (SELECT CAST(record_id AS VARCHAR) FROM deleted_records "
            "WHERE object = ? AND restored_at IS NULL)"
        )
    for table in tables:
        columns = {row[0] for row in db.execute(f'DESCRIBE "{table}"').fetchall()}
        condition = gone if "id" in columns else "false"
        db.execute(
            f"INSERT INTO streams SELECT ?, count(*), count(*) FILTER ({condition}), max(_airbyte_extracted_at) "
            f'FROM main."{table}"',
            [table, table] if "?" in condition else [table],
        )


def _reason(chart: Chart, tables: list[str]) -> str:
    missing = [name for name in chart.needs if name not in tables]
    if missing:
        return f"Nothing to draw: this file has no table {' and '.join(missing)}. Select the stream and sync again."
    return f"Nothing to draw: {chart.empty}"
