"""Raw tables as destinations may leave them: other cases, types and numbers, rows twice, two agencies, odd clocks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import DuckDb

pytestmark = pytest.mark.models

SLUG = """o'neil "&" co"""
SOURCES = [{"schema": "raw", "agency_slug": SLUG}, {"schema": "other", "agency_slug": "other-agency"}]
BIG = 2**63 - 1
# Upper-case names and JSON as text, as Snowflake and text-only destinations have them; one row twice, as append leaves
FIRST = f"""
CREATE SCHEMA raw; CREATE SCHEMA other;
CREATE TABLE raw."PEOPLE" ("ID" BIGINT, "NAME" VARCHAR, "EMAILS" VARCHAR, "ALL_RAW_TAGS" VARCHAR,
  "UPDATED_AT" TIMESTAMPTZ, "CUSTOM_NUMBER_1" DOUBLE, "_AIRBYTE_EXTRACTED_AT" TIMESTAMPTZ);
INSERT INTO raw."PEOPLE" VALUES
  (1, 'Old Name', '[]', NULL, NULL, NULL, '2026-01-01 00:00:00+00'),
  (1, 'New "Quoted" Näme', '[{{"value": "a@x.example", "email_type_id": null}}, {{"value": null}}]',
   ' ,Java, Java', NULL, 1e300, '2026-01-02 00:00:00+00'),
  ({BIG}, NULL, NULL, NULL, NULL, NULL, '2026-01-02 01:00:00+00');
CREATE TABLE raw.jobs (id BIGINT, title VARCHAR, salary VARCHAR, salary_min VARCHAR, salary_max VARCHAR, owners JSON,
  status JSON, _airbyte_extracted_at TIMESTAMP);
INSERT INTO raw.jobs VALUES
  (7, NULL, '1e400', '99999999999999999999999999999999999999999', '90000.50',
   '[null, {{}}, {{"user_id": null}}]', 'null', '2026-01-02'),
  (8, 'Job', 'negotiable', '', NULL, '{{}}', '"text"', '2026-01-02');
CREATE TABLE raw.users (id BIGINT, name VARCHAR, email VARCHAR, _airbyte_extracted_at TIMESTAMP);
CREATE TABLE other.users (id BIGINT, name VARCHAR, email VARCHAR, _airbyte_extracted_at TIMESTAMP);
INSERT INTO other.users VALUES (1, 'Other Agency', 'o@x.example', '2026-01-02');
CREATE TABLE other.people (id BIGINT, name VARCHAR, _airbyte_extracted_at TIMESTAMP);
INSERT INTO other.people VALUES (1, 'Same Id', '2026-01-02');
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDb:
    found = DuckDb(tmp_path_factory.mktemp("quirks"))
    found.execute(FIRST)
    found.dbt("build", loxo_sources=SOURCES)
    return found


def people(engine: DuckDb) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["source_relation"], row["remote_id"]): row for row in engine.rows("loxo__candidates")}


def tables(engine: DuckDb) -> dict[str, list[str]]:
    with duckdb.connect(str(engine.path), read_only=True) as connection:
        found = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'models'")
        names = [name for (name,) in found.fetchall()]
    return {name: sorted(map(repr, engine.rows(name))) for name in names}


def test_one_row_for_each_key_of_each_agency(engine: DuckDb) -> None:
    assert people(engine).keys() == {(SLUG, "1"), (SLUG, str(BIG)), ("other-agency", "1")}
    assert len({row["id"] for row in people(engine).values()}) == 3
    row = people(engine)[SLUG, "1"]
    assert (row["first_name"], row["last_name"]) == ('New "Quoted"', "Näme")
    assert row["email_addresses"] == '[{"email_address":"a@x.example","type":null}]'
    assert [row["name"] for row in engine.rows("loxo__tags")] == ["Java"]
    assert [row["source_relation"] for row in engine.rows("loxo__users")] == ["other-agency"]


def test_a_row_of_nulls_is_a_row(engine: DuckDb) -> None:
    row = people(engine)[SLUG, str(BIG)]
    assert (row["first_name"], row["last_name"], row["email_addresses"]) == (None, None, "[]")


def test_a_number_that_does_not_fit_is_null(engine: DuckDb) -> None:
    jobs = {row["remote_id"]: row for row in engine.rows("loxo__jobs")}
    salaries = [jobs["7"][name] for name in ("salary_amount", "salary_amount_from", "salary_amount_to")]
    assert salaries == [None, None, Decimal("90000.50")]
    assert jobs["8"]["salary_amount"] is None
    assert engine.rows("loxo__job_hiring_team_members") == []


def test_later_builds(engine: DuckDb) -> None:
    """Without new data, after an interruption, and with a clock that went back."""
    before = tables(engine)
    engine.dbt("run", loxo_sources=SOURCES)
    assert tables(engine) == before

    # The build ended after the log of reads and one memory; the next one goes on.
    engine.execute(
        "UPDATE other.users SET name = 'Other Name', _airbyte_extracted_at = '2026-01-03';"
        "UPDATE other.people SET name = 'Another Name', _airbyte_extracted_at = '2026-01-03'"
    )
    engine.dbt("run", "--select", "loxo_reads", "loxo_memory__users", loxo_sources=SOURCES)
    engine.dbt("run", loxo_sources=SOURCES)
    assert people(engine)["other-agency", "1"]["first_name"] == "Another"
    assert [row["last_name"] for row in engine.rows("loxo__users")] == ["Name"]
    assert [row["remote_deleted_at"] for row in engine.rows("loxo__candidates")] == [None, None, None]

    engine.execute("UPDATE other.people SET name = 'Back Then', _airbyte_extracted_at = '2026-01-02 12:00'")
    engine.dbt("run", loxo_sources=SOURCES)
    assert people(engine)["other-agency", "1"]["first_name"] == "Back"
