"""The schemas of one account: declared fields, the agency's custom fields, and fields seen in a sample.

Loxo publishes no response schemas, so the fields of several objects are unknown before an account is sampled. discover
reads a small page of each list, and a few records below it, and declares the fields it finds. Its result must be stable
from day to day, because Airbyte shows each difference as a schema change. So:

- where a list can be sorted, its oldest page is half of the sample, because old records hardly change;
- a field becomes a column if most records have its key and a fair share has a value; rare ones are delivered in
  `_loxo_additional_fields`. Most lists send all keys, with nulls (recorded by Whippy); some leave nulls out (recorded
  by Ampersand), and there only fields that most records fill become columns;
- a sample has few full records, so a field that their list has too is declared as in the list;
- a number is an integer only if its name is that of an id, because another page may have a fraction;
- the content of objects and arrays is not declared;
- the form of the agency's ranges is that of most ranges in the whole sample, because an object may have none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from loxo_api.custom_fields import by_item_type, is_custom_field, range_shape, with_custom_fields
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Page, Record
from loxo_api.retry import RetryPolicy
from source_loxo.additional_fields import with_additional_fields

logger = logging.getLogger("airbyte")

# Enough to distinguish a field in half of the records from a rare one, in a small response.
SAMPLE_ROWS = 50
# Parents that are tried in turn until one has children: mostly one request.
PARENTS = 3
# Full records in a sample: a field that half of the records fill is in one of five nearly always.
FULL_RECORDS = 5
# A sample takes about 110 requests, 30 seconds at 4 a second. Objects of a slower account without a response by
# the deadline keep their declared schemas.
SECONDS = 90.0
_TOO_LATE = f"no response within {SECONDS:.0f} seconds."
WORKERS = 10
# More retries than `check`, because a failed sample drops columns.
DISCOVER = RetryPolicy(retries=4, max_pause=30)

# A column's key is in more than half of the sampled records, and one in twenty has a value. Keys are far from both
# limits: they are in nearly all records or in a few.
COMMON_SHARE = 1 / 2
FILLED_SHARE = 1 / 20

_JSON_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
}
_ANYTHING = ["null", "boolean", "number", "string", "object", "array"]


class Client(Protocol):
    """The part of LoxoClient that discovery uses."""

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None, /) -> Page: ...


def account_schemas(client: Client, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The schema of each stream in this account.

    :param declared: the schemas in `schemas/`, by stream; parents come first.
    :raises LoxoError: no list can be read.
    """
    rows = sample(client)
    definitions = by_item_type(rows.get("dynamic_fields", []))
    ranges = range_shape(row for found in rows.values() for row in found)
    schemas: dict[str, dict[str, Any]] = {}
    seen = 0
    for name, ours in declared.items():
        schema = with_custom_fields(ours, definitions.get(ENDPOINTS[name].item_type, []), ranges)
        in_list = schemas[ENDPOINTS[name].parent]["properties"] if ENDPOINTS[name].paging is Paging.RECORD else {}
        columns = seen_columns(schema["properties"], rows.get(name, []), in_list)
        schemas[name] = with_additional_fields({**schema, "properties": {**schema["properties"], **columns}})
        seen += len(columns)
    logger.info(
        f"{len(rows)} of {len(declared)} objects were sampled: {seen} columns are known from this account only."
    )
    return schemas


def seen_columns(known: Mapping[str, Any], rows: Iterable[Record], in_list: Mapping[str, Any]) -> dict[str, Any]:
    """Columns for the fields that are common in the records and not declared elsewhere.

    :param in_list: of full records, the columns of their list.
    """
    records = {row["id"]: row for row in rows}.values()
    present: dict[str, int] = defaultdict(int)
    values: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        for key, value in record.items():
            # Custom fields are declared by their definitions only, because a key has another meaning in another object.
            if key in known or is_custom_field(key) or key.startswith("_loxo_"):
                continue
            present[key] += 1
            if value is not None:
                values[key].append(value)
    common = sorted(key for key, count in present.items() if count > COMMON_SHARE * len(records))
    least = max(1, FILLED_SHARE * len(records))
    return {
        key: in_list[key] if key in in_list else _column(key, values[key])
        for key in common
        if key in in_list or len(values[key]) >= least
    }


def _column(key: str, values: Iterable[Any]) -> dict[str, Any]:
    types = {_JSON_TYPES[type(value)] for value in values}
    if "number" in types and (key == "id" or key.endswith("_id")) and not any(type(value) is float for value in values):
        types = types - {"number"} | {"integer"}
    column: dict[str, Any] = {"type": ["null", *sorted(types)]}
    if "object" in types:
        column["additionalProperties"] = True
    if "array" in types:
        column["items"] = {"type": _ANYTHING, "additionalProperties": True, "items": {}}
    return {**column, "description": "Seen in this account; Loxo's reference does not describe it."}


def sample(client: Client) -> dict[str, list[Record]]:
    """Some records of each object, by stream. A failed object is omitted, with a warning.

    :raises LoxoError: no list can be read.
    """
    deadline = time.monotonic() + SECONDS
    level = {row.name: partial(_of_list, client, row) for row in ENDPOINTS.values() if not row.parent}
    rows: dict[str, list[Record]] = {}
    while level:
        results = side_by_side(level, deadline)
        rows |= {name: found for name, found in results.items() if isinstance(found, list)}
        if not rows:
            failures = (found for found in results.values() if isinstance(found, Exception))
            raise next(failures, LoxoError(_TOO_LATE, ErrorKind.TRANSIENT))
        _log_failures(level, results)
        # The nodes of a tree are parts of a record, so the record itself shows none of their fields.
        level = {
            row.name: partial(
                _full_records if row.paging is Paging.RECORD else _below, client, row, _oldest(rows[row.parent])
            )
            for row in ENDPOINTS.values()
            if row.parent in level and rows.get(row.parent) and not row.tree
        }
    return rows


def _of_list(client: Client, endpoint: Endpoint) -> list[Record]:
    """The oldest and the newest page if the list can be sorted, else the first page."""
    newest = endpoint.newest_first_sort or endpoint.steady_sort
    orders = [{endpoint.steady_sort: "asc"}, {newest: "desc"}] if endpoint.steady_sort else [{}]
    return [row for order in orders for row in client.page(_small(endpoint), order).records]


def _full_records(client: Client, endpoint: Endpoint, parents: list[Record]) -> list[Record]:
    """The full records of the oldest records of a list."""
    return [row for rows in _of_each(client, endpoint, parents[:FULL_RECORDS]) for row in rows]


def _below(client: Client, endpoint: Endpoint, parents: list[Record]) -> list[Record]:
    """The children of the oldest parent that has any."""
    return next((rows for rows in _of_each(client, endpoint, parents[:PARENTS]) if rows), [])


def _of_each(client: Client, endpoint: Endpoint, parents: list[Record]) -> Iterator[list[Record]]:
    """The records below each parent. A deleted parent is skipped.

    :raises LoxoError: no parent has the object, so the object itself is missing.
    """
    gone, answered = None, False
    for parent in parents:
        try:
            rows = client.page(_small(endpoint).of(parent)).records
        except LoxoError as error:
            if not error.is_not_found:
                raise
            gone = error
            continue
        answered = True
        keys = {name: parent[source] for name, source in endpoint.parent_keys.items()}
        yield [{**row, **keys} for row in rows]
    if gone and not answered:
        raise gone


def _oldest(rows: list[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: (isinstance(row["id"], str), row["id"]))


def _small(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, per_page=min(endpoint.per_page, SAMPLE_ROWS))


def _log_failures(asked: Iterable[str], results: Mapping[str, list[Record] | Exception]) -> None:
    """Logs a warning for each object without a sample."""
    for name in asked:
        found = results.get(name, LoxoError(f"{name}: {_TOO_LATE}", ErrorKind.TRANSIENT))
        if not isinstance(found, Exception):
            continue
        if not isinstance(found, LoxoError):
            raise found
        if name == "dynamic_fields":
            logger.warning(
                f"The agency's custom fields have no columns; they arrive in _loxo_additional_fields. {found}"
            )
        else:
            logger.warning(f"The schema of this object has only the fields that are known of every account. {found}")


def side_by_side(
    calls: Mapping[str, Callable[[], list[Record]]], deadline: float
) -> dict[str, list[Record] | Exception]:
    """The results or errors of the calls that finish before the deadline.

    The threads are daemons and not an executor's, because a missing response must not keep the process alive.
    """
    waiting = deque(calls.items())
    results: dict[str, list[Record] | Exception] = {}
    lock = threading.Lock()

    def work() -> None:
        while waiting and time.monotonic() < deadline:
            try:
                name, call = waiting.popleft()
            except IndexError:
                return
            try:
                found: list[Record] | Exception = call()
            except Exception as error:
                found = error
            with lock:
                results[name] = found

    threads = [threading.Thread(target=work, name="sample", daemon=True) for _ in range(min(WORKERS, len(calls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    with lock:
        return dict(results)
