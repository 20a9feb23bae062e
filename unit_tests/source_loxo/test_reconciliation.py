"""A slice is read until Loxo's own counts prove it complete."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fake_client import NOW, FakeClient, at, record, records

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import LoxoError
from loxo_api.pages import Page, Record
from loxo_api.slices import Slice, query_range
from loxo_api.timestamps import shift
from source_loxo.reconciliation import PASSES, SliceReader

pytestmark = pytest.mark.usefixtures("set_clock", "small_slices")

ALL = set(range(1, 31))
# A sorted list and one that Loxo sorts as it likes.
LISTS = ["people", "companies"]


class Read:
    """A read of slices, and its observable effects.

    :param is_ranged: whether the list can be cut.
    """

    def __init__(self, client: FakeClient, name: str = "people", is_ranged: bool = True) -> None:
        self.checkpoints, self.records, self.seen = 0, list[Record](), list[Record]()
        self.client, ranged = client, query_range("created_at")
        sort = {"created_at_sort": "asc"} if name == "people" else {}
        self.reader = SliceReader(
            ENDPOINTS[name],
            client,  # type: ignore[arg-type]
            lambda part: {**sort, **ranged(part.start, part.end)},
            lambda: ranged if is_ranged else None,
            self._checkpoint,
            self._saw,
        )

    def _checkpoint(self, is_progress: bool = False) -> None:
        self.checkpoints += 1

    def _saw(self, found: Sequence[Record]) -> None:
        self.seen += found

    def __call__(self, part: Slice, reader: SliceReader | None = None, **options: Any) -> set[Any]:
        """Reads a slice and returns its ids."""
        before = len(self.records)
        for batch in (reader or self.reader).read(part, **options):
            self.records += batch
            if batch.commit:
                batch.commit()
        return {each["id"] for each in self.records[before:]}

    @property
    def first_pages(self) -> int:
        """The number of passes; a plan's counts are not among them."""
        return sum("scroll_id" not in asked.params and "per_page" not in asked.params for asked in self.client.asked)


def account(name: str = "people", count: int = 30) -> FakeClient:
    return FakeClient({name: records(count)}, page_size=4)


def test_a_steady_total_is_proven_by_one_pass() -> None:
    read, part = Read(account()), Slice()
    assert read(part) == ALL
    assert read.first_pages == 1
    assert part == Slice(delivered=30, total=30, done=True)


def test_a_checkpoint_follows_each_page_and_the_end() -> None:
    read = Read(account())
    read(Slice())
    assert read.checkpoints == 8 + 1


def test_a_slice_outside_the_plan_makes_no_checkpoint() -> None:
    read = Read(account())
    assert read(Slice(), is_planned=False) == ALL
    assert read.checkpoints == 0


def test_every_page_is_shown_before_its_records_are_chosen() -> None:
    read = Read(account())
    read.reader.ids.add(records(30))
    assert read(Slice()) == set()
    assert read.seen == records(30)


def test_a_fetched_first_page_is_not_requested_again() -> None:
    client = account()
    first = client.page(ENDPOINTS["people"], {"created_at_sort": "asc"})
    read = Read(client)
    assert read(Slice(), first=first) == ALL
    assert read.first_pages == 1


def test_a_read_starts_at_its_stored_position() -> None:
    client, half = account(), Slice()
    batches = Read(client).reader.read(half)
    for _ in range(3):
        next(batches).commit()  # type: ignore[misc]
    client.recover()
    read = Read(client)
    assert read(half) == set(range(13, 31))
    assert (half.done, half.delivered, read.reader.delivered) == (True, 30, 30)


@pytest.mark.parametrize("is_ranged", [True, False])
@pytest.mark.parametrize("number", range(2, 9))
def test_a_slice_with_a_deletion_is_read_again(number: int, is_ranged: bool) -> None:
    client = account()
    client.once(number, lambda: client.delete("people", 2, 29))
    read, part = Read(client, is_ranged=is_ranged), Slice(None, at(40))
    assert read(part) >= ALL - {2, 29}
    assert read.first_pages > 1
    assert part.done


def test_a_slice_is_read_again_in_smaller_slices() -> None:
    client = account()
    client.once(5, lambda: client.delete("people", 2))
    read = Read(client)
    read(Slice(at(0), at(40)))
    queries = {asked.params["query"] for asked in client.asked if "per_page" not in asked.params}
    assert len(queries) > 3


def test_creations_at_the_open_end_need_no_second_pass() -> None:
    client = account()
    client.once(5, lambda: client.lists["people"].append(record(99)))
    read = Read(client)
    assert read(Slice()) == {*ALL, 99}
    assert read.first_pages == 1


def test_creations_in_a_closed_slice_need_a_second_pass() -> None:
    client = account()
    client.once(5, lambda: client.lists["people"].append(record(99, created_at=at(2.5))))
    assert Read(client)(Slice(None, at(40))) == {*ALL, 99}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("is_ranged", [True, False])
def test_records_that_loxo_claims_but_never_returns_are_an_error(name: str, is_ranged: bool) -> None:
    client = account(name)
    client.after = lambda asked, page: replace(page, total_count=33)
    read, part = Read(client, name, is_ranged), Slice()
    with pytest.raises(LoxoError, match="3 records are missing: Loxo claims 33, its pages hold 30"):
        read(part)
    assert {each["id"] for each in read.records} == ALL
    assert part == Slice()
    assert read.checkpoints == 8 + 1  # the last state makes the next attempt read the slice again
    assert read.reader.delivered == 30


def test_repeated_passes_end_after_a_limit() -> None:
    client = account()
    totals = iter(range(1000, 10_000))
    client.after = lambda asked, page: replace(page, total_count=next(totals))
    read = Read(client, is_ranged=False)
    with pytest.raises(LoxoError, match="records are missing"):
        read(Slice())
    assert read.first_pages == PASSES


def test_passes_that_together_reach_the_total_are_enough() -> None:
    """Each pass misses another record while the total moves; no record is missing from all."""
    client, turn = account(), iter(range(1000))

    def hides(asked: Any, page: Page) -> Page:
        number = next(turn)
        return replace(page, records=[each for each in page.records if each["id"] != 1 + number % 30], total_count=29)

    client.after = hides
    read = Read(client, is_ranged=False)
    read(Slice())
    assert len(read.records) >= 29


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500, 502])
def test_a_refused_position_starts_its_slice_over(status: int) -> None:
    client = account()
    client.refuse(lambda asked: len(client.asked) == 1, status)
    read, part = Read(client), Slice(scroll_id="5b305d", delivered=12, total=30)
    part.scroll_id = client._cursor(ENDPOINTS["people"], record(12), {"created_at_sort": "asc"})
    assert read(part) == ALL
    assert (part.delivered, read.reader.delivered) == (30, 30)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_is_not_a_refused_position(status: int) -> None:
    client = account()
    client.refuse(lambda asked: True, status)
    part = Slice(scroll_id="5b305d", delivered=12, total=30)
    with pytest.raises(LoxoError, match=f"status {status}"):
        Read(client)(part)
    assert (part.scroll_id, part.delivered) == ("5b305d", 12)


def test_an_error_after_the_first_page_is_not_a_refused_position() -> None:
    client = account()
    client.refuse(lambda asked: len(client.asked) == 3, 500)
    part = Slice()
    with pytest.raises(LoxoError, match="status 500"):
        Read(client)(part)
    assert part.delivered == 8


def test_slices_share_the_ids_that_were_delivered() -> None:
    read = Read(account())
    first = read(Slice(None, at(20)))
    second = read(Slice(at(20), None))
    assert (first | second, first & second) == (ALL, set())


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        ({}, False),
        ({"updated_at": NOW}, True),
        ({"updated_at": at(1)}, False),
        ({"updated_at": None}, False),
        ({"updated_at": "no time"}, False),
    ],
)
def test_a_record_comes_twice_only_if_it_changed_recently(change: dict[str, Any], is_new: bool) -> None:
    reader = Read(account()).reader
    reader.recent_from = shift(NOW, seconds=-60)
    assert reader.new([record(1)]) == [record(1)]
    again = {**record(1), **change}
    assert reader.new([again]) == ([again] if is_new else [])
    assert reader.new([again]) == []


def test_a_reader_with_its_own_filters_does_not_cut_the_list() -> None:
    client = account()
    client.once(5, lambda: client.delete("people", 30))
    read = Read(client)
    mine = read.reader.with_filters({"query": f"updated_at:[{at(20)} TO *]"})
    assert read(Slice(), mine, is_planned=False) >= set(range(20, 30))
    assert all("updated_at" in asked.params["query"] for asked in client.asked)
    assert len(mine.ids) == len(read.reader.ids) == len(read.records)


@pytest.mark.parametrize("number", range(2, 9))
def test_the_top_of_a_moving_newest_first_list_is_read_again(number: int) -> None:
    client = account("companies")

    def live() -> None:
        client.edit("companies", 3, updated_at=at(50))
        client.lists["companies"].append(record(99))

    client.once(number, live)
    assert Read(client, "companies", is_ranged=False)(Slice()) == {*ALL, 99}


@pytest.mark.parametrize(("is_ranged", "warns"), [(True, False), (False, True)])
def test_a_capped_total_is_cut_or_accepted_with_a_warning(
    is_ranged: bool, warns: bool, small_cap: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = account(count=60)
    client.total = lambda count: min(count, small_cap)
    read = Read(client, is_ranged=is_ranged)
    with caplog.at_level(logging.WARNING, "airbyte"):
        assert read(Slice()) == set(range(1, 61))
    assert ("may mean 'at least'" in caplog.text) == warns


def test_a_list_without_a_total_is_read_to_its_end() -> None:
    client = account()
    client.total = lambda count: None
    read, part = Read(client), Slice()
    assert read(part) == ALL
    assert (part.done, part.total) == (True, None)


def test_more_records_than_a_steady_total_are_complete() -> None:
    client = account()
    client.total = lambda count: 26
    assert Read(client)(Slice()) == ALL


def test_commits_wait_until_the_records_are_in_the_queue() -> None:
    read, part = Read(account()), Slice()
    batches = read.reader.read(part)
    first: Callable[[], None] | None = next(batches).commit
    assert (part.scroll_id, read.checkpoints) == (None, 0)
    assert first
    first()
    assert (part.delivered, read.checkpoints) == (4, 1)
