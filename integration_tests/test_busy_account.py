"""Changes, wrong counts and wrong responses during a read lose no record, and no failure repeats itself."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sandbox.process import Sandbox
from tools.connector import Connector, Output, last_states

Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]

BUSY = {"life_per_second": 5, "life_objects": ["people", "person_events"], "back_date_days": 2}


class Warehouse:
    """The content of a deduplicating destination after some syncs, each of which gets the last states."""

    def __init__(self, connector: Connector, streams: Iterable[str], mode: str = "incremental") -> None:
        self.connector = connector
        connector.discover()  # now, so that what a test plans meets a sync
        self.streams = list(streams)
        self.mode = mode
        self.rows: dict[str, dict[Any, dict[str, Any]]] = {stream: {} for stream in self.streams}
        self.state: list[dict[str, Any]] = []

    def sync(self) -> Output:
        arguments = self.connector.read_arguments(self.streams, mode=self.mode, state=self.state or None)
        output = self.connector.run(*arguments)
        self._take(output.messages)
        return output

    def killed_sync(self, after: int) -> None:
        arguments = self.connector.read_arguments(self.streams, mode=self.mode, state=self.state or None)
        self._take(self.connector.killed(*arguments, after=after))

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["type"] == "RECORD":
                record = message["record"]
                self.rows[record["stream"]][record["data"]["id"]] = record["data"]
        self.state = last_states(messages, self.state)

    def lost(self, box: Sandbox, stream: str) -> set[int]:
        return set(box.ids(stream)) - set(self.rows[stream])

    def stale(self, box: Sandbox, stream: str) -> list[int]:
        mine = self.rows[stream]
        return [
            row["id"]
            for row in box.records(stream)
            if row["id"] in mine and mine[row["id"]].get("updated_at") != row.get("updated_at")
        ]


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
def test_a_first_sync_of_a_busy_account_succeeds(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    settings = {**BUSY, "lucene_dates": ranges, "latency_ms": 20}
    box = start_sandbox(people=5000, events=5000, jobs=5, companies=5, set=settings)
    warehouse = Warehouse(connect(box), ["people", "person_events"])
    assert warehouse.sync().exit_code == 0
    box.set(life_per_second=0)
    assert warehouse.sync().exit_code == 0
    for stream in warehouse.streams:
        assert warehouse.lost(box, stream) == set(), stream
    assert warehouse.stale(box, "people") == []
    if ranges == "honoured":
        assert warehouse.stale(box, "person_events") == []


def test_a_kill_and_one_new_person_do_not_fail_the_next_sync(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=3000, jobs=5, companies=5, events=5, set={"latency_ms": 20})
    warehouse = Warehouse(connect(box), ["people"])
    warehouse.killed_sync(after=1500)
    box.create("people")
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, "people") == set()


def test_records_of_half_read_slices_count_after_a_kill(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=6000, jobs=5, companies=5, events=5, set={"latency_ms": 100})
    warehouse = Warehouse(connect(box), ["people"])
    warehouse.killed_sync(after=2500)
    output = warehouse.sync()
    assert output.exit_code == 0
    assert "are missing" not in output.logs
    assert warehouse.lost(box, "people") == set()


def test_an_activity_dated_back_during_a_read_is_delivered(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(events=4000, people=100, jobs=5, companies=5, set={"latency_ms": 20})
    warehouse = Warehouse(connect(box), ["person_events"])
    person = box.ids("people")[0]
    made = {"op": "create", "object": "person_events", "fields": {"person_id": person, "created_at": OLD}}
    box.at("person_events", 30, made)
    assert warehouse.sync().exit_code == 0
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, "person_events") == set()


OLD = "2025-01-01T00:00:00.000Z"


@pytest.mark.parametrize("stream", ["people", "person_events", "companies", "forms"])
@pytest.mark.parametrize("kind", ["empty_list", "errors", "empty_page", "short_page", "null"])
def test_one_wrong_response_costs_no_record(start_sandbox: Start, connect: Connect, stream: str, kind: str) -> None:
    box = start_sandbox(people=900, events=900, companies=120, jobs=5, forms=450, set={"fixed_page_size": 20})
    warehouse = Warehouse(connect(box), [stream])
    box.at(stream, 3, {"op": "answer", "kind": kind, "times": 1})
    warehouse.sync()
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, stream) == set()


@pytest.mark.parametrize("dates", ["days", "midnights", "minutes"])
@pytest.mark.parametrize("zone", ["sent", "agency"])
@pytest.mark.parametrize("times", ["utc", "no_zone", "agency_no_zone"])
def test_no_reading_of_dates_costs_a_record(
    start_sandbox: Start, connect: Connect, dates: str, zone: str, times: str
) -> None:
    settings = {"filter_dates": dates, "filter_zone": zone, "agency_offset_hours": -8, "record_times": times}
    box = start_sandbox(people=3000, events=3000, jobs=5, companies=5, set=settings)
    warehouse = Warehouse(connect(box), ["people", "person_events"])
    assert warehouse.sync().exit_code == 0
    for stream in warehouse.streams:
        assert warehouse.lost(box, stream) == set(), stream
        each = box.ids(stream)[7]
        box.update(stream, each)
        box.create(stream)
    assert warehouse.sync().exit_code == 0
    for stream in warehouse.streams:
        assert warehouse.lost(box, stream) == set(), stream


def test_activities_without_a_creation_time_are_delivered(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(events=5000, people=50, jobs=5, companies=5, set={"no_created_at": {"person_events": 0.01}})
    warehouse = Warehouse(connect(box), ["person_events"])
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, "person_events") == set()


@pytest.mark.parametrize("ranges", ["honoured", "refused"])
def test_jobs_beyond_a_capped_count_are_all_read(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    settings = {"total_cap": 10_000, "lucene_dates": ranges}
    box = start_sandbox(jobs=12_000, people=50, events=5, companies=5, set=settings)
    warehouse = Warehouse(connect(box), ["jobs"], mode="full_refresh")
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, "jobs") == set()


@pytest.mark.parametrize(
    "settings",
    [
        {"sorts_ignored": ["people", "jobs"]},
        {"no_updated_at_on_top": ["people", "jobs"]},
        {"no_cursor_under_sort": ["people"]},
        {"unordered": ["people", "jobs"]},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_edits_arrive_although_the_sort_is_wrong(
    start_sandbox: Start, connect: Connect, settings: dict[str, Any]
) -> None:
    box = start_sandbox(people=600, jobs=400, events=5, companies=5)
    warehouse = Warehouse(connect(box), ["people", "jobs"])
    assert warehouse.sync().exit_code == 0
    for stream in warehouse.streams:
        for each in box.ids(stream)[::3]:
            box.update(stream, each)
    box.set(**settings)
    warehouse.sync()
    box.set(**{name: [] for name in settings})
    assert warehouse.sync().exit_code == 0
    for stream in warehouse.streams:
        assert warehouse.stale(box, stream) == [], stream


@pytest.mark.parametrize("stream", ["person_events", "companies"])
def test_edits_missed_by_one_sync_arrive_with_the_next(start_sandbox: Start, connect: Connect, stream: str) -> None:
    """The mark moves only over what was read."""
    box = start_sandbox(people=50, jobs=5, companies=300, events=900)
    warehouse = Warehouse(connect(box), [stream])
    assert warehouse.sync().exit_code == 0
    old = sorted(box.ids(stream), key=lambda each: box.record(stream, each)["created_at"])
    box.update(stream, old[0])
    box.set(lucene_dates="refused")
    box.update(stream, old[-1])
    assert warehouse.sync().exit_code == 0
    box.set(lucene_dates="honoured")
    box.update(stream, old[1])
    assert warehouse.sync().exit_code == 0
    assert warehouse.stale(box, stream) == []


def test_more_changed_jobs_than_loxo_lists_are_all_delivered(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(jobs=1500, people=50, events=5, companies=5, set={"jobs_wall": 1000})
    warehouse = Warehouse(connect(box), ["jobs"])
    assert warehouse.sync().exit_code == 0
    for each in box.ids("jobs")[:1200]:
        box.update("jobs", each)
    assert warehouse.sync().exit_code == 0
    assert warehouse.stale(box, "jobs") == []


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_a_refused_position_starts_over_with_any_status(start_sandbox: Start, connect: Connect, status: int) -> None:
    box = start_sandbox(people=1500, jobs=5, events=5, companies=5, set={"latency_ms": 20})
    warehouse = Warehouse(connect(box), ["people"])
    warehouse.killed_sync(after=500)
    box.set(refuse_cursors="stored", refuse_cursors_status=status)
    output = warehouse.sync()
    assert output.exit_code == 0
    assert warehouse.lost(box, "people") == set()
    for each in box.ids("people")[:700]:
        box.update("people", each)
    warehouse.killed_sync(after=250)
    box.set(refuse_cursors="stored", refuse_cursors_status=status)
    assert warehouse.sync().exit_code == 0
    assert warehouse.stale(box, "people") == []


def test_a_resumed_read_of_changes_delivers_new_changes(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=1500, jobs=5, events=5, companies=5, set={"latency_ms": 20})
    warehouse = Warehouse(connect(box), ["people"])
    assert warehouse.sync().exit_code == 0
    ids = box.ids("people")
    for each in ids[:700]:
        box.update("people", each)
    warehouse.killed_sync(after=250)
    assert warehouse.state[0]["stream"]["stream_state"]["changes_scroll_id"]
    box.create("people")
    box.update("people", ids[-1])
    assert warehouse.sync().exit_code == 0
    assert warehouse.lost(box, "people") == set()
    assert warehouse.stale(box, "people") == []


def test_edits_during_a_read_of_edits_do_not_fail_the_sync(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(events=3000, people=50, jobs=5, companies=5, set={"latency_ms": 20})
    warehouse = Warehouse(connect(box), ["person_events"])
    assert warehouse.sync().exit_code == 0
    oldest_first = sorted(box.records("person_events"), key=lambda event: str(event["created_at"]))
    ids = [event["id"] for event in oldest_first]
    for each in ids[1000:1900]:
        box.update("person_events", each)
    for count in range(10, 60):  # each of these moves behind the reader
        box.at("person_events", count, {"op": "update", "object": "person_events", "id": ids[count]})
    assert warehouse.sync().exit_code == 0
    box.call("DELETE", "at")
    assert warehouse.sync().exit_code == 0
    assert warehouse.stale(box, "person_events") == []


@pytest.mark.parametrize("kind", ["json_404", "proxy_404"])
def test_full_records_missed_by_one_sync_arrive_with_the_next(
    start_sandbox: Start, connect: Connect, kind: str
) -> None:
    box = start_sandbox(people=60, jobs=5, events=5, companies=5)
    warehouse = Warehouse(connect(box), ["people_details"])
    box.set(answers={"people/{id}": kind})
    assert warehouse.sync().exit_code == 1
    box.set(answers={})
    assert warehouse.sync().exit_code == 0
    assert set(warehouse.rows["people_details"]) == set(box.ids("people"))


def test_a_failing_parent_costs_only_itself_and_is_retried(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=60, jobs=40, events=5, companies=5)
    warehouse = Warehouse(connect(box), ["jobs_details", "people_details"])
    person, job = box.ids("people")[30], box.ids("jobs")[5]
    box.set(answers={f"people/{person}": "forbidden", f"jobs/{job}": "cut_json"})
    output = warehouse.sync()
    assert output.exit_code == 1
    assert str(person) in output.errors["people_details"]["message"]
    assert str(job) in output.errors["jobs_details"]["message"]
    assert set(box.ids("people")) - set(warehouse.rows["people_details"]) == {person}
    assert set(box.ids("jobs")) - set(warehouse.rows["jobs_details"]) == {job}
    box.set(answers={})
    assert warehouse.sync().exit_code == 0
    assert set(box.ids("people")) == set(warehouse.rows["people_details"])
    assert set(box.ids("jobs")) == set(warehouse.rows["jobs_details"])


def test_an_object_outside_the_plan_fails_below_one_parent_too(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=1, jobs=1, events=1, companies=1)
    box.set(answers={"people/{id}/list_items": "json_404"})
    assert connect(box).read(["person_list_items"], mode="incremental").exit_code == 1
