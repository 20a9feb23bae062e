"""All records of a list, whichever paging it has, proven by Loxo's own count.

The paging is that of the endpoints table where it knows the path; of another path the first response shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ContractError
from loxo_api.exact_json import loads
from loxo_api.pages import COUNT_CAP, Page, Record
from loxo_api.pagination.page_number import ResultLimit, beyond_the_limit, exact
from loxo_api.pagination.scroll import after_id, scroll, whole
from loxo_api.record_count import IdSet, RecordCount, shortfall
from loxoctl.paths import UsageError

# A list whose records move while it is read is read again, so many times in all.
PASSES = 3
# Parameters that set the position in a list. This module controls it, so the caller must not.
POSITIONS = ("scroll_id", "page", "after_id")

# Called with the number of records so far, and with Loxo's count or None.
Progress = Callable[[int, "int | None"], None]


def silent(done: int, total: int | None) -> None:
    pass


def all_records(
    client: LoxoClient, path: str, params: Mapping[str, Any], progress: Progress = silent
) -> Iterator[Record]:
    """Each record of a list once.

    :raises UsageError: the path is not that of a list, or the parameters name a position in it.
    :raises LoxoError: a request failed, or the pages have fewer records than Loxo counts; the records read so
        far come first.
    """
    if taken := [name for name in POSITIONS if name in params]:
        raise UsageError(f"--all: the list is read from its beginning, so '{taken[0]}' is not allowed. Leave it out.")
    known = known_endpoint(path)
    if known is None:
        found = _shown_by_first_answer(client, path, params)
        if isinstance(found, list):
            progress(len(found), None)
            yield from found
            return
        known = found
    elif known.paging is Paging.RECORD:
        raise UsageError(f"--all: '{path}' is a single record, not a list. Leave --all out.")
    endpoint, filters = _sized(known, params)
    for records in _passes(client, endpoint, filters, progress):
        yield from records


def known_endpoint(path: str) -> Endpoint | None:
    """The endpoint of the table whose path this is, with the ids of its parents filled in."""
    for endpoint in ENDPOINTS.values():
        pattern = re.sub(r"\\\{\w+\\\}", r"[0-9]+", re.escape(endpoint.path))
        if re.fullmatch(pattern, path):
            return replace(endpoint, path=path)
    return None


def _sized(endpoint: Endpoint, params: Mapping[str, Any]) -> tuple[Endpoint, dict[str, Any]]:
    """The endpoint with the page size that the caller wants, and the other parameters."""
    filters = dict(params)
    size = str(filters.pop("per_page", ""))
    if not size:
        return endpoint, filters
    if not size.isdecimal() or not int(size):
        raise UsageError("--param per_page: the value is not a number above 0. Write a number, such as per_page=50.")
    return replace(endpoint, per_page=int(size), try_per_page=0), filters


def _passes(
    client: LoxoClient, endpoint: Endpoint, filters: dict[str, Any], progress: Progress
) -> Iterator[list[Record]]:
    """Passes over the list until one is proven complete; each yields the records that are new."""
    given = IdSet()
    for _ in range(PASSES):
        count = RecordCount()
        for page in _pages(client, endpoint, filters):
            count.add(page)
            yield given.add(page.records)
            progress(len(given), count.last_total)
        # Neither a list without a count nor one that stops counting can be proven, and another pass proves no more.
        if count.last_total in (None, COUNT_CAP) or count.is_proven or count.only_grew:
            break
    if count.last_total and len(given) < count.last_total:
        raise shortfall(endpoint, len(given), count.last_total)


def _pages(client: LoxoClient, endpoint: Endpoint, filters: dict[str, Any]) -> Iterator[Page]:
    """One pass over a list."""
    if endpoint.paging is Paging.SCROLL:
        return scroll(client, endpoint, filters, RecordCount())
    if endpoint.paging is Paging.PAGE and endpoint.splits:
        splits = tuple(split for split in endpoint.splits if split[0] not in filters)
        return beyond_the_limit(client, endpoint, filters, splits, ResultLimit())
    if endpoint.paging is Paging.PAGE:
        return exact(client, endpoint, filters)
    # These two take no filters of a pass, so the row's own are completed.
    own = replace(endpoint, filters={**endpoint.filters, **filters})
    return after_id(client, own, RecordCount()) if own.paging is Paging.AFTER_ID else whole(client, own, RecordCount())


def _shown_by_first_answer(client: LoxoClient, path: str, params: Mapping[str, Any]) -> Endpoint | list[Any]:
    """The paging of a path that the table does not know, or the list itself where the response holds all of it.

    :raises ContractError: the response has no list, or more than one.
    """
    try:
        document = loads(client.request("GET", path, params).body)
    except ValueError:
        raise ContractError(f"{path}: the response is not JSON, so it is not a list. Leave --all out.") from None
    if isinstance(document, list):
        return document
    keys = _list_keys(path, document)
    if len(keys) != 1:
        found = f"more than one list ({', '.join(keys)})" if keys else "no list"
        raise ContractError(f"{path}: the response has {found}. Leave --all out.")
    nested = document.get("pagination")
    counters = {**(nested if isinstance(nested, dict) else {}), **document}
    row = Endpoint(path, path, records_keys=(keys[0],))
    if "scroll_id" in document:
        return replace(row, paging=Paging.SCROLL)
    if "current_page" in counters or "total_pages" in counters:
        return replace(row, paging=Paging.PAGE)
    records: list[Any] = document[keys[0]]
    total = counters.get("total_count")
    if isinstance(total, int) and total > len(records):
        raise shortfall(row, len(records), total)
    return records


def _list_keys(path: str, document: Any) -> list[str]:
    """The keys that may hold the records; the one named like the object is preferred."""
    if not isinstance(document, dict):
        return []
    keys = [key for key, value in document.items() if isinstance(value, list) and key != "errors"]
    named = [key for key in keys if key in (path.split("/")[-1], "results")]
    return named[:1] or keys
