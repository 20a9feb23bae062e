"""Serializes records as the settings require: without some timestamps, with odd values, with other time formats."""

from __future__ import annotations

import re
from typing import Any

import orjson

from ..agency.table import Record, Table
from ..settings import Settings
from ..timestamps import HOUR_MS, format_timestamp, parse_timestamp

NESTING_DEPTH = 300
TIMESTAMP = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z"')
CUSTOM_RANGE_PREFIXES = ("custom_numeric_range_", "custom_date_range_")
_PLACEHOLDER = "\x1aodd"

# JSON text that some clients cannot decode or store, and the type of the value that it replaces.
ODD_VALUES: dict[str, tuple[bytes, type | tuple[type, ...]]] = {
    "nested": (b'{"in":' * NESTING_DEPTH + b"null" + b"}" * NESTING_DEPTH, (list, dict)),
    "big_integers": (b"123456789012345678901234567890", int),
    "surrogates": (b'"cut \\ud83d short"', str),
    "nul": (b'"before\\u0000after"', str),
}


class Serializer:
    """Serializes list items and single records; unchanged list items come from the table's cache."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def list_item(self, table: Table, row: int, without_updated_at: bool = False) -> bytes:
        text = table.list_item_json(row)
        if without_updated_at or self._changes_records(table.name):
            return self._serialize(table, row, orjson.loads(text), without_updated_at)
        return text

    def full_record(self, table: Table, row: int) -> bytes:
        record = table.full_record(row)
        return self._serialize(table, row, record) if self._changes_records(table.name) else orjson.dumps(record)

    def rewrite_timestamps(self, body: bytes) -> bytes:
        """Return a body with its timestamps in the format of the setting `record_times`."""
        time_format, offset_hours = self.settings.record_times, self.settings.agency_offset_hours
        if time_format == "utc":
            return body
        is_local = time_format != "no_zone"
        zone = b"" if time_format.endswith("no_zone") else _zone_text(offset_hours)

        def rewrite(match: re.Match[bytes]) -> bytes:
            ms = parse_timestamp(match[1].decode() + "Z") or 0
            ms += int(offset_hours * HOUR_MS) if is_local else 0
            return b'"' + format_timestamp(ms)[:-1].encode() + zone + b'"'

        return TIMESTAMP.sub(rewrite, body)

    def _changes_records(self, table: str) -> bool:
        settings = self.settings
        return (
            table in settings.no_created_at
            or table in settings.no_updated_at
            or table in settings.odd_records
            or settings.custom_ranges == "array"
        )

    def _serialize(self, table: Table, row: int, record: Record, without_updated_at: bool = False) -> bytes:
        settings = self.settings
        for name in ("created_at", "updated_at"):
            if settings.lacks_timestamp(table.name, name, row) or (without_updated_at and name == "updated_at"):
                record.pop(name, None)
        if settings.custom_ranges == "array":
            record |= {
                key: list(value.values())
                for key, value in record.items()
                if key.startswith(CUSTOM_RANGE_PREFIXES) and value
            }
        kind = settings.odd_records.get(table.name)
        if not kind or row % 5:
            return orjson.dumps(record)
        json_text, replaced_type = ODD_VALUES[kind]
        record[_field_of_type(record, replaced_type)] = _PLACEHOLDER
        return orjson.dumps(record).replace(orjson.dumps(_PLACEHOLDER), json_text)


def _zone_text(offset_hours: float) -> bytes:
    minutes = round(offset_hours * 60)
    return b"%s%02d:%02d" % (b"-" if minutes < 0 else b"+", *divmod(abs(minutes), 60))


def _field_of_type(record: Record, value_type: Any) -> str:
    """Return the last field with a value of a type, except ids and timestamps."""
    fields = [
        name
        for name, value in record.items()
        if isinstance(value, value_type) and not isinstance(value, bool) and name != "id" and not name.endswith("_at")
    ]
    return fields[-1] if fields else "extra"
