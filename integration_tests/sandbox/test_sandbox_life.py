"""The account changes by itself while it is served, stops when it is told to, and writes down what it did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from plain_client import SIZES, Client, ids

from sandbox.process import Sandbox, SandboxError
from sandbox.settings import SHARES

LIVELY = {"life_per_second": 400, "life_shares": dict.fromkeys(SHARES, 1)}
OBJECTS = ("people", "jobs", "companies", "person_events", "candidates")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    with Sandbox(**SIZES, now="2026-01-01") as box:
        yield box


def lived(box: Sandbox, changes: int, **settings: Any) -> list[dict[str, Any]]:
    """The journal of an account that lived until it had so many changes and whose people have gone home."""
    box.set(**{**LIVELY, **settings})
    while len(box.life()) < changes:
        time.sleep(0.05)
    box.set(life_per_second=0)
    return box.life()


def test_the_journal_leads_from_the_account_before_to_the_account_after(own: Sandbox) -> None:
    known = {name: set(own.ids(name)) for name in OBJECTS}
    journal = lived(own, 300)
    latest: dict[tuple[str, int], dict[str, Any]] = {}
    for change in journal:
        key = (change["object"], change["id"])
        if change["op"] == "delete":
            known[change["object"]].discard(change["id"])
            latest.pop(key, None)
        else:
            known[change["object"]].add(change["id"])
            latest[key] = {**latest.get(key, {}), **change.get("fields", {})}
    rows = {name: {row["id"]: row for row in own.records(name)} for name in OBJECTS}
    for name in ("people", "jobs", "companies"):
        assert set(rows[name]) == known[name]
    # Activities come with moves too; candidates leave with their person and their job.
    assert set(rows["person_events"]) >= known["person_events"] and set(rows["candidates"]) <= known["candidates"]
    for (name, row_id), fields in latest.items():
        row = rows[name].get(row_id)
        if row and name != "candidates":
            assert {field: row[field] for field in fields} == fields
        elif row and "workflow_stage_id" in fields:
            assert row["workflow_stage_id"] == fields["workflow_stage_id"]


def test_every_kind_of_change_happens_to_every_object_and_stops_when_people_go_home(own: Sandbox) -> None:
    journal = lived(own, 400)
    assert set(Counter(change["op"] for change in journal)) == set(SHARES)
    assert {change["object"] for change in journal if change["op"] == "create"} == set(OBJECTS)
    before = own.counts()
    time.sleep(0.3)
    assert own.life() == journal and own.counts() == before


def test_shares_and_objects_say_what_happens(own: Sandbox) -> None:
    journal = lived(own, 50, life_shares={"edit": 1.0}, life_objects=["jobs"])
    assert {(change["op"], change["object"]) for change in journal} == {("edit", "jobs")}
    with pytest.raises(SandboxError):
        own.set(life_shares={"sleep": 1.0})


def test_activities_are_dated_back_by_so_many_days_at_most(own: Sandbox) -> None:
    journal = lived(own, 60, life_shares={"back_date": 1.0}, back_date_days=10)
    back = [(change["at"], own.record("person_events", change["id"])["created_at"]) for change in journal[:20]]
    assert all(created < at for at, created in back)
    newest = Client(own).page("person_events", per_page=1)["person_events"][0]
    assert newest["created_at"] <= max(change["at"] for change in journal)
    assert len({created[:10] for _, created in back}) > 3


def test_the_same_seed_does_the_same_things() -> None:
    told = []
    for _ in range(2):
        with Sandbox(**SIZES, now="2026-01-01") as box:
            told.append([(row["op"], row["object"], row["id"]) for row in lived(box, 150)[:150]])
    assert told[0] == told[1]


def test_a_list_can_be_read_while_the_account_lives(own: Sandbox) -> None:
    before = set(own.ids("people"))
    own.set(**LIVELY)
    rows = Client(own).walk("people", "people", per_page=20, created_at_sort="asc")
    own.set(life_per_second=0)
    assert before & set(own.ids("people")) <= set(ids(rows))
