"""Seconds and peak memory of the dbt package's builds of a large account on DuckDB.

    .venv-models/bin/python -m benchmarks.models [people] [activities]

Raw tables are generated in DuckDB. The first build makes the memory; then, twice, one person, job and candidate in a
hundred is edited, as many activities are added, and a build follows. A build examines again what was read in the day
before its memory's newest row, so the one after the first sync examines all of it. .ci/models makes .venv-models.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tools.model_columns import columns

ROOT = Path(__file__).resolve().parent.parent
TYPES = {"json": "JSON", "integer": "BIGINT", "number": "DECIMAL(38, 9)", "boolean": "BOOLEAN", "date": "DATE"}
STAGES = ["Sourced", "Outbound", "Screening", "Submitted", "Interview", "Offer", "Hired", "Rejected"]
PAST = "TIMESTAMP '2024-01-01' + to_seconds({0} % 60000000)"


def tables(people: int, activities: int) -> dict[str, str]:
    """For each stream the columns that are not null, as SQL over the numbers n; `agency` data are in proportion."""
    jobs, candidates = people // 50, people // 2
    owner = "{'user_id': n % 40 + 1, 'job_owner_type_id': n % 3 + 1}"
    stages = ", ".join(f"'{stage}'" for stage in STAGES)
    stage = f"list_extract([{stages}], CAST(n % 8 + 1 AS INT))"
    # Candidate n is a person on a job; activity n moves candidate n % candidates to its n / candidates-th stage.
    candidate = f"(n % {candidates})"
    person, job = f"({candidate} % {people} + 1)", f"({candidate} % {jobs} + 1)"
    place = f"list_extract([{stages}], CAST(n // {candidates} % 8 + 1 AS INT))"
    return {
        f"users {40}": "n + 1 AS id, 'User Number ' || n AS name, 'user' || n || '@agency.example' AS email",
        f"workflow_stages {8}": f"n + 1 AS id, {stage} AS name, n AS position, 1 AS workflow_id",
        f"workflows {1}": "n + 1 AS id, 'Default' AS name",
        f"activity_types {8}": f"n + 1 AS id, {stage} AS name",
        f"job_owner_types {3}": "n + 1 AS id, list_extract(['Recruiter', 'Sourcer', 'Account Manager'], n + 1) AS name",
        f"jobs {jobs}": f"n + 1 AS id, 'Job ' || n AS title, to_json([{owner}]) AS owners, "
        "to_json({'id': 1, 'name': 'Active'}) AS status, to_json({'id': n % 900, 'name': 'Company'}) AS company, "
        f"'90000.5' AS salary, 'Springfield' AS city, {PAST.format('n * 977')} AS created_at",
        f"jobs_details {jobs}": "n + 1 AS id, repeat('<p>Duties and requirements of the job.</p>', 40) AS description",
        f"people {people}": "n + 1 AS id, 'Given Family' || n AS name, "
        "to_json([{'id': n, 'value': 'person' || n || '@mail.example', 'email_type_id': 1}]) AS emails, "
        "to_json([{'id': n, 'value': '+1 555 ' || n, 'phone_type_id': 1}]) AS phones, "
        "to_json([{'id': 1, 'name': 'Candidate'}]) AS person_types, 'Engineer' AS current_title, "
        "'Company ' || n % 5000 AS current_company, 'Springfield, IL' AS location, 'United States' AS country, "
        "'https://www.linkedin.com/in/person' || n AS linkedin_url, "
        "'tag' || n % 50 || ', tag' || n % 77 AS all_raw_tags, "
        f"{PAST.format('n * 101')} AS created_at, {PAST.format('n * 103')} AS updated_at",
        f"job_candidates {candidates}": f"n + 1 AS id, {job} AS job_id, n % 8 + 1 AS workflow_stage_id, "
        f"to_json({{'id': {person}, 'name': 'Given Family'}}) AS person, {PAST.format('n')} AS _loxo_synced_at",
        f"person_events {activities}": f"n + 1 AS id, {person} AS person_id, {job} AS job_id, "
        f"n // {candidates} % 8 + 1 AS activity_type_id, to_json({{'name': {place}}}) AS activity_type, "
        f"n % 40 + 1 AS created_by_id, 'A note about the call.' AS notes, {PAST.format('n')} AS created_at",
        f"placements {candidates // 100}": f"n + 1 AS id, to_json({{'id': {person}}}) AS person, "
        f"to_json({{'id': {job}}}) AS job, '18000.00' AS fee, {PAST.format('n')} AS created_at",
    }


def generate(connection: duckdb.DuckDBPyConnection, people: int, activities: int) -> None:
    connection.execute("CREATE SCHEMA raw")
    for key, filled in tables(people, activities).items():
        name, count = key.split()
        defined = {**columns(name), "_loxo_additional_fields": "json", "_airbyte_extracted_at": "timestamp"}
        of = ", ".join(
            f'"{column}" {TYPES.get(kind, kind.replace("text", "VARCHAR"))}' for column, kind in defined.items()
        )
        connection.execute(f"CREATE TABLE raw.{name} ({of})")
        connection.execute(
            f"INSERT INTO raw.{name} BY NAME SELECT {filled}, "
            f"TIMESTAMP '2026-01-01' + to_milliseconds(n) AS _airbyte_extracted_at FROM range({count}) AS numbers(n)"
        )


def change(connection: duckdb.DuckDBPyConnection, activities: int, number: int) -> None:
    """A merge of a later sync: one row in a hundred is edited, and as many activities are new."""
    day = f"TIMESTAMP '2026-01-{10 * number}'"
    some = f"_airbyte_extracted_at = {day} WHERE id % 100 = {number}"
    connection.execute(f"UPDATE raw.people SET current_title = 'Manager', {some}")
    connection.execute(f"UPDATE raw.jobs SET title = title || ' (new)', {some}")
    connection.execute(f"UPDATE raw.job_candidates SET workflow_stage_id = 5, {some}")
    connection.execute(
        f"INSERT INTO raw.person_events SELECT * REPLACE (id + {number}000000000 AS id, {day} AS created_at, "
        f"{day} AS _airbyte_extracted_at) FROM raw.person_events WHERE id <= {activities // 100}"
    )


def build(folder: Path) -> tuple[float, float, float, dict[str, float]]:
    """Seconds, seconds of CPU and peak MB of `dbt run`, and the seconds of each model."""
    profile = {"type": "duckdb", "path": str(folder / "large.duckdb"), "schema": "models", "threads": 1}
    (folder / "profiles.yml").write_text(json.dumps({"loxo": {"target": "large", "outputs": {"large": profile}}}))
    where = [
        "--project-dir",
        str(ROOT / "dbt_loxo"),
        "--profiles-dir",
        str(folder),
        "--target-path",
        str(folder / "target"),
    ]
    variables = json.dumps({"loxo_schema": "raw", "loxo_agency_slug": "large"})
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude", "test_type:data", "test_type:unit"]
    began = time.monotonic()
    child = subprocess.Popen(
        [*command, *where, "--log-path", str(folder / "logs"), "--vars", variables],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )
    assert child.stdout
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    if status:
        raise SystemExit(printed)
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    spent = {each["unique_id"].split(".")[-1]: each["execution_time"] for each in results}
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, spent


def main(people: int = 200_000, activities: int = 2_000_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = str(folder / "large.duckdb")
        with duckdb.connect(path) as connection:
            generate(connection, people, activities)
        print(f"{people:,} people, {activities:,} activities")
        for number, which in enumerate(("first", "second, after 1 % changed", "third, after 1 % more changed")):
            if number:
                with duckdb.connect(path) as connection:
                    change(connection, activities, number)
            seconds, processor, megabytes, spent = build(folder)
            slowest = ", ".join(
                f"{model} {took:.1f}" for model, took in sorted(spent.items(), key=lambda each: -each[1])[:5]
            )
            print(
                f"{which} build: {seconds:.1f} s, {processor:.1f} s of CPU, {megabytes:.0f} MB; slowest: {slowest}",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
