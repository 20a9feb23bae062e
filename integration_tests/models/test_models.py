"""The dbt package over the connector's own records, on real databases; Python says independently what must come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

import postgres
from engines import (
    MARTS,
    TEN,
    WITHOUT_TESTS,
    DuckDb,
    Engine,
    Postgres,
    Spark,
    has_postgres,
    has_spark,
    plain,
    sortable,
    twice,
)
from raw_tables import RawTables
from story import Story

pytestmark = pytest.mark.models

Row = dict[str, Any]


@pytest.fixture(scope="session")
def on_postgres(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if not has_postgres():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.Postgres() as server:
        engine = Postgres(tmp_path_factory.mktemp("postgres"), server.address)
        twice(engine, story)
        yield engine


@pytest.fixture(scope="session")
def on_spark(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if not has_spark():
        pytest.skip(
            "Spark needs a Java runtime (Debian: apt-get install default-jre-headless) and pip install '.[spark]'"
        )
    engine = Spark(tmp_path_factory.mktemp("spark"))
    twice(engine, story, "--exclude", "test_type:unit")  # dbt would cast the empty columns of their input to varchar
    yield engine
    engine.session.stop()


@pytest.fixture(params=["on_duckdb", "on_postgres", "on_spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database with both syncs, each read whole and built."""
    found: Engine = request.getfixturevalue(request.param)
    return found


def live(engine: Engine, model: str) -> dict[str, Row]:
    return {row["remote_id"]: row for row in engine.rows(f"loxo__{model}") if row["remote_deleted_at"] is None}


def ended(engine: Engine, model: str) -> dict[str, Row]:
    return {row["remote_id"]: row for row in engine.rows(f"loxo__{model}") if row["remote_deleted_at"] is not None}


def texts(ids: Any) -> set[str]:
    return {str(each) for each in ids}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)


def test_the_rows_are_the_account(engine: Engine, story: Story) -> None:
    for model, truth in {
        "users": "users",
        "jobs": "jobs",
        "candidates": "people",
        "applications": "candidates",
    }.items():
        assert live(engine, model).keys() == texts(row["id"] for row in story.after[truth]), model
    jobs = live(engine, "jobs")
    for job in story.after["jobs"]:
        row = jobs[str(job["id"])]
        assert row["name"] == job["title"]
        assert plain(row["location"])["city"] == job.get("city")
        assert row["salary_amount"] == (Decimal(job["salary"]) if job.get("salary") else None)
        assert row["remote_created_at"] == moment(job["created_at"])
        status = (job.get("status") or {}).get("name")
        assert row["status"] == {"Active": "OPEN", "Filled": "CLOSED", "Closed": "CLOSED"}.get(status, status)
    people = live(engine, "candidates")
    for person in map(dict, story.after["people"]):
        row = people[str(person["id"])]
        words = person["name"].split(" ")
        assert (row["first_name"], row["last_name"]) == (" ".join(words[:-1]) or None, words[-1])
        numbers = [phone["value"] for phone in person["phones"]]
        assert [phone["phone_number"] for phone in plain(row["phone_numbers"])] == numbers
        assert [each["email_address"] for each in plain(row["email_addresses"])] == [
            each["value"] for each in person["emails"]
        ]
        assert row["remote_updated_at"] == moment(person["updated_at"])
        data = plain(row["remote_data"])
        # A number or a text in Loxo: destinations store the text.
        compensation = person.pop("current_compensation", None)
        assert data.pop("current_compensation") == (None if compensation is None else str(compensation))
        assert {name: data[name] for name in person} == person
        summary = person.get("custom_text_1")
        assert plain(row["custom_fields"]).get("Notice period") == summary
        industry = [each["value"] for each in person.get("custom_hierarchy_1") or []]
        assert plain(row["custom_fields"]).get("Industry", []) == industry


def test_tags_are_the_words_of_people(engine: Engine, story: Story) -> None:
    carried = defaultdict(set)
    for person in story.after["people"]:
        for word in (person.get("all_raw_tags") or "").split(","):
            if word.strip():
                carried[word.strip()].add(person["id"])
    tags = {row["id"]: row["name"] for row in engine.rows("loxo__tags") if row["remote_deleted_at"] is None}
    assert sorted(tags.values()) == sorted(carried)
    people = {row["id"]: int(key) for key, row in live(engine, "candidates").items()}
    found = defaultdict(set)
    for row in engine.rows("loxo__candidate_tags"):
        if row["remote_deleted_at"] is None:
            found[tags[row["tag_id"]]].add(people[row["candidate_id"]])
    assert found == carried


def test_outcomes_are_declined_hired_or_pending(engine: Engine, story: Story) -> None:
    stages = {stage["id"]: stage["name"] for stage in story.after["workflow_stages"]}
    placed = {(row["person"]["id"], row["job"]["id"]) for row in story.after["placements"]}
    rows = live(engine, "applications")
    read = [each["data"] for each in story.second if each["stream"] == "job_candidates"]
    expected = {}
    for each in read:
        stage = stages[each["workflow_stage_id"]]
        if each["candidate_rejection_reason"] or stage == "Rejected":
            expected[str(each["id"])] = "DECLINED"
        elif stage == "Hired" or (each["person"]["id"], each["job_id"]) in placed:
            expected[str(each["id"])] = "HIRED"
        else:
            expected[str(each["id"])] = "PENDING"
    assert {key: row["outcome"] for key, row in rows.items()} == expected
    assert set(expected.values()) == {"DECLINED", "HIRED", "PENDING"}


def test_an_edit_a_move_and_deletions_are_followed(engine: Engine, story: Story) -> None:
    first_ends = max(each["emitted_at"] for each in story.first) / 1000
    started = datetime.fromtimestamp(first_ends, timezone.utc).replace(tzinfo=None)

    def changed(model: str) -> set[str]:
        return {key for key, row in live(engine, model).items() if row["changed_at"] > started}

    assert str(story.edited_person) in changed("candidates")
    # The record of each person on the deleted job, and of the moved one, says so.
    before = {each["id"]: each for each in story.before["people"]}
    touched = {each["id"] for each in story.after["people"] if each != before[each["id"]]}
    assert changed("candidates") <= texts({*touched, story.edited_person, story.moved["person"]["id"]})
    assert changed("jobs") == {str(story.edited_job)}
    assert changed("users") == set()
    assert str(story.moved["id"]) in changed("applications")

    assert ended(engine, "users").keys() == {str(story.deleted_user)}
    assert ended(engine, "jobs").keys() == {str(story.deleted_job)}
    assert ended(engine, "candidates").keys() == {str(story.deleted_person)}
    assert ended(engine, "applications").keys() == texts(story.deleted_candidates)
    name = next(row["name"] for row in story.before["people"] if row["id"] == story.deleted_person)
    tombstone = ended(engine, "candidates")[str(story.deleted_person)]
    assert tombstone["last_name"] == name.split(" ")[-1]
    assert tombstone["changed_at"] == tombstone["remote_deleted_at"] > started


def test_stage_history_is_what_the_account_did(engine: Engine, story: Story) -> None:
    moves = defaultdict(list)
    for event in story.after["person_events"]:
        if event["job_id"] and event["activity_type"]["key"].startswith("moved_to_"):
            at = moment(event["created_at"])
            moves[event["job_id"], event["person_id"]].append((at, event["activity_type"]["name"]))
    assert len(moves[story.moved["job_id"], story.moved["person"]["id"]]) > 1
    keys = {row["id"]: key for key, row in live(engine, "applications").items()}
    read = {each["data"]["id"]: each["data"] for each in story.second if each["stream"] == "job_candidates"}
    found = defaultdict(list)
    for row in engine.rows("loxo__application_history"):
        if row["application_id"] in keys:
            candidate = read[int(keys[row["application_id"]])]
            found[candidate["job_id"], candidate["person"]["id"]].append((row["valid_from"], row["new_stage"]))
            assert row["is_from_activity"]
    expected = {(each["job_id"], each["person"]["id"]) for each in read.values()}
    assert found.keys() == expected
    for pair in expected:
        assert sorted(found[pair]) == sorted(moves[pair])


def test_money_is_exact(engine: Engine, story: Story) -> None:
    fees = {row["remote_id"]: row["fee"] for row in engine.rows("loxo__placements")}
    assert fees == {str(row["id"]): Decimal(row["fee"]) for row in story.after["placements"]}
    amounts = {row["remote_id"]: row["amount"] for row in engine.rows("loxo__deals")}
    assert amounts == {str(row["id"]): Decimal(row["amount"]) for row in story.after["deals"]}
    activities = sum(row["count_activities"] for row in engine.rows("loxo__recruiter_activity"))
    assert activities == len(story.after["person_events"])


def test_funnels_add_up(engine: Engine, story: Story) -> None:
    jobs = engine.rows("loxo__job_enhanced")
    assert len(jobs) == len(story.before["jobs"])
    for job in jobs:
        parts = ("count_active_applications", "count_hired_applications", "count_rejected_applications")
        assert job["count_applications"] == sum(job[part] for part in parts)
    assert sum(job["count_applications"] for job in jobs) == len(story.after["candidates"])
    assert len(engine.rows("loxo__application_enhanced")) == len(story.before["candidates"])
    assert len(engine.rows("loxo__people")) == len(story.before["people"])


@pytest.mark.parametrize("other", ["on_postgres", "on_spark"])
def test_databases_agree_in_every_column_of_every_row(
    on_duckdb: Engine, other: str, request: pytest.FixtureRequest
) -> None:
    other_engine: Engine = request.getfixturevalue(other)
    for model in (*TEN, *MARTS):
        one, two = ([sortable(row) for row in each.rows(f"loxo__{model}")] for each in (on_duckdb, other_engine))
        assert sorted(one) == sorted(two), model


def test_a_third_build_adds_nothing(on_duckdb: Engine) -> None:
    before = {model: on_duckdb.rows(f"loxo_memory__{model}") for model in TEN}
    on_duckdb.dbt("run")
    on_duckdb.dbt("run", "--full-refresh")  # keeps the memory
    assert {model: len(on_duckdb.rows(f"loxo_memory__{model}")) for model in TEN} == {
        model: len(rows) for model, rows in before.items()
    }


def test_merged_tables_take_deletions_from_deleted_records(story: Story, tmp_path: Path) -> None:
    engine = DuckDb(tmp_path)
    tables = RawTables(story.catalog)
    tables.replace(story.first)
    engine.load(tables)
    engine.dbt("build", *WITHOUT_TESTS)
    tables.merge(story.second)
    engine.load(tables)
    engine.dbt("run")
    # A list that is read whole shows its own; without the stream, nothing tells of jobs and people.
    assert ended(engine, "users").keys() == {str(story.deleted_user)}
    assert ended(engine, "jobs") == ended(engine, "candidates") == {}

    noticed = "TIMESTAMP '2030-01-01 00:00:00'"
    engine.execute(
        "CREATE TABLE raw.deleted_records AS "
        f"SELECT 'jobs' AS object, CAST({story.deleted_job} AS BIGINT) AS record_id, {noticed} AS noticed_at, "
        f"CAST(NULL AS BIGINT) AS merged_into_id, CAST(NULL AS TIMESTAMP) AS restored_at, "
        f"{noticed} AS _airbyte_extracted_at "
        f"UNION ALL SELECT 'people', {story.deleted_person}, {noticed}, NULL, NULL, {noticed} "
        f"UNION ALL SELECT 'people', {story.edited_person}, {noticed}, NULL, {noticed}, {noticed}"
    )
    engine.dbt("build", *WITHOUT_TESTS)
    assert ended(engine, "jobs").keys() == {str(story.deleted_job)}
    assert ended(engine, "candidates").keys() == {str(story.deleted_person)}
    assert ended(engine, "applications").keys() == texts(story.deleted_candidates)


def test_any_raw_table_may_be_missing(story: Story, tmp_path: Path) -> None:
    engine = DuckDb(tmp_path)
    tables = RawTables(story.catalog)
    tables.replace([each for each in story.first if each["stream"] == "users"])
    engine.load(tables)
    engine.dbt("build", *WITHOUT_TESTS)
    assert len(live(engine, "users")) == len(story.before["users"])
    assert [row for model in (*TEN[1:], *MARTS) for row in engine.rows(f"loxo__{model}")] == []
