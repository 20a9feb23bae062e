"""Many changes, faults and killed syncs in minutes: no record is lost.

Two soaks: one whose account changes at chosen responses, and one that changes continuously and loses permissions too.
Seeded: SOAK_SEED replays a run's edits, faults and kills (timings are the machine's own). SOAK_SECONDS is the duration;
without it, the short version runs. `.ci/soak` runs the long one.
"""

import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.process import Sandbox
from sandbox.settings import RESPONSE_KINDS
from tools.connector import Connector, Output, last_states

STREAMS = ["people", "jobs", "person_events", "companies", "job_candidates"]
EDITED = ["people", "jobs", "person_events", "companies"]
RESTLESS = {"people": 300, "jobs": 25, "events": 300, "companies": 60}
LARGE = {"people": 3500, "jobs": 60, "events": 3500, "companies": 400}
SIZES = {"people": 900, "jobs": 130, "events": 700, "companies": 90}
# A minute each of account life; the last is calm.
WEATHER: list[dict[str, Any]] = [
    {"faults": {"status_500": 0.08, "status_503": 0.08}},
    {"faults": {"reset": 0.1, "truncate": 0.1}},
    {"faults": {"html": 0.15}},
    {"faults": {"slow": 0.15}, "slow_ms": 400},
    {"rate_limit": 12},
    {"faults": {"status_500": 0.04, "reset": 0.04, "truncate": 0.04, "html": 0.04, "slow": 0.04}, "rate_limit": 25},
    {},
]
# Seconds between the server's clock and the connector's, one for a whole life.
CLOCKS = [0, 5400, -5400]
CALM: dict[str, Any] = {
    **{"faults": {}, "rate_limit": 0, "slow_ms": 200, "retry_after_value": 0.2, "throttle_every": 0},
    **{"answers": {}, "refuse_cursors": "never"},
}
# For the account that changes continuously: faults that a sync survives, and responses that may end it.
PASSING: list[dict[str, Any]] = [
    {},
    {"faults": {"status_500": 0.05, "status_503": 0.05, "reset": 0.05, "truncate": 0.05}},
    {"faults": {"html": 0.05, "proxy_404": 0.08, "errors": 0.05}},
    {"faults": {"slow": 0.15}, "throttle_every": 20},
    {"rate_limit": 25},
]
PATHS = ["people", "jobs", "person_events", "companies", "jobs/{id}/candidates"]
LASTING = ["forbidden", "forbidden", "json_404"]
OUTAGES = ["proxy_404", "errors", "null", "cut_json", "error_object"]  # each is asked again for a minute and more


class Life:
    """One account, its connector and the destination that its syncs fill: last write wins on the primary key."""

    def __init__(self, box: Sandbox, connector: Connector, chance: random.Random) -> None:
        self.box, self.connector, self.chance = box, connector, chance
        self.destination: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
        self.state: list[dict[str, Any]] = []
        self.syncs: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.edits = self.delivered = self.news = 0
        self.output = Output(0, "", [])

    def edit(self) -> None:
        """People work: most of it now, some of it while the next sync reads."""
        self.box.call("DELETE", "at")
        for _ in range(self.chance.randint(1, 8)):
            self._apply(self._action())
        if self.chance.random() < 0.5:
            self._move()
        if self.chance.random() < 0.2:
            name = self.chance.choice(EDITED)
            self.box.delete(name, self.chance.choice(self.box.ids(name)))
            self.edits += 1
        for _ in range(self.chance.randint(0, 5)):
            self.box.at(self.chance.choice(EDITED), self.chance.randint(1, 4), self._action())

    def _action(self) -> dict[str, Any]:
        name = self.chance.choice(EDITED)
        self.edits += 1
        if self.chance.random() < 0.4:
            return {"op": "create", "object": name}
        if self.chance.random() < 0.3:
            job, person = self.chance.choice(self.box.ids("jobs")), self.chance.choice(self.box.ids("people"))
            return {"op": "create", "object": "candidates", "fields": {"job_id": job, "person_id": person}}
        return {"op": "update", "object": name, "id": self.chance.choice(self.box.ids(name))}

    def _move(self) -> None:
        candidate = self.chance.choice(self.box.ids("candidates"))
        job = next((key[0] for key in self.destination["job_candidates"] if key[1] == candidate), None)
        if job in self.box.ids("jobs"):
            self.box.move(job, candidate)
            self.edits += 1

    def _apply(self, action: dict[str, Any]) -> None:
        if action["op"] == "create":
            self.box.create(action["object"], **action.get("fields", {}))
        else:
            self.box.update(action["object"], action["id"])

    def sync(self, kill_after: int | None = None) -> str:
        """One attempt, and how it ended. A process that ends before its kill is due was not killed."""
        arguments = self.connector.read_arguments(STREAMS, mode="incremental", state=self.state or None)
        if kill_after is None:
            output = self.connector.run(*arguments)
        else:
            output = Output(1, "", self.connector.killed(*arguments, after=kill_after))
        records = output.of("RECORD")
        if kill_after is not None and len(records) >= kill_after:
            ended = "killed"
        else:
            ended = "whole" if set(output.statuses.values()) == {"COMPLETE"} else "failed"
        self.syncs[ended] += 1
        self.output, self.delivered, self.news = output, len(records), 0
        for record in records:
            row, rows = record["data"], self.destination[record["stream"]]
            key = (row["job_id"], row["id"]) if record["stream"] == "job_candidates" else row["id"]
            self.news += _form(rows.get(key, {})) != _form(row)
            rows[key] = row
        self.state = last_states(output.messages, self.state)
        return ended

    def live(self, weather: dict[str, Any]) -> None:
        """One round: a change of weather, some work, one sync."""
        self.box.set(**CALM)
        self.box.set(**weather)
        self.edit()
        self.box.reset_requests()
        self.sync(self.chance.randint(1, 900) if self.chance.random() < 0.3 else None)
        self.box.set(**CALM)
        for status, count in self.box.requests()["by_status"].items():  # a slow page is a 200, and not counted
            if status not in ("200", "404"):
                self.faults[status] += count

    def lost(self) -> dict[str, list[Any]]:
        """The records that the destination lacks or has in an older version."""
        found: dict[str, list[Any]] = {}
        for name in [*EDITED, "candidates"]:
            rows = self.destination["job_candidates" if name == "candidates" else name]
            held = {key[1] if isinstance(key, tuple) else key: _form(row) for key, row in rows.items()}
            account = {row["id"]: _form(row) for row in self.box.records(name)}
            found[name] = [each for each in account if each not in held]
            found[f"{name}, old"] = [each for each, form in account.items() if held.get(each, form) != form]
        return {name: ids for name, ids in found.items() if ids}


def _form(row: dict[str, Any]) -> tuple[Any, ...]:
    """The fields that distinguish two versions of a record."""
    return row.get("id"), row.get("updated_at"), row.get("workflow_stage_id")


class NeverRests(Life):
    """An account that changes during each sync, over a connection with every known fault."""

    lasting = LASTING

    def attempt(self, is_left_alone: bool = False) -> bool:
        """One sync in some weather, and, if it failed, one in fair weather. Whether the first ended green.

        :param is_left_alone: nothing happens that has to end it.
        """
        dies = not is_left_alone and self.chance.random() < 0.35
        kill_after = self.chance.randint(1, self.delivered or 2000) if dies else None
        self.box.set(**(self.chance.choice(PASSING) if is_left_alone else self._weather()))
        ended = self.sync(kill_after)
        self.box.call("DELETE", "at")
        self.box.set(**CALM)
        if ended == "failed":
            self.fair(after_failure=True)
        return ended == "whole"

    def fair(self, after_failure: bool = False) -> None:
        """A sync without faults, while the account changes. It must not fail."""
        if self.sync() == "failed":
            self.syncs["failed in fair weather"] += 1
            self.syncs["without progress"] += after_failure and not self.news
            print(self.output.errors)

    def _weather(self) -> dict[str, Any]:
        """The settings before a sync; events may also be planned after some responses of a path."""
        chance, path = self.chance, self.chance.choice(PATHS)
        refused = {"refuse_cursors": "stored", "refuse_cursors_status": chance.choice([400, 404, 410, 422, 500])}
        lost = {"answers": {path: chance.choice(self.lasting)}}
        meanwhile: list[dict[str, Any]] = [
            {"op": "answer", "kind": chance.choice(RESPONSE_KINDS), "times": chance.randint(1, 3)},
            {"op": "set", "settings": lost},
            {"op": "set", "settings": refused},
        ]
        happens, count = chance.choice(meanwhile), chance.randint(1, 4)
        weather = chance.choice([{}, chance.choice(PASSING), refused, lost, None])
        if weather is None:
            self.box.at(path, count, happens)
            self.box.at(path, count + chance.randint(1, 3), {"op": "set", "settings": {"answers": {}}})  # regained
        return weather or {}


def soak(start: Callable[..., Sandbox], connect: Callable[..., Connector], seed: int, seconds: float) -> None:
    ahead = CLOCKS[seed % len(CLOCKS)]
    box = start(**SIZES, seed=seed, set={**CALM, "clock_ahead": ahead})
    life = Life(box, connect(box), random.Random(seed))
    ends, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        life.live(WEATHER[rounds % len(WEATHER)])
        rounds += 1
    box.call("DELETE", "at")
    life.sync()
    lost = life.lost()
    print(
        f"seed {seed}, clocks {ahead} s apart: {rounds} rounds, {life.edits} edits, {dict(life.syncs)} syncs, "
        f"{sum(life.faults.values())} faults {dict(life.faults)}, {sum(map(len, lost.values()))} rows lost"
    )
    assert life.syncs["failed"] == 0
    assert not lost


def never_rests(
    start: Callable[..., Sandbox], connect: Callable[..., Connector], seed: int, seconds: float = 0
) -> None:
    ends, chance, accounts = time.monotonic() + seconds, random.Random(seed), 0
    first: Counter[bool] = Counter()  # the first syncs that were left alone, by whether they ended green
    syncs: Counter[str] = Counter()
    lost: dict[str, list[Any]] = defaultdict(list)
    while not accounts or time.monotonic() < ends:
        life = {"life_per_second": chance.choice([2, 5, 10]), "clock_ahead": chance.choice(CLOCKS)}
        order = {"default_order": chance.choice(["created_desc", "updated_desc"])}
        sizes = chance.choice([RESTLESS, LARGE]) if seconds else RESTLESS
        box = start(**sizes, seed=chance.randrange(10_000), set={**CALM, **life, **order, "latency_ms": 20})
        account = NeverRests(box, connect(box), chance)
        account.connector.discover()  # while nothing is wrong
        account.lasting = LASTING * 5 + OUTAGES if seconds else LASTING
        accounts += 1
        if chance.random() < 0.7 or not seconds:
            first[account.attempt(is_left_alone=True)] += 1
        for _ in range(chance.randint(4, 8) if seconds else 3):
            account.attempt()
        box.set(life_per_second=0)
        account.fair()
        account.fair()
        syncs += account.syncs
        for name, ids in account.lost().items():
            lost[name] += ids
        box.stop()
    stale = sum(len(ids) for name, ids in lost.items() if name.endswith("old"))
    print(
        f"seed {seed}: {accounts} accounts, {syncs['whole']} syncs whole, {syncs['failed']} failed, {syncs['killed']} "
        f"killed, {first[True]} of {first.total()} first syncs green, {syncs['failed in fair weather']} failed in fair "
        f"weather, {syncs['without progress']} attempts without progress, "
        f"{sum(map(len, lost.values())) - stale} rows lost, {stale} stale"
    )
    assert not lost
    assert syncs["without progress"] == 0
    assert syncs["failed in fair weather"] == 0


@pytest.mark.parametrize("seed", [3, 4, 5], ids=["same clocks", "Loxo ahead", "Loxo behind"])
def test_a_short_soak_loses_nothing(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], seed: int
) -> None:
    soak(start_sandbox, connect, seed, seconds=8)


@pytest.mark.soak
def test_a_long_soak_loses_nothing(start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector]) -> None:
    seed = int(os.environ.get("SOAK_SEED", "1"))
    soak(start_sandbox, connect, seed, float(os.environ.get("SOAK_SECONDS", "600")))


@pytest.mark.parametrize("seed", [7, 8])
def test_an_account_that_never_rests_loses_nothing(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], seed: int
) -> None:
    never_rests(start_sandbox, connect, seed)


@pytest.mark.soak
def test_for_long_an_account_that_never_rests_loses_nothing(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector]
) -> None:
    seed = int(os.environ.get("SOAK_SEED", "1"))
    never_rests(start_sandbox, connect, seed, float(os.environ.get("SOAK_SECONDS", "600")))
