"""The demo's work: a sync, with its progress and its report. `python -m demo` runs it as a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 13):
    sys.exit("PyAirbyte, which stores the records, has no release for Python 3.13 yet. Use Python 3.10, 3.11 or 3.12.")

try:
    from rich.console import Console

    from demo.cost import cost
    from demo.report import Report, not_renewed, table
    from demo.runs import DemoError, Run, deletions, now, past_runs, sandbox_runs
    from demo.sync import sync
except ModuleNotFoundError as missing:
    sys.exit(f"The package '{missing.name}' is missing. Install the demo first: pip install -e '.[demo]'")

from demo.arguments import arguments
from demo.places import FOLDER
from loxo_api.endpoints import ENDPOINTS
from sandbox.agency.agency import Sizes
from sandbox.process import Sandbox, SandboxError
from source_loxo.streams.deleted_records import DELETED_RECORDS

# Where output is not a terminal, progress is a line at most this often.
LINE_SECONDS = 5.0
SLUG = "demo-agency"
DEEDS = {
    "create": "created",
    "back_date": "created",
    "edit": "edited",
    "move": "moved",
    "delete": "deleted",
    "merge": "merged",
}


def read_config(path: Path) -> dict[str, Any]:
    """The connector's config.

    :raises DemoError: there is no such file, or it is not a JSON object.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DemoError(f"The config file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DemoError(f"The config file {path} is not JSON: {error}.") from None
    if not isinstance(config, dict):
        raise DemoError(f"The config file {path} must hold an object with domain, agency_slug and api_key.")
    return config


@dataclass
class Account:
    """:ivar past: the runs before this one.
    :ivar life: what the sandbox's agency did since the last of them, in words.
    """

    config: Mapping[str, Any]
    database: Path
    run: Run
    past: list[Run]
    life: str = ""


@contextmanager
def account(given: argparse.Namespace) -> Iterator[Account]:
    """What to read, and the database for its records; demo data never lands in an account's file."""
    if given.config:
        config = read_config(given.config)
        slug = str(config.get("agency_slug", ""))
        database: Path = given.database or FOLDER / f"account-{Path(slug).name}.duckdb"
        past = past_runs(database)
        if past and past[0].agency_slug not in ("", slug):
            raise DemoError(f"{database} holds the agency '{past[0].agency_slug}'. Name another file with DATABASE=.")
        yield Account(config, database, Run(slug, None, now()), past)
        return
    database = given.database or FOLDER / "sandbox.duckdb"
    *past, run = sandbox_runs(database, SLUG, given.people, Sizes().people)
    days = [f"{before.ended}/{after.began}" for before, after in pairwise([*past, run])]
    flags: dict[str, Any] = {
        "people": run.people,
        "now": [*past, run][0].began,
        "slug": SLUG,
        "workdays": ",".join(days) or None,
    }
    with Sandbox(**flags) as sandbox:
        yield Account(sandbox.config, database, run, past, told(sandbox.life(), past))


def told(life: list[dict[str, Any]], past: list[Run]) -> str:
    """The changes since the last run, in one line."""
    since = str(past[-1].ended).replace(" ", "T") if past else ""
    counts = Counter((DEEDS[each["op"]], each["object"]) for each in life if each["at"] >= since)
    deeds = {
        deed: [f"{count} {name}" for (done, name), count in sorted(counts.items()) if done == deed]
        for deed in DEEDS.values()
    }
    return "; ".join(f"{', '.join(names)} {deed}" for deed, names in deeds.items() if names)


class Progress:
    """The line that moves while streams are read: a status on a terminal, else a printed line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed_at = 0.0
        self.status = console.status("")

    def say(self, text: str) -> None:
        self.status.update(f"{text} …")
        if not self._console.is_terminal:
            self._console.print(f"{text} …", soft_wrap=True)
            self._printed_at = time.monotonic()

    def moved(self, report: Report) -> None:
        is_last = len(report.ended) == len(report.streams)
        if self._console.is_terminal or is_last or time.monotonic() - self._printed_at >= LINE_SECONDS:
            self.say(report.progress)


def run(given: argparse.Namespace, console: Console) -> int:
    """Syncs, shows, and returns the exit code."""
    started = time.monotonic()
    progress = Progress(console)
    report = Report(progress.moved)
    with account(given) as to:
        line = f"Loxo account '{to.config.get('agency_slug')}' at {to.config.get('domain')} → {to.database}"
        console.print(line, markup=False, soft_wrap=True)
        if to.life:
            console.print(f"In the agency since the last run: {to.life}.", markup=False, soft_wrap=True)
        if given.everything:
            console.print(cost(to.config), markup=False, soft_wrap=True)
        with progress.status:
            sync(to.config, to.database, to.run, report, progress.say, given.everything)
    show(report, given, to, time.monotonic() - started, console)
    return 1 if report.failed else 0


def show(report: Report, given: argparse.Namespace, to: Account, seconds: float, console: Console) -> None:
    """The table, what failed, what was deleted, and what is left out."""
    console.print(table(report.streams.values(), seconds))
    for stream in report.failed:
        line = f"{stream.name}: {stream.error or 'did not come to its end'}"
        console.print(line, style="red", markup=False, soft_wrap=True)
    if report.failed:
        console.print(f"\n{len(report.failed)} of {len(report.streams)} streams failed; the others are stored.")
    else:
        console.print("Every stream is complete, and Loxo claims no record that is not there.")
    if not given.everything:
        costly = ", ".join(endpoint.name for endpoint in ENDPOINTS.values() if endpoint.is_costly)
        console.print(
            f"Left out, because each costs a request for each person, activity or country (--everything): {costly}"
        )
    if report.stale:
        console.print(not_renewed(report.stale), style="yellow", markup=False, soft_wrap=True)
    if to.past and DELETED_RECORDS.name in report.streams:
        gone = ", ".join(f"{count} {name}" for name, count in deletions(to.database, to.run).items())
        console.print(f"Deletions noticed: {gone or 'none'}. Deleted rows stay in their tables; see deleted_records.")
    console.print(
        f"\nThe records are in {to.database}. Ask it anything:\n\n  {query(to.database)}\n",
        soft_wrap=True,
        markup=False,
    )


def query(database: Path) -> str:
    """A command line that shows some of the records."""
    python = Path(os.path.relpath(sys.executable))
    sql = "SELECT name, current_title, current_company, city FROM people LIMIT 10"
    return f"""{python} -c "import duckdb; db = duckdb.connect('{database}'); db.sql('{sql}').show()\""""


def end_with_the_parent() -> None:
    """Ends this process group when `python -m demo` is gone: then the pipe that is stdin closes."""

    def wait() -> None:
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def main() -> int:
    end_with_the_parent()
    # The stream of now: while PyAirbyte works, sys.stdout is another.
    console = Console(file=sys.stdout, highlight=False)
    try:
        return run(arguments(), console)
    except (DemoError, SandboxError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
