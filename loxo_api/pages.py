"""What a page of Loxo's says, and whether the walk may go on. Pure: no request is made here.

The quirks that shape these functions, and how they are known:

- the last page that has rows still carries a `scroll_id` (recorded by Ampersand): the end is an empty list or no
  cursor;
- an endpoint that ignores its cursor repeats it and serves the same rows again (loxo-cli, live);
- page counters stand at the top level (loxo-cli, live) or under `pagination` (Loxo's reference);
- a `scroll_id` is hex of a JSON array that begins with the last row's time in milliseconds (recorded by Ampersand).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loxo_api.endpoints import Endpoint, Paging
from loxo_api.errors import ContractError
from loxo_api.timestamps import http_date

Record = dict[str, Any]

# A search engine that stops counting answers exactly this number for "at least this many".
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Page:
    """One decoded answer of a list.

    `total_count` and `total_pages` are None where the answer does not say; `scroll_id` is None at the end; `date` is
    the header of that name.
    """

    rows: Sequence[Record]
    scroll_id: str | None = None
    total_count: int | None = None
    total_pages: int | None = None
    date: str = ""

    @property
    def served_at(self) -> str | None:
        """The server's clock, as a moment."""
        return http_date(self.date)


def decode_page(endpoint: Endpoint, body: Any) -> Page:
    """Reads an answer strictly: a missing envelope is an error, never the end of the data.

    :raises ContractError: the answer has not the shape that the endpoint's row of facts says.
    """
    if endpoint.paging is Paging.RECORD:
        return _decode_record(endpoint, body)
    if isinstance(body, list) and (endpoint.bare_allowed or not endpoint.envelope):
        return Page(_checked_rows(body))
    if not isinstance(body, dict) or not endpoint.envelope:
        wanted = " or ".join(f"'{key}'" for key in endpoint.envelope)
        raise ContractError(f"expected {f'an object with {wanted}' if wanted else 'a list'}, got {_kind(body)}")
    rows = next((body[key] for key in endpoint.envelope if isinstance(body.get(key), list)), None)
    if rows is None:
        raise ContractError(f"the key '{endpoint.envelope[0]}' with the list is missing from the answer")
    nested = body.get("pagination")
    counters = {**(nested if isinstance(nested, dict) else {}), **body}
    scroll_id = body.get("scroll_id")
    if scroll_id is not None and not isinstance(scroll_id, str):
        raise ContractError(f"scroll_id is {_kind(scroll_id)}, not text")
    return Page(
        rows=_checked_rows(rows),
        scroll_id=scroll_id or None,
        total_count=_count(counters, "total_count"),
        total_pages=_count(counters, "total_pages"),
    )


def _decode_record(endpoint: Endpoint, body: Any) -> Page:
    """One record as a page of one; `null` with status 200 is Loxo's way to say that it is gone (loxo-cli, live)."""
    if body is None:
        return Page([])
    if isinstance(body, dict) and "id" not in body:
        body = next((body[key] for key in endpoint.envelope if key in body), body)
    return Page(_checked_rows([body]))


def _checked_rows(rows: list[Any]) -> list[Record]:
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), (int, str)) or row["id"] is True:
            raise ContractError(f"a row is {_kind(row)} without an id, so it cannot be told from others")
    return rows


def _count(counters: Mapping[str, Any], name: str) -> int | None:
    value = counters.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "null", bool: "a yes/no value"}
    return names.get(type(value), "a number")


@dataclass
class Tally:
    """Counts what was delivered against what Loxo claims.

    :param before: distinct records that an earlier, interrupted attempt had delivered.
    """

    before: int = 0
    claimed: int | None = None
    _ids: set[Any] = field(default_factory=set)

    def add(self, page: Page) -> list[Record]:
        """Notes a page and returns the rows not seen before; the claim is always the latest page's."""
        if page.total_count is not None:
            self.claimed = page.total_count
        return self.unseen(page.rows)

    def unseen(self, rows: Iterable[Record]) -> list[Record]:
        """The rows whose id was not seen before, each once."""
        fresh = []
        for row in rows:
            if row["id"] not in self._ids:
                self._ids.add(row["id"])
                fresh.append(row)
        return fresh

    @property
    def delivered(self) -> int:
        return self.before + len(self._ids)

    @property
    def missing(self) -> int:
        """How many records Loxo claims that were not delivered. More than claimed is no error: rows get deleted."""
        return max(0, (self.claimed or 0) - self.delivered)

    @property
    def proven(self) -> bool:
        """Whether the count proves that all was delivered; a count at the cap may mean "at least"."""
        return self.claimed is not None and self.claimed != COUNT_CAP and not self.missing


def scroll_goes_on(endpoint: Endpoint, page: Page, first: bool, repeats: bool, tally: Tally) -> bool:
    """Whether another page must be asked for.

    :param first: whether the page was asked for without a cursor.
    :param repeats: whether this page, or its cursor, was met before in the same walk.
    :raises ContractError: the cursor leads in a circle and the count does not prove that all was seen.
    """
    if not page.rows or page.scroll_id is None:
        return False
    if first and tally.proven and len(page.rows) >= (page.total_count or 0):
        return False  # one answer that holds all it claims; nothing can have moved between pages
    if not repeats:
        return True
    if tally.proven:
        return False
    raise ContractError(
        f"{endpoint.path} repeats itself: its scroll_id leads to rows already read, after {tally.delivered} of "
        f"{'an unknown number of' if tally.claimed is None else tally.claimed} records"
    )


def position(scroll_id: str | None) -> float | None:
    """The time, in milliseconds, that a scroll_id stands at, or None if it cannot be read from it."""
    try:
        decoded = json.loads(bytes.fromhex(scroll_id or ""))
    except (ValueError, RecursionError):
        return None
    first = decoded[0] if isinstance(decoded, list) and decoded else None
    return first if isinstance(first, (int, float)) and not isinstance(first, bool) else None
