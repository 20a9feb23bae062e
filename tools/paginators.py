"""All paginators behind one function, for the property tests and the fuzzer: each ends with any response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.pagination.page_number import exact, newest_pages
from loxo_api.pagination.scroll import after_id, newest_first, scroll
from loxo_api.record_count import RecordCount
from loxo_api.slices import Slice
from source_loxo.reconciliation import SliceReader
from source_loxo.streams.jobs import JobsReader

PEOPLE, COMPANIES, JOBS = ENDPOINTS["people"], ENDPOINTS["companies"], ENDPOINTS["jobs"]
OLD, NEW = "2024-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"
# More requests than any pagination may need: repeated records are accepted up to the number that a count may hide.
FAR_TOO_MANY = 3 * COUNT_CAP


class Server:
    """A client that repeats its responses for any request."""

    latency = 0.1

    def __init__(self, pages: list[Page]) -> None:
        self._pages = cycle(pages)
        self.asked = 0

    def parallelism(self) -> int:
        return 20

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        self.asked += 1
        assert self.asked < FAR_TOO_MANY, "the pagination does not end"
        return next(self._pages)


def sliced(client: Any, endpoint: Endpoint) -> Iterator[Page]:
    reader = SliceReader(endpoint, client)
    for batch in reader.read(Slice()):
        yield Page(batch)


def jobs(client: Any) -> Iterator[Page]:
    for records in JobsReader(client, JOBS).all():
        yield Page(records)


PAGINATORS: dict[str, Callable[[Any], Iterator[Page]]] = {
    "scroll": lambda client: scroll(client, PEOPLE, {}, RecordCount()),
    "slice": lambda client: sliced(client, PEOPLE),
    "slice in no order": lambda client: sliced(client, COMPANIES),
    "newest first": lambda client: newest_first(client, PEOPLE, OLD),
    "after id": lambda client: after_id(client, ENDPOINTS["source_types"], RecordCount()),
    "pages": lambda client: exact(client, ENDPOINTS["countries"], {}),
    "changed pages": lambda client: newest_pages(client, JOBS, OLD),
    "jobs": jobs,
}
