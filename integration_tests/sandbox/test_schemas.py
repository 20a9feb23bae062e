"""The sandbox's records agree with the schemas, and fill every column that they declare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from plain_client import Client

from loxo_api.endpoints import ENDPOINTS, SYNCED_AT, Endpoint, Paging
from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "loxo_api/schemas").glob("*.json")}

# What the sandbox sends under a name that is a guess: it passes through, but a schema must not promise it.
UNPROVEN = {
    "email_tracking": {"opens", "clicks", "updated_at"},
    "form_templates": {"created_at", "updated_at"},
    "form_templates_details": {"questions", "created_at", "updated_at"},
    "merges": {"updated_at"},
    "schedule_items": {"updated_at"},
    "scorecard_templates": {"name", "created_at", "updated_at"},
    "sms": {"updated_at"},
    # The list that the API nests in the record is a stream of its own rows here.
    "dynamic_field_hierarchies": {"key", "item_type", "dynamic_field_type", "built_in", "key_for_inline_edit"},
}

# Declared columns that no record of the sandbox fills, and why they stay.
NEVER_FILLED = {
    ("companies", "updated_at"): "the cursor of incremental reads; the one recorded list item does not have it",
}

# Of how many records of the parent a child is asked for; places are many, and alike.
PARENTS = {"country_states": 3, "state_cities": 3}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sandbox(people=230, jobs=110, events=400, companies=60) as box:
        yield Client(box)


@cache
def records(client: Client, name: str) -> list[dict[str, Any]]:
    """An object's rows by the plainest reading there is, so that the connector cannot hide a difference."""
    row = ENDPOINTS[name]
    if not row.parent:
        return listed(client, row.path, row)
    parents = records(client, row.parent)[: PARENTS.get(name, 400)]
    return [found for parent in parents for found in listed(client, row.of(parent).path, row)]


def listed(client: Client, path: str, row: Endpoint) -> list[dict[str, Any]]:
    filters = {**row.filters, **({"per_page": row.per_page} if row.per_page else {})}
    if row.paging is Paging.SCROLL:
        found = client.walk(path, row.records_keys[0], **filters)
    else:
        page = client.page(path, **filters)
        found = [page] if row.paging is Paging.RECORD else page if isinstance(page, list) else page[row.records_keys[0]]
    if row.tree:  # nodes are rows of their own
        found = [node for record in found for node in nodes(record.get(row.tree, []), row.tree)]
    keys = path.split("/")[1::2]  # what the connector adds to a child, so that its own children can be asked for
    return [{**dict(zip(row.parent_keys, map(int, keys), strict=False)), **record} for record in found]


def nodes(tree: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    for node in tree:
        yield {name: value for name, value in node.items() if name != key}
        yield from ({"parent_id": node["id"], **below} for below in nodes(node.get(key, []), key))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_records_of_the_sandbox_agree_with_the_schema(client: Client, name: str) -> None:
    rows = records(client, name)
    validator = Draft7Validator(SCHEMAS[name])
    assert rows
    assert [f"{error.json_path}: {error.message}" for row in rows for error in validator.iter_errors(row)] == []
    sent = {field for row in rows for field in row if not field.startswith("custom_")}
    assert sent - set(SCHEMAS[name]["properties"]) <= UNPROVEN.get(name, set())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_declared_column_is_filled_in_some_record(client: Client, name: str) -> None:
    """A column that is empty in every record of the demo looks like a defect to whoever tries the connector."""
    rows = records(client, name)
    filled = {field for row in rows for field, value in row.items() if value is not None}
    empty = {(name, field) for field in SCHEMAS[name]["properties"] if field not in filled and field != SYNCED_AT}
    assert empty == {entry for entry in NEVER_FILLED if entry[0] == name}
