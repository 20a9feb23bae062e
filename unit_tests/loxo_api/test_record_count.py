"""The record count of a pass over a list: distinct ids against the totals on its pages."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loxo_api.pages import COUNT_CAP, Page
from loxo_api.record_count import IdSet, RecordCount

# Near each other, so that they repeat, and near the limits of 64 bits.
IDS = st.one_of(
    st.integers(-2, 9),
    st.integers(2**63 - 2, 2**63 + 1),
    st.integers(2**64 - 2, 2**64 + 1),
    st.sampled_from(["1", "2", "a"]),
)


def page(*ids: Any, total: int | None) -> Page:
    return Page([{"id": each} for each in ids], total_count=total)


def counted(*pages: Page, before: int = 0, first_total: int | None = None) -> RecordCount:
    count = RecordCount(before, first_total)
    for each in pages:
        count.add(each)
    return count


def test_a_pass_is_proven_by_a_steady_total_that_its_ids_reach() -> None:
    count = counted(page(1, 2, 2, total=3))
    assert (count.delivered, count.missing, count.is_proven) == (2, 1, False)
    assert count.add(page(2, 3, total=3)) == [{"id": 3}]
    assert (count.delivered, count.missing, count.is_proven) == (3, 0, True)


def test_a_fallen_total_proves_nothing() -> None:
    count = counted(page(1, 2, total=4), page(3, total=3))
    assert (count.missing, count.is_proven, count.only_grew) == (0, False, False)
    assert (count.moved, count.fell) == (True, True)


def test_a_grown_total_that_is_reached_only_grew() -> None:
    count = counted(page(1, 2, total=3), page(3, 4, total=4))
    assert (count.is_proven, count.only_grew) == (False, True)


def test_a_grown_total_that_is_not_reached_proves_nothing() -> None:
    count = counted(page(1, 2, total=3), page(3, total=4))
    assert (count.is_proven, count.only_grew, count.missing) == (False, False, 1)


def test_a_total_that_fell_and_rose_again_has_moved() -> None:
    count = counted(page(1, total=3), page(2, total=2), page(3, total=3))
    assert (count.delivered, count.is_proven, count.only_grew) == (3, False, False)


def test_a_capped_total_proves_nothing() -> None:
    count = counted(page(*range(COUNT_CAP), total=COUNT_CAP))
    assert (count.missing, count.is_proven, count.only_grew) == (0, False, False)


def test_more_records_than_the_total_prove_nothing() -> None:
    assert not counted(page(1, 2, 3, total=2)).is_proven


def test_a_list_without_totals_is_never_proven() -> None:
    count = counted(page(1, 2, total=None))
    assert (count.is_proven, count.only_grew, count.missing, count.moved) == (False, False, 0, False)


def test_a_page_without_a_total_moves_nothing() -> None:
    assert counted(page(1, total=2), page(2, total=None)).is_proven


def test_an_empty_list_is_proven() -> None:
    assert counted(page(total=0)).is_proven


def test_records_of_an_earlier_attempt_count() -> None:
    assert counted(page(1, 2, total=102), before=100, first_total=102).is_proven


def test_a_total_that_moved_between_attempts_has_moved() -> None:
    count = counted(page(1, 2, total=102), before=100, first_total=103)
    assert (count.moved, count.fell, count.is_proven) == (True, True, False)


@pytest.mark.parametrize("ids", [[1, 2, 3], ["a", "b", "c"], [1, "1", -1], [2**63, 2**63 + 1, 0]])
def test_ids_of_all_kinds_are_distinct(ids: list[Any]) -> None:
    found = IdSet()
    assert len(found.add([{"id": each} for each in [*ids, *ids]])) == len(found) == 3
    assert found.add([{"id": each} for each in ids]) == []


@given(st.lists(st.lists(IDS, max_size=6), max_size=8))
def test_pages_of_any_ids_return_each_id_once_in_its_place(pages: list[list[Any]]) -> None:
    found, known = IdSet(), set[Any]()
    for ids in pages:
        fresh = [each for place, each in enumerate(ids) if each not in known and each not in ids[:place]]
        known.update(ids)
        assert [record["id"] for record in found.add({"id": each} for each in ids)] == fresh
        assert len(found) == len(known)


def test_workers_that_add_the_same_ids_get_each_once() -> None:
    found = IdSet()
    everything = [[{"id": each} for each in range(5000)]] * 8
    with ThreadPoolExecutor(8) as pool:
        fresh = [each["id"] for added in pool.map(found.add, everything) for each in added]
    assert sorted(fresh) == list(range(5000))
