"""One kind of object: ids and sort keys in compact arrays, the rows themselves made on demand.

A generated row costs about 32 bytes (id, two timestamps, two positions), so a million people fit in memory next to a
bounded cache. Live changes are kept as edits over the generated row.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from .clock import mix, parse, stamp

Record = dict[str, Any]
Key = tuple[int, int]


class ByteCache:
    """Serialised rows, the least recently used dropped first, bounded by the bytes held."""

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self.rows: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def get(self, key: tuple[str, int]) -> bytes | None:
        raw = self.rows.get(key)
        if raw is not None:
            self.rows.move_to_end(key)
        return raw

    def put(self, key: tuple[str, int], raw: bytes) -> None:
        self.drop(key)
        self.rows[key] = raw
        self.held += len(raw) + 150
        while self.held > self.limit and self.rows:
            self.held -= len(self.rows.popitem(last=False)[1]) + 150

    def drop(self, key: tuple[str, int]) -> None:
        raw = self.rows.pop(key, None)
        if raw is not None:
            self.held -= len(raw) + 150

    def clear(self) -> None:
        self.rows.clear()
        self.held = 0


class Table:
    """Rows are numbered; ids grow with the number, so a row is found by bisecting its id."""

    def __init__(
        self,
        name: str,
        ids: Iterable[int],
        make: Callable[[int], Record],
        cache: ByteCache,
        *,
        created: array[int] | None = None,
        updated: array[int] | None = None,
        detail: Callable[[int, Record], Record] | None = None,
        columns: dict[str, Callable[[int], Any]] | None = None,
    ) -> None:
        self.name, self.make, self.detail, self.columns = name, make, detail, columns or {}
        self.ids = array("q", ids)
        self.created, self.updated = created, updated
        self.cache = cache
        self.edits: dict[int, Record] = {}
        self.gone: set[int] = set()
        self.born: list[tuple[int, int]] = []  # when each live row was made, and its number
        self.version = 0
        rows = range(len(self.ids))
        self.orders: dict[str, array[int]] = {"id": array("I", rows)}
        for order, keys in self._keys().items():
            self.orders[order] = array("I", sorted(rows, key=keys.__getitem__))

    def _keys(self) -> dict[str, array[int]]:
        pairs = {"created_at": self.created, "updated_at": self.updated}
        return {name: keys for name, keys in pairs.items() if keys is not None}

    def __len__(self) -> int:
        return len(self.ids) - len(self.gone)

    def key(self, order: str) -> Callable[[int], Key]:
        """What rows are sorted by: the timestamp, then the id (the tie-break seen in Loxo's cursors)."""
        ids, keys = self.ids, self._keys().get(order)
        if keys is None:
            return lambda row: (0, ids[row])
        return lambda row: (keys[row], ids[row])

    def row(self, record_id: int) -> int | None:
        row = bisect_left(self.ids, record_id)
        found = row < len(self.ids) and self.ids[row] == record_id and row not in self.gone
        return row if found else None

    def raw(self, row: int) -> bytes:
        """The list item as it goes over the wire."""
        cached = self.cache.get((self.name, row))
        if cached is None:
            edits = self.edits.get(row)
            made = orjson.dumps({"id": self.ids[row], **self.make(row), **(edits or {})})
            cached = bytes(memoryview(made))  # a tight copy: orjson's own buffer keeps several times the size
            self.cache.put((self.name, row), cached)
        return cached

    def record(self, row: int) -> Record:
        record: Record = orjson.loads(self.raw(row))
        return record

    def full(self, row: int) -> Record:
        """The single record, which carries fields the list item does not."""
        record = self.record(row)
        if not self.detail:
            return record
        return {**orjson.loads(orjson.dumps(self.detail(row, record))), **self.edits.get(row, {})}

    def values(self, row: int, field: str) -> list[Any]:
        """All values at a dotted path, through lists: `person_types.id` is every type's id."""
        top, _, rest = field.partition(".")
        edits = self.edits.get(row)
        if field in self.columns and not (edits and (field in edits or top in edits)):
            found = self.columns[field](row)
            return list(found) if isinstance(found, (list, tuple, set)) else [found]
        record = self.record(row)
        if top not in record and self.detail:
            record = self.full(row)
        return _reach(record.get(top), rest)

    def span(self, rows: array[int], order: str, low: int | None, high: int | None) -> array[int]:
        """The part of rows sorted by `order` whose timestamp is in low..high, both included."""
        keys = self._keys().get(order)
        if keys is None or (low is None and high is None):
            return rows
        start = 0 if low is None else bisect_left(rows, low, key=keys.__getitem__)
        end = len(rows) if high is None else bisect_right(rows, high, key=keys.__getitem__)
        return rows[start : max(start, end)]

    # Live changes ------------------------------------------------------------------------------------------------

    def create(self, fields: Record, now: int) -> int:
        """A new row with a higher id; what `fields` leaves out is generated."""
        row = len(self.ids)
        last = self.ids[-1] if row else 100_000
        self.ids.append(int(fields.get("id") or last + 1 + mix(last) % 17))
        created = _moment(fields, "created_at", now)
        if self.created is not None:
            self.created.append(created)
        if self.updated is not None:
            self.updated.append(_moment(fields, "updated_at", created))
        self.edits[row] = self._kept(fields)
        self.born.append((now, row))
        self._place(row)
        return row

    def update(self, row: int, fields: Record, now: int) -> None:
        self._unplace(row)
        if self.created is not None and "created_at" in fields:
            self.created[row] = _moment(fields, "created_at", now)
        if self.updated is not None:
            self.updated[row] = _moment(fields, "updated_at", now)
        self.edits[row] = {**self.edits.get(row, {}), **self._kept(fields)}
        self._place(row)

    def delete(self, row: int) -> None:
        self._unplace(row)
        self.gone.add(row)
        self.changed(row)

    def changed(self, row: int) -> None:
        self.version += 1
        self.cache.drop((self.name, row))

    def _kept(self, fields: Record) -> Record:
        stored = {"id"} | set(self._keys())
        return {name: value for name, value in fields.items() if name not in stored}

    def _place(self, row: int) -> None:
        for order, rows in self.orders.items():
            key = self.key(order)
            rows.insert(bisect_left(rows, key(row), key=key), row)
        self.changed(row)

    def _unplace(self, row: int) -> None:
        for order, rows in self.orders.items():
            key = self.key(order)
            del rows[bisect_left(rows, key(row), key=key)]


def static(name: str, rows: list[Record], cache: ByteCache, **options: Any) -> Table:
    """A table whose few rows are held as they are."""
    return Table(name, [row["id"] for row in rows], _held(rows), cache, **options)


def _held(rows: list[Record]) -> Callable[[int], Record]:
    return lambda row: rows[row] if row < len(rows) else {}


def _moment(fields: Record, name: str, default: int) -> int:
    value = fields.get(name)
    if isinstance(value, int):
        return value
    return default if value is None else parse(str(value)) or default


def _reach(value: Any, path: str) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _reach(item, path)]
    if not path:
        return [value]
    top, _, rest = path.partition(".")
    return _reach(value.get(top), rest) if isinstance(value, dict) else [None]


def stamps(table: Table, row: int) -> Record:
    """created_at and updated_at of a row, as far as the table has them."""
    return {name: stamp(keys[row]) for name, keys in table._keys().items()}
