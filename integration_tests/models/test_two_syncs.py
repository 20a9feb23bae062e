"""Two incremental syncs of the connector with deleted_records and merges, merged into DuckDB and built after each."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import duckdb
import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import STRICT, WITHOUT_TESTS, DuckDb
from raw_tables import RawTables

from sandbox.process import Sandbox
from tools.connector import Connector
from tools.model_columns import STREAMS

pytestmark = pytest.mark.models


@dataclass
class Followed:
    engine: DuckDb
    between: datetime  # after the first sync, before the second
    candidates: list[dict[str, Any]]  # of the first sync
    events: list[dict[str, Any]]  # of the account, at the end
    people: set[str]
    edited: str
    deleted: str
    merged: str
    kept: str
    moved: dict[str, Any]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.engine.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("two-syncs")
    engine = DuckDb(folder / "duckdb")
    streams = [*STREAMS, "deleted_records"]
    with Sandbox(people=120, jobs=20, events=300, companies=10) as box:
        connector = Connector(box.config, folder)
        tables = RawTables({name: stream for name, stream in connector.discover().items() if name in streams})
        first = connector.read(streams, mode="incremental")
        assert first.exit_code == 0, first.errors
        tables.merge(first.of("RECORD"))
        engine.load(tables)
        engine.dbt("build", *WITHOUT_TESTS)

        candidates = first.records["job_candidates"]
        moved = next(each for each in candidates if not each["candidate_rejection_reason"])
        busy = {each["person"]["id"] for each in candidates}
        deleted = next(each["person"]["id"] for each in candidates if each["person"]["id"] != moved["person"]["id"])
        edited, kept, merged = [each for each in box.ids("people") if each not in busy][:3]
        time.sleep(1)
        between = datetime.now(timezone.utc).replace(tzinfo=None)
        box.update("people", edited, name="Edited Person")
        box.move(moved["job_id"], moved["id"])
        box.delete("people", deleted)
        box.merge_people(kept, merged)
        time.sleep(1)
        second = connector.read(streams, mode="incremental", state=first.state)
        assert second.exit_code == 0, second.errors
        assert len(second.records["people"]) < len(first.records["people"]) / 2, "the second sync is not incremental"
        tables.merge(second.of("RECORD"))
        engine.load(tables)
        engine.dbt("build", *STRICT)
        people = {str(each) for each in box.ids("people")}
        events = box.records("person_events")
    return Followed(
        engine, between, candidates, events, people, str(edited), str(deleted), str(merged), str(kept), moved
    )


def test_a_deletion_and_a_merge_become_tombstones(followed: Followed) -> None:
    rows = followed.query("SELECT remote_id, changed_at, remote_deleted_at, last_name FROM models.loxo__candidates")
    tombstones = {key: (changed, deleted) for key, changed, deleted, _ in rows if deleted}
    assert tombstones.keys() == {followed.deleted, followed.merged}
    for changed, deleted in tombstones.values():
        assert changed == deleted > followed.between
    assert all(name for *_, name in rows), "a tombstone keeps its last values"
    assert {key for key, _, deleted, _ in rows if not deleted} == followed.people
    # The raw tables agree: the deleted row is still there, and deleted_records names it and the one that was kept.
    merged = followed.query(
        "SELECT record_id, merged_into_id FROM raw.deleted_records WHERE object = 'people' AND restored_at IS NULL"
    )
    assert dict(merged) == {followed.deleted: None, followed.merged: int(followed.kept)}
    assert followed.query("SELECT count(*) FROM raw.people") == [(len(rows),)]


def test_the_applications_of_a_deleted_person_go_along(followed: Followed) -> None:
    expected = {str(each["id"]) for each in followed.candidates if str(each["person"]["id"]) == followed.deleted}
    assert expected
    rows = followed.query("SELECT remote_id FROM models.loxo__applications WHERE remote_deleted_at IS NOT NULL")
    assert {key for (key,) in rows} == expected


def test_only_what_changed_has_a_later_changed_at(followed: Followed) -> None:
    def changed(model: str) -> set[str]:
        after = followed.query(f"SELECT remote_id FROM models.{model} WHERE changed_at > '{followed.between}'")
        return {key for (key,) in after}

    people = changed("loxo__candidates")
    assert {followed.edited, followed.deleted, followed.merged} <= people
    # The record of the person that was kept, or moved, says so too.
    assert people <= {
        followed.edited,
        followed.deleted,
        followed.merged,
        followed.kept,
        str(followed.moved["person"]["id"]),
    }
    assert changed("loxo__jobs") == set()
    assert str(followed.moved["id"]) in changed("loxo__applications")
    name = followed.query(
        f"SELECT first_name, last_name FROM models.loxo__candidates WHERE remote_id = '{followed.edited}'"
    )
    assert name == [("Edited", "Person")]


def test_stage_history_is_what_the_account_did(followed: Followed) -> None:
    moves = defaultdict(list)
    for event in followed.events:
        if event["job_id"] and event["activity_type"]["key"].startswith("moved_to_"):
            moves[str(event["job_id"]), str(event["person_id"])].append(event["activity_type"]["name"])
    assert len(moves[str(followed.moved["job_id"]), str(followed.moved["person"]["id"])]) > 1
    found = defaultdict(list)
    for job, person, stage in followed.query(
        "SELECT j.remote_id, c.remote_id, h.new_stage FROM models.loxo__application_history h "
        "JOIN models.loxo__jobs j ON j.id = h.job_id JOIN models.loxo__candidates c ON c.id = h.candidate_id "
        "WHERE c.remote_deleted_at IS NULL"
    ):
        found[job, person].append(stage)
    assert {pair: sorted(stages) for pair, stages in found.items()} == {
        pair: sorted(stages) for pair, stages in moves.items() if pair in found
    }
    assert len(found) == len(
        {
            (each["job_id"], each["person"]["id"])
            for each in followed.candidates
            if str(each["person"]["id"]) != followed.deleted
        }
    )


def test_a_build_without_a_new_sync_changes_nothing(followed: Followed) -> None:
    def snapshot() -> dict[str, list[tuple[Any, ...]]]:
        names = followed.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'models' ORDER BY 1"
        )
        return {name: sorted(followed.query(f"SELECT * FROM models.{name}"), key=repr) for (name,) in names}

    before = snapshot()
    followed.engine.dbt("run")
    assert snapshot() == before
