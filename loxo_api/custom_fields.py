"""The agency's custom fields as columns: `dynamic_fields` defines them, records carry them under their keys.

The same key means another field on another item type (loxo-cli, live), so they are looked up by item type. The values
of a field of an unknown kind are unknown, so it is declared as any single value. The form of a range is unknown too, so
a sample decides it: a typed destination stores a single type, and PyAirbyte turns a union into a text column, which
cannot hold an object in PostgreSQL.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from loxo_api.pages import Record

# The prefix of all their keys, in every recording.
_PREFIX = "custom_"
_CHOICE = {
    "type": ["null", "object"],
    "additionalProperties": True,
    "properties": {
        "id": {"type": ["null", "integer"], "description": "The option's id, a node of dynamic_field_hierarchies."},
        "value": {"type": ["null", "string"], "description": "The option's name."},
    },
}
# By the beginning of the key; both are recorded in people and companies (Whippy, Ampersand, loxo-cli).
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "custom_text_": {"type": ["null", "string"]},
    "custom_hierarchy_": {"type": ["null", "array"], "items": _CHOICE},
}
# Recorded in the detail of a job, but only as null (Chaloner's generated types): the shape inside is not known.
_RANGES = ("custom_numeric_range_", "custom_date_range_")
_RANGE: Mapping[str, Any] = {"type": ["null", "object"], "additionalProperties": True}
_RANGE_BY_TYPE: Mapping[type, Mapping[str, Any]] = {
    dict: _RANGE,
    list: {"type": ["null", "array"], "items": {"type": ["null", "number", "string"]}},
    str: {"type": ["null", "string"]},
}
_UNKNOWN: Mapping[str, Any] = {"type": ["null", "string", "number", "boolean"]}


def by_item_type(definitions: Iterable[Record]) -> dict[str, list[Record]]:
    """The definitions in `dynamic_fields` by the kind of record that has the field, such as `Person`."""
    found: dict[str, list[Record]] = defaultdict(list)
    for row in definitions:
        if isinstance(row.get("item_type"), str) and isinstance(row.get("key"), str):
            found[row["item_type"]].append(row)
    return found


def is_custom_field(key: str) -> bool:
    """Whether a record's key belongs to a custom field of the agency."""
    return key.startswith(_PREFIX)


def range_shape(records: Iterable[Record]) -> Mapping[str, Any]:
    """The declaration of ranges: the form of most sampled ranges, or an object if none has a value."""
    types = Counter(
        type(value)
        for record in records
        for key, value in record.items()
        if key.startswith(_RANGES) and type(value) in _RANGE_BY_TYPE
    )
    return max(_RANGE_BY_TYPE.items(), key=lambda item: types[item[0]])[1]


def with_custom_fields(
    schema: Mapping[str, Any], definitions: list[Record], ranges: Mapping[str, Any] = _RANGE
) -> dict[str, Any]:
    """The schema with a property for each defined field that it does not have; a declared one is never changed.

    :param ranges: the declaration of ranges (`range_shape`).
    """
    own = {field["key"]: _property(field, ranges) for field in definitions}
    return {**schema, "properties": {**own, **schema["properties"]}} if own else dict(schema)


def _property(field: Record, ranges: Mapping[str, Any]) -> dict[str, Any]:
    key = field["key"]
    name = str(field.get("name") or key)
    kind = field.get("dynamic_field_type")
    called = f" ({kind['name']})" if isinstance(kind, Mapping) and kind.get("name") else ""
    shape = next((shape for prefix, shape in _TYPES.items() if key.startswith(prefix)), _UNKNOWN)
    if key.startswith(_RANGES):
        shape = ranges
    return {**shape, "title": name, "description": f"The agency's custom field '{name}'{called}."}
