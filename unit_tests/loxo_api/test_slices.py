"""The slices of a list, and their stored form."""

import itertools

import pytest
from fake_client import NOW, FakeClient, at, record, records

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.slices import (
    LARGEST_SLICE,
    SMALLEST_SLICE,
    Slice,
    declared_range,
    plan,
    query_range,
    slices_from_json,
    smallest_page,
    total_of,
    totals_of,
)
from loxo_api.timestamps import shift

PEOPLE, SMS, COMPANIES = (ENDPOINTS[name] for name in ("people", "sms", "companies"))
BY_CREATION = query_range("created_at")

pytestmark = pytest.mark.usefixtures("set_clock")


def planned(
    client: FakeClient, total: int, start: str | None = None, end: str | None = None, largest: int = 10
) -> list[Slice]:
    return plan(client, PEOPLE, BY_CREATION, start, end, total, largest=largest)  # type: ignore[arg-type]


def counts(client: FakeClient, slices: list[Slice]) -> list[int]:
    return totals_of(client, PEOPLE, [BY_CREATION(part.start, part.end) for part in slices])  # type: ignore[arg-type]


def test_slices_follow_each_other_without_a_gap() -> None:
    slices = planned(FakeClient({"people": records(60)}), 60)
    assert len(slices) > 3
    assert (slices[0].start, slices[-1].end) == (None, None)
    assert all(left.end == right.start for left, right in itertools.pairwise(slices))


def test_given_ends_are_the_ends_of_the_slices() -> None:
    slices = planned(FakeClient({"people": records(60)}), 60, at(0), NOW)
    assert (slices[0].start, slices[-1].end) == (at(0), NOW)


def test_no_slice_holds_many_more_records_than_wanted() -> None:
    client = FakeClient({"people": records(60)})
    assert max(counts(client, planned(client, 60, at(0), at(61)))) <= 11  # a record may be on a bound


def test_a_crowded_week_is_cut_finer_than_an_empty_year() -> None:
    crowded = [record(each, created_at=shift(at(0), hours=each)) for each in range(1, 101)]
    client = FakeClient({"people": [record(0, created_at=shift(at(0), days=-4000)), *crowded]})
    slices = planned(client, 101)
    assert len(slices) > 3
    assert max(counts(client, slices)) < 60


def test_records_of_one_moment_stay_in_one_slice() -> None:
    client = FakeClient({"people": [record(each, created_at=at(1)) for each in range(100)]})
    assert sorted(counts(client, planned(client, 100)))[-1] == 100
    assert len(client.asked) < 200


def test_an_empty_list_is_one_slice_and_costs_no_request() -> None:
    client = FakeClient({"people": []})
    assert planned(client, 0) == [Slice()]
    assert client.asked == []


def test_ranges_that_count_everything_are_not_cut_further() -> None:
    client = FakeClient({"people": records(60)})
    client.query = "ignored"
    assert planned(client, 60) == [Slice()]
    assert len(client.asked) < 50


def test_capped_counts_are_cut_all_the_same(small_cap: int) -> None:
    client = FakeClient({"people": records(200)})
    client.total = lambda count: min(count, small_cap)
    slices = planned(client, small_cap, at(0), at(201), largest=20)
    client.total = lambda count: count
    assert max(counts(client, slices)) < small_cap


@pytest.mark.parametrize(("workers", "wanted"), [(1, LARGEST_SLICE), (10, SMALLEST_SLICE)])
def test_the_size_of_slices_follows_the_number_of_workers(workers: int, wanted: int) -> None:
    """Few workers get few large slices; many get slices that are still worth their requests."""
    made = [record(each, created_at=shift(at(0), minutes=each)) for each in range(6000)]
    client = FakeClient({"people": made})
    client.workers = workers
    slices = plan(client, PEOPLE, BY_CREATION, at(0), shift(at(0), minutes=6000), 6000)  # type: ignore[arg-type]
    assert 6000 / wanted / 2 <= len(slices) <= 6000 / wanted * 2


def test_filters_are_part_of_each_count() -> None:
    client = FakeClient({"people": records(60)})
    plan(client, PEOPLE, BY_CREATION, None, None, 60, largest=10, filters={"own": "1"})  # type: ignore[arg-type]
    assert all(asked.params["own"] == "1" for asked in client.asked)


def test_counts_come_in_the_order_of_their_filters() -> None:
    client = FakeClient({"people": records(30)})
    filters = [BY_CREATION(at(each), None) for each in range(1, 31)]
    assert totals_of(client, PEOPLE, filters) == list(range(30, 0, -1))  # type: ignore[arg-type]


def test_a_list_without_a_total_cannot_be_counted() -> None:
    client = FakeClient({"people": records(3)})
    client.total = lambda count: None
    with pytest.raises(ContractError, match="no total_count"):
        total_of(client, PEOPLE, {})  # type: ignore[arg-type]


def test_a_count_requests_one_record_if_a_size_is_declared() -> None:
    client = FakeClient({"people": records(3), "companies": records(3)})
    smallest_page(client, PEOPLE, {"a": "b"})  # type: ignore[arg-type]
    smallest_page(client, COMPANIES, {})  # type: ignore[arg-type]
    assert [asked.params for asked in client.asked] == [{"a": "b", "per_page": 1}, {}]


def test_bounds_reach_a_second_into_the_neighbours() -> None:
    start, end = "2024-01-01T00:00:01.000Z", "2024-01-02T00:00:00.000Z"
    assert declared_range(SMS)(start, end) == {
        "created_at_start": "2024-01-01T00:00:00.000Z",
        "created_at_end": "2024-01-02T00:00:01.000Z",
    }
    assert BY_CREATION(start, end) == {"query": "created_at:[2024-01-01T00:00:00.000Z TO 2024-01-02T00:00:01.000Z]"}


def test_open_bounds_are_left_out() -> None:
    time = "2024-01-01T00:00:01.000Z"
    assert declared_range(SMS)(None, None) == BY_CREATION(None, None) == {}
    assert set(declared_range(SMS)(time, None)) == {"created_at_start"}
    assert BY_CREATION(None, time) == {"query": "created_at:[* TO 2024-01-01T00:00:02.000Z]"}
    assert BY_CREATION(time, None) == {"query": "created_at:[2024-01-01T00:00:00.000Z TO *]"}


def test_slices_are_the_same_after_json() -> None:
    slices = [
        Slice(None, at(1), delivered=7, done=True),
        Slice(at(1), at(2), scroll_id="abc", top="top", delivered=3, total=9, moved=True),
        Slice(at(2), None),
    ]
    assert slices_from_json([part.to_json() for part in slices]) == slices


def test_two_half_read_slices_stay_two() -> None:
    slices = [Slice(None, at(1), scroll_id="a", delivered=1), Slice(at(1), None, scroll_id="b", delivered=1)]
    assert slices_from_json([part.to_json() for part in slices]) == slices


@pytest.mark.parametrize("stored", [None, "abc", {}, [None], [{"start": at(1)}, {"start": "abc"}], [{"delivered": -1}]])
def test_stored_slices_are_used_all_or_not_at_all(stored: object) -> None:
    assert slices_from_json(stored) == []


def test_a_slice_that_is_reset_is_untouched() -> None:
    part = Slice(at(1), at(2), "abc", "top", 7, 9, True, True)
    assert not part.is_untouched
    part.reset()
    assert part == Slice(at(1), at(2))
    assert part.is_untouched
