"""Deletions over real HTTP: a destination without the deleted records holds what the account holds."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.process import Sandbox
from source_loxo.streams.deleted_records import swept_objects
from tools.connector import Connector, last_states

Connect = Callable[..., Connector]
Start = Callable[..., Sandbox]

OBJECTS = [row.name for row in swept_objects()]
STREAMS = [*OBJECTS, "deleted_records"]
SIZES = {"people": 140, "jobs": 14, "events": 150, "companies": 20}
FORTNIGHTS = 26
CHANGES = 12
# The objects that recruiters delete; candidates are deleted with their person or job.
DELETED = ["people", "people", "people", "jobs", "companies", "deals", "placements", "person_events", "candidates"]
CREATED = ["people", "people", "jobs", "companies", "deals", "person_events", "candidates", "scorecards", "forms"]

Key = tuple[str, str]


def candidates(box: Sandbox) -> Iterator[Key]:
    for job in box.ids("jobs"):
        scroll_id = ""
        while True:
            page = box.api(f"jobs/{job}/candidates?per_page=100{scroll_id}")
            yield from ((str(job), str(each["id"])) for each in page["candidates"])
            if len(page["candidates"]) < 100:
                break
            scroll_id = f"&scroll_id={page['scroll_id']}"


class Account:
    """A sandbox account whose recruiters work; `known` has the ids that a complete sweep has seen, by object."""

    def __init__(self, box: Sandbox, seed: int) -> None:
        self.box = box
        self.chance = random.Random(seed)
        self.known: dict[str, set[Key]] = defaultdict(set)
        self.merged: dict[str, int] = {}
        self.deleted: list[tuple[str, int]] = []

    def ids(self) -> dict[str, set[Key]]:
        plain = {name: {("", str(each)) for each in self.box.ids(name)} for name in OBJECTS if name != "job_candidates"}
        return {**plain, "job_candidates": set(candidates(self.box))}

    def change(self) -> None:
        act = self.chance.choices([self.create, self.delete, self.merge, self.restore, self.move], [6, 5, 1, 2, 2])[0]
        act()

    def create(self) -> None:
        name = self.chance.choice(CREATED)
        fields = {}
        if name == "candidates":
            fields = {each: self.chance.choice(self.box.ids(f"{table}")) for each, table in PARENTS.items()}
        self.box.create(name, **fields)

    def delete(self) -> None:
        name = self.chance.choice(DELETED)
        if number := self.choice(name):
            self.box.delete(name, number)
            self.deleted.append((name, number))

    def merge(self) -> None:
        number = self.choice("people")
        kept = self.chance.choice(self.box.ids("people"))
        if number and number != kept:
            self.box.merge_people(kept, number)
            self.merged[str(number)] = kept

    def restore(self) -> None:
        """A deletion undone, as Loxo's support may do it."""
        if self.deleted:
            name, number = self.deleted.pop(self.chance.randrange(len(self.deleted)))
            if name != "candidates":
                self.box.restore(name, number)
                self.merged.pop(str(number), None)

    def move(self) -> None:
        job, candidate = self.chance.choice(sorted(candidates(self.box)))
        self.box.move(int(job), int(candidate))

    def choice(self, name: str) -> int | None:
        """A record that a complete sweep has seen: one that existed only between two sweeps is not reported."""
        stream = "job_candidates" if name == "candidates" else name
        alive = {str(each) for each in self.box.ids(name)} & {record_id for _, record_id in self.known[stream]}
        return int(self.chance.choice(sorted(alive))) if len(alive) > 1 else None


PARENTS = {"job_id": "jobs", "person_id": "people"}


class Destination:
    """A deduplicating destination: the keys of each stream, and the last row of each deleted record."""

    def __init__(self) -> None:
        self.keys: dict[str, set[Key]] = defaultdict(set)
        self.rows: dict[tuple[str, Key], dict[str, Any]] = {}
        self.state: list[dict[str, Any]] = []

    def take(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Stores the messages of a sync; returns its rows of deleted records."""
        told = []
        for message in messages:
            if message["type"] != "RECORD":
                continue
            stream, data = message["record"]["stream"], message["record"]["data"]
            if stream == "deleted_records":
                told.append(data)
                self.rows[data["object"], (data["parent_id"], data["record_id"])] = data
            else:
                parent = str(data["job_id"]) if stream == "job_candidates" else ""
                self.keys[stream].add((parent, str(data["id"])))
        self.state = last_states(messages, self.state)
        return told

    def gone(self, name: str) -> set[Key]:
        return {key for (each, key), row in self.rows.items() if each == name and row["restored_at"] is None}

    def swept_at(self) -> dict[str, str]:
        for state in self.state:
            if state["stream"]["stream_descriptor"]["name"] == "deleted_records":
                objects = state["stream"]["stream_state"].get("objects", {})
                return {name: each["swept_at"] for name, each in objects.items()}
        return {}


def trouble(account: Account, fortnight: int) -> int | None:
    """The failures during a sync: faults, a lost permission, a kill after so many records."""
    box, chance = account.box, account.chance
    kind = fortnight % 9
    if kind == 1:
        box.set(faults={"status_503": 0.03, "truncate": 0.03, "html": 0.02})
    elif kind == 2:
        box.set(forbidden=["people", "people/{id}"])
    elif kind == 3:
        box.at(
            "people", chance.randint(1, 2), {"op": "set", "settings": {"forbidden": ["people"], "missing": ["deals"]}}
        )
    elif kind == 4:
        return chance.randint(1, 400)
    elif kind == 5:
        box.set(missing=["jobs/{id}/candidates", "person_events"])
    elif kind == 6:
        box.set(answers={"companies": "empty_page", "deals/{id}": "json_404"})
    elif kind == 7:
        box.set(life_per_second=5, life_shares={"edit": 1}, life_objects=["people", "jobs", "companies"])
    return None


@pytest.mark.parametrize("seed", [1])
def test_a_year_of_an_account(start_sandbox: Start, connect: Connect, seed: int) -> None:
    box = start_sandbox(**SIZES)
    account, destination, connector = Account(box, seed), Destination(), connect(box)
    false_deletions, told_in_all, failed = [], 0, 0
    for fortnight in range(FORTNIGHTS + 1):
        is_last = fortnight == FORTNIGHTS
        alive = account.ids()
        kill_after = None if is_last else trouble(account, fortnight)
        arguments = connector.read_arguments(STREAMS, mode="incremental", state=destination.state or None)
        before = destination.swept_at()
        if kill_after:
            messages = connector.killed(*arguments, after=kill_after)
        else:
            output = connector.run(*arguments)
            messages = output.messages
            failed += output.statuses["deleted_records"] == "INCOMPLETE"
        told = destination.take(messages)
        told_in_all += len(told)
        for row in told:
            key = row["parent_id"], row["record_id"]
            if (row["restored_at"] is None) == (key in alive[row["object"]]):
                false_deletions.append(row)
        for name, swept_at in destination.swept_at().items():
            if swept_at != before.get(name):
                account.known[name] |= alive[name]
        box.call("DELETE", "at")
        box.set(forbidden=[], missing=[], faults={}, answers={}, life_per_second=0)
        if not is_last:
            for _ in range(CHANGES):
                account.change()
    assert false_deletions == []
    assert output.exit_code == 0, output.errors
    assert failed >= FORTNIGHTS // 9 * 3  # each lost permission is reported
    assert told_in_all > FORTNIGHTS
    alive = account.ids()
    for name in OBJECTS:
        assert destination.keys[name] - destination.gone(name) == alive[name], name
    merged = {number: kept for number, kept in account.merged.items() if ("", number) not in alive["people"]}
    rows = {number: destination.rows["people", ("", number)] for number in merged}
    assert {number: row["merged_into_id"] for number, row in rows.items()} == merged
