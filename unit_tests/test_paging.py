"""What a page says, and when a walk ends: Loxo's quirks, one test each."""

import json
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.pages import Page, Tally, decode_page, position, scroll_goes_on

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
    assert decode_page(SOURCES, {"source_types": ROWS}).rows == decode_page(SOURCES, ROWS).rows == ROWS


def test_email_tracking_is_read_under_either_name() -> None:
    for key in ("tracking", "email_tracking"):
        assert decode_page(ENDPOINTS["email_tracking"], {key: ROWS}).rows == ROWS


def counted(*ids: int, claimed: int | None) -> Tally:
    tally = Tally()
    tally.add(Page([{"id": each} for each in ids], total_count=claimed))
    return tally


def test_the_last_page_with_rows_may_still_carry_a_cursor() -> None:
    assert scroll_goes_on(PEOPLE, Page(ROWS, "5B5D", 4), False, False, counted(1, 2, 3, 4, claimed=4))


def test_one_answer_that_holds_all_it_claims_is_the_whole_list() -> None:
    assert not scroll_goes_on(PEOPLE, Page(ROWS, "5B5D", 2), True, False, counted(1, 2, claimed=2))
    assert scroll_goes_on(PEOPLE, Page(ROWS, "5B5D", 3), True, False, counted(1, 2, claimed=3))


@pytest.mark.parametrize("page", [Page([], "5B5D", 9), Page(ROWS, None, 9), Page([], None, 9)])
def test_a_scroll_ends_at_an_empty_list_or_without_a_cursor(page: Page) -> None:
    assert not scroll_goes_on(PEOPLE, page, False, False, counted(1, claimed=9))


def test_a_repeated_cursor_is_the_end_if_the_count_proves_it() -> None:
    assert not scroll_goes_on(PEOPLE, Page(ROWS, "5B5D", 2), False, True, counted(1, 2, claimed=2))


@pytest.mark.parametrize("claimed", [3, None])
def test_a_repeated_cursor_is_an_error_if_the_count_does_not_prove_the_end(claimed: int | None) -> None:
    with pytest.raises(ContractError, match="repeats itself"):
        scroll_goes_on(PEOPLE, Page(ROWS, "5B5D"), False, True, counted(1, 2, claimed=claimed))


def test_a_count_of_exactly_ten_thousand_proves_nothing() -> None:
    everything = counted(*range(10_000), claimed=10_000)
    assert everything.missing == 0
    with pytest.raises(ContractError):
        scroll_goes_on(PEOPLE, Page(ROWS, "5B5D"), False, True, everything)


def test_the_tally_counts_distinct_ids_against_the_latest_claim() -> None:
    tally = counted(1, 2, 2, claimed=5)
    assert (tally.delivered, tally.missing) == (2, 3)
    assert tally.add(Page([{"id": 2}, {"id": 3}], total_count=3)) == [{"id": 3}]
    assert (tally.delivered, tally.missing) == (3, 0)


def test_more_than_claimed_is_no_shortfall() -> None:
    assert counted(1, 2, 3, claimed=1).missing == 0


def test_what_an_earlier_attempt_delivered_counts() -> None:
    tally = Tally(before=100)
    tally.add(Page(ROWS, total_count=102))
    assert tally.missing == 0


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
