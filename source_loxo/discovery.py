"""The schemas of one account: ours, the agency's own fields, and the fields that its records show.

Loxo publishes no response schemas, so what several objects hold is not known before an account is seen. discover asks
for a small page of each list, and for a few records below it, and declares what it sees there. It must answer the same
from one day to the next, since Airbyte shows each difference as a schema change. So:

- where a list can be sorted, its oldest page is half of the sample, and of that hardly anything changes;
- a field becomes a column if most records have its key and a fair share has a value; rare ones are delivered in
  `_loxo_additional_fields`. Most lists send all keys, with nulls (recorded by Whippy); some leave nulls out (recorded
  by Ampersand), and there only fields that most records fill become columns;
- full records are few in a sample, so a field that their list has too is declared as it is there;
- a number is an integer only where the name says that it is an id: the next page may hold a fraction;
- nothing is declared of what objects and arrays hold.
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

from loxo_api.custom_fields import by_item_type, is_custom_field, with_custom_fields
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Page, Record
from loxo_api.retry import RetryPolicy
from source_loxo.additional_fields import with_additional_fields

logger = logging.getLogger("airbyte")

# Enough that a share of a half is told from a rare field, and a small answer.
SAMPLE_ROWS = 50
# Parents that are asked in turn until one has something below it: mostly one request.
PARENTS = 3
# Full records that are asked for: with five, a field that one in two records fills shows itself nearly always.
FULL_RECORDS = 5
# The sample of an account takes about 110 requests, half a minute at 4 a second. When a slow account has not answered
# by then, the person at the form gets the declared schemas of what is missing.
SECONDS = 90.0
_TOO_LATE = f"no answer within {SECONDS:.0f} seconds."
WORKERS = 10
# More patience than `check` has: a sample that is given up drops columns.
DISCOVER = RetryPolicy(retries=4, max_pause=30)

# A column's key is in more than a half of the sampled records, and one in twenty has a value. Both lie apart from where
# fields are met: nearly everywhere, or in a few records.
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
    """The part of a LoxoClient that is needed here."""

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None, /) -> Page: ...


def account_schemas(client: Client, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The schema of each stream in this account.

    :param declared: the schemas of our own, by stream; those of parents come first.
    :raises LoxoError: not one list can be read.
    """
    rows = sample(client)
    definitions = by_item_type(rows.get("dynamic_fields", []))
    schemas: dict[str, dict[str, Any]] = {}
    seen = 0
    for name, ours in declared.items():
        schema = with_custom_fields(ours, definitions.get(ENDPOINTS[name].item_type, []))
        in_list = schemas[ENDPOINTS[name].parent]["properties"] if ENDPOINTS[name].paging is Paging.RECORD else {}
        columns = seen_columns(schema["properties"], rows.get(name, []), in_list)
        schemas[name] = with_additional_fields({**schema, "properties": {**schema["properties"], **columns}})
        seen += len(columns)
    logger.info(
        f"{len(rows)} of {len(declared)} objects were sampled: {seen} columns are known from this account only."
    )
    return schemas


def seen_columns(known: Mapping[str, Any], rows: Iterable[Record], in_list: Mapping[str, Any]) -> dict[str, Any]:
    """Columns for the fields that are common in the records and that nothing else declares.

    :param in_list: of full records, the columns of their list.
    """
    records = {row["id"]: row for row in rows}.values()
    present: dict[str, int] = defaultdict(int)
    values: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        for key, value in record.items():
            # What the agency has made is declared by its definitions, or nowhere: a key has another meaning elsewhere.
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
    """Some records of each object, by stream. An object that fails is left out, with a warning.

    :raises LoxoError: not one list can be read.
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
        _tell_failures(level, results)
        # A tree's rows are parts of a record that we deliver one by one: nothing is to be seen in the record itself.
        level = {
            row.name: partial(
                _full_records if row.paging is Paging.RECORD else _below, client, row, _oldest(rows[row.parent])
            )
            for row in ENDPOINTS.values()
            if row.parent in level and rows.get(row.parent) and not row.tree
        }
    return rows


def _of_list(client: Client, endpoint: Endpoint) -> list[Record]:
    """The oldest and the newest page where they can be asked for, else the first."""
    newest = endpoint.newest_first_sort or endpoint.steady_sort
    orders = [{endpoint.steady_sort: "asc"}, {newest: "desc"}] if endpoint.steady_sort else [{}]
    return [row for order in orders for row in client.page(_small(endpoint), order).records]


def _full_records(client: Client, endpoint: Endpoint, parents: list[Record]) -> list[Record]:
    """The full records of the oldest rows of a list."""
    return [row for rows in _of_each(client, endpoint, parents[:FULL_RECORDS]) for row in rows]


def _below(client: Client, endpoint: Endpoint, parents: list[Record]) -> list[Record]:
    """What hangs on the oldest of the parents that has something below it."""
    return next((rows for rows in _of_each(client, endpoint, parents[:PARENTS]) if rows), [])


def _of_each(client: Client, endpoint: Endpoint, parents: list[Record]) -> Iterator[list[Record]]:
    """The records below each parent. One that was deleted meanwhile is passed over.

    :raises LoxoError: none of them has what was asked for: the object, not a record of it, is missing.
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


def _tell_failures(asked: Iterable[str], results: Mapping[str, list[Record] | Exception]) -> None:
    """Warns of each object without a sample."""
    for name in asked:
        found = results.get(name, LoxoError(f"{name}: {_TOO_LATE}", ErrorKind.TRANSIENT))
        if not isinstance(found, Exception):
            continue
        if not isinstance(found, LoxoError):
            raise found
        if name == "dynamic_fields":
            logger.warning(f"The agency's own fields have no columns; they arrive in _loxo_additional_fields. {found}")
        else:
            logger.warning(f"The schema of this object names only what is known of every account. {found}")


def side_by_side(
    calls: Mapping[str, Callable[[], list[Record]]], deadline: float
) -> dict[str, list[Record] | Exception]:
    """The results or errors of the calls that came in time.

    The threads are daemons, and not an executor's: an answer that does not come must not keep the process from ending.
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
