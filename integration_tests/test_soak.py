"""Account life in minutes: people work, the network and the server misbehave, syncs die; nothing is lost.

Seeded: SOAK_SEED replays a run's edits, faults and kills (timings are the machine's own). SOAK_SECONDS says how long;
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
from tools.connector import Connector, last_states

STREAMS = ["people", "jobs", "person_events", "companies", "job_candidates"]
EDITED = ["people", "jobs", "person_events", "companies"]
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
CALM: dict[str, Any] = {"faults": {}, "rate_limit": 0, "slow_ms": 200, "retry_after_value": 0.2}


class Life:
    """One account, its connector and the destination that its syncs fill: last write wins on the primary key."""

    def __init__(self, box: Sandbox, connector: Connector, chance: random.Random) -> None:
        self.box, self.connector, self.chance = box, connector, chance
        self.destination: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
        self.state: list[dict[str, Any]] = []
        self.syncs: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.edits = 0

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

    def sync(self, kill_after: int | None = None) -> None:
        arguments = self.connector.read_arguments(STREAMS, mode="incremental", state=self.state or None)
        if kill_after is None:
            output = self.connector.run(*arguments)
            messages = output.messages
            self.syncs["whole" if output.exit_code == 0 else "failed"] += 1
        else:
            messages = self.connector.killed(*arguments, after=kill_after)
            self.syncs["killed"] += 1
        for message in messages:
            if message["type"] == "RECORD":
                row = message["record"]["data"]
                key = (row["job_id"], row["id"]) if message["record"]["stream"] == "job_candidates" else row["id"]
                self.destination[message["record"]["stream"]][key] = row
        self.state = last_states(messages, self.state)

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
        """What the account has and the destination has not, or has in an older form."""
        missing = {name: [each for each in self.box.ids(name) if each not in self.destination[name]] for name in EDITED}
        held = {key[1]: row["workflow_stage_id"] for key, row in self.destination["job_candidates"].items()}
        candidates = self.box.ids("candidates")
        missing["job_candidates"] = [each for each in candidates if each not in held]
        missing["job_candidates, old"] = [
            each
            for each in candidates
            if each in held and held[each] != self.box.record("candidates", each)["workflow_stage_id"]
        ]
        for name in ("people", "jobs"):
            missing[f"{name}, old"] = [
                each
                for each in self.box.ids(name)
                if each in self.destination[name]
                and self.destination[name][each]["updated_at"] != self.box.record(name, each)["updated_at"]
            ]
        return {name: ids for name, ids in missing.items() if ids}


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


@pytest.mark.parametrize("seed", [3, 4, 5], ids=["same clocks", "Loxo ahead", "Loxo behind"])
def test_a_short_soak_loses_nothing(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], seed: int
) -> None:
    soak(start_sandbox, connect, seed, seconds=8)


@pytest.mark.soak
def test_a_long_soak_loses_nothing(start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector]) -> None:
    seed = int(os.environ.get("SOAK_SEED", "1"))
    soak(start_sandbox, connect, seed, float(os.environ.get("SOAK_SECONDS", "600")))
