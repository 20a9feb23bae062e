"""Candidates of jobs: later syncs request those of changed jobs and of jobs that new activities name."""

from collections.abc import Callable
from typing import Any

import pytest
from fake_client import NOW, FakeClient, Sync, after_each_outage, at, record, records, sync

from loxo_api.timestamps import shift
from source_loxo.state import STATE_VERSION

ALL = set(range(1, 31))
MARKS = {"updated_at": at(30), "created_at": at(40), "full_at": NOW}
READ = {"version": STATE_VERSION, "kind": "touched_jobs", **MARKS}
HOUR_LATER, WEEK_LATER = shift(NOW, hours=1), shift(NOW, days=7, hours=1)

SetClock = Callable[[str], None]


def account() -> FakeClient:
    """Thirty jobs with two candidates each, and forty activities without a job."""
    pipelines = {f"jobs/{job}/candidates": [record(2 * job), record(2 * job + 1)] for job in ALL}
    return FakeClient({"jobs": records(30), "person_events": records(40), **pipelines}, page_size=4)


def move(client: FakeClient, job: int, created_at: str) -> None:
    """A candidate moves: the pipeline and an activity change, the job does not."""
    path = f"jobs/{job}/candidates"
    client.edit(path, 2 * job, stage="moved")
    number = max(each["id"] for each in client.lists["person_events"]) + 1
    client.lists["person_events"].append({**record(number), "created_at": created_at, "job_id": job})


def jobs_of(result: Sync) -> set[Any]:
    return {each["job_id"] for each in result.records}


def test_a_first_sync_delivers_the_candidates_of_all_jobs() -> None:
    first = sync(account(), "job_candidates")
    assert sorted(first.ids) == list(range(2, 62))
    assert (jobs_of(first), first.error, first.state) == (ALL, "", READ)


def test_candidates_carry_their_job_and_the_time_of_the_sync() -> None:
    assert all(each["_loxo_synced_at"] == NOW for each in sync(account(), "job_candidates").records)


def test_an_unchanged_account_requests_no_candidates(set_clock: SetClock) -> None:
    client = account()
    set_clock(HOUR_LATER)
    client.edit("jobs", 30, updated_at=at(20))
    later = sync(client, "job_candidates", READ)
    assert (later.records, later.error) == ([], "")
    assert not any("candidates" in asked.path for asked in client.asked)


def test_a_later_sync_requests_changed_jobs_and_moves(set_clock: SetClock) -> None:
    client = account()
    client.edit("jobs", 3, updated_at=at(50))
    move(client, 7, at(51))
    set_clock(HOUR_LATER)
    later = sync(client, "job_candidates", READ)
    assert jobs_of(later) == {30, 3, 7}  # the job at the state's own time is requested again
    assert (later.state["updated_at"], later.state["created_at"], later.state["full_at"]) == (at(50), at(51), NOW)


def test_a_job_with_a_change_and_a_move_is_requested_once(set_clock: SetClock) -> None:
    client = account()
    client.edit("jobs", 7, updated_at=at(50))
    move(client, 7, at(51))
    set_clock(HOUR_LATER)
    later = sync(client, "job_candidates", READ)
    assert later.ids.count(14) == 1


def test_a_move_that_is_entered_a_day_late_arrives(set_clock: SetClock) -> None:
    client = account()
    move(client, 7, at(36.5))
    set_clock(HOUR_LATER)
    assert 7 in jobs_of(sync(client, "job_candidates", READ))


def test_all_jobs_are_read_again_after_a_week(set_clock: SetClock) -> None:
    client = account()
    set_clock(WEEK_LATER)
    later = sync(client, "job_candidates", READ)
    assert (jobs_of(later), later.state["full_at"]) == (ALL, WEEK_LATER)


def test_an_activity_in_the_future_does_not_move_the_state_there(set_clock: SetClock) -> None:
    client = account()
    move(client, 7, shift(NOW, days=300))
    first = sync(client, "job_candidates")
    assert first.state["created_at"] <= NOW
    move(client, 8, HOUR_LATER)
    set_clock(HOUR_LATER)
    assert 8 in jobs_of(sync(client, "job_candidates", first.state))


@pytest.mark.parametrize("time", [None, "no time"])
def test_an_activity_without_a_time_does_not_end_the_read(time: str | None, set_clock: SetClock) -> None:
    client = account()
    client.edit("person_events", 40, created_at=time)
    move(client, 7, at(51))
    set_clock(HOUR_LATER)
    later = sync(client, "job_candidates", READ)
    assert (7 in jobs_of(later), later.error) == (True, "")


def test_unsorted_jobs_are_all_requested(set_clock: SetClock) -> None:
    client = account()
    client.honours_sorts = False
    set_clock(HOUR_LATER)
    assert jobs_of(sync(client, "job_candidates", READ)) == ALL


def test_refused_activities_fail_and_keep_the_state(set_clock: SetClock) -> None:
    client = account()
    client.edit("jobs", 3, updated_at=at(50))
    client.refuse(lambda asked: asked.path == "person_events", 403)
    set_clock(HOUR_LATER)
    later = sync(client, "job_candidates", READ)
    assert "status 403" in later.error
    assert later.state == READ


@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_after_an_outage_at_any_request_the_next_sync_completes(state: Any, set_clock: SetClock) -> None:
    set_clock(HOUR_LATER)

    def make() -> FakeClient:
        client = account()
        client.edit("jobs", 3, updated_at=at(50))
        move(client, 7, at(51))
        return client

    wanted = {6, 7, 14, 15} if state else set(range(2, 62))
    tried = 0
    for before, rest in after_each_outage(make, "job_candidates", state):
        assert before | set(rest.ids) >= wanted
        assert rest.error == ""
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("number", range(1, 35, 3))
@pytest.mark.parametrize("state", [None, READ], ids=["first sync", "later sync"])
def test_a_move_during_a_sync_arrives_by_the_next_one(number: int, state: Any, set_clock: SetClock) -> None:
    client = account()
    has_moved: list[bool] = []

    def live() -> None:
        has_moved.append(True)
        move(client, 7, NOW)

    client.once(number, live)
    first = sync(client, "job_candidates", state)
    client.recover()
    if not has_moved:
        live()
    set_clock(HOUR_LATER)
    later = sync(client, "job_candidates", first.state)
    assert "moved" in [each.get("stage") for each in (*first.records, *later.records) if each["id"] == 14]


def test_a_full_refresh_reads_all_and_keeps_no_state() -> None:
    client = account()
    first = sync(client, "job_candidates", READ, full_refresh=True)
    assert (jobs_of(first), "updated_at" in first.state) == (ALL, False)
    assert not any(asked.path == "person_events" for asked in client.asked)
