"""SQL for Snowflake, BigQuery and Databricks, compiled without a connection, gives DuckDB's rows where it can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import MARTS, PROJECT, TEN, Engine, has_spark, sortable
from on_paper import BigQuery, Databricks, OnPaper, Snowflake
from raw_tables import RawTables
from story import Story

pytestmark = pytest.mark.models

README = PROJECT / "README.md"
WAREHOUSES = {"Snowflake": Snowflake, "BigQuery": BigQuery, "Databricks": Databricks}
MODELS = [*TEN, *MARTS]


@pytest.fixture(scope="module", params=WAREHOUSES)
def warehouse(
    request: pytest.FixtureRequest, story: Story, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OnPaper]:
    """One with both syncs: compiled and run as a first build, then as a later one."""
    kind = WAREHOUSES[request.param]
    if kind is Databricks and not has_spark():
        pytest.skip("Spark needs a Java runtime (Debian: apt-get install default-jre-headless)")
    tables = RawTables(story.catalog)
    found = kind(tmp_path_factory.mktemp(request.param), tables)
    for build, records in (("first", story.first), ("later", story.second)):
        tables.replace(records)
        if "deleted_records" not in tables.rows:
            tables.kinds["deleted_records"] = {
                **{"object": "text", "record_id": "text", "noticed_at": "timestamp"},
                **{"merged_into_id": "text", "restored_at": "timestamp", "_loxo_additional_fields": "json"},
            }
            tables.rows["deleted_records"] = []
        found.load(tables)
        found.build(build)
    yield found
    if isinstance(found, (Databricks, Snowflake)):
        found.stop()


def test_readme_says_what_ran_and_what_was_equal(warehouse: OnPaper, on_duckdb: Engine) -> None:
    column = list(WAREHOUSES).index(type(warehouse).__name__) + 1
    lines = [line.split(" | ") for line in README.read_text().splitlines() if line.startswith("| `loxo__")]
    said = {line[0].strip("| `"): line[column].strip(" |") for line in lines if len(line) == len(WAREHOUSES) + 1}
    assert said == {f"loxo__{model}": outcome(warehouse, on_duckdb, f"loxo__{model}") for model in MODELS}


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
