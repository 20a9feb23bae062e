"""Pagination ends with any response: with the records, or with an error that names the cause."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loxo_api.errors import LoxoError
from loxo_api.pages import Page, Record
from loxo_api.slices import plan, query_range
from tools.paginators import JOBS, NEW, OLD, PAGINATORS, Server

times = st.none() | st.sampled_from([OLD, NEW])
rows = st.lists(
    st.builds(lambda id, time: {"id": id, "updated_at": time}, st.integers(0, 4) | st.just("x"), times), max_size=3
)
counts = st.none() | st.integers(0, 9)
pages = st.builds(Page, rows, st.none() | st.sampled_from("abc"), counts, counts)
UNDATED = [{"id": 1, "updated_at": None}]


@pytest.mark.parametrize("name", PAGINATORS)
@given(st.lists(pages, min_size=1, max_size=5))
@example([Page(UNDATED, "a"), Page(UNDATED, "b")])
@example([Page([{"id": 1, "updated_at": NEW}], "a", 1, 1)])
@example([Page([{"id": "x"}])])
def test_pagination_ends_with_any_response(name: str, answers: list[Page]) -> None:
    seen: list[Record] = []
    try:
        for found in PAGINATORS[name](Server(answers)):
            seen += found.records
    except LoxoError as error:
        assert str(error)
    offered = [row for page in answers for row in page.records]
    assert all(row in offered for row in seen)


def test_pagination_ends_if_every_part_claims_the_whole() -> None:
    server = Server([Page([], total_count=10**9)])
    first = server.page(JOBS)
    assert plan(server, JOBS, query_range("created_at"), None, None, first.total_count, largest=5000)  # type: ignore[arg-type]
    assert server.asked < 100
