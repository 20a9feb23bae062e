"""Each object has a schema, and each schema is complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from loxo_api.endpoints import ENDPOINTS

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "loxo_api/schemas").glob("*.json")}
TIMESTAMP = {"format": "date-time", "airbyte_type": "timestamp_with_timezone"}


def parts(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema and every schema inside it, with its path."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from parts(field, f"{path}.{name}")
    if "items" in schema:
        yield from parts(schema["items"], f"{path}[]")


PARTS = [part for name, schema in SCHEMAS.items() for part in parts(schema, name)]
FIELDS = [(path, part) for path, part in PARTS if "." in path and not path.endswith("[]")]


def test_every_object_has_a_schema_and_every_schema_an_object() -> None:
    assert set(SCHEMAS) == set(ENDPOINTS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_an_open_draft_07_object_with_an_integer_id(name: str) -> None:
    schema = SCHEMAS[name]
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["properties"]["id"]["type"] == "integer"
    assert ENDPOINTS[name].cursor_field in ("", *schema["properties"])


def test_every_field_is_described_and_may_be_null() -> None:
    assert [path for path, field in FIELDS if not field.get("description")] == []
    assert [path for path, field in FIELDS if "null" not in field["type"] and path.split(".")[1:] != ["id"]] == []


def test_every_object_is_open_and_every_array_has_its_items() -> None:
    assert [path for path, part in PARTS if "object" in part["type"] and not part.get("additionalProperties")] == []
    assert [path for path, part in PARTS if "array" in part["type"] and "items" not in part] == []


def test_no_schema_declares_a_custom_field_of_one_agency() -> None:
    assert [path for path, _ in FIELDS if ".custom_" in path] == []


def test_times_are_timestamps_with_a_time_zone() -> None:
    moments = {path: field for path, field in FIELDS if path.endswith("_at")}
    plain = [path for path, field in moments.items() if not TIMESTAMP.items() <= field.items()]
    assert sorted(plain) == [
        "deals.closes_at",
        "deals_details.closes_at",
    ]  # whether Loxo sends a date or a moment here is unknown: text
