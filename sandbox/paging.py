"""Loxo's page styles: position cursors, page numbers, after_id, bare arrays."""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from .clock import now_ms
from .endpoints import Endpoint
from .filters import Finder, Params, Refused, Selection, number, select
from .settings import Settings
from .table import Table
from .wire import Wire

MAX_PER_PAGE = 100


class Pager:
    """Answers list requests of one agency."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.finder, self.wire = settings, Finder(), Wire(settings)
        self.given: set[str] = set()  # cursors handed out since stored ones began to be refused

    def answer(
        self, table: Table, endpoint: Endpoint, params: Params, path: str, scope: Any = None, short: bool = False
    ) -> bytes:
        """:param short: whether the page has half the rows it should have."""
        if endpoint.path == "companies" and self.settings.companies_per_page == "accepted":
            endpoint = replace(endpoint, per_page=True)
        check_declared(endpoint, params)
        if endpoint.paging == "after_id":
            return self._after(table, endpoint, dict(params))
        chosen = select(table, endpoint, params, self.settings)
        filters = tuple(sorted((name, value) for name, value in params if name in endpoint.filters))
        signature = (endpoint.path, filters, self.settings.version)
        rows = self.finder.rows(table, chosen, signature, scope)
        if endpoint.paging == "scroll":
            ignored = path in self.settings.repeat_cursor or endpoint.path in self.settings.repeat_cursor
            return self._scroll(table, endpoint, dict(params), rows, chosen, ignored, short)
        if endpoint.paging == "page":
            return self._page(table, endpoint, dict(params), rows, chosen, short)
        return self._listed(table, rows)

    def _listed(self, table: Table, rows: Sequence[int], sorted_list: str = "", on_top: bool = False) -> bytes:
        """The JSON array of these rows.

        :param sorted_list: the list's path, if the request asked for an order.
        :param on_top: whether the first of the rows is the first of the list.
        """
        if sorted_list in self.settings.unordered:
            rows = [*rows[1:], *rows[:1]]
        bare = on_top and sorted_list in self.settings.no_updated_at_on_top
        texts = [self.wire.row(table, row, bare and place == 0) for place, row in enumerate(rows)]
        return b"[" + b",".join(texts) + b"]"

    def _total(self, table: Table, rows: array[int]) -> int:
        total, settings = len(rows), self.settings
        if settings.count_lag and table.born:
            recent = bisect_right(table.born, (now_ms() - int(settings.count_lag * 1000), 1 << 62))
            if recent < len(table.born):
                first = table.born[recent][1]
                total -= sum(row >= first for row in rows)
        return min(total, settings.total_cap) if settings.total_cap else total

    def _size(self, endpoint: Endpoint, params: dict[str, str]) -> int:
        if not endpoint.per_page:
            return self.settings.fixed_page_size
        size = number(params.get("per_page"), 0) or self.settings.default_per_page
        if size > MAX_PER_PAGE and self.settings.over_100 == "rejected":
            raise Refused(422, "per_page must be less than or equal to 100")
        return min(size, MAX_PER_PAGE)

    # scroll_id ---------------------------------------------------------------------------------------------------

    def _scroll(
        self,
        table: Table,
        endpoint: Endpoint,
        params: dict[str, str],
        rows: array[int],
        chosen: Selection,
        ignored: bool,
        short: bool,
    ) -> bytes:
        """A cursor is a position and nothing else: filters that are not repeated are gone (Lignum's scripts, live)."""
        size = self._size(endpoint, params)
        sent = params.get("scroll_id") or None
        if sent:
            self._check_given(endpoint, sent)
        position = None if ignored else decode_cursor(sent)
        first = _place(table, rows, chosen, position) if position else (chosen.page - 1) * size
        last = min(first + size, len(rows))
        if short:
            last = first + (last - first) // 2
        steps = range(len(rows) - 1 - first, len(rows) - 1 - last, -1) if chosen.descending else range(first, last)
        page = [rows[step] for step in steps]
        head = [b'"total_count":%d' % self._total(table, rows)]
        cursor = encode_cursor(table, endpoint, chosen, page[-1]) if page else None
        if last >= len(rows) and not ignored:
            if self.settings.last_page_cursor == "null":
                cursor = None
            elif self.settings.last_page_cursor == "absent":
                cursor = ""
        if chosen.order == "updated_at" and chosen.sorted_list in self.settings.no_cursor_under_sort:
            cursor = ""
        if cursor and self.settings.refuse_cursors == "stored":
            self.given.add(cursor)
        if cursor != "":
            head.insert(0, b'"scroll_id":' + orjson.dumps(cursor))
        if endpoint.path == "companies":
            head.append(b'"facets":{"global_status_aggs":[]}')
        head.append(
            orjson.dumps(endpoint.key) + b":" + self._listed(table, page, chosen.sorted_list, on_top=first == 0)
        )
        return b"{" + b",".join(head) + b"}"

    def _check_given(self, endpoint: Endpoint, cursor: str) -> None:
        settings = self.settings
        of = settings.refuse_cursors_of
        stored = settings.refuse_cursors == "stored" and cursor not in self.given
        if (stored or settings.refuse_cursors == "all") and (not of or endpoint.path in of):
            body = {"status": 404, "error": "Not Found"} if settings.refuse_cursors_status == 404 else None
            raise Refused(settings.refuse_cursors_status, "Invalid scroll_id", body=body)

    # page numbers ------------------------------------------------------------------------------------------------

    def _page(
        self,
        table: Table,
        endpoint: Endpoint,
        params: dict[str, str],
        rows: array[int],
        chosen: Selection,
        short: bool,
    ) -> bytes:
        size, page = self._size(endpoint, params), max(1, number(params.get("page"), 1))
        wall = self.settings.jobs_wall
        if endpoint.path == "jobs" and page * size > wall:
            raise Refused(400, f"Paginating past the first {wall} results is not supported")
        total = len(rows)
        numbers = range((page - 1) * size, min(page * size, total))
        picked = [rows[total - 1 - n] if chosen.descending else rows[n] for n in numbers]
        if short:
            picked = picked[: len(picked) // 2]
        shown = self._total(table, rows)
        counters = {"current_page": page, "total_pages": -(-shown // size), "per_page": size, "total_count": shown}
        nested = {"pagination": counters} if self.settings.counters == "nested" else counters
        listed = self._listed(table, picked, chosen.sorted_list, on_top=page == 1)
        return orjson.dumps({**nested, endpoint.key: orjson.Fragment(listed)})

    # after_id ----------------------------------------------------------------------------------------------------

    def _after(self, table: Table, endpoint: Endpoint, params: dict[str, str]) -> bytes:
        after = number(params.get("after_id"), 0)
        rows = [row for row in table.orders["id"] if table.ids[row] > after][: self.settings.source_types_page]
        listed = self._listed(table, rows)
        if self.settings.source_types == "bare":
            return listed
        return b'{"' + str(endpoint.key).encode() + b'":' + listed + b"}"


def check_declared(endpoint: Endpoint, params: Params) -> None:
    """422 with a Ruby symbol list (loxo-cli, live)."""
    unknown = list(dict.fromkeys(name for name, _ in params if name not in endpoint.declared))
    if unknown:
        symbols = ", ".join(
            f":{name}" if re.fullmatch(r"\w+", name) else f':"{name}"'
            for name in (name.removesuffix("[]") for name in unknown)
        )
        raise Refused(422, f"Invalid parameters: [{symbols}]")


def encode_cursor(table: Table, endpoint: Endpoint, chosen: Selection, row: int) -> str:
    """Upper-case hex of `[ms,id]`, for people `[ms,0.0,id]` with a score between (Ampersand's recordings)."""
    moment, record_id = table.key(chosen.order)(row)
    text = f"[{moment},0.0,{record_id}]" if endpoint.path == "people" else f"[{moment},{record_id}]"
    return text.encode().hex().upper()


def decode_cursor(cursor: str | None) -> tuple[int, int] | None:
    """None for the first page. Whether Loxo refuses a broken cursor is unknown; here it does."""
    if cursor is None:
        return None
    try:
        parts = json.loads(bytes.fromhex(cursor).decode("ascii"))
        return int(parts[0]), int(parts[-1])
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise Refused(400, "Invalid scroll_id") from error


def _place(table: Table, rows: array[int], chosen: Selection, position: tuple[int, int]) -> int:
    """How many rows come before the page after `position`, in reading direction; the row itself may be gone."""
    key = table.key(chosen.order)
    if chosen.descending:
        return len(rows) - bisect_left(rows, position, key=key)
    return bisect_right(rows, position, key=key)
