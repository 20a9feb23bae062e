"""docs/models-fields.md names each field of the models as a build has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import DuckDb, Engine

from tools.model_fields import CHECKED, PAGE, Models

pytestmark = pytest.mark.models

Cells = dict[str, list[str]]
# Made from few tables, so that finding their sources takes seconds.
CHEAP = ["loxo__users", "loxo__application_stages", "loxo__placements", "loxo__deals"]


@pytest.fixture(scope="module")
def page() -> dict[str, Cells]:
    """Of each model, the cells by field."""
    found: dict[str, Cells] = defaultdict(dict)
    model = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        model = line[3:] if line.startswith("## ") else model
        if line.startswith("| `"):
            field, *cells = line.strip("| ").split(" | ")
            found[model][field.strip("`")] = cells
    return found


@pytest.fixture(scope="module")
def models(on_duckdb: Engine) -> Iterator[Models]:
    assert isinstance(on_duckdb, DuckDb)
    found = Models(on_duckdb.path, on_duckdb.folder / "target")
    yield found
    found.connection.close()  # later builds of the file need its lock


def test_each_field_of_a_build_is_on_the_page(page: dict[str, Cells], models: Models) -> None:
    built = {name: list(columns) for name, columns in models.schema["models"].items() if name.startswith("loxo__")}
    assert {name: list(cells) for name, cells in page.items()} == built


def test_meanings_and_sources_are_current(page: dict[str, Cells], models: Models) -> None:
    for field in models.fields(CHEAP):
        assert page[field.model][field.name][:3] == field.row().strip("| ").split(" | ")[1:4]


def test_what_the_page_calls_null_is_null(page: dict[str, Cells], models: Models) -> None:
    for model in page:
        for field in models.shares(model):
            # The account of the page has no deletions.
            if page[model][field.name][-1] == "null" and field.name != "remote_deleted_at":
                assert field.filled == 0, (model, field.name)


def test_the_tests_that_the_page_names_exist() -> None:
    from pathlib import Path

    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f"def {name}(" in text for name in CHECKED)
