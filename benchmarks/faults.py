"""What becomes of records whose writes meet a fault: each written, rejected or unknown, and none twice."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox
from sandbox.settings import WRITE_FAULT_KINDS

from .writes import started

# The field that tells our records apart in the account.
MARKS = {"people": "name", "companies": "name", "deals": "name", "person_events": "notes", "source_types": "name"}
FAULTS = (*WRITE_FAULT_KINDS, "20 kills")
SHARE = 0.2  # of the writes that meet the fault
THROTTLED = 0.02  # the share for 429, each of which slows the run down
KILLS = 20


@dataclass
class Outcome:
    """What the destination reports of `records`, beside what the server's journal has.

    :param created: creations in the journal.
    :param distinct: the records that are in the account.
    """

    object: str
    fault: str
    records: int
    written: int
    rejected: int
    unknown: int
    created: int
    distinct: int

    @property
    def agrees(self) -> bool:
        """Whether each record has one outcome, none is in the account twice, and what is written is there."""
        return (
            self.written + self.rejected + self.unknown == self.records
            and self.created == self.distinct
            and self.written <= self.created <= self.written + self.unknown
        )


def faults(count: int) -> list[dict[str, Any]]:
    """Every object under every fault, each with a server of its own; side by side, as no time is measured."""

    def row(case: tuple[str, str]) -> dict[str, Any]:
        told = asdict(outcome(*case, count))
        print(f"  {told}", flush=True)
        return told

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(row, product(MARKS, FAULTS)))


def outcome(name: str, fault: str, count: int) -> Outcome:
    kills = KILLS if fault == FAULTS[-1] else 0
    share = {} if kills else {fault: THROTTLED if fault == "status_429" else SHARE}
    settings = {"write_faults": share, "slow_ms": 200, "retry_after_value": 0, "latency_ms": 10 if kills else 0}
    with (
        Sandbox(people=200, jobs=20, events=100, companies=20, set=settings) as box,
        tempfile.TemporaryDirectory(prefix="loxo-faults-") as folder,
    ):
        lines, here, chance = list(records(box, name, count)), Path(folder), random.Random(1)
        for _ in range(kills):
            process = started(box, here, name, "append", lines, {"max_rejected": count})
            goal = len(box.writes()) + chance.randint(1, max(1, 2 * count // KILLS))
            while len(box.writes()) < goal and process.poll() is None:
                time.sleep(0.01)
            process.kill()
            process.wait()
        started(box, here, name, "append", lines, {"max_rejected": count}).wait()
        told = Counter({word: int(number) for number, word in _counts(name, (here / "output").read_text())})
        marks = [row[MARKS[name]] for row in box.records(name) if str(row.get(MARKS[name])).startswith("Record ")]
        return Outcome(
            name,
            fault,
            count,
            told["written"] + told["unchanged"],
            told["rejected"],
            told["unknown"],
            sum(entry["effect"] == "created" for entry in box.writes()),
            len(set(marks)),
        )


def _counts(name: str, output: str) -> list[tuple[str, str]]:
    lines = re.findall(rf'"{name}: (\d+ written, [^"]*)\."', output)
    return re.findall(r"(\d+) (\w+)", lines[-1]) if lines else []


def records(box: Sandbox, name: str, count: int) -> Iterator[dict[str, Any]]:
    """Records, of which each tenth is one that Loxo does not save."""
    people, types = box.ids("people"), box.ids("activity_types")
    flow, owner = box.api("deal_workflows")[0], box.api("users")[0]["email"]
    stage = box.api(f"deal_workflows/{flow['id']}")["pipeline_stages"][0]["id"]
    for number in range(count):
        is_good, mark = number % 10 != 0, f"Record {number}"
        data: dict[str, Any] = {MARKS[name]: mark}
        if name == "people":
            data["email"] = f"p{number}@new.example" if is_good else f"bad{number}"
        elif name == "person_events":
            data |= {"activity_type_id": types[0], "person_id": people[number % len(people)] if is_good else 1}
        elif name == "deals":
            data |= {"amount": number, "closes_at": "2027-01-31", "workflow_id": flow["id"], "owner_email": owner}
            data |= {"pipeline_stage_id": stage, "company_id": None if is_good else 1}
        elif not is_good:
            data = {"url": mark} if name == "companies" else {"active": True}
        yield {"type": "RECORD", "record": {"stream": name, "data": {"n": number, **data}, "emitted_at": 0}}
