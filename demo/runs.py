"""What a database says of the demo's runs into it: whose records it holds, when each run was, and what it stored.

The sandbox is generated anew for each run, so this is also the memory of its agency: a day of work lies between the end
of a run and the beginning of the next. A run that was stopped or stored nothing is done over, with the same days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from demo.report import Stream

TABLES = """
CREATE TABLE IF NOT EXISTS _demo_runs (agency_slug VARCHAR, people INTEGER, began TIMESTAMP, ended TIMESTAMP);
CREATE TABLE IF NOT EXISTS _demo_streams (began TIMESTAMP, stream VARCHAR, row_count BIGINT, total BIGINT);
DELETE FROM _demo_runs WHERE ended IS NULL;
"""
# A table that each database of the demo has; it tells one that was written by something else.
LANDMARK = "people"


class DemoError(Exception):
    """Something that the person at the keyboard can mend, in words for them."""


@dataclass
class Run:
    """:ivar people: how many people the sandbox was made with, or None for a real account."""

    agency_slug: str
    people: int | None
    began: datetime
    ended: datetime | None = None


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def past_runs(database: Path) -> list[Run]:
    """The runs into a database, oldest first; the last may not have ended.

    :raises DemoError: the file cannot be written, or is not a DuckDB file.
    """
    import duckdb

    is_new = not database.exists()
    runs = []
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(database)) as db:
            tables = {row[0] for row in db.execute("SELECT table_name FROM information_schema.tables").fetchall()}
            if "_demo_runs" in tables:
                rows = db.execute("SELECT agency_slug, people, began, ended FROM _demo_runs ORDER BY began").fetchall()
                runs = [Run(*row) for row in rows]
            elif LANDMARK in tables:
                runs = [Run("", None, datetime.min, datetime.min)]
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise DemoError(
            f"The database {database} cannot be opened; is it open in another program? ({reason})"
        ) from None
    if is_new:
        database.unlink()
    return runs


def sandbox_runs(database: Path, slug: str, people: int | None, default: int) -> list[Run]:
    """The past runs of the sandbox and the one to do now.

    :raises DemoError: the database cannot be opened, or holds other records.
    """
    runs = past_runs(database)
    held = runs[0].people if runs else people or default
    if held is None or people not in (None, held):
        what = f"the agency of {held:,} people" if held else "records that are not the sandbox's"
        raise DemoError(f"{database} holds {what}. Delete it to begin anew, or name another with DATABASE=.")
    if not runs or runs[-1].ended:
        runs.append(Run(slug, held, now()))
    return runs


def write_beginning(database: Path, run: Run) -> None:
    import duckdb

    with duckdb.connect(str(database)) as db:
        db.execute(TABLES)
        db.execute("INSERT INTO _demo_runs VALUES (?, ?, ?, NULL)", [run.agency_slug, run.people, run.began])


def write_end(database: Path, run: Run, streams: Iterable[Stream]) -> None:
    """Records what is stored, and that the run need not be done over."""
    import duckdb

    run.ended = now()
    with duckdb.connect(str(database)) as db:
        rows = [[run.began, each.name, each.rows, each.total] for each in streams if each.rows is not None]
        db.executemany("INSERT INTO _demo_streams VALUES (?, ?, ?, ?)", rows)
        db.execute("UPDATE _demo_runs SET ended = ? WHERE ended IS NULL", [run.ended])


def deletions(database: Path, run: Run) -> dict[str, int]:
    """How many deletions the run noticed, by object; none if the stream of deletions has failed in every run."""
    import duckdb

    with duckdb.connect(str(database)) as db:
        try:
            rows = db.execute(
                "SELECT object, count(*) FROM deleted_records WHERE _airbyte_extracted_at >= ? AND restored_at IS NULL "
                "GROUP BY ALL ORDER BY ALL",
                [run.began],
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    return dict(rows)
