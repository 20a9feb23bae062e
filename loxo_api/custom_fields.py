"""The agency's own fields, as columns: `dynamic_fields` defines them, records carry them under their keys.

The same key means another field on another item type (loxo-cli, live), so they are looked up by item type. What a field
of an unknown kind holds is not known, so it is declared as any single value.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from loxo_api.client import LoxoClient, LoxoError
from loxo_api.endpoints import ENDPOINTS
from loxo_api.pages import Record

logger = logging.getLogger("airbyte")

_CHOICE = {
    "type": ["null", "object"],
    "additionalProperties": True,
    "properties": {
        "id": {"type": ["null", "integer"], "description": "The option's id, a node of dynamic_field_hierarchies."},
        "value": {"type": ["null", "string"], "description": "The option's name."},
    },
}
# By the beginning of the key: these two are recorded in people and companies (Whippy, Ampersand, loxo-cli).
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "custom_text_": {"type": ["null", "string"]},
    "custom_hierarchy_": {"type": ["null", "array"], "items": _CHOICE},
}
_UNKNOWN: Mapping[str, Any] = {"type": ["null", "string", "number", "boolean"]}


def read_definitions(client: LoxoClient) -> dict[str, list[Record]]:
    """The definitions by item type, such as `Person`; none, and a warning, if Loxo does not give them."""
    by_item_type: dict[str, list[Record]] = defaultdict(list)
    try:
        rows = client.page(ENDPOINTS["dynamic_fields"]).records
    except LoxoError as error:
        logger.warning(
            f"The agency's own fields are missing from the schemas; records carry them all the same. {error}"
        )
        rows = []
    for row in rows:
        if isinstance(row.get("item_type"), str) and isinstance(row.get("key"), str):
            by_item_type[row["item_type"]].append(row)
    return by_item_type


def with_custom_fields(schema: Mapping[str, Any], definitions: list[Record]) -> dict[str, Any]:
    """The schema with a property for each defined field that it does not have; a declared one is never changed."""
    own = {field["key"]: _property(field) for field in definitions}
    return {**schema, "properties": {**own, **schema["properties"]}} if own else dict(schema)


def _property(field: Record) -> dict[str, Any]:
    name = str(field.get("name") or field["key"])
    kind = field.get("dynamic_field_type")
    called = f" ({kind['name']})" if isinstance(kind, Mapping) and kind.get("name") else ""
    shape = next((shape for prefix, shape in _TYPES.items() if field["key"].startswith(prefix)), _UNKNOWN)
    return {**shape, "title": name, "description": f"The agency's own field '{name}'{called}."}
