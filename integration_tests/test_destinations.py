"""Two incremental syncs through PyAirbyte, as published, into real databases, checked by SQL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pendulum
import postgres
import pytest

from sandbox.process import Sandbox
from tools.connector import Connector, Output, parse

airbyte = pytest.importorskip("airbyte", reason="PyAirbyte needs Python 3.12 or older")

Start = Callable[..., Sandbox]
EXECUTABLE = Path(sys.executable).with_name("source-loxo")
# The field of a record that a recruiter sees.
TITLES = {"people": "name", "jobs": "title", "companies": "name"}
# Loxo's list of companies has no time of change.
DATED = ("people", "jobs")
# Rows that hold a copy of a person, which is as it was when the row was read; to the person's id.
COPIES: dict[str, Callable[[Mapping[str, Any]], int]] = {
    "company_people": lambda row: row["id"],
    "job_candidates": lambda row: row["person"]["id"],
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LIKE_A_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:")
LIKE_A_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
# When the connector read the record, which is another time in each read.
READ_NOW = ("_loxo_synced_at",)
# A thousand requests for what never changes: read once, and compared with the sandbox's own list.
GEOGRAPHY = {"country_states": "states", "state_cities": "cities"}


@pytest.fixture(params=["duckdb", "postgres"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An empty database behind PyAirbyte."""
    if request.param == "duckdb":
        with airbyte.caches.DuckDBCache(db_path=tmp_path / "loxo.duckdb", cache_dir=tmp_path / "cache") as made:
            yield made
        return
    if not postgres.binaries():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.Postgres() as server:
        address = server.address
        with airbyte.caches.PostgresCache(
            host=address["host"],
            port=address["port"],
            username=address["user"],
            password=address["password"],
            database=address["dbname"],
            cache_dir=tmp_path / "cache",
        ) as made:
            yield made


class OwnProcess(Connector):
    """Not forked from this process, whose log PyAirbyte has rearranged."""

    def run(self, *arguments: str) -> Output:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)
        return parse(done.returncode, done.stdout, done.stderr)


def synced(config: Mapping[str, Any], cache: Any, streams: Collection[str]) -> Any:
    """Incremental where it can be: PyAirbyte keeps the state in the database."""
    source = airbyte.get_source("source-loxo", dict(config), local_executable=EXECUTABLE, streams=list(streams))
    return source.read(cache)


def rows(cache: Any, stream: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """The distinct rows of a stream's table, in order.

    Distinct, because PyAirbyte's merge matches a sync's records with the table, not with each other: what is delivered
    twice in one sync, as any connector may, becomes two equal rows. See docs/pyairbyte.md.
    """
    names = ", ".join(f'"{column}"' for column in columns)
    found = cache.run_sql_query(f'SELECT {names} FROM "{cache.schema_name}"."{stream}"')
    return sorted({tuple(_utc(row[column]) for column in columns) for row in found})


def latest(cache: Any, stream: str, key: list[str], columns: list[str]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """The rows of a stream's table by primary key; of those that came twice in one sync, the later (see `rows`)."""
    names = ", ".join(f'"{column}"' for column in columns)
    found = cache.run_sql_query(
        f'SELECT {names} FROM "{cache.schema_name}"."{stream}" ORDER BY "_airbyte_extracted_at"'
    )
    return {tuple(row[part] for part in key): row for row in found}


def same(stored: Any, read: Any, guessed: bool) -> bool:
    """Whether a database holds what was read; a column of numbers and texts is one of texts."""
    if isinstance(stored, str) and isinstance(read, (int, float)):
        return float(stored) == read
    return bool(plain(stored, guessed) == plain(read, guessed))


def plain(value: Any, guessed: bool) -> Any:
    """A value in one form, whichever the database, PyAirbyte or the connector chose for numbers, times and JSON.

    :param guessed: whether PyAirbyte takes texts that look like numbers or times for such, as it does for PostgreSQL.
    """
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        return json.loads(value)
    if TIME.fullmatch(value) if not guessed else LIKE_A_TIME.match(value):
        return pendulum.parse(value)
    return float(value) if guessed and LIKE_A_NUMBER.fullmatch(value) else value


def _utc(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_after_two_incremental_syncs_the_tables_are_the_account(
    start_sandbox: Start, cache: Any, tmp_path: Path
) -> None:
    box = start_sandbox(people=130, jobs=40, events=150, companies=30)
    connector = OwnProcess(box.config, tmp_path)
    streams = connector.discover()
    first = synced(box.config, cache, streams)
    # The others are read in full each time, and do not change here.
    incremental = [name for name, facts in streams.items() if "incremental" in facts["supported_sync_modes"]]
    records = sum(len(first[name]) for name in incremental)

    ids = {stream: box.ids(stream) for stream in TITLES}
    edited = ids["people"][::7]
    for stream, title in TITLES.items():
        for each in ids[stream][::7]:
            box.update(stream, each, **{title: f"Edited {each} - José 参考"})
        box.create(stream, **{title: "Made between the syncs"})
    event = box.create("person_events")["id"]
    second = synced(box.config, cache, incremental)

    assert event in [row[0] for row in rows(cache, "person_events", ["id"])]
    # The second sync requested new records, from the state that PyAirbyte keeps in the database.
    assert second.processed_records < records / 2

    for stream, title in TITLES.items():
        expected = [box.record(stream, each) for each in box.ids(stream)]
        assert rows(cache, stream, ["id", title]) == sorted((row["id"], row[title]) for row in expected), stream
        if stream in DATED:
            changes = sorted((row["id"], moment(row["updated_at"])) for row in expected)
            assert rows(cache, stream, ["id", "updated_at"]) == changes, stream

    guessed = isinstance(cache, airbyte.caches.PostgresCache)
    known = box.counts()
    everything = connector.read([name for name in streams if name not in GEOGRAPHY]).records
    for stream, name in GEOGRAPHY.items():
        assert [row[0] for row in rows(cache, stream, ["id"])] == sorted(box.ids(name)), stream
    for stream, facts in streams.items():
        if stream in GEOGRAPHY:
            continue
        if stream in known:
            assert sorted(record["id"] for record in everything[stream]) == sorted(box.ids(stream)), stream
        key = [part[0] for part in facts["source_defined_primary_key"]]
        columns = list(facts["json_schema"]["properties"])
        read = {tuple(record[part] for part in key): record for record in everything[stream]}
        stored = latest(cache, stream, key, columns)
        assert stored.keys() == read.keys(), stream
        for each, row in stored.items():
            if stream in COPIES and COPIES[stream](read[each]) in edited:
                continue
            different = {
                name: (row[name], read[each].get(name))
                for name in columns
                if name not in READ_NOW and not same(row[name], read[each].get(name), guessed)
            }
            assert not different, (stream, each)


def test_custom_ranges_that_are_arrays_are_stored(start_sandbox: Start, cache: Any) -> None:
    """Above they are objects."""
    box = start_sandbox(people=5, jobs=10, events=5, companies=5, set={"custom_ranges": "array"})
    synced(box.config, cache, ["jobs"])
    ranges = ["custom_numeric_range_1", "custom_date_range_1"]
    sent = {(job["id"],): [job[name] for name in ranges] for job in box.api("jobs?per_page=100")["results"]}
    stored = latest(cache, "jobs", ["id"], ["id", *ranges])
    assert {key: [plain(row[name], guessed=False) for name in ranges] for key, row in stored.items()} == sent
    assert any(value for values in sent.values() for value in values)
