"""Writes docs/models-fields.md: each field of the dbt models with its source, meaning, tests and share filled.

    .venv-models/bin/python -m tools.model_fields .demo/sandbox.duckdb dbt_loxo/target

Sources are the raw columns from which the compiled SQL makes a field, found by sqlglot; meanings and dbt's tests are in
the models' YAML. The shares are those of the database, which `dbt build` filled.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs/models-fields.md"
# Tests in integration_tests/models that compare a field's value with the account's own record.
CHECKED = {
    "test_the_rows_are_the_account": {
        "users": ["remote_id"],
        "jobs": ["remote_id", "name", "location", "salary_amount", "remote_created_at", "status"],
        "candidates": [
            *("remote_id", "first_name", "last_name", "phone_numbers", "email_addresses"),
            *("remote_updated_at", "remote_data", "custom_fields"),
        ],
        "applications": ["remote_id"],
    },
    "test_tags_are_the_words_of_people": {"tags": ["name"], "candidate_tags": ["candidate_id", "tag_id"]},
    "test_outcomes_are_declined_hired_or_pending": {"applications": ["outcome"]},
    "test_an_edit_a_move_and_deletions_are_followed": {
        name: ["changed_at", "remote_deleted_at"] for name in ("users", "jobs", "candidates", "applications")
    },
    "test_stage_history_is_what_the_account_did": {
        "application_history": ["application_id", "new_stage", "valid_from", "is_from_activity"]
    },
    "test_money_is_exact": {
        "placements": ["remote_id", "fee"],
        "deals": ["remote_id", "amount"],
        "recruiter_activity": ["count_activities"],
    },
    "test_funnels_add_up": {
        "job_enhanced": [
            *("count_applications", "count_active_applications"),
            *("count_hired_applications", "count_rejected_applications"),
        ]
    },
}
MANY = 6  # of one table's columns: named as all of them


@dataclass
class Field:
    model: str
    name: str
    source: str
    meaning: str
    tests: list[str]
    filled: int
    rows: int

    def row(self) -> str:
        share = "no rows" if not self.rows else "null" if not self.filled else f"{self.filled / self.rows:.0%}"
        if share == "0%":
            share = "below 1%"
        cells = [f"`{self.name}`", self.source or "none", self.meaning, ", ".join(self.tests), share]
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


class Models:
    """The compiled models of a target folder and the tables that a build of them made."""

    def __init__(self, database: Path, target: Path) -> None:
        import duckdb

        nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
        self.nodes = {node["name"]: node for node in nodes if node["resource_type"] == "model"}
        self.tests: dict[tuple[str, str], list[str]] = defaultdict(list)
        for node in nodes:
            if node["resource_type"] == "test" and node.get("column_name"):
                tested = node["attached_node"].split(".")[-1]
                self.tests[tested, node["column_name"]].append(node["test_metadata"]["name"])
        self.connection = duckdb.connect(str(database), read_only=True)
        self.schema: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for schema, table, column, of in self.connection.execute(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
        ).fetchall():
            self.schema[schema][table][column] = of
        self.scopes: dict[str, Any] = {}

    def scope(self, model: str) -> Any:
        from sqlglot import exp, parse_one
        from sqlglot.optimizer.qualify import qualify
        from sqlglot.optimizer.scope import build_scope

        if model not in self.scopes:
            tree = parse_one(self.nodes[model]["compiled_code"], dialect="duckdb")
            for table in tree.find_all(exp.Table):
                table.set("catalog", None)
            schema = {name: dict(tables) for name, tables in self.schema.items()}
            tree = qualify(tree, schema=schema, dialect="duckdb", validate_qualify_columns=False)
            self.scopes[model] = (tree, build_scope(tree))
        return self.scopes[model]

    @cache  # noqa: B019 - one object lives as long as the program
    def sources(self, model: str, column: str) -> frozenset[str]:
        """The raw columns, and those of seeds, from which a column is made."""
        from sqlglot import exp
        from sqlglot.lineage import lineage

        tree, scope = self.scope(model)
        found: set[str] = set()
        for node in lineage(column, tree, schema={}, scope=scope, dialect="duckdb").walk():
            if node.downstream or not isinstance(node.source, exp.Table):
                continue
            table, name = node.source.name, node.name.split(".")[-1].strip('"')
            if table in self.nodes and table != "loxo_reads":
                # A later build reads the memory itself.
                found |= self.sources(table, name) if table != model else set()
            elif name != "source_relation":
                found.add(f"{table}.{name}")
        return frozenset(found)

    def names(self) -> list[str]:
        """The models that users see: the unified ones first."""
        seen = [name for name in self.nodes if name.startswith("loxo__")]
        return sorted(seen, key=lambda name: (self.nodes[name]["fqn"][1] != "unified", name))

    def shares(self, model: str) -> list[Field]:
        """The fields of a model without their sources."""
        node = self.nodes[model]
        columns = self.schema[node["schema"]][model]
        counts = ", ".join(f'count("{column}")' for column in columns)
        found = self.connection.execute(f'SELECT count(*), {counts} FROM "{node["schema"]}"."{model}"').fetchone()
        assert found
        short = model.removeprefix("loxo__")
        fields = []
        for column, filled in zip(columns, found[1:], strict=True):
            tests = sorted(set(self.tests[model, column]))
            tests += [test for test, checked in CHECKED.items() if column in checked.get(short, [])]
            meaning = node["columns"].get(column, {}).get("description", "")
            fields.append(Field(model, column, "", meaning, tests, filled, found[0]))
        return fields

    def fields(self, models: Iterable[str]) -> Iterator[Field]:
        for model in models:
            for field in self.shares(model):
                field.source = named(self.sources(model, field.name))
                yield field


def named(sources: Iterable[str]) -> str:
    by_table = defaultdict(list)
    for each in sorted(sources):
        table, column = each.split(".")
        by_table[table].append(column)
    return ", ".join(
        f"all of `{table}`" if len(columns) > MANY else ", ".join(f"`{table}.{column}`" for column in columns)
        for table, columns in by_table.items()
    )


def page(fields: Iterable[Field]) -> str:
    lines = [
        "# The fields of the models",
        "",
        "Written by `tools/model_fields.py` from the compiled SQL, the models' YAML and a build of the sandbox's",
        "account (`make demo`, 5,000 people); `integration_tests/models/test_model_fields.py` checks it.",
        "A source is a column of a raw table, or of a seed (`loxo_…_meanings`), from which the value is made;",
        "`loxo_reads` holds the times at which each table was read. None: a count, a constant or a variable.",
        "Every column of every row is also compared between DuckDB, PostgreSQL and Spark",
        "(`test_databases_agree_in_every_column_of_every_row`). A share says how many rows are not null.",
    ]
    model = ""
    for field in fields:
        if field.model != model:
            model = field.model
            rows = f"{field.rows:,} rows." if field.rows != 1 else "1 row."
            lines += ["", f"## {model}", "", rows, ""]
            lines += ["| Field | Source | Meaning, or why it is null | Tests | Filled |", "|---|---|---|---|---|"]
        lines.append(field.row())
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    built = Models(Path(sys.argv[1]), Path(sys.argv[2]))
    PAGE.write_text(page(built.fields(built.names())), encoding="utf-8")
