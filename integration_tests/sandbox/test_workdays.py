"""The agency comes back a day later: the same records, but for the day's work."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.process import Sandbox

AGENCY: dict[str, Any] = {"people": 200, "jobs": 30, "events": 400, "now": "2024-05-01T08:00:00Z"}
DAYS = ["2024-05-01T08:01:00Z/2024-05-01T18:00:00Z", "2024-05-02T08:00:00Z/2024-05-02T18:00:00Z"]
OBJECTS = ("people", "jobs", "companies", "person_events", "candidates", "placements", "merges")


def after(days: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Every record after so many days, and the log of changes."""
    with Sandbox(**AGENCY, workdays=",".join(days) or None) as box:
        return {name: {each["id"]: each for each in box.records(name)} for name in OBJECTS}, box.life()


def test_the_same_days_give_the_same_agency() -> None:
    assert after(DAYS) == after(DAYS)


def test_a_day_adds_to_the_days_before() -> None:
    _, one = after(DAYS[:1])
    _, two = after(DAYS)
    assert two[: len(one)] == one
    assert len(two) > len(one)


def test_a_day_holds_every_kind_of_work_at_its_own_times() -> None:
    before, _ = after([])
    records, log = after(DAYS)
    assert {"create", "edit", "move", "delete", "merge"} <= {each["op"] for each in log}
    assert all("2024-05-01T08:01" <= each["at"] <= "2024-05-02T18:00:00.000Z" for each in log)
    made = Counter((each["op"], each["object"]) for each in log)
    gone = made["delete", "people"] + made["merge", "people"]
    assert len(records["people"]) == len(before["people"]) + made["create", "people"] - gone
    assert len(records["placements"]) == len(before["placements"]) + 2
    assert len(records["merges"]) == len(before["merges"]) + 2


def test_what_no_day_touched_is_as_it_was() -> None:
    before, _ = after([])
    records, log = after(DAYS)
    touched = {(each["object"], each["id"]) for each in log}
    kept = [(key, row) for key, row in before["companies"].items() if ("companies", key) not in touched]
    assert kept
    assert all(records["companies"][key] == row for key, row in kept)


def test_an_agency_of_nobody_has_days_too() -> None:
    with Sandbox(people=0, jobs=0, events=0, now=AGENCY["now"], workdays=DAYS[0]) as box:
        assert box.life()
