"""SQL for Snowflake, BigQuery and Databricks, compiled without a connection, gives DuckDB's rows where it can run."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import MARTS, PROJECT, TEN, Engine, has_spark, sortable
from on_paper import BigQuery, Databricks, OnPaper, Snowflake
from raw_tables import RawTables
from story import Story

pytestmark = pytest.mark.models

README = PROJECT / "README.md"
MODELS = [f"loxo__{model}" for model in (*TEN, *MARTS)]
Compiled = dict[str, list[tuple[str, str, bool]]]


@pytest.fixture(scope="module", params=[Snowflake, BigQuery, Databricks])
def warehouse(request: pytest.FixtureRequest, story: Story, tmp_path_factory: pytest.TempPathFactory) -> OnPaper:
    found: OnPaper = request.param(tmp_path_factory.mktemp(request.param.__name__), RawTables(story.catalog))
    return found


@pytest.fixture(scope="module")
def compiled(warehouse: OnPaper) -> Compiled:
    return {build: list(warehouse.compiled(build)) for build in ("first", "later")}


@pytest.mark.parametrize("build", ["first", "later"])
def test_every_model_compiles_without_a_connection(warehouse: OnPaper, compiled: Compiled, build: str) -> None:
    import sqlglot

    assert {name for name, *_ in compiled[build]} >= set(MODELS)
    for name, sql, is_memory in compiled[build]:
        sqlglot.parse_one(sql, dialect=warehouse.profile["type"])
        # Only a later build reads the memory that it adds to.
        reads_itself = bool(re.search(rf"\b{warehouse.models.split('.')[1]}[`.\"]+{name}\b", sql, re.IGNORECASE))
        assert reads_itself == (is_memory and build == "later"), name


def test_readme_says_which_models_give_the_rows_of_duckdb(
    warehouse: OnPaper, compiled: Compiled, story: Story, on_duckdb: Engine
) -> None:
    if isinstance(warehouse, Databricks) and not has_spark():
        pytest.skip("Spark needs a Java runtime (Debian: apt-get install default-jre-headless)")
    tables = RawTables(story.catalog)
    # Without introspection every declared table is expected to be there.
    tables.kinds["deleted_records"] = {
        **{"object": "text", "record_id": "text", "noticed_at": "timestamp"},
        **{"merged_into_id": "text", "restored_at": "timestamp", "_loxo_additional_fields": "json"},
    }
    for build, records in (("first", story.first), ("later", story.second)):
        tables.replace(records)
        tables.rows["deleted_records"] = []
        warehouse.load(tables)
        warehouse.build(build, compiled[build])
    lines = [line.strip("| ").split(" | ") for line in README.read_text().splitlines() if line.startswith("|")]
    heading = next(cells for cells in lines if cells[0] == "Model" and type(warehouse).__name__ in cells)
    column = heading.index(type(warehouse).__name__)
    said = {cells[0].strip("`"): cells[column] for cells in lines if len(cells) == len(heading)}
    found = {model: outcome(warehouse, on_duckdb, model) for model in MODELS}
    assert {model: said.get(model) for model in MODELS} == found


def outcome(warehouse: OnPaper, on_duckdb: Engine, model: str) -> str:
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
