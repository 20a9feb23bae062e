"""The merges of records, which Loxo lists with the ids of both records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.pages import Record
from loxo_api.slices import Slice, declared_range
from source_loxo.reconciliation import SliceReader


def merges_since(time: str, entity: str, endpoint: Endpoint, client: Any) -> Iterator[Record]:
    """The merges of these records since a time; of one that names no kind of record, people are assumed.

    :param entity: the kind of record, such as `person`.
    :param endpoint: the stream that needs them, for the messages.
    """
    merges = replace(ENDPOINTS["merges"], name=f"{endpoint.name} (merges)")
    filters = declared_range(merges)(time, None)
    for batch in SliceReader(merges, client, lambda part: filters).read(Slice(), is_planned=False):
        for merge in batch:
            if entity in str(merge.get("item_type") or "person").lower():
                yield merge
