"""`python -m demo.columns`: the columns of each table of the DuckDB file, and the share of their rows with a value."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from demo.places import FOLDER


def shares(database: Path) -> Iterator[tuple[str, str, int, int]]:
    """For each column of each table: table, column, rows, and rows in which the column is not NULL."""
    with duckdb.connect(str(database), read_only=True) as db:
        columns = db.execute(
            "SELECT table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns "
            "WHERE table_schema = 'main' AND NOT starts_with(table_name, '_') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for table, names in columns:
            # PyAirbyte's own columns begin with _airbyte_.
            kept = [name for name in names if not name.startswith("_airbyte_")]
            counts = ", ".join(f'count("{name}")' for name in kept)
            rows, *filled = db.execute(f'SELECT count(*), {counts} FROM "{table}"').fetchone() or ()
            for name, count in zip(kept, filled, strict=True):
                yield table, name, rows, count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.columns", description=__doc__)
    parser.add_argument("database", type=Path, nargs="?", default=FOLDER / "sandbox.duckdb")
    database: Path = parser.parse_args().database
    try:
        lines = list(shares(database))
    except (duckdb.Error, OSError) as error:
        print(f"{database} cannot be read: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    print(f"{'table':30} {'column':36} {'not NULL':>8}  {'rows':>9}")
    for table, column, rows, filled in lines:
        share = f"{filled / rows:.0%}" if rows else "-"
        print(f"{table:30} {column:36} {share:>8}  {rows:>9,}")
    tables = {table for table, _, _, _ in lines}
    empty = sum(not filled for _, _, rows, filled in lines if rows)
    print(f"{len(tables)} tables, {len(lines)} columns, {empty} of them NULL in every row.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
