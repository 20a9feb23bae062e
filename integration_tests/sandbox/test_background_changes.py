"""Changes that the account makes by itself, and their log."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from plain_client import SIZES, Client, ids, seconds

from sandbox.process import Sandbox, SandboxError
from sandbox.settings import CHANGE_KINDS

EVERY_CHANGE = {"life_per_second": 400, "life_shares": dict.fromkeys(CHANGE_KINDS, 1)}
OBJECTS = ("people", "jobs", "companies", "person_events", "candidates")


def log_of_changes(sandbox: Sandbox, min_count: int, **settings: Any) -> list[dict[str, Any]]:
    """Let the account change, stop the changes after at least `min_count` of them, and return their log."""
    sandbox.set(**{**EVERY_CHANGE, **settings})
    while len(sandbox.life()) < min_count:
        time.sleep(0.05)
    sandbox.set(life_per_second=0)
    return sandbox.life()


def test_log_accounts_for_every_change(own_sandbox: Sandbox) -> None:
    known_ids = {name: set(own_sandbox.ids(name)) for name in OBJECTS}
    log = log_of_changes(own_sandbox, 300)
    latest_fields: dict[tuple[str, int], dict[str, Any]] = {}
    for change in log:
        key = (change["object"], change["id"])
        if change["op"] == "delete":
            known_ids[change["object"]].discard(change["id"])
            latest_fields.pop(key, None)
        else:
            known_ids[change["object"]].add(change["id"])
            latest_fields[key] = {**latest_fields.get(key, {}), **change.get("fields", {})}
    records = {name: {record["id"]: record for record in own_sandbox.records(name)} for name in OBJECTS}
    for name in ("people", "jobs", "companies"):
        assert set(records[name]) == known_ids[name]
    # Moves also create activities. Candidates are deleted with their person or job.
    assert (
        set(records["person_events"]) >= known_ids["person_events"]
        and set(records["candidates"]) <= known_ids["candidates"]
    )
    for (name, record_id), fields in latest_fields.items():
        record = records[name].get(record_id)
        if record and name != "candidates":
            assert {field: record[field] for field in fields} == fields
        elif record and "workflow_stage_id" in fields:
            assert record["workflow_stage_id"] == fields["workflow_stage_id"]


def test_each_operation_happens_until_changes_are_stopped(own_sandbox: Sandbox) -> None:
    log = log_of_changes(own_sandbox, 400)
    assert set(Counter(change["op"] for change in log)) == set(CHANGE_KINDS)
    assert {change["object"] for change in log if change["op"] == "create"} == set(OBJECTS)
    counts = own_sandbox.counts()
    time.sleep(0.3)
    assert own_sandbox.life() == log and own_sandbox.counts() == counts


def test_shares_and_objects_select_the_changes(own_sandbox: Sandbox) -> None:
    log = log_of_changes(own_sandbox, 50, life_shares={"edit": 1.0}, life_objects=["jobs"])
    assert {(change["op"], change["object"]) for change in log} == {("edit", "jobs")}
    with pytest.raises(SandboxError):
        own_sandbox.set(life_shares={"sleep": 1.0})


def test_activities_are_dated_back_within_the_limit(own_sandbox: Sandbox) -> None:
    log = log_of_changes(own_sandbox, 60, life_shares={"back_date": 1.0}, back_date_days=10)
    times = [(own_sandbox.record("person_events", change["id"])["created_at"], change["at"]) for change in log[:20]]
    assert all(0 <= seconds(written) - seconds(created) <= 10 * 86_400 + 1 for created, written in times)
    assert len({created[:10] for created, _ in times}) > 3
    newest = Client(own_sandbox).page("person_events", per_page=1)["person_events"][0]
    assert newest["created_at"] <= max(change["at"] for change in log)


def test_same_seed_makes_the_same_changes() -> None:
    logs = []
    for _ in range(2):
        with Sandbox(**SIZES, now="2026-01-01") as sandbox:
            log = log_of_changes(sandbox, 150)[:150]
            logs.append([(change["op"], change["object"], change["id"]) for change in log])
    assert logs[0] == logs[1]


def test_scroll_during_changes_misses_no_old_record(own_sandbox: Sandbox) -> None:
    old_ids = set(own_sandbox.ids("people"))
    own_sandbox.set(**EVERY_CHANGE)
    people = Client(own_sandbox).scroll("people", "people", per_page=20, created_at_sort="asc")
    own_sandbox.set(life_per_second=0)
    assert old_ids & set(own_sandbox.ids("people")) <= set(ids(people))
