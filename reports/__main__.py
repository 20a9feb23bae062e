"""`python -m reports`: a DuckDB file with Loxo's raw tables in, one HTML page out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.database import ReportError
from reports.facts import facts
from reports.models import build
from reports.page import page


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__, allow_abbrev=False)
    parser.add_argument("database", type=Path, nargs="?", default=Path(".demo/sandbox.duckdb"))
    parser.add_argument("--names", action="store_true", help="show the names of recruiters")
    given = parser.parse_args()
    database: Path = given.database
    target = database.with_suffix(".html")
    try:
        print(f"Building the models in {database}; this takes half a minute …", flush=True)
        build(database)
        text = page(facts(database, given.names))
        target.write_text(text, encoding="utf-8")
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The page is {target} ({len(text.encode()) // 1000} KB). Open it in a browser; it needs no network.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
