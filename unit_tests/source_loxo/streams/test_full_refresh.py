"""A full refresh of a scrolled list: in slices, complete, resumed by attempts at the same sync only."""

from dataclasses import replace
from typing import Any

import pytest
from airbyte_cdk.sources.message import InMemoryMessageRepository
from fake_client import NOW, Asked, FakeClient, Sync, after_each_outage, at, record, records, refused, resumed, sync

from loxo_api.pages import Page
from loxo_api.timestamps import shift
from source_loxo.streams.factory import STREAMS, Order, build_stream
from source_loxo.streams.sliced import MOST_FAILURES

pytestmark = pytest.mark.usefixtures("small_slices")

ALL = set(range(1, 51))
# One list for each way to select a slice: by the query, by declared filters, not at all.
LISTS = ["people", "sms", "forms"]


def account(name: str = "people") -> FakeClient:
    return FakeClient({name: records(50)}, page_size=4)


def refresh(client: FakeClient, name: str = "people", state: Any = None, **order: Any) -> Sync:
    return sync(client, name, state, full_refresh=True, **{"sync_id": 7, **order})


@pytest.mark.parametrize("name", LISTS)
def test_each_record_is_delivered_once(name: str) -> None:
    first = refresh(account(name), name)
    assert sorted(first.ids) == sorted(ALL)
    assert (first.error, first.estimate) == ("", 50)


@pytest.mark.parametrize("name", ["people", "sms"])
def test_slices_may_be_read_in_any_order(name: str) -> None:
    assert sorted(refresh(account(name), name, side_by_side=True).ids) == sorted(ALL)


def with_failing_slices(number: int, workers: int = 2) -> FakeClient:
    """An account in which the second page of the first `number` slices is an error."""
    client, broken = FakeClient({"people": records(300)}, page_size=4), list[Any]()

    def before(asked: Asked) -> None:
        part = asked.params.get("query")
        if "scroll_id" in asked.params and (part in broken or len(broken) < number):
            broken.append(part)
            raise refused(500)

    client.before = before
    client.workers = workers
    return client


def test_a_failing_slice_does_not_keep_the_others_from_being_read() -> None:
    first = refresh(with_failing_slices(2))
    slices = first.state["slices"]
    assert [bool(part.get("done")) for part in slices] == [False, False, *[True] * (len(slices) - 2)]
    assert len(slices) > 5
    assert "status 500" in first.error


def test_readers_suffice_for_pages_that_take_twice_as_long_as_the_first() -> None:
    client, expected = FakeClient({"people": records(100)}, page_size=4), list[float | None]()
    client.after = lambda asked, page: replace(page, seconds=0.01)
    client.parallelism = lambda seconds=None: expected.append(seconds) or 3  # type: ignore[method-assign]
    stream = build_stream(STREAMS["people"], client, InMemoryMessageRepository(), {}, Order())  # type: ignore[arg-type]
    assert len(list(stream.generate_partitions())) == 3
    assert expected[-1] == 2 * 0.01


def test_an_outage_ends_each_reader_after_a_few_slices() -> None:
    client = with_failing_slices(1000)
    refresh(client)
    failed = {asked.params.get("query") for asked in client.asked if "scroll_id" in asked.params}
    assert len(failed) == 2 * MOST_FAILURES


@pytest.mark.parametrize("workers", [1, 2])
def test_slices_that_always_fail_leave_the_others_their_turn(workers: int) -> None:
    client, seen, state = with_failing_slices(workers * MOST_FAILURES, workers), set[Any](), None
    for _ in range(30):
        attempt = refresh(client, state=state)
        seen, state = seen | set(attempt.ids), attempt.state
    unread = [part for part in state["slices"] if not part.get("done")]
    assert len(unread) == workers * MOST_FAILURES


@pytest.mark.parametrize("mode", ["full refresh", "incremental"])
def test_first_slices_that_deliver_nothing_leave_the_others_their_turn(mode: str) -> None:
    client, broken, seen, state = FakeClient({"people": records(100)}, page_size=4), list[str](), set[Any](), None
    client.workers = 1

    def before(asked: Asked) -> None:
        if "query" in asked.params and "scroll_id" not in asked.params and not asked.has("per_page"):
            end = asked.params["query"].split(" TO ")[1][:10]  # the end of the last slice is the clock's
            if end not in broken and len(broken) < MOST_FAILURES:
                broken.append(end)
            if end in broken:
                raise refused(500)

    client.before = before
    for _ in range(12):
        attempt = sync(client, "people", state, mode == "full refresh", sync_id=7)
        seen, state = seen | set(attempt.ids), attempt.state
    assert len(seen) >= 70


def test_a_long_list_is_read_in_several_slices() -> None:
    client = account()
    refresh(client)
    assert len({asked.params["query"] for asked in client.asked if "scroll_id" in asked.params}) == 3


def test_a_short_list_is_read_without_a_query() -> None:
    client = FakeClient({"people": records(19)}, page_size=4)
    refresh(client)
    assert not any(asked.has("query") for asked in client.asked)


def test_filters_and_sort_are_repeated_with_each_cursor() -> None:
    client = account("sms")
    refresh(client, "sms")
    continued = [asked.params for asked in client.asked if "scroll_id" in asked.params]
    assert all("created_at_end" in params or "created_at_start" in params for params in continued)


@pytest.mark.parametrize("name", LISTS)
def test_an_attempt_after_the_end_of_the_same_sync_reads_nothing(name: str) -> None:
    client = account(name)
    state = refresh(client, name).state
    client.recover()
    again = refresh(client, name, state)
    assert (again.records, client.asked, again.state) == ([], [], state)


@pytest.mark.parametrize("name", LISTS)
def test_another_sync_reads_all(name: str) -> None:
    client = account(name)
    state = refresh(client, name).state
    assert set(refresh(client, name, state, sync_id=8).ids) == ALL


@pytest.mark.parametrize("name", LISTS)
def test_each_stored_position_resumes_to_the_end(name: str) -> None:
    client = account(name)
    first = refresh(client, name)
    for before, rest in resumed(client, first, name, full_refresh=True, sync_id=7):
        assert before | set(rest.ids) == ALL
        assert rest.error == ""
        assert len(rest.ids) <= 50 - len(before) + 4  # no more than what was not delivered, and a page


@pytest.mark.parametrize("name", LISTS)
def test_the_attempt_after_an_outage_at_any_request_completes(name: str) -> None:
    tried = 0
    for before, rest in after_each_outage(lambda: account(name), name, full_refresh=True, sync_id=7):
        assert before | set(rest.ids) == ALL
        assert rest.error == ""
        tried += 1
    assert tried > 10


@pytest.mark.parametrize("ids", [{"sync_id": 8}, {"sync_id": 1}, {"sync_id": 0}, {"sync_id": None}])
def test_the_position_of_another_sync_starts_over(ids: dict[str, Any]) -> None:
    client = account("forms")
    half = refresh(client, "forms", **({} if ids == {"sync_id": 8} else ids)).checkpoints[3][1]
    assert half["slices"]
    assert set(refresh(client, "forms", half, **ids).ids) == ALL


def test_the_same_generation_resumes() -> None:
    client = account("forms")
    half = refresh(client, "forms", sync_id=1, generation_id=5).checkpoints[3][1]
    assert len(refresh(client, "forms", half, sync_id=1, generation_id=5).ids) < 50
    assert set(refresh(client, "forms", half, sync_id=1, generation_id=6).ids) == ALL


def test_the_state_of_an_incremental_sync_starts_over() -> None:
    client = account()
    half = sync(client, "people", sync_id=7).checkpoints[3][1]
    assert set(refresh(client, state=half).ids) == ALL


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500, 503])
def test_a_refused_position_reads_its_slice_again(status: int) -> None:
    client = account("forms")
    half = refresh(client, "forms").checkpoints[5][1]
    (position,) = [part["scroll_id"] for part in half["slices"]]
    client.recover()
    client.refuse(lambda asked: asked.params.get("scroll_id") == position and len(client.asked) == 1, status)
    rest = refresh(client, "forms", half)
    assert (set(rest.ids), rest.error) == (ALL, "")


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_does_not_cost_the_position(status: int) -> None:
    client = account("forms")
    half = refresh(client, "forms").checkpoints[5][1]
    client.refuse(lambda asked: True, status)
    rest = refresh(client, "forms", half)
    assert f"status {status}" in rest.error
    assert rest.state == half


@pytest.mark.parametrize("ranges", ["ignored", "refused"])
@pytest.mark.parametrize("name", ["people", "sms"])
def test_date_ranges_that_do_not_work_are_not_used(name: str, ranges: str) -> None:
    client = account(name)
    client.query, client.filters = ranges, "ignored"
    first = refresh(client, name)
    assert sorted(first.ids) == sorted(ALL)
    assert len(first.checkpoints[0][1]["slices"]) == 1


def test_slices_are_planned_again_if_ranges_stop_working() -> None:
    client = account()
    half = refresh(client).checkpoints[10][1]
    assert len(half["slices"]) > 1
    client.query = "ignored"
    rest = refresh(client, state=half)
    assert (set(rest.ids), rest.error) == (ALL, "")


@pytest.mark.parametrize("missing", [{}, {"created_at": None}, {"created_at": "no time"}, {"created_at": "2024"}])
def test_records_with_missing_or_odd_timestamps_are_delivered(missing: dict[str, Any]) -> None:
    client = account()
    for number in (1, 17, 30, 50):
        client.edit("people", number, **missing)
    assert set(refresh(client).ids) == ALL


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("number", [1, 5, 9, 20, 25])
def test_records_deleted_during_the_read_hide_no_others(name: str, number: int) -> None:
    client = account(name)
    client.once(number, lambda: client.delete(name, 2, 24, 49))
    first = refresh(client, name)
    assert set(first.ids) >= ALL - {2, 24, 49}
    assert first.error == ""


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("number", [1, 5, 9, 20, 25])
@pytest.mark.parametrize("made", [at(60), at(3.5)], ids=["now", "dated back"])
def test_a_record_created_during_the_read_hides_no_others(name: str, number: int, made: str) -> None:
    client = account(name)
    client.once(number, lambda: client.lists[name].append({**record(99), "created_at": made, "updated_at": made}))
    first = refresh(client, name)
    assert set(first.ids) >= ALL
    assert first.error == ""


def test_an_edited_record_above_the_reader_hides_no_other() -> None:
    client = account("forms")
    client.once(5, lambda: client.edit("forms", 3, updated_at=at(60)))
    first = refresh(client, "forms")
    assert sorted(first.ids) == sorted(ALL)
    assert next(each for each in first.records if each["id"] == 3)["updated_at"] == at(60)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("number", [2, 8, 15, 25])
def test_one_wrong_empty_response_costs_nothing(name: str, number: int) -> None:
    client = account(name)
    client.after = lambda asked, page: Page([], None, 0) if len(client.asked) == number else page
    first = refresh(client, name)
    assert (set(first.ids), first.error) == (ALL, "")


@pytest.mark.parametrize("name", LISTS)
def test_one_missing_cursor_costs_nothing(name: str) -> None:
    client = account(name)
    client.after = lambda asked, page: replace(page, scroll_id=None) if len(client.asked) == 15 else page
    first = refresh(client, name)
    assert (set(first.ids), first.error) == (ALL, "")


@pytest.mark.parametrize("name", LISTS)
def test_a_shortfall_is_an_error_after_which_all_is_read_again(name: str) -> None:
    client = account(name)
    client.total = lambda count: count + 3
    short = refresh(client, name)
    assert set(short.ids) == ALL
    assert "3 records are missing: Loxo claims 53" in short.error
    client.total = lambda count: count
    rest = refresh(client, name, short.state)
    assert (set(rest.ids), rest.error) == (ALL, "")


@pytest.mark.parametrize("name", ["people", "sms"])
def test_records_outside_all_slices_are_an_error(name: str) -> None:
    """Deletions hide a shortfall from a sum of slices, so a sync that finds one discards its slices."""
    client = account(name)
    client.after = lambda asked, page: (
        page if len(client.asked) < 12 or asked.has("query") or asked.has(":00.000Z") else replace(page, total_count=53)
    )
    short = refresh(client, name)
    assert "3 records are missing: Loxo claims 53" in short.error
    client.recover()
    client.delete(name, 1, 2, 3)
    client.lists[name] += [record(90 + each, created_at=at(each)) for each in range(3)]
    rest = refresh(client, name, short.state)
    assert (set(rest.ids), rest.error) == ({*range(4, 51), 90, 91, 92}, "")


@pytest.mark.parametrize("name", ["people", "sms"])
def test_a_shortfall_of_finished_slices_forgets_them(name: str) -> None:
    client = account(name)
    done = refresh(client, name).checkpoints[-3][1]
    assert all(part["done"] for part in done["slices"])
    client.total = lambda count: count + 3 if count else 0
    short = refresh(client, name, done)
    assert "3 records are missing: Loxo claims 53" in short.error
    assert short.state.get("slices", [{}]) == [{}]  # nothing counts as read


@pytest.mark.parametrize("name", ["people", "sms"])
def test_an_outage_while_counting_at_the_end_costs_no_slice(name: str) -> None:
    client = account(name)
    first = refresh(client, name)
    client.recover()
    client.refuse(lambda asked: True, 503)
    done = first.checkpoints[-3][1]
    assert refresh(client, name, done).state == done


def test_records_created_during_the_read_are_requested_at_the_end() -> None:
    client = account()
    made = record(99, created_at=shift(NOW, seconds=5))
    client.once(20, lambda: client.lists["people"].append(made))
    first = refresh(client)
    assert sorted(first.ids) == sorted({*ALL, 99})
    whole = [asked for asked in client.asked if not asked.has("query") and "per_page" not in asked.params]
    assert len(whole) == 1  # the first page of all


@pytest.mark.parametrize("name", LISTS)
def test_a_list_without_totals_is_read_to_its_end(name: str) -> None:
    client = account(name)
    client.total = lambda count: None
    first = refresh(client, name)
    assert (sorted(first.ids), first.error, first.estimate) == (sorted(ALL), "", None)


@pytest.mark.parametrize("name", LISTS)
def test_a_capped_total_means_at_least(name: str, small_cap: int) -> None:
    client = account(name)
    client.total = lambda count: min(count, small_cap)
    first = refresh(client, name)
    assert (set(first.ids), first.error) == (ALL, "")


def test_a_cursor_that_leads_in_a_circle_is_an_error() -> None:
    client = account("forms")
    client.after = lambda asked, page: replace(page, records=records(4), scroll_id="5b315d")
    first = refresh(client, "forms")
    assert first.ids == [1, 2, 3, 4]
    assert "repeats itself" in first.error


def test_a_cursor_that_repeats_when_all_is_read_is_the_end() -> None:
    client = FakeClient({"forms": records(200)}, page_size=100)
    client.after = lambda asked, page: replace(page, scroll_id=asked.params.get("scroll_id") or page.scroll_id)
    first = refresh(client, "forms")
    assert (sorted(first.ids), first.error) == (list(range(1, 201)), "")


def test_a_sort_that_is_ignored_costs_nothing() -> None:
    client = account()
    client.honours_sorts = False
    first = refresh(client)
    assert (sorted(first.ids), first.error) == (sorted(ALL), "")


def test_a_start_date_leaves_out_earlier_records() -> None:
    first = refresh(account("sms"), "sms", start_date=at(30))
    assert min(first.ids) in range(24, 27)  # up to 26 hours more, for bounds that are read in another time zone
    assert max(first.ids) == 50


def test_an_unsupported_start_date_leaves_out_no_record() -> None:
    assert set(refresh(account(), start_date=at(30)).ids) == ALL
