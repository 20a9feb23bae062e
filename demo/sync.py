"""One sync of every stream through PyAirbyte into a DuckDB file."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from demo.places import CACHE, LOGS
from demo.report import Report, not_renewed
from loxo_api.endpoints import ENDPOINTS

CONNECTOR = "source-loxo"
# Each round leaves out at least one stream more; what needs more rounds than this has another cause.
ROUNDS = 4


class DemoError(Exception):
    """Something that the person at the keyboard can mend, in words for them."""


def sync(
    config: Mapping[str, Any],
    database: Path,
    report: Report,
    say: Callable[[str], None],
    everything: bool,
) -> None:
    """Reads every stream of an account and stores them, each in a table of its name.

    PyAirbyte stores nothing of a sync in which a single stream failed. An agency whose Loxo plan lacks one object
    should still get all others, so a sync that fails is made again without the streams that failed.

    :param report: learns how each stream went, and which tables hold rows of an earlier run.
    :param say: called with what is being done.
    :param everything: also the streams that cost a request for each person or activity.
    :raises DemoError: nothing could be stored.
    """
    _check_database(database)
    with _quiet():
        say("Starting PyAirbyte")
        import airbyte
        from airbyte.caches import DuckDBCache

        try:
            source = airbyte.get_source(CONNECTOR, dict(config), local_executable=_connector())
            _listen(source, report)
            say("Checking the connection")
            source.check()
            say("Discovering the streams")
            cheap = {name for name, endpoint in ENDPOINTS.items() if not endpoint.is_costly}
            names = [name for name in source.get_available_streams() if everything or name in cheap]
        except airbyte.exceptions.PyAirbyteError as error:
            raise DemoError(_plain(error, report)) from None
        with DuckDBCache(db_path=database, cache_dir=CACHE) as cache, _removed(CACHE):
            report.expect(names)
            for attempt in range(ROUNDS):
                source.select_streams(names)
                try:
                    # "replace": what is deleted in Loxo goes, and a second run ends with the same tables.
                    source.read(cache, write_strategy="replace", force_full_refresh=True)
                    break
                except airbyte.exceptions.PyAirbyteError as error:
                    left = [name for name in names if report.streams[name].read]
                    if not left or len(left) == len(names) or attempt == ROUNDS - 1:
                        raise DemoError("\n".join([_plain(error, report), _nothing_stored(_tables(cache))])) from None
                    say(f"Reading again without the {len(names) - len(left)} that failed")
                    report.expect(left)
                    names = left
            for name in names:
                _count(cache, report, name)
            report.stale = {name: rows for name, rows in _tables(cache).items() if name not in names}


def _listen(source: Any, report: Report) -> None:
    """Has the report hear the connector's log and messages."""
    logging.getLogger(f"airbyte.{CONNECTOR}").addHandler(report)
    peek = source._peek_airbyte_message

    def heard(message: Any, **options: Any) -> None:
        report.hear(message)
        peek(message, **options)

    # PyAirbyte 0.71, to which setup.py is pinned, shows its messages to nobody else while it reads.
    source._peek_airbyte_message = heard


def _check_database(database: Path) -> None:
    """Fails before anything is read.

    :raises DemoError: the file cannot be written, or is not a DuckDB file.
    """
    import duckdb

    is_new = not database.exists()
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect(str(database)).close()
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise DemoError(
            f"The database {database} cannot be opened; is it open in another program? ({reason})"
        ) from None
    if is_new:
        database.unlink()


def _tables(cache: Any) -> dict[str, int]:
    """The rows of each stream's table that the database has."""
    found = cache.run_sql_query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
    names = sorted({row["table_name"] for row in found} & set(ENDPOINTS))
    counts = {name: cache.run_sql_query(f'SELECT count(*) AS n FROM "{name}"')[0]["n"] for name in names}
    return {name: count for name, count in counts.items() if count}


def _nothing_stored(tables: Mapping[str, int]) -> str:
    return f"Nothing of this run is stored. {not_renewed(tables)}" if tables else "Nothing is stored."


def _count(cache: Any, report: Report, name: str) -> None:
    stream = report.streams[name]
    if not stream.delivered:
        # PyAirbyte leaves the table of a stream without records as an earlier sync made it.
        cache.execute_sql(f'DELETE FROM "{name}"')
    stream.rows = cache.run_sql_query(f'SELECT count(*) AS n FROM "{name}"')[0]["n"]
    if stream.rows < (stream.delivered or 0):
        stream.error = f"only {stream.rows} of {stream.delivered} delivered records were stored"


def _connector() -> Path:
    path = Path(sys.executable).with_name(CONNECTOR)
    if not path.exists():
        raise DemoError(f"{path} does not exist. Install the project first: pip install -e '.[demo]'")
    return path


def _plain(error: Any, report: Report) -> str:
    """The reason without PyAirbyte's frame around it."""
    reason = (error.context or {}).get("failure_reason")
    streams = [f"{stream.name}: {stream.error}" for stream in report.streams.values() if stream.error]
    return "\n".join(filter(None, [reason, *streams])) or "\n".join(report.other_errors) or error.get_message()


@contextlib.contextmanager
def _removed(folder: Path) -> Iterator[None]:
    """PyAirbyte leaves the records of a sync that failed behind as files."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Lets PyAirbyte talk into a file, and to nobody else: no usage reports, no registry."""
    LOGS.mkdir(parents=True, exist_ok=True)
    # Read by PyAirbyte when it is imported.
    os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("AIRBYTE_LOGGING_ROOT", str(LOGS))
    os.environ.setdefault("NO_LIVE_PROGRESS", "1")
    with (
        (LOGS / "pyairbyte.txt").open("a", encoding="utf-8") as talk,
        contextlib.redirect_stdout(talk),
        contextlib.redirect_stderr(talk),
        warnings.catch_warnings(),
    ):
        yield
