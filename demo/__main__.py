"""`python -m demo`: a whole Loxo account, or the sandbox, into a DuckDB file."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loxo_api.endpoints import ENDPOINTS

if sys.version_info >= (3, 13):
    sys.exit("PyAirbyte, which stores the records, has no release for Python 3.13 yet. Use Python 3.10, 3.11 or 3.12.")

try:
    from rich.console import Console

    from demo.report import Report, table
    from demo.sync import DemoError, sync
except ModuleNotFoundError as missing:
    sys.exit(f"The package '{missing.name}' is missing. Install the demo first: pip install -e '.[demo]'")

FOLDER = Path(".demo")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--config", type=Path, help="config file of a real account; without it, the sandbox is read")
    parser.add_argument("--people", type=int, help="how many people the sandbox has")
    parser.add_argument("--database", type=Path, help="DuckDB file to write; one per account in .demo/ by default")
    parser.add_argument(
        "--everything", action="store_true", help="also the streams that cost a request for each person or activity"
    )
    given = parser.parse_args()
    if given.config and given.people is not None:
        parser.error("--people is for the sandbox; an account has as many as it has")
    return given


def read_config(path: Path) -> dict[str, Any]:
    """The connector's config.

    :raises DemoError: there is no such file, or it is no JSON object.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DemoError(f"{path} is not JSON: {error}.") from None
    if not isinstance(config, dict):
        raise DemoError(f"{path} must hold an object with domain, agency_slug and api_key.")
    return config


@contextmanager
def account(given: argparse.Namespace) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The config to read with, and the name of the file for its records; demo data never lands in an account's file."""
    if given.config:
        config = read_config(given.config)
        yield config, f"account-{Path(str(config.get('agency_slug', ''))).name}"
    else:
        from sandbox.process import Sandbox

        flags = {} if given.people is None else {"people": given.people}
        with Sandbox(**flags) as sandbox:
            yield sandbox.config, "sandbox"


def run(given: argparse.Namespace, console: Console) -> int:
    """Syncs, shows, and returns the exit code."""
    started = time.monotonic()
    status = console.status("")

    def say(text: str) -> None:
        status.update(f"{text} …")
        if not console.is_terminal:
            console.print(f"{text} …")

    def progress(report: Report) -> None:
        ended, total = len(report.ended), len(report.streams)
        text = f"{ended} of {total} streams read, {report.records:,} records"
        if ended == total:
            text += "; writing them into DuckDB"
        status.update(f"{text} …")
        if not console.is_terminal and (ended % 10 == 0 or ended == total):
            console.print(f"{text} …")

    report = Report(progress)
    with account(given) as (config, name):
        database: Path = given.database or FOLDER / f"{name}.duckdb"
        line = f"Loxo account '{config.get('agency_slug')}' at {config.get('domain')} → {database}"
        console.print(line, markup=False, soft_wrap=True)
        with status:
            sync(config, database, FOLDER, report, say, given.everything)
    console.print(table(report.streams.values(), time.monotonic() - started))
    for stream in report.failed:
        line = f"{stream.name}: {stream.error or 'did not come to its end'}"
        console.print(line, style="red", markup=False, soft_wrap=True)
    if report.failed:
        console.print(f"\n{len(report.failed)} of {len(report.streams)} streams failed; the others are stored.")
    else:
        console.print("Every stream is complete, and Loxo claims no record that is not there.")
    if not given.everything:
        left = [endpoint.name for endpoint in ENDPOINTS.values() if endpoint.is_costly]
        console.print(
            f"Left out, for they cost a request for each person or activity (--everything): {', '.join(left)}"
        )
    console.print(
        f"\nThe records are in {database}. Ask it anything:\n\n  {query(database)}\n", soft_wrap=True, markup=False
    )
    return 1 if report.failed else 0


def query(database: Path) -> str:
    """A command line that shows some of the records."""
    python = Path(os.path.relpath(sys.executable))
    sql = "SELECT name, current_title, current_company, city FROM people LIMIT 10"
    return f"""{python} -c "import duckdb; db = duckdb.connect('{database}'); db.sql('{sql}').show()\""""


def main() -> int:
    # The stream of now: while PyAirbyte works, sys.stdout is another.
    console = Console(file=sys.stdout, highlight=False)
    try:
        return run(arguments(), console)
    except DemoError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
