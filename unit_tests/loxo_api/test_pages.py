"""Decoding of pages: Loxo's quirks, one test each."""

import json
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.pages import decode_page, position

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
def test_a_malformed_response_is_an_error_not_an_empty_list(endpoint: Any, body: Any) -> None:
    with pytest.raises(ContractError):
        decode_page(endpoint, body)


def test_page_counters_are_read_in_both_places() -> None:
    counters = {"total_count": 252, "total_pages": 3}
    for body in ({"results": ROWS, **counters}, {"results": ROWS, "pagination": counters}):
        page = decode_page(JOBS, body)
        assert (page.total_count, page.total_pages) == (252, 3)


def test_source_types_may_be_keyed_or_bare() -> None:
    assert decode_page(SOURCES, {"source_types": ROWS}).records == decode_page(SOURCES, ROWS).records == ROWS


def test_email_tracking_is_read_under_either_name() -> None:
    for key in ("tracking", "email_tracking"):
        assert decode_page(ENDPOINTS["email_tracking"], {key: ROWS}).records == ROWS


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
