"""Pagination styles: `scroll_id`, page numbers, `after_id`, and bare arrays without pagination."""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

import orjson

from ..agency.table import Table
from ..settings import Settings
from ..timestamps import now_ms
from .endpoints import Endpoint
from .errors import ErrorResponse, not_found
from .filters import Params, RowFinder, Selection, parse_number, parse_selection
from .serialization import Serializer

MAX_PER_PAGE = 100


class Paginator:
    """Builds the pages of lists."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.row_finder, self.serializer = settings, RowFinder(), Serializer(settings)
        self.issued_cursors: set[str] = set()  # since the setting `refuse_cursors` is "stored"

    def page(
        self,
        table: Table,
        endpoint: Endpoint,
        params: Params,
        path: str,
        rows: Iterable[int] | None = None,
        is_short: bool = False,
    ) -> bytes:
        """Return the body of a list request.

        :param rows: the rows of a child list; None for the whole table.
        :param is_short: whether the page has half of its records.
        """
        if endpoint.path == "companies" and self.settings.companies_per_page == "accepted":
            endpoint = replace(endpoint, per_page=True)
        check_parameters(endpoint, params)
        if endpoint.pagination == "after_id":
            return self._after_id_page(table, endpoint, dict(params))
        selection = parse_selection(table, endpoint, params, self.settings)
        filters = tuple(sorted((name, value) for name, value in params if name in endpoint.filters))
        cache_key = (endpoint.path, filters, self.settings.version)
        found = self.row_finder.find(table, selection, cache_key, rows)
        if endpoint.pagination == "scroll":
            ignores_cursor = bool({path, endpoint.path} & set(self.settings.repeat_cursor))
            return self._scroll_page(table, endpoint, dict(params), found, selection, ignores_cursor, is_short)
        if endpoint.pagination == "page":
            return self._numbered_page(table, endpoint, dict(params), found, selection, is_short)
        return self._records(table, found)

    def _records(self, table: Table, rows: Sequence[int], sorted_list: str = "", is_first_page: bool = False) -> bytes:
        """Return the JSON array of the records of some rows.

        :param sorted_list: the path of the list, if the request has a sort parameter.
        """
        if sorted_list in self.settings.unordered:
            rows = [*rows[1:], *rows[:1]]
        first_lacks_updated_at = is_first_page and sorted_list in self.settings.no_updated_at_on_top
        records = [
            self.serializer.list_item(table, row, without_updated_at=first_lacks_updated_at and index == 0)
            for index, row in enumerate(rows)
        ]
        return b"[" + b",".join(records) + b"]"

    def _total_count(self, table: Table, rows: array[int]) -> int:
        total, settings = len(rows), self.settings
        if settings.count_lag and table.creations:
            counted_until = now_ms() - int(settings.count_lag * 1000)
            first_uncounted = bisect_right(table.creations, (counted_until, 1 << 62))
            if first_uncounted < len(table.creations):
                first_row = table.creations[first_uncounted][1]
                total -= sum(row >= first_row for row in rows)
        return min(total, settings.total_cap) if settings.total_cap else total

    def _page_size(self, endpoint: Endpoint, params: dict[str, str]) -> int:
        if not endpoint.per_page:
            return self.settings.fixed_page_size
        size = parse_number(params.get("per_page"), 0) or self.settings.default_per_page
        if size > MAX_PER_PAGE and self.settings.over_100 == "rejected":
            raise ErrorResponse(422, "per_page must be less than or equal to 100")
        return min(size, MAX_PER_PAGE)

    # scroll_id ---------------------------------------------------------------------------------------------------

    def _scroll_page(
        self,
        table: Table,
        endpoint: Endpoint,
        params: dict[str, str],
        rows: array[int],
        selection: Selection,
        ignores_cursor: bool,
        is_short: bool,
    ) -> bytes:
        """A cursor holds a position only: filters must be sent again with each page (Lignum's scripts, live)."""
        size = self._page_size(endpoint, params)
        sent = params.get("scroll_id") or None
        if sent:
            self._check_cursor(endpoint, sent)
        position = None if ignores_cursor else decode_cursor(sent)
        start = _start_index(table, rows, selection, position) if position else (selection.page - 1) * size
        end = min(start + size, len(rows))
        if is_short:
            end = start + (end - start) // 2
        last = len(rows) - 1
        indexes = range(last - start, last - end, -1) if selection.descending else range(start, end)
        page = [rows[index] for index in indexes]
        is_last_page = end >= len(rows) and not ignores_cursor
        has_cursor, cursor = self._next_cursor(table, endpoint, selection, page, is_last_page)
        members = [b'"scroll_id":' + orjson.dumps(cursor)] if has_cursor else []
        members.append(b'"total_count":%d' % self._total_count(table, rows))
        if endpoint.path == "companies":
            members.append(b'"facets":{"global_status_aggs":[]}')
        records = self._records(table, page, selection.sorted_list, is_first_page=start == 0)
        members.append(orjson.dumps(endpoint.records_key) + b":" + records)
        return b"{" + b",".join(members) + b"}"

    def _next_cursor(
        self, table: Table, endpoint: Endpoint, selection: Selection, page: list[int], is_last_page: bool
    ) -> tuple[bool, str | None]:
        """Return whether the page has the key `scroll_id`, and its value."""
        settings = self.settings
        if selection.sort_by == "updated_at" and selection.sorted_list in settings.no_cursor_under_sort:
            return False, None
        if is_last_page and settings.last_page_cursor != "present":
            return settings.last_page_cursor == "null", None
        cursor = encode_cursor(table, endpoint, selection, page[-1]) if page else None
        if cursor and settings.refuse_cursors == "stored":
            self.issued_cursors.add(cursor)
        return True, cursor

    def _check_cursor(self, endpoint: Endpoint, cursor: str) -> None:
        """:raises ErrorResponse: the setting `refuse_cursors` covers this cursor."""
        settings = self.settings
        is_stored = settings.refuse_cursors == "stored" and cursor not in self.issued_cursors
        is_covered = not settings.refuse_cursors_of or endpoint.path in settings.refuse_cursors_of
        if (is_stored or settings.refuse_cursors == "all") and is_covered:
            if settings.refuse_cursors_status == 404:
                raise not_found()
            raise ErrorResponse(settings.refuse_cursors_status, "Invalid scroll_id")

    # Page numbers ------------------------------------------------------------------------------------------------

    def _numbered_page(
        self,
        table: Table,
        endpoint: Endpoint,
        params: dict[str, str],
        rows: array[int],
        selection: Selection,
        is_short: bool,
    ) -> bytes:
        size, number = self._page_size(endpoint, params), max(1, parse_number(params.get("page"), 1))
        max_results = self.settings.jobs_wall
        if endpoint.path == "jobs" and number * size > max_results:
            raise ErrorResponse(400, f"Paginating past the first {max_results} results is not supported")
        indexes = range((number - 1) * size, min(number * size, len(rows)))
        page = [rows[len(rows) - 1 - index] if selection.descending else rows[index] for index in indexes]
        if is_short:
            page = page[: len(page) // 2]
        total = self._total_count(table, rows)
        counters = {"current_page": number, "total_pages": -(-total // size), "per_page": size, "total_count": total}
        members = {"pagination": counters} if self.settings.counters == "nested" else counters
        records = self._records(table, page, selection.sorted_list, is_first_page=number == 1)
        return orjson.dumps({**members, endpoint.records_key: orjson.Fragment(records)})

    # after_id ----------------------------------------------------------------------------------------------------

    def _after_id_page(self, table: Table, endpoint: Endpoint, params: dict[str, str]) -> bytes:
        after_id = parse_number(params.get("after_id"), 0)
        rows = [row for row in table.sorted_rows["id"] if table.ids[row] > after_id]
        records = self._records(table, rows[: self.settings.source_types_page])
        if self.settings.source_types == "bare":
            return records
        return b"{" + orjson.dumps(endpoint.records_key) + b":" + records + b"}"


def check_parameters(endpoint: Endpoint, params: Params) -> None:
    """:raises ErrorResponse: a parameter is unknown; the message is a list of Ruby symbols (loxo-cli, live)."""
    unknown = list(dict.fromkeys(name for name, _ in params if name not in endpoint.parameters))
    if unknown:
        symbols = ", ".join(
            f":{name}" if re.fullmatch(r"\w+", name) else f':"{name}"'
            for name in (name.removesuffix("[]") for name in unknown)
        )
        raise ErrorResponse(422, f"Invalid parameters: [{symbols}]")


def encode_cursor(table: Table, endpoint: Endpoint, selection: Selection, row: int) -> str:
    """Return upper-case hex of `[ms,id]`, for people of `[ms,0.0,id]` with a score (Ampersand's recordings)."""
    ms, record_id = table.sort_key(selection.sort_by)(row)
    text = f"[{ms},0.0,{record_id}]" if endpoint.path == "people" else f"[{ms},{record_id}]"
    return text.encode().hex().upper()


def decode_cursor(cursor: str | None) -> tuple[int, int] | None:
    """Return the timestamp and the id in a cursor, None for the first page.

    :raises ErrorResponse: the cursor is malformed. Loxo's response to one is not known.
    """
    if cursor is None:
        return None
    try:
        parts = json.loads(bytes.fromhex(cursor).decode("ascii"))
        return int(parts[0]), int(parts[-1])
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise ErrorResponse(400, "Invalid scroll_id") from error


def _start_index(table: Table, rows: array[int], selection: Selection, position: tuple[int, int]) -> int:
    """Return the number of rows before the page after `position`, whose own row may be deleted."""
    key = table.sort_key(selection.sort_by)
    if selection.descending:
        return len(rows) - bisect_left(rows, position, key=key)
    return bisect_right(rows, position, key=key)
