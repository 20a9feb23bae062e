"""Later syncs: changed records only, for each possible behaviour of date ranges in a query."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox.process import Sandbox
from source_loxo.state import STATE_VERSION
from source_loxo.streams.factory import STREAMS
from tools.connector import Connector, Output, last_states

Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]
OUTCOMES = ["honoured", "ignored", "refused", "half"]
INCREMENTAL = ["people", "jobs", "person_events", "email_tracking", "sms", "merges", "companies", "deals", "placements"]


def synced(connector: Connector, streams: list[str], state: Any = None) -> Output:
    output = connector.read(streams, mode="incremental", state=state)
    assert output.exit_code == 0, output.errors
    return output


def by_path(sandbox: Sandbox) -> dict[str, int]:
    counts: dict[str, int] = sandbox.requests()["by_path"]
    return counts


def days_from_now(days: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_the_catalog_declares_incremental_and_resumable_streams(small: Sandbox, connect: Connect) -> None:
    catalog = connect(small).discover()
    incremental = {name for name, stream in catalog.items() if "incremental" in stream["supported_sync_modes"]}
    assert {name for name in incremental if not STREAMS[name].parent} == {*INCREMENTAL, "deleted_records"}
    assert catalog["deleted_records"]["supported_sync_modes"] == ["incremental"]
    assert not catalog["jobs"]["is_resumable"]
    assert not catalog["users"]["is_resumable"]
    assert catalog["people"]["is_resumable"]
    assert catalog["companies"]["is_resumable"]
    for name in incremental:
        assert catalog[name]["source_defined_cursor"]
        assert catalog[name]["default_cursor_field"][0] in catalog[name]["json_schema"]["properties"]


@pytest.mark.parametrize("ranges", OUTCOMES)
def test_changes_during_a_first_sync_arrive_by_the_second(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    box = start_sandbox(people=2300, jobs=330, events=2500, companies=60, set={"lucene_dates": ranges})
    connector = connect(box)
    connector.discover()  # now, so that planned events hit the sync
    people, jobs, companies = box.ids("people"), box.ids("jobs"), box.ids("companies")
    # During the first sync: rows already read, and rows yet to be read.
    for page in (4, 12):
        box.at("people", page, *({"op": "update", "object": "people", "id": each} for each in people[100::700]))
        box.at("jobs", page // 4 + 1, *({"op": "update", "object": "jobs", "id": each} for each in jobs[10::100]))
    first = synced(connector, INCREMENTAL)
    for stream in INCREMENTAL:
        assert set(first.ids(stream)) == set(box.ids(stream)), stream

    edited_during = {("people", each) for each in people[100::700]} | {("jobs", each) for each in jobs[10::100]}
    wanted = {("people", box.create("people", name="Made Later")["id"]), ("jobs", box.create("jobs")["id"])}
    for stream, each in (("people", people[5]), ("jobs", jobs[5]), ("companies", companies[5])):
        box.update(stream, each, updated_at=days_from_now(0))
        wanted.add((stream, each))
    for days in (0, -1, 40):
        wanted.add(("person_events", box.create("person_events", created_at=days_from_now(days))["id"]))
        wanted.add(("sms", box.create("sms", created_at=days_from_now(days))["id"]))
    second = synced(connector, INCREMENTAL, first.state)
    delivered = {(stream, row["id"]) for stream, rows in second.records.items() for row in rows}
    assert wanted <= delivered
    stale = [
        (stream, each)
        for stream, each in edited_during
        if (stream, each) not in delivered
        and {row["updated_at"] for row in first.records[stream] if row["id"] == each}
        != {box.record(stream, each)["updated_at"]}
    ]
    assert not stale

    # After records dated ahead, new ones are still seen.
    late = box.create("person_events", created_at=days_from_now(0))["id"]
    third = synced(connector, ["person_events", "people"], second.state)
    assert late in third.ids("person_events")
    assert len(third.ids("people")) < 300


@pytest.mark.parametrize("ranges", OUTCOMES)
def test_an_edited_old_activity_arrives_with_date_ranges(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    box = start_sandbox(people=20, jobs=5, events=300, set={"lucene_dates": ranges})
    connector = connect(box)
    first = synced(connector, ["person_events"])
    old = min(box.ids("person_events"), key=lambda each: box.record("person_events", each)["created_at"])
    box.update("person_events", old, notes="Corrected")
    dated_back = box.create("person_events", created_at="2022-01-01T00:00:00.000Z", updated_at=days_from_now(0))["id"]
    second = synced(connector, ["person_events"], first.state)
    assert ({old, dated_back} <= set(second.ids("person_events"))) == (ranges == "honoured")


@pytest.mark.parametrize("ranges", OUTCOMES)
def test_the_second_sync_costs_requests_for_changes_only(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    box = start_sandbox(people=50_000, jobs=600, events=5000, set={"lucene_dates": ranges})
    connector = connect(box)
    first = synced(connector, ["people", "jobs", "person_events"])
    for stream in ("people", "jobs", "person_events"):
        assert set(first.ids(stream)) == set(box.ids(stream))
    changed = {stream: box.ids(stream)[:5] for stream in ("people", "jobs")}
    for stream, ids in changed.items():
        for each in ids:
            box.update(stream, each)
        changed[stream] = [*ids, *(box.create(stream)["id"] for _ in range(5))]
    changed["person_events"] = [box.create("person_events")["id"] for _ in range(10)]
    box.reset_requests()
    second = synced(connector, ["people", "jobs", "person_events"], first.state)
    for stream, ids in changed.items():
        assert set(ids) <= set(second.ids(stream))
    requests = by_path(box)
    assert requests["people"] <= 3
    assert requests["jobs"] <= 3
    assert requests["person_events"] <= 3 + 4 + 2


@pytest.mark.parametrize("ranges", OUTCOMES)
def test_a_second_sync_of_companies_delivers_only_changes(start_sandbox: Start, connect: Connect, ranges: str) -> None:
    box = start_sandbox(people=20, companies=400, set={"lucene_dates": ranges})
    connector = connect(box)
    first = synced(connector, ["companies", "placements"])
    edited = box.ids("companies")[3]
    box.update("companies", edited, name="Renamed")
    box.reset_requests()
    second = synced(connector, ["companies", "placements"], first.state)
    assert edited in second.ids("companies")
    assert ("are used" in second.logs) == (ranges == "honoured")
    if ranges == "honoured":
        assert len(second.ids("companies")) < 30
        assert by_path(box)["companies"] <= 9


def test_people_beyond_a_capped_count_are_all_read(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=12_000, set={"total_cap": 10_000})
    output = connect(box).read(["people"])
    assert output.exit_code == 0
    assert set(output.ids("people")) == set(box.ids("people"))


CURRENT = {"version": STATE_VERSION, "kind": "change_feed"}


@pytest.mark.parametrize(
    "state",
    [
        {"version": 0, "updated_at": "2024-01-01T00:00:00.000Z"},
        {"updated_at": "2024-01-01"},
        {**CURRENT, "updated_at": "2222-01-01T00:00:00.000Z"},
        {**CURRENT, "updated_at": 7},
        {**CURRENT, "updated_at": "soon"},
        {**CURRENT, "kind": "created_at", "updated_at": "2024-01-01T00:00:00.000Z"},
        {**CURRENT, "slices": [{"nonsense": 1}]},
        {**CURRENT, "slices": "x", "since": [], "changes_top": 3},
        {"__ab_no_cursor_state_message": True},
        {},
    ],
)
def test_an_unusable_state_reads_everything(small: Sandbox, connect: Connect, state: dict[str, Any]) -> None:
    streams = ["people", "person_events", "jobs", "companies"]
    stored = [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}
        for name in [*streams, "gone_since_then"]
    ]
    output = synced(connect(small), streams, stored)
    for stream in streams:
        assert set(output.ids(stream)) == set(small.ids(stream))
    if state.get("version") != STATE_VERSION and state and "__ab_no_cursor_state_message" not in state:
        assert "stored state is not used" in output.logs


def test_an_account_without_records_syncs_and_later_ones_arrive(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=1, jobs=1, events=0, companies=1)
    for stream in ("people", "jobs"):
        for each in box.ids(stream):
            box.delete(stream, each)
    connector = connect(box)
    first = synced(connector, ["people", "jobs", "person_events"])
    assert first.ids("people") == []
    made = {stream: box.create(stream)["id"] for stream in ("people", "jobs", "person_events")}
    second = synced(connector, ["people", "jobs", "person_events"], first.state)
    for stream, each in made.items():
        assert second.ids(stream) == [each]


def test_an_unchanged_account_delivers_each_record_once(small: Sandbox, connect: Connect) -> None:
    """PyAirbyte's merge stores two rows for a record that comes twice in one sync."""
    connector = connect(small)
    first = synced(connector, INCREMENTAL)
    small.create("person_events")
    second = synced(connector, INCREMENTAL, first.state)
    for output in (first, second):
        assert {stream: len(output.ids(stream)) for stream in INCREMENTAL} == {
            stream: len(set(output.ids(stream))) for stream in INCREMENTAL
        }


def test_a_failed_sync_emits_the_state_that_it_received(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    first = synced(connector, [*INCREMENTAL, "job_candidates"])
    small.set(forbidden=["people", "jobs", "person_events", "companies"])
    failed = connector.read([*INCREMENTAL, "job_candidates"], mode="incremental", state=first.state)
    for stream in ("people", "jobs", "person_events", "companies", "job_candidates"):
        assert failed.statuses[stream] == "INCOMPLETE"
        assert failed.stream_state(stream) == first.stream_state(stream)


def test_a_full_refresh_ignores_an_incremental_state(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    arguments = connector.read_arguments(["people"], mode="incremental")
    state = last_states(connector.killed(*arguments, after=220))
    assert set(connector.read(["people"], state=state).ids("people")) == set(small.ids("people"))
