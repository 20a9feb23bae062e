"""Which rows of a list a request asks for, and in which order."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .endpoints import Endpoint
from .lucene import Query, QueryError
from .settings import Settings
from .table import Table

Params = list[tuple[str, str]]
Test = Callable[[int], bool]
KEPT = 48  # filtered results remembered, so that following pages cost a bisect


class Refused(Exception):
    """An answer other than 200."""

    def __init__(
        self,
        status: int,
        *errors: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        html: bytes | None = None,
    ) -> None:
        super().__init__(*errors)
        self.status, self.body, self.headers = status, body or {"errors": list(errors)}, headers or {}
        self.html = html


@dataclass
class Selection:
    """A request's filters: date bounds on sortable keys, tests for the rest, the order and its direction."""

    order: str = "created_at"
    descending: bool = True
    bounds: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    page: int = 1
    sorted_list: str = ""  # the path of the list, if the request named its order


class Finder:
    """Turns selections into sorted row numbers."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Any, array[int]] = OrderedDict()

    def rows(self, table: Table, chosen: Selection, signature: Any, scope: Iterable[int] | None) -> array[int]:
        """Rows in ascending order of the selection's key; unfiltered lists are not copied."""
        known = chosen.order in table.orders
        if known and scope is None and not chosen.tests and not chosen.bounds:
            return table.orders[chosen.order]
        memory = (table.name, table.version, chosen.order, signature)
        if scope is None and memory in self.kept:
            self.kept.move_to_end(memory)
            return self.kept[memory]
        rows = self._search(table, chosen, scope)
        if scope is None:
            self.kept[memory] = rows
            if len(self.kept) > KEPT:
                self.kept.popitem(last=False)
        return rows

    @staticmethod
    def _search(table: Table, chosen: Selection, scope: Iterable[int] | None) -> array[int]:
        order = chosen.order if chosen.order in table.orders else "id"
        rows = table.orders[order] if scope is None else array("I", sorted(scope, key=table.key(order)))
        for name, low, high in chosen.bounds:
            if name == order:
                rows = table.span(rows, name, low, high)
        for name, low, high in chosen.bounds:
            if name != order:
                keys = table._keys()[name]
                least, most = -(1 << 62) if low is None else low, 1 << 62 if high is None else high
                rows = array("I", [row for row in rows if least <= keys[row] <= most])
        if chosen.tests:
            rows = array("I", [row for row in rows if all(test(row) for test in chosen.tests)])
        if order != chosen.order:
            rows = array("I", sorted(rows, key=lambda row: _sortable(table.values(row, chosen.order))))
        return rows


def select(table: Table, endpoint: Endpoint, params: Params, settings: Settings) -> Selection:
    """Read the filters of a request; dates that are none and broken queries are refused."""
    chosen = Selection()
    if endpoint.paging == "scroll":
        chosen.order = settings.default_order.replace("_desc", "_at")
        if chosen.order not in table.orders:
            chosen.order = "created_at" if "created_at" in table.orders else "id"
    else:
        chosen.order, chosen.descending = "id", False  # jobs come oldest first (Artizen's client reads the last page)
    grouped: dict[str, list[str]] = {}
    for name, value in params:
        grouped.setdefault(name, []).append(value)
    for name, values in grouped.items():
        rule = endpoint.filters.get(name)
        ignored = rule and rule.startswith("sort ") and endpoint.path in settings.sorts_ignored
        if rule and values != [""] and not ignored:
            _apply(chosen, table, rule, values, settings)
            chosen.sorted_list = endpoint.path if rule.startswith("sort ") else chosen.sorted_list
    for name in {bounded for bounded, _, _ in chosen.bounds}:
        if settings.no_created_at.get(table.name) or settings.no_updated_at.get(table.name):
            chosen.tests.append(_has(settings, table.name, name))
    return chosen


def _has(settings: Settings, table: str, name: str) -> Test:
    """No range of dates matches a row without the date."""
    return lambda row: not settings.lacks(table, name, row)


def _apply(chosen: Selection, table: Table, rule: str, values: list[str], settings: Settings) -> None:
    verb, _, target = rule.partition(" ")
    last = values[-1]
    if verb == "sort":
        if last.lower() in ("asc", "desc"):
            chosen.order, chosen.descending = target, last.lower() == "desc"
    elif verb in ("from", "to"):
        _bound(chosen, verb, target, last, settings)
    elif verb == "query":
        _query(chosen, table, last, settings)
    elif verb == "page":
        chosen.page = max(1, number(last, 1))
    elif verb == "eq":
        chosen.tests.append(_among(table, target, {last.lower()}))
    elif verb == "in":
        chosen.tests.append(_among(table, target, {value.lower() for value in values}))
    elif verb == "not":
        inside = _among(table, target, {value.lower() for value in values})
        chosen.tests.append(lambda row: not inside(row))


def _among(table: Table, target: str, wanted: set[str]) -> Test:
    if target == "id":
        return lambda row: str(table.ids[row]) in wanted
    return lambda row: any(str(value).lower() in wanted for value in table.values(row, target))


def _bound(chosen: Selection, verb: str, target: str, text: str, settings: Settings) -> None:
    moment = settings.bound(text, upper=verb == "to")
    if moment is None:
        raise Refused(400, f"Invalid date: {text}")
    off = 1 if settings.date_bounds == "exclusive" else 0
    chosen.bounds.append((target, moment + off, None) if verb == "from" else (target, None, moment - off))


def _query(chosen: Selection, table: Table, text: str, settings: Settings) -> None:
    try:
        query = Query(text, settings.lucene_dates, settings.bound)
    except QueryError as error:
        raise Refused(400, str(error)) from error
    keys = table._keys()
    sortable = all(name in keys for name in query.bounds)
    if sortable:
        chosen.bounds += [(name, low, high) for name, (low, high) in query.bounds.items()]
    if query.plain and sortable:
        return

    def test(row: int) -> bool:
        def values(name: str) -> list[Any]:
            if name in keys:
                return [] if settings.lacks(table.name, name, row) else [keys[name][row]]
            return [table.ids[row]] if name == "id" else table.values(row, name)

        return query.matches(values)

    chosen.tests.append(test)


def number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def _sortable(values: list[Any]) -> tuple[bool, str]:
    value = values[0] if values else None
    return (value is not None, str(value).lower())
