"""Decodes the pages of Loxo's lists, without any request.

Quirks of the API that these functions handle, and their sources:

- the last page with records still has a `scroll_id` (recorded by Ampersand): the end is an empty list or a missing
  cursor;
- an endpoint that ignores its cursor repeats it and returns the same rows again (loxo-cli, live);
- page counters are at the top level (loxo-cli, live) or under `pagination` (Loxo's reference);
- a `scroll_id` is the hex form of a JSON array that begins with the last record's time in milliseconds (recorded by
  Ampersand).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loxo_api.endpoints import Endpoint, Paging
from loxo_api.errors import ContractError
from loxo_api.timestamps import http_date

Record = dict[str, Any]

# A search engine that stops counting returns exactly this number for "at least this many".
COUNT_CAP = 10_000
# No time in milliseconds is later; JSON numbers can also be infinite, or too large to calculate with.
_LATEST = 10**15


@dataclass(frozen=True)
class Page:
    """One decoded page of a list.

    `total_count` and `total_pages` are None if the response lacks them; `scroll_id` is None at the end; `date` is the
    header of that name; `seconds` is the time from the request to the first byte of the response.
    """

    records: Sequence[Record]
    scroll_id: str | None = None
    total_count: int | None = None
    total_pages: int | None = None
    date: str = ""
    seconds: float = 0.0

    @property
    def served_at(self) -> str | None:
        """The server's clock as a timestamp."""
        return http_date(self.date)


def decode_page(endpoint: Endpoint, body: Any) -> Page:
    """Decodes a response strictly: a missing list is an error, never the end of the data.

    :raises ContractError: the response does not have the shape that the endpoint's row describes.
    """
    if endpoint.paging is Paging.RECORD:
        return _decode_record(endpoint, body)
    if isinstance(body, list) and (endpoint.bare_allowed or not endpoint.records_keys):
        return Page(_checked(body))
    if not isinstance(body, dict) or not endpoint.records_keys:
        wanted = " or ".join(f"'{key}'" for key in endpoint.records_keys)
        raise ContractError(f"expected {f'an object with {wanted}' if wanted else 'a list'}, got {_kind(body)}")
    records = next((body[key] for key in endpoint.records_keys if isinstance(body.get(key), list)), None)
    if records is None:
        raise ContractError(f"the key '{endpoint.records_keys[0]}' with the list is missing from the response")
    nested = body.get("pagination")
    counters = {**(nested if isinstance(nested, dict) else {}), **body}
    scroll_id = body.get("scroll_id")
    if scroll_id is not None and not isinstance(scroll_id, str):
        raise ContractError(f"scroll_id is {_kind(scroll_id)}, not text")
    return Page(
        records=_checked(records),
        scroll_id=scroll_id or None,
        total_count=count_of(counters.get("total_count")),
        total_pages=count_of(counters.get("total_pages")),
    )


def _decode_record(endpoint: Endpoint, body: Any) -> Page:
    """One record as a page of one; `null` with status 200 means that the record is deleted (loxo-cli, live)."""
    if body is None:
        return Page([])
    if isinstance(body, dict) and "id" not in body:
        body = next((body[key] for key in endpoint.records_keys if key in body), body)
    return Page(_checked([body]))


def branches(nodes: Any, parent_id: Any = None) -> list[Record]:
    """A nested list as records, each with the id of its parent node."""
    records: list[Record] = []
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "id" not in node:
            raise ContractError("a node of a hierarchy has no id")
        records.append({**{key: value for key, value in node.items() if key != "hierarchies"}, "parent_id": parent_id})
        records += branches(node.get("hierarchies"), node["id"])
    return records


def _checked(records: list[Any]) -> list[Record]:
    for record in records:
        if not isinstance(record, dict) or not isinstance(record.get("id"), (int, str)) or record["id"] is True:
            raise ContractError(f"a record is {_kind(record)} without an id, so it cannot be identified")
    return records


def count_of(value: Any) -> int | None:
    """A counter of a page, or None if it is not a number of things."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


def position(scroll_id: str | None) -> float | None:
    """The time in a scroll_id, in milliseconds, or None if it has no readable time."""
    try:
        decoded = json.loads(bytes.fromhex(scroll_id or ""))
    except (ValueError, RecursionError):
        return None
    first = decoded[0] if isinstance(decoded, list) and decoded else None
    is_time = isinstance(first, (int, float)) and not isinstance(first, bool) and abs(first) < _LATEST
    return first if is_time else None
