"""Moves fields that the connection's schema does not name into the column `_loxo_additional_fields`.

Typed destinations store only the columns of the catalog. So each stream declares this column, an object, and unnamed
fields move into it. They are moved and not copied, so that each value is stored once. Where the column is not selected,
records pass unchanged.

A column that the user deselected must not return through this column. Airbyte passes a configured schema without the
deselected properties, and with the selected ones as discover wrote them. So discover lists all columns that it offered
in the column's own schema (`COLUMNS_KEYWORD`): a field on that list, or in the declared schema, is not additional.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from loxo_api.custom_fields import is_custom_field
from loxo_api.pages import Record
from loxo_api.timestamps import parse_timestamp

logger = logging.getLogger("airbyte")

ADDITIONAL_FIELDS = "_loxo_additional_fields"
COLUMNS_KEYWORD = "x-loxo-columns"

# The number of records at the start of a stream whose types are all checked; after them, one record of each batch is
# checked, because a type check costs ten times as much as the search for unnamed fields.
CHECKED_RECORDS = 1000
# The number of names kept for the log: keys that are data, such as ids, must not fill the memory.
MAX_NAMES = 100

_PYTHON_TYPES: Mapping[str, frozenset[type]] = {
    "null": frozenset({type(None)}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "object": frozenset({dict}),
    "array": frozenset({list}),
}
_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    dict: "an object",
    list: "an array",
}


def with_additional_fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the column for fields that it does not name."""
    column = {
        "type": ["null", "object"],
        "additionalProperties": True,
        "description": "Fields that Loxo sends and this schema does not name.",
        COLUMNS_KEYWORD: sorted(schema["properties"]),
    }
    return {**schema, "properties": {**schema["properties"], ADDITIONAL_FIELDS: column}}


class AdditionalFields:
    """Moves the unnamed fields of one stream's records, and reports their names at the end. Safe to share by threads.

    With a configured schema without properties, such as a handwritten one, records pass unchanged.

    :param declared: the schema in `schemas/`.
    :param configured: the `json_schema` of this stream in the configured catalog.
    """

    def __init__(self, stream_name: str, declared: Mapping[str, Any], configured: Mapping[str, Any]) -> None:
        self._stream_name = stream_name
        ours, chosen = _properties(declared), _properties(configured)
        column = chosen.get(ADDITIONAL_FIELDS)
        offered = column.get(COLUMNS_KEYWORD) if isinstance(column, Mapping) else None
        self._lists_offered = isinstance(offered, list)
        self._passes_all = not chosen
        self._is_selected = column is not None
        # A field of Loxo with the column's name is treated like other fields.
        self._known = frozenset({*ours, *chosen, *_texts(offered)}) - {ADDITIONAL_FIELDS}
        self._checks = {key: check for key, field in {**ours, **chosen}.items() if (check := _Check.of(field))}
        self._to_check = CHECKED_RECORDS
        self._lock = threading.Lock()
        self._wrong: set[str] = set()
        self._unnamed: set[str] = set()
        self._undecided: set[str] = set()

    def apply(self, records: list[Record]) -> list[Record]:
        """The records with their unnamed fields in the column; the same list if there are none."""
        self._check_types(records)
        known = self._known
        if self._passes_all or all(map(known.issuperset, records)):
            return records
        return [record if known.issuperset(record) else self._sorted_out(record) for record in records]

    def _sorted_out(self, record: Record) -> Record:
        # A null carries no information, so it does not fill the column.
        unnamed = {key: value for key, value in record.items() if key not in self._known and value is not None}
        if not self._lists_offered:
            # Without the list, a custom field is either new since discover or deselected. Privacy has priority.
            undecided = {key for key in unnamed if is_custom_field(key)}
            self._note(self._undecided, undecided)
            for key in undecided:
                del unnamed[key]
        if not unnamed:
            return record
        self._note(self._unnamed, unnamed)
        if not self._is_selected:
            return record
        return {**{key: value for key, value in record.items() if key not in unnamed}, ADDITIONAL_FIELDS: unnamed}

    def _note(self, names: set[str], found: Iterable[str]) -> None:
        if len(names) < MAX_NAMES and not names.issuperset(found):
            with self._lock:
                names.update(found)

    def _check_types(self, records: list[Record]) -> None:
        left = self._to_check
        if left > 0:  # without the lock, because a few records more or less do not matter
            self._to_check = left - len(records)
        for record in records if left > 0 else records[:1]:
            for key, value in record.items():
                check = self._checks.get(key)
                if check and not check.accepts(value) and key not in self._wrong:
                    self._tell_once(key, check, value)

    def _tell_once(self, key: str, check: _Check, value: Any) -> None:
        with self._lock:
            if key in self._wrong:
                return
            self._wrong.add(key)
        kind = _KINDS.get(type(value), "another type")
        if type(value) in check.types:
            kind = f"text that is not of the format {check.format}"
        logger.warning(
            f"{self._stream_name}: the schema declares '{key}' as {check.name}, and Loxo sends {kind}. A destination "
            "may store NULL there. Refresh the connection's schema. Report this if it persists."
        )

    def report(self) -> None:
        """Logs the names of the unnamed fields, never a value, at the end of the stream."""
        parts = []
        if self._unnamed and self._is_selected:
            parts.append(f"fields that the schema does not name are in {ADDITIONAL_FIELDS}: {_listed(self._unnamed)}")
        elif self._unnamed:
            parts.append(f"the schema does not name these fields of the records: {_listed(self._unnamed)}")
        if self._undecided:
            parts.append(
                f"custom fields that are new or deselected stay out of {ADDITIONAL_FIELDS}: {_listed(self._undecided)}"
            )
        if parts:
            logger.info(
                f"{self._stream_name}: {'; '.join(parts)}. Refresh the connection's schema to add columns for new ones."
            )


class _Check:
    """A field's declared type."""

    def __init__(self, names: list[str], text_format: str) -> None:
        self.types = frozenset(kind for name in names for kind in _PYTHON_TYPES[name])
        self.format = text_format
        self.name = " or ".join(names)

    @classmethod
    def of(cls, field: Any) -> _Check | None:
        """The check of a property; None if its schema has no simple list of types."""
        declared = field.get("type") if isinstance(field, Mapping) else None
        names = [declared] if isinstance(declared, str) else declared
        if not isinstance(names, list) or not names or any(name not in _PYTHON_TYPES for name in map(str, names)):
            return None
        return cls([*map(str, names)], str(field.get("format", "")))

    def accepts(self, value: Any) -> bool:
        if type(value) not in self.types:
            return False
        if not self.format or not isinstance(value, str):
            return True
        return _is_formatted(value, self.format)


def _is_formatted(value: str, text_format: str) -> bool:
    if text_format == "date-time":
        return parse_timestamp(value) is not None
    if text_format == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
    return True


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _texts(values: Any) -> Iterable[str]:
    return (value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _listed(names: set[str]) -> str:
    """The names as one printable line of bounded length."""
    printable = (name if name.isprintable() else name.encode("unicode_escape").decode() for name in names)
    shown = sorted(name[:80] for name in printable)[:MAX_NAMES]
    return ", ".join(shown) + (", and more" if len(names) >= MAX_NAMES else "")
