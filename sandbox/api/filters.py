"""Applies the filters and the sort order of a list request."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..agency.table import Table
from ..settings import Settings
from .endpoints import Endpoint
from .errors import ErrorResponse
from .lucene import Query, QueryError

Params = list[tuple[str, str]]
RowTest = Callable[[int], bool]
MAX_CACHED_RESULTS = 48  # so that the following pages of a list do not filter it again
MIN_MS, MAX_MS = -(1 << 62), 1 << 62


@dataclass
class Selection:
    """The filters and the sort order of a request."""

    sort_by: str = "created_at"
    descending: bool = True
    bounds: list[tuple[str, int | None, int | None]] = field(default_factory=list)  # of timestamp columns
    tests: list[RowTest] = field(default_factory=list)  # all other filters
    page: int = 1
    sorted_list: str = ""  # the path of the list, if the request has a sort parameter


class RowFinder:
    """Finds the rows that a selection matches."""

    def __init__(self) -> None:
        self.cached: OrderedDict[Any, array[int]] = OrderedDict()

    def find(self, table: Table, selection: Selection, cache_key: Any, rows: Iterable[int] | None) -> array[int]:
        """Return the matching rows in ascending order of `selection.sort_by`.

        :param rows: the rows of a child list, which are not cached; None for the whole table.
        """
        is_stored_order = selection.sort_by in table.sorted_rows
        if is_stored_order and rows is None and not selection.tests and not selection.bounds:
            return table.sorted_rows[selection.sort_by]
        key = (table.name, table.version, selection.sort_by, cache_key)
        if rows is None and key in self.cached:
            self.cached.move_to_end(key)
            return self.cached[key]
        found = self._search(table, selection, rows)
        if rows is None:
            self.cached[key] = found
            if len(self.cached) > MAX_CACHED_RESULTS:
                self.cached.popitem(last=False)
        return found

    @staticmethod
    def _search(table: Table, selection: Selection, rows: Iterable[int] | None) -> array[int]:
        column = selection.sort_by if selection.sort_by in table.sorted_rows else "id"
        found = table.sorted_rows[column] if rows is None else array("I", sorted(rows, key=table.sort_key(column)))
        for name, low, high in selection.bounds:
            if name == column:
                found = table.rows_between(found, name, low, high)
        for name, low, high in selection.bounds:
            if name != column:
                timestamps = table.timestamps()[name]
                least, most = MIN_MS if low is None else low, MAX_MS if high is None else high
                found = array("I", [row for row in found if least <= timestamps[row] <= most])
        if selection.tests:
            found = array("I", [row for row in found if all(test(row) for test in selection.tests)])
        if column != selection.sort_by:
            found = array("I", sorted(found, key=lambda row: _text_sort_key(table.values(row, selection.sort_by))))
        return found


def parse_selection(table: Table, endpoint: Endpoint, params: Params, settings: Settings) -> Selection:
    """Parse the filters and the sort parameters of a request.

    :raises ErrorResponse: a date or a query is invalid.
    """
    selection = Selection()
    if endpoint.pagination == "scroll":
        selection.sort_by = settings.default_order.replace("_desc", "_at")
        if selection.sort_by not in table.sorted_rows:
            selection.sort_by = "created_at" if "created_at" in table.sorted_rows else "id"
    else:
        # Jobs are listed oldest first (Artizen's client reads the last page for the newest ones).
        selection.sort_by, selection.descending = "id", False
    values_by_name: dict[str, list[str]] = {}
    for name, value in params:
        values_by_name.setdefault(name, []).append(value)
    for name, values in values_by_name.items():
        rule = endpoint.filters.get(name)
        is_sort = bool(rule and rule.startswith("sort "))
        is_ignored = is_sort and endpoint.path in settings.sorts_ignored
        if rule and values != [""] and not is_ignored:
            _apply_rule(selection, table, rule, values, settings)
            selection.sorted_list = endpoint.path if is_sort else selection.sorted_list
    for name in {column for column, _, _ in selection.bounds}:
        if settings.no_created_at.get(table.name) or settings.no_updated_at.get(table.name):
            selection.tests.append(_has_timestamp(settings, table.name, name))
    return selection


def _has_timestamp(settings: Settings, table: str, name: str) -> RowTest:
    """Return a test that excludes rows without the timestamp, because no date range matches them."""
    return lambda row: not settings.lacks_timestamp(table, name, row)


def _apply_rule(selection: Selection, table: Table, rule: str, values: list[str], settings: Settings) -> None:
    verb, _, field_name = rule.partition(" ")
    last = values[-1]
    if verb == "sort":
        if last.lower() in ("asc", "desc"):
            selection.sort_by, selection.descending = field_name, last.lower() == "desc"
    elif verb in ("from", "to"):
        _add_bound(selection, verb, field_name, last, settings)
    elif verb == "query":
        _add_query(selection, table, last, settings)
    elif verb == "page":
        selection.page = max(1, parse_number(last, 1))
    elif verb == "eq":
        selection.tests.append(_is_one_of(table, field_name, {last.lower()}))
    elif verb == "in":
        selection.tests.append(_is_one_of(table, field_name, {value.lower() for value in values}))
    elif verb == "not":
        is_excluded = _is_one_of(table, field_name, {value.lower() for value in values})
        selection.tests.append(lambda row: not is_excluded(row))


def _is_one_of(table: Table, field_name: str, wanted: set[str]) -> RowTest:
    if field_name == "id":
        return lambda row: str(table.ids[row]) in wanted
    return lambda row: any(str(value).lower() in wanted for value in table.values(row, field_name))


def _add_bound(selection: Selection, verb: str, field_name: str, text: str, settings: Settings) -> None:
    ms = settings.parse_bound(text, is_upper=verb == "to")
    if ms is None:
        raise ErrorResponse(400, f"Invalid date: {text}")
    offset = 1 if settings.date_bounds == "exclusive" else 0
    selection.bounds.append((field_name, ms + offset, None) if verb == "from" else (field_name, None, ms - offset))


def _add_query(selection: Selection, table: Table, text: str, settings: Settings) -> None:
    try:
        query = Query(text, settings.lucene_dates, settings.parse_bound)
    except QueryError as error:
        raise ErrorResponse(400, str(error)) from error
    timestamps = table.timestamps()
    has_columns = all(name in timestamps for name in query.bounds)
    if has_columns:
        selection.bounds += [(name, low, high) for name, (low, high) in query.bounds.items()]
    if query.is_only_bounds and has_columns:
        return

    def matches(row: int) -> bool:
        def values(name: str) -> list[Any]:
            if name in timestamps:
                return [] if settings.lacks_timestamp(table.name, name, row) else [timestamps[name][row]]
            return [table.ids[row]] if name == "id" else table.values(row, name)

        return query.matches(values)

    selection.tests.append(matches)


def parse_number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def _text_sort_key(values: list[Any]) -> tuple[bool, str]:
    value = values[0] if values else None
    return (value is not None, str(value).lower())
