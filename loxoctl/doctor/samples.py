"""Samples of an account: the first page of each list, and one sample of the objects below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import ContractError
from loxo_api.pages import Record, count_of, decode_page
from loxo_api.timestamps import parse_timestamp
from loxoctl.doctor.survey import Answer, Survey

# Parents that are tried in turn until one has something below it.
PARENTS = 2

# Fields that name a parent with records below it: a job with an activity has a pipeline.
NAMED_IN = {"job_candidates": ("person_events", "job_id")}
COUNTERS = ("total_count", "total_pages", "current_page", "per_page")


@dataclass(frozen=True)
class Sample:
    """One page, decoded without any assumption.

    :param key: the key of the list, or of a wrapped record; None for a bare one.
    :param counters_at: `top level`, `under pagination`, or empty where there are none.
    :param refusal: why the connector does not accept the records, such as one without an id, which are then left out.
    """

    endpoint: Endpoint
    answer: Answer
    rows: list[Record] = field(default_factory=list)
    key: str | None = None
    is_list: bool = False
    counters: Mapping[str, int] = field(default_factory=dict)
    counters_at: str = ""
    scroll_id: str | None = None
    refusal: str = ""

    @property
    def total(self) -> int | None:
        return self.counters.get("total_count")

    @property
    def is_whole(self) -> bool:
        """Whether the page holds all that its list claims."""
        return self.total is not None and len(self.rows) >= self.total

    @property
    def ids(self) -> list[Any]:
        return [row.get("id") for row in self.rows]

    def times(self, name: str) -> list[str]:
        """The timestamps in a field, of the rows that have one, in the order of the rows."""
        return [time for row in self.rows if (time := parse_timestamp(row.get(name)))]


Samples = dict[str, Sample]


def lists() -> list[Endpoint]:
    return [row for row in ENDPOINTS.values() if not row.parent]


def children() -> list[Endpoint]:
    return [row for row in ENDPOINTS.values() if row.parent]


def take(endpoint: Endpoint, answer: Answer) -> Sample:
    """Decodes a response."""
    sample = _taken(endpoint, answer)
    if not answer.is_healthy:
        return sample
    try:
        decode_page(endpoint, answer.document)
    except ContractError as error:
        return replace(sample, refusal=str(error))
    return sample


def _taken(endpoint: Endpoint, answer: Answer) -> Sample:
    document = answer.document
    if isinstance(document, list):
        return Sample(endpoint, answer, _records(document), None, is_list=True)
    if not isinstance(document, dict):
        return Sample(endpoint, answer)
    if endpoint.paging is Paging.RECORD:
        key = next((key for key in endpoint.records_keys if "id" not in document and key in document), None)
        return Sample(endpoint, answer, _records([document[key] if key else document]), key)
    key = _list_key(endpoint, document)
    nested = document.get("pagination")
    inner = {name: nested[name] for name in COUNTERS if name in nested} if isinstance(nested, dict) else {}
    outer = {name: document[name] for name in COUNTERS if name in document}
    counters = {name: value for name, value in {**inner, **outer}.items() if count_of(value) is not None}
    cursor = document.get("scroll_id")
    return Sample(
        endpoint,
        answer,
        _records(document[key]) if key else [],
        key,
        is_list=key is not None,
        counters=counters,
        counters_at="top level" if outer else "under pagination" if inner else "",
        scroll_id=cursor if isinstance(cursor, str) and cursor else None,
    )


def _list_key(endpoint: Endpoint, document: Mapping[str, Any]) -> str | None:
    keys = [key for key, value in document.items() if isinstance(value, list) and key != "errors"]
    return next((key for key in (*endpoint.records_keys, *keys) if key in keys), None)


def _records(values: Iterable[Any]) -> list[Record]:
    return [value for value in values if isinstance(value, dict) and isinstance(value.get("id"), (int, str))]


def sampled_child(survey: Survey, endpoint: Endpoint, samples: Samples) -> Sample | None:
    """A page below one record of the parent; None without such a record."""
    found = None
    for parent in _likely_parents(endpoint, samples)[:PARENTS]:
        own = endpoint.of(parent)
        found = take(endpoint, survey.page(own))
        # The ids of the parent are part of a child's path, and of the parent of the next level.
        keys = {name: parent[source] for name, source in endpoint.parent_keys.items()}
        found.rows[:] = [{**row, **keys} for row in found.rows] if endpoint.paging is not Paging.RECORD else found.rows
        if found.rows or not found.answer.is_healthy:
            break
    return found


def _text(value: Any) -> str:
    """A text in lower case; nothing of another value, whose text can be endless."""
    return value.lower() if isinstance(value, str) else ""


def _likely_parents(endpoint: Endpoint, samples: Samples) -> list[Record]:
    parent = samples.get(endpoint.parent)
    sampled = parent.rows if parent else []
    rows = [row for row in sampled if all(row.get(name) for name in endpoint.parent_keys.values())]
    if endpoint.tree and not endpoint.files:  # only a field with options has a tree
        rows.sort(key=lambda row: "hierarch" not in _text(row.get("dynamic_field_type")))
    if endpoint.name in NAMED_IN:
        name, key = NAMED_IN[endpoint.name]
        named = [{"id": row[key]} for row in samples[name].rows if row.get(key)] if name in samples else []
        return [*named[:1], *rows]
    # The middle of a list is neither its newest nor its oldest record, which have the least below them.
    return rows if endpoint.tree else rows[len(rows) // 2 :] + rows[: len(rows) // 2]
