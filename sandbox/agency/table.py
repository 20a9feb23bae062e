"""Storage for the rows of one object: ids and sort keys in compact arrays, records generated on demand.

A generated row takes about 32 bytes (id, two timestamps, two positions), so a million people fit in memory beside a
bounded cache. Writes are kept as edits on top of the generated record.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from ..hashing import hash64
from ..timestamps import format_timestamp, parse_timestamp

Record = dict[str, Any]
SortKey = tuple[int, int]
ENTRY_OVERHEAD_BYTES = 150


class JsonCache:
    """Serialized list items; drops the least recently used ones when they exceed `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.used_bytes = max_bytes, 0
        self.entries: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def get(self, key: tuple[str, int]) -> bytes | None:
        item = self.entries.get(key)
        if item is not None:
            self.entries.move_to_end(key)
        return item

    def put(self, key: tuple[str, int], item: bytes) -> None:
        self.drop(key)
        self.entries[key] = item
        self.used_bytes += len(item) + ENTRY_OVERHEAD_BYTES
        while self.used_bytes > self.max_bytes and self.entries:
            self.used_bytes -= len(self.entries.popitem(last=False)[1]) + ENTRY_OVERHEAD_BYTES

    def drop(self, key: tuple[str, int]) -> None:
        item = self.entries.pop(key, None)
        if item is not None:
            self.used_bytes -= len(item) + ENTRY_OVERHEAD_BYTES

    def clear(self) -> None:
        self.entries.clear()
        self.used_bytes = 0


class Table:
    """Rows are numbered from 0. Ids grow with the row number, so bisection finds a row by its id."""

    def __init__(
        self,
        name: str,
        ids: Iterable[int],
        make_list_item: Callable[[int], Record],
        cache: JsonCache,
        *,
        created: array[int] | None = None,
        updated: array[int] | None = None,
        make_full_record: Callable[[int, Record], Record] | None = None,
        computed_fields: dict[str, Callable[[int], Any]] | None = None,
    ) -> None:
        """:param computed_fields: functions of the row number for fields of filters that the records lack."""
        self.name = name
        self.make_list_item, self.make_full_record = make_list_item, make_full_record
        self.computed_fields = computed_fields or {}
        self.ids = array("q", ids)
        self.created, self.updated = created, updated
        self.cache = cache
        self.edits: dict[int, Record] = {}
        self.deleted: set[int] = set()
        self.creations: list[tuple[int, int]] = []  # (time, row) of each row that a write created
        self.version = 0
        rows = range(len(self.ids))
        self.sorted_rows: dict[str, array[int]] = {"id": array("I", rows)}
        for column, timestamps in self.timestamps().items():
            self.sorted_rows[column] = array("I", sorted(rows, key=timestamps.__getitem__))

    def timestamps(self) -> dict[str, array[int]]:
        """Return the timestamps of all rows for each timestamp column of this table."""
        columns = {"created_at": self.created, "updated_at": self.updated}
        return {name: timestamps for name, timestamps in columns.items() if timestamps is not None}

    def timestamp_fields(self, row: int) -> Record:
        return {name: format_timestamp(timestamps[row]) for name, timestamps in self.timestamps().items()}

    def __len__(self) -> int:
        return len(self.ids) - len(self.deleted)

    def sort_key(self, column: str) -> Callable[[int], SortKey]:
        """Return a row's sort key: the timestamp, then the id (the tie-break seen in Loxo's cursors)."""
        ids, timestamps = self.ids, self.timestamps().get(column)
        if timestamps is None:
            return lambda row: (0, ids[row])
        return lambda row: (timestamps[row], ids[row])

    def find_row(self, record_id: int) -> int | None:
        row = bisect_left(self.ids, record_id)
        exists = row < len(self.ids) and self.ids[row] == record_id and row not in self.deleted
        return row if exists else None

    def list_item_json(self, row: int) -> bytes:
        cached = self.cache.get((self.name, row))
        if cached is None:
            edits = self.edits.get(row)
            text = orjson.dumps({"id": self.ids[row], **self.make_list_item(row), **(edits or {})})
            cached = bytes(memoryview(text))  # an exact copy, because orjson's own buffer is several times larger
            self.cache.put((self.name, row), cached)
        return cached

    def list_item(self, row: int) -> Record:
        record: Record = orjson.loads(self.list_item_json(row))
        return record

    def full_record(self, row: int) -> Record:
        """Return the single record, which has fields that the list item lacks."""
        record = self.list_item(row)
        if not self.make_full_record:
            return record
        return {**orjson.loads(orjson.dumps(self.make_full_record(row, record))), **self.edits.get(row, {})}

    def values(self, row: int, path: str) -> list[Any]:
        """Return all values at a dotted path, through lists: `person_types.id` is the id of each type."""
        name, _, rest = path.partition(".")
        edits = self.edits.get(row)
        if path in self.computed_fields and not (edits and (path in edits or name in edits)):
            computed = self.computed_fields[path](row)
            return list(computed) if isinstance(computed, (list, tuple, set)) else [computed]
        record = self.list_item(row)
        if name not in record and self.make_full_record:
            record = self.full_record(row)
        return _values_at(record.get(name), rest)

    def rows_between(self, rows: array[int], column: str, low: int | None, high: int | None) -> array[int]:
        """Return the part of `rows`, sorted by `column`, whose timestamps are in low..high, both included."""
        timestamps = self.timestamps().get(column)
        if timestamps is None or (low is None and high is None):
            return rows
        start = 0 if low is None else bisect_left(rows, low, key=timestamps.__getitem__)
        end = len(rows) if high is None else bisect_right(rows, high, key=timestamps.__getitem__)
        return rows[start : max(start, end)]

    # Writes ------------------------------------------------------------------------------------------------------

    def create(self, fields: Record, now: int) -> int:
        """Add a row with a higher id and return its number; fields that are not given are generated."""
        row = len(self.ids)
        last_id = self.ids[-1] if row else 100_000
        self.ids.append(int(fields.get("id") or last_id + 1 + hash64(last_id) % 17))
        created = _timestamp_in(fields, "created_at", now)
        if self.created is not None:
            self.created.append(created)
        if self.updated is not None:
            self.updated.append(_timestamp_in(fields, "updated_at", created))
        self.edits[row] = self._without_columns(fields)
        self.creations.append((now, row))
        self._insert(row)
        return row

    def update(self, row: int, fields: Record, now: int) -> None:
        self._remove(row)
        if self.created is not None and "created_at" in fields:
            self.created[row] = _timestamp_in(fields, "created_at", now)
        if self.updated is not None:
            self.updated[row] = _timestamp_in(fields, "updated_at", now)
        self.edits[row] = {**self.edits.get(row, {}), **self._without_columns(fields)}
        self._insert(row)

    def delete(self, row: int) -> None:
        self._remove(row)
        self.deleted.add(row)
        self.invalidate(row)

    def find_deleted_row(self, record_id: int) -> int | None:
        row = bisect_left(self.ids, record_id)
        return row if row in self.deleted and self.ids[row] == record_id else None

    def restore(self, row: int, now: int) -> None:
        """Undo a deletion. The record counts as changed now."""
        self.deleted.discard(row)
        if self.updated is not None:
            self.updated[row] = now
        self._insert(row)

    def invalidate(self, row: int) -> None:
        """Drop the cached record of a row and all filter results of this table."""
        self.version += 1
        self.cache.drop((self.name, row))

    def _without_columns(self, fields: Record) -> Record:
        columns = {"id"} | set(self.timestamps())
        return {name: value for name, value in fields.items() if name not in columns}

    def _insert(self, row: int) -> None:
        for column, rows in self.sorted_rows.items():
            key = self.sort_key(column)
            rows.insert(bisect_left(rows, key(row), key=key), row)
        self.invalidate(row)

    def _remove(self, row: int) -> None:
        for column, rows in self.sorted_rows.items():
            key = self.sort_key(column)
            del rows[bisect_left(rows, key(row), key=key)]


def stored_table(name: str, records: list[Record], cache: JsonCache, **options: Any) -> Table:
    """Return a table of a few records that are stored instead of generated."""

    def make_list_item(row: int) -> Record:
        return records[row] if row < len(records) else {}

    return Table(name, [record["id"] for record in records], make_list_item, cache, **options)


def _timestamp_in(fields: Record, name: str, default: int) -> int:
    value = fields.get(name)
    if isinstance(value, int):
        return value
    return default if value is None else parse_timestamp(str(value)) or default


def _values_at(value: Any, path: str) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _values_at(item, path)]
    if not path:
        return [value]
    name, _, rest = path.partition(".")
    return _values_at(value.get(name), rest) if isinstance(value, dict) else [None]
