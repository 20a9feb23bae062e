"""The output of `discover`: the objects that can be written, with their modes, fields and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import DestinationSyncMode

from destination_loxo.objects import COMPOSED, modes_of
from loxo_api.client import LoxoClient
from loxo_api.custom_fields import by_item_type, with_custom_fields
from loxo_api.endpoints import ENDPOINTS
from loxo_api.writing.operations import OBJECTS, OPERATIONS, Kind, Verb
from loxo_api.writing.preparation import Options

_TYPES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.INTEGERS: {"type": "array", "items": {"type": "integer"}},
    Kind.ROWS: {"type": "array", "items": {"type": "object", "additionalProperties": True}},
}


def operations(client: LoxoClient, options: Options) -> list[dict[str, Any]]:
    """The operations of a destination catalog. The CDK has no serializer for it, so they are plain objects.

    :raises LoxoError: the account's own fields cannot be read.
    """
    custom = by_item_type(client.page(ENDPOINTS["dynamic_fields"]).records)
    found = []
    for name in (*OBJECTS, *COMPOSED):
        for mode in modes_of(name):
            if mode is DestinationSyncMode.soft_delete and not options.allow_deletes:
                continue
            if name == "sms" and not options.allow_messages:
                continue
            operation: dict[str, Any] = {
                "object_name": name,
                "sync_mode": mode.value,
                "json_schema": _schema(name, mode, custom),
            }
            if mode is not DestinationSyncMode.append:
                operation["matching_keys"] = _keys(name, options)
            found.append(operation)
    return found


def _keys(name: str, options: Options) -> list[list[str]]:
    fields = [*OPERATIONS[name, Verb.CREATE].search_fields]
    if unique := options.unique_fields.get(name):
        fields.append(unique)
    return [["id"], *([field] for field in dict.fromkeys(fields))]


def _schema(name: str, mode: DestinationSyncMode, custom: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    base = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
    if name in COMPOSED:
        properties = {field: {"type": kind} for field, kind in COMPOSED[name].items()}
        return {**base, "additionalProperties": name == "applications", "properties": properties}
    id_property = {"id": {"type": "integer", "description": "Loxo's id of the record."}}
    if mode is DestinationSyncMode.soft_delete:
        return {**base, "additionalProperties": True, "properties": id_property}
    verb = Verb.UPDATE if mode is DestinationSyncMode.update else Verb.CREATE
    operation = OPERATIONS[name, verb]
    properties = {field: dict(_TYPES[kind]) for field, kind in operation.fields.items() if kind in _TYPES}
    if mode is not DestinationSyncMode.append:
        properties = {**id_property, **properties}
    schema = with_custom_fields(
        {**base, "additionalProperties": not operation.is_documented, "properties": properties},
        custom.get(operation.item_type, []),
    )
    return {**schema, "required": list(operation.required)} if mode is DestinationSyncMode.append else schema
