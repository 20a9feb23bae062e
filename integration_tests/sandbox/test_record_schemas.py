"""The sandbox's records match the connector's schemas, and fill every column that the schemas declare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from plain_client import Client

from loxo_api.endpoints import DOWNLOAD_PATH, ENDPOINTS, SYNCED_AT, Endpoint, Paging
from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "loxo_api/schemas").glob("*.json")}

# Fields whose names are guesses of the sandbox: the connector passes them on, but no schema declares them.
UNPROVEN = {
    "email_tracking": {"opens", "clicks", "updated_at"},
    "form_templates": {"created_at", "updated_at"},
    "form_templates_details": {"questions", "created_at", "updated_at"},
    "merges": {"updated_at"},
    "schedule_items": {"updated_at"},
    "scorecard_templates": {"name", "created_at", "updated_at"},
    "sms": {"updated_at"},
    # In the API a list inside the record; in the connector a stream of its own.
    "companies_details": {"documents"},
    "dynamic_field_hierarchies": {"key", "item_type", "dynamic_field_type", "built_in", "key_for_inline_edit"},
}

# Columns that the connector adds.
ADDED = {SYNCED_AT, DOWNLOAD_PATH}

# Declared columns that no record of the sandbox fills, and the reason to declare them.
NEVER_FILLED = {
    ("companies", "updated_at"): "the cursor of incremental reads, absent in the only recorded list item",
}

# The number of parents whose child records are read: there are many places, with equal fields.
MAX_PARENTS = {"country_states": 3, "state_cities": 3}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sandbox(people=230, jobs=110, events=400, companies=60) as sandbox:
        yield Client(sandbox)


@cache
def read_stream(client: Client, name: str) -> list[dict[str, Any]]:
    """Return the records of a stream, read without the connector, so that it cannot hide a difference."""
    endpoint = ENDPOINTS[name]
    if not endpoint.parent:
        return read_path(client, endpoint.path, endpoint)
    parents = read_stream(client, endpoint.parent)[: MAX_PARENTS.get(name, 400)]
    paths = [endpoint.of(parent).path for parent in parents]
    return [record for path in paths for record in read_path(client, path, endpoint)]


def read_path(client: Client, path: str, endpoint: Endpoint) -> list[dict[str, Any]]:
    params = {**endpoint.filters, **({"per_page": endpoint.per_page} if endpoint.per_page else {})}
    if endpoint.paging is Paging.SCROLL:
        records = client.scroll(path, endpoint.records_keys[0], **params)
    else:
        body = client.page(path, **params)
        if endpoint.paging is Paging.RECORD:
            records = [body]
        else:
            records = body if isinstance(body, list) else body[endpoint.records_keys[0]]
    if endpoint.tree:
        records = [node for record in records for node in flatten(record.get(endpoint.tree, []), endpoint.tree)]
    # The connector adds the parent's ids to a child record, in order to request its own children.
    parent_ids = dict(zip(endpoint.parent_keys, map(int, path.split("/")[1::2]), strict=False))
    return [{**parent_ids, **record} for record in records]


def flatten(nodes: list[dict[str, Any]], children_key: str) -> Iterator[dict[str, Any]]:
    """Return each node of a tree as a record with the id of its parent."""
    for node in nodes:
        yield {name: value for name, value in node.items() if name != children_key}
        yield from ({"parent_id": node["id"], **child} for child in flatten(node.get(children_key, []), children_key))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_sandbox_records_match_the_schema(client: Client, name: str) -> None:
    records = read_stream(client, name)
    validator = Draft7Validator(SCHEMAS[name])
    assert records, f"the sandbox has no records of {name}"
    assert [
        f"{error.json_path}: {error.message}" for record in records for error in validator.iter_errors(record)
    ] == []
    sent = {field for record in records for field in record if not field.startswith("custom_")}
    assert sent - set(SCHEMAS[name]["properties"]) <= UNPROVEN.get(name, set())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_some_record_fills_each_declared_column(client: Client, name: str) -> None:
    """In the demo, a column that is empty in every record looks like a defect."""
    records = read_stream(client, name)
    filled = {field for record in records for field, value in record.items() if value is not None}
    empty = {(name, field) for field in SCHEMAS[name]["properties"] if field not in filled | ADDED}
    assert empty == {entry for entry in NEVER_FILLED if entry[0] == name}
