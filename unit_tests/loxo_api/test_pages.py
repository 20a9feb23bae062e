"""What a page says, and when a walk ends: Loxo's quirks, one test each."""

import json
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.pages import Page, decode_page, position
from loxo_api.record_count import RecordCount

PEOPLE, JOBS, SOURCES, USERS = (ENDPOINTS[name] for name in ("people", "jobs", "source_types", "users"))
ROWS = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (PEOPLE, {}),
        (PEOPLE, {"error": "boom"}),
        (PEOPLE, []),
        (PEOPLE, None),
        (PEOPLE, {"people": None}),
        (PEOPLE, {"people": {"id": 1}}),
        (PEOPLE, {"people": [{"name": "no id"}]}),
        (PEOPLE, {"people": [None]}),
        (PEOPLE, {"people": [{"id": None}]}),
        (PEOPLE, {"people": [], "scroll_id": 7}),
        (USERS, {"error": "boom"}),
        (USERS, {"users": []}),
        (USERS, "text"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_never_an_empty_list(endpoint: Any, body: Any) -> None:
    with pytest.raises(ContractError):
        decode_page(endpoint, body)


def test_page_counters_are_read_at_the_top_level_and_under_pagination() -> None:
    counters = {"total_count": 252, "total_pages": 3}
    for body in ({"results": ROWS, **counters}, {"results": ROWS, "pagination": counters}):
        page = decode_page(JOBS, body)
        assert (page.total_count, page.total_pages) == (252, 3)


def test_source_types_may_be_keyed_or_bare() -> None:
    assert decode_page(SOURCES, {"source_types": ROWS}).records == decode_page(SOURCES, ROWS).records == ROWS


def test_email_tracking_is_read_under_either_name() -> None:
    for key in ("tracking", "email_tracking"):
        assert decode_page(ENDPOINTS["email_tracking"], {key: ROWS}).records == ROWS


def counted(*ids: int, total: int | None) -> RecordCount:
    count = RecordCount()
    count.add(Page([{"id": each} for each in ids], total_count=total))
    return count


def test_a_pass_is_proven_by_an_unmoved_total_that_its_distinct_ids_reach() -> None:
    count = counted(1, 2, 2, total=3)
    assert (count.delivered, count.missing, count.is_proven) == (2, 1, False)
    assert count.add(Page([{"id": 2}, {"id": 3}], total_count=3)) == [{"id": 3}]
    assert (count.delivered, count.missing, count.is_proven) == (3, 0, True)


def test_a_pass_whose_total_moved_is_not_proven_since_deletions_can_hide_a_shortfall() -> None:
    count = counted(1, 2, total=4)
    count.add(Page([{"id": 3}], total_count=3))
    assert count.missing == 0
    assert not count.is_proven
    assert not count.only_grew


def test_a_total_of_exactly_ten_thousand_proves_nothing() -> None:
    count = counted(*range(10_000), total=10_000)
    assert count.missing == 0
    assert not count.is_proven


def test_ids_that_an_earlier_attempt_delivered_count() -> None:
    count = RecordCount(before=100, first_total=102)
    count.add(Page(ROWS, total_count=102))
    assert count.is_proven


@pytest.mark.parametrize(
    ("cursor", "time"),
    [
        (json.dumps([1756135814661, 1158672]).encode().hex().upper(), 1756135814661),
        (json.dumps([1756219811275, 0.0, 1388693]).encode().hex(), 1756219811275),
        ("opaque", None),
        ("5B5D", None),
        (b"\xff\xfe".hex(), None),
        (b'["text"]'.hex(), None),
        (None, None),
    ],
)
def test_a_position_is_read_from_a_cursor_or_declared_unknown(cursor: str | None, time: float | None) -> None:
    assert position(cursor) == time
