"""Whatever a server answers, a walk ends: with its rows, or with an error that says what is wrong."""

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import LoxoError
from loxo_api.pages import COUNT_CAP, Page, Record
from source_loxo.pagination.page_number import exact, newest_pages
from source_loxo.pagination.scroll import after_id, newest_first, scroll
from source_loxo.reconciliation import SliceReader
from source_loxo.record_count import RecordCount
from source_loxo.slices import Slice, plan, query_range
from source_loxo.streams.jobs import JobsReader

PEOPLE, COMPANIES, JOBS = ENDPOINTS["people"], ENDPOINTS["companies"], ENDPOINTS["jobs"]
OLD, NEW = "2024-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"
# More than any of these walks may ask for: rows that come again are borne for as many as a count may hide.
FAR_TOO_MANY = 3 * COUNT_CAP


class Server:
    """A client whose answers come again and again, whatever is asked."""

    latency = 0.1

    def __init__(self, pages: list[Page]) -> None:
        self._pages = cycle(pages)
        self.asked = 0

    def parallelism(self) -> int:
        return 20

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        self.asked += 1
        assert self.asked < FAR_TOO_MANY, "the walk does not end"
        return next(self._pages)


def sliced(client: Any, endpoint: Endpoint) -> Iterator[Page]:
    reader = SliceReader(endpoint, client, lambda part: {}, lambda: None, lambda: None, lambda records: None)
    for batch in reader.read(Slice()):
        yield Page(batch)


def jobs(client: Any) -> Iterator[Page]:
    for records in JobsReader(client, JOBS).all():
        yield Page(records)


WALKS: dict[str, Callable[[Any], Iterator[Page]]] = {
    "scroll": lambda client: scroll(client, PEOPLE, {}, RecordCount()),
    "slice": lambda client: sliced(client, PEOPLE),
    "slice in no order": lambda client: sliced(client, COMPANIES),
    "newest first": lambda client: newest_first(client, PEOPLE, OLD),
    "after id": lambda client: after_id(client, ENDPOINTS["source_types"], RecordCount()),
    "pages": lambda client: exact(client, ENDPOINTS["countries"], {}),
    "changed pages": lambda client: newest_pages(client, JOBS, OLD),
    "jobs": jobs,
}


times = st.none() | st.sampled_from([OLD, NEW])
rows = st.lists(
    st.builds(lambda id, time: {"id": id, "updated_at": time}, st.integers(0, 4) | st.just("x"), times), max_size=3
)
counts = st.none() | st.integers(0, 9)
pages = st.builds(Page, rows, st.none() | st.sampled_from("abc"), counts, counts)
UNDATED = [{"id": 1, "updated_at": None}]


@pytest.mark.parametrize("name", WALKS)
@given(st.lists(pages, min_size=1, max_size=5))
@example([Page(UNDATED, "a"), Page(UNDATED, "b")])
@example([Page([{"id": 1, "updated_at": NEW}], "a", 1, 1)])
@example([Page([{"id": "x"}])])
def test_a_walk_ends_whatever_the_server_answers(name: str, answers: list[Page]) -> None:
    seen: list[Record] = []
    try:
        for found in WALKS[name](Server(answers)):
            seen += found.records
    except LoxoError as error:
        assert str(error)
    offered = [row for page in answers for row in page.records]
    assert all(row in offered for row in seen)


def test_a_server_that_claims_the_whole_for_every_part_is_not_asked_for_ever() -> None:
    server = Server([Page([], total_count=10**9)])
    first = server.page(JOBS)
    assert plan(server, JOBS, query_range("created_at"), None, None, first.total_count, largest=5000)  # type: ignore[arg-type]
    assert server.asked < 100
