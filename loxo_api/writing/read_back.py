"""Whether a record in Loxo shows what an update sent: the only proof of an update whose answer names no id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint, Paging
from loxo_api.errors import LoxoError
from loxo_api.pages import Record
from loxo_api.writing.encoding import encode
from loxo_api.writing.field_names import PAIRS
from loxo_api.writing.operations import Kind, Operation
from loxo_api.writing.outcomes import Rejection

# Seconds before each reading: reads may lag behind writes.
WAITS = (0.0, 1.0, 2.0, 4.0)


def is_shown(
    client: LoxoClient,
    operation: Operation,
    path: str,
    record_id: int | None,
    values: Mapping[str, Any],
    sleep: Callable[[float], None],
) -> bool:
    """Reads the record until it shows all written values; False where that cannot be told.

    :param path: the record's path, under which it is written and read.
    :param values: by their write names.
    """
    if operation.appends & set(values):
        return False  # an earlier write may have added the same
    endpoint = Endpoint(operation.object, path, Paging.RECORD, (operation.answer_key,))
    for seconds in WAITS:
        sleep(seconds)
        with suppress(LoxoError):
            for record in client.page(endpoint).records:
                # A merged record may be answered by the one that it is a part of now.
                if record["id"] == record_id and all(shows(operation, record, *each) for each in values.items()):
                    return True
    return False


def shows(operation: Operation, record: Record, name: str, value: Any) -> bool:
    """Whether a record has a value, compared in the form in which it is sent."""
    found = read_value(operation, record, name)
    if value is None:
        return found in (None, "", [])
    if operation.fields.get(name) is Kind.ROWS:
        return _has_rows(found, value)
    try:
        return sorted(encode(operation, {name: found})) == sorted(encode(operation, {name: value}))
    except Rejection:
        return False


def read_value(operation: Operation, record: Record, name: str) -> Any:
    """A field under its read name; an object or a list of objects becomes the part that is written."""
    for read, pair in PAIRS.get(operation.object, {}).items():
        if pair.write == name and read in record:
            value = record[read]
            if not pair.part:
                return value
            rows = value if isinstance(value, list) else [value]
            parts = [row.get(pair.part) if isinstance(row, Mapping) else row for row in rows]
            return parts if pair.is_list else parts[0] if len(parts) == 1 else None
    value = record.get(name)
    if name.startswith("custom_hierarchy_") and isinstance(value, list):
        return [option.get("id") if isinstance(option, Mapping) else option for option in value]
    return value


def _has_rows(found: Any, rows: Any) -> bool:
    """Whether each written row is among the rows that are read, which have more fields."""
    if not isinstance(found, list) or not isinstance(rows, list):
        return False
    return all(
        any(
            isinstance(each, Mapping)
            and all(each.get(part) == inner for part, inner in row.items() if inner is not None)
            for each in found
        )
        for row in rows
    )
