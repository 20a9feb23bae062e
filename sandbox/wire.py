"""Records as they go out: fields that some rows lack, values that readers trip over, times in another form."""

from __future__ import annotations

import re
from typing import Any

import orjson

from .clock import HOUR, parse, stamp
from .settings import Settings
from .table import Record, Table

DEPTH = 300
STAMP = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z"')
RANGES = ("custom_numeric_range_", "custom_date_range_")
_MARK = "\x1aodd"

# What a reader may not be able to hold, as it stands in the JSON text, and the kind of value that it replaces.
ODD: dict[str, tuple[bytes, type | tuple[type, ...]]] = {
    "nested": (b'{"in":' * DEPTH + b"null" + b"}" * DEPTH, (list, dict)),
    "big_integers": (b"123456789012345678901234567890", int),
    "surrogates": (b'"cut \\ud83d short"', str),
    "nul": (b'"before\\u0000after"', str),
}


class Wire:
    """Gives rows as the settings have them; untouched ones come from the table's cache."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def row(self, table: Table, row: int, on_top: bool = False) -> bytes:
        raw = table.raw(row)
        return self.dressed(table, row, orjson.loads(raw), on_top) if on_top or self._dresses(table.name) else raw

    def full(self, table: Table, row: int) -> bytes:
        """The single record."""
        record = table.full(row)
        return self.dressed(table, row, record) if self._dresses(table.name) else orjson.dumps(record)

    def dressed(self, table: Table, row: int, record: Record, on_top: bool = False) -> bytes:
        settings = self.settings
        for name in ("created_at", "updated_at"):
            if settings.lacks(table.name, name, row) or (on_top and name == "updated_at"):
                record.pop(name, None)
        if settings.custom_ranges == "array":
            record |= {key: list(value.values()) for key, value in record.items() if key.startswith(RANGES) and value}
        oddity = settings.odd_records.get(table.name)
        if not oddity or row % 5:
            return orjson.dumps(record)
        literal, kind = ODD[oddity]
        record[_odd_field(record, kind)] = _MARK
        return orjson.dumps(record).replace(orjson.dumps(_MARK), literal)

    def _dresses(self, table: str) -> bool:
        settings = self.settings
        return (
            table in settings.no_created_at
            or table in settings.no_updated_at
            or table in settings.odd_records
            or settings.custom_ranges == "array"
        )

    def restamped(self, body: bytes) -> bytes:
        """An answer with its times in the form that is set."""
        form, offset = self.settings.record_times, self.settings.agency_offset_hours
        if form == "utc":
            return body
        local = form != "no_zone"
        zone = b"" if form.endswith("no_zone") else _zone(offset)

        def written(found: re.Match[bytes]) -> bytes:
            moment = (parse(found[1].decode() + "Z") or 0) + (int(offset * HOUR) if local else 0)
            return b'"' + stamp(moment)[:-1].encode() + zone + b'"'

        return STAMP.sub(written, body)


def _zone(offset_hours: float) -> bytes:
    minutes = round(offset_hours * 60)
    return b"%s%02d:%02d" % (b"-" if minutes < 0 else b"+", *divmod(abs(minutes), 60))


def _odd_field(record: Record, kind: Any) -> str:
    """The last field with a value of that kind; ids and times stay what they are."""
    fits = [
        name
        for name, value in record.items()
        if isinstance(value, kind) and not isinstance(value, bool) and name != "id" and not name.endswith("_at")
    ]
    return fits[-1] if fits else "extra"
