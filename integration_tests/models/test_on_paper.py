"""SQL for Snowflake, BigQuery and Databricks, compiled without a connection, gives DuckDB's rows where it can run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import MARTS, PROJECT, TEN, Engine, sortable
from on_paper import BigQuery, Databricks, OnPaper, Snowflake
from raw_tables import RawTables
from story import Story

pytestmark = pytest.mark.models

README = PROJECT / "README.md"
MODELS = [f"loxo__{model}" for model in (*TEN, *MARTS)]


@pytest.mark.parametrize("adapter", [Snowflake, BigQuery, Databricks])
@pytest.mark.parametrize("build", ["first", "later"])
def test_every_model_compiles_without_a_connection(
    adapter: type[OnPaper], build: str, story: Story, tmp_path: Path
) -> None:
    import sqlglot

    compiled = list(adapter(tmp_path, RawTables(story.catalog)).compiled(build))
    assert {name for name, *_ in compiled} >= set(MODELS)
    for name, sql, is_memory in compiled:
        sqlglot.parse_one(sql, dialect=adapter.profile["type"])
        # Only a later build reads the memory that it adds to.
        reads_itself = bool(re.search(rf"models[`.\"]+{name}\b", sql, re.IGNORECASE))
        assert reads_itself == (is_memory and build == "later"), name


@pytest.fixture(scope="module")
def on_bigquery(story: Story, tmp_path_factory: pytest.TempPathFactory) -> BigQuery:
    """Both syncs, built by BigQuery's SQL."""
    tables = RawTables(story.catalog)
    tables.kinds["deleted_records"] = {
        **{"object": "text", "record_id": "text", "noticed_at": "timestamp"},
        **{"merged_into_id": "text", "restored_at": "timestamp", "_loxo_additional_fields": "json"},
    }
    found = BigQuery(tmp_path_factory.mktemp("bigquery"), tables)
    for build, records in (("first", story.first), ("later", story.second)):
        tables.replace(records)
        tables.rows["deleted_records"] = []
        found.load(tables)
        found.build(build)
    return found


def test_readme_says_which_models_bigquerys_sql_gives_as_duckdb(on_bigquery: BigQuery, on_duckdb: Engine) -> None:
    lines = [line.strip("| ").split(" | ") for line in README.read_text().splitlines() if line.startswith("| `loxo__")]
    said = {cells[0].strip("`"): cells[1] for cells in lines if len(cells) == 2 and cells[0].count("`") == 2}
    found = {model: outcome(on_bigquery, on_duckdb, model) for model in MODELS}
    assert {model: said.get(model) for model in MODELS} == found


def outcome(warehouse: BigQuery, on_duckdb: Engine, model: str) -> str:
    """`equal`, the columns that differ, or that it was compiled only."""
    if model in warehouse.failed:
        print(model, warehouse.failed[model][:500])
        return "compiled"
    expected, found = on_duckdb.rows(model), warehouse.rows(model)
    if sorted(map(sortable, expected)) == sorted(map(sortable, found)):
        return "equal"
    if len(expected) != len(found):
        print(model, len(expected), len(found))
        return "compiled"
    differ = []
    for name in expected[0]:
        one, two = (sorted(sortable({name: row[name]}) for row in rows) for rows in (expected, found))
        if one != two:
            print(model, name, *next((a, b) for a, b in zip(one, two, strict=True) if a != b))
            differ.append(f"`{name}`")
    return f"equal but for {', '.join(differ)}"
