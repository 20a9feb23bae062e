"""Faults before and after the effect, kills and lagging lists: nothing is written twice, nothing is told too early."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connector import Destination, record, state, stream, text_of

from sandbox.process import Sandbox
from sandbox.settings import WRITE_FAULT_KINDS

Connect = Callable[..., Destination]
QUICK = {"slow_ms": 200, "retry_after_value": 0}


def notes_of(box: Sandbox, count: int) -> list[dict[str, Any]]:
    people = box.ids("people")
    return [
        record("notes", n=number, person_id=people[number % len(people)], content=f"<p>note {number}</p>")
        for number in range(count)
    ]


def lines_of(box: Sandbox, name: str, count: int) -> list[dict[str, Any]]:
    """Records with their own key; each tenth is one that Loxo refuses."""
    if name == "people":
        mails = [f"p{number}@new.example" if number % 10 else "bad" for number in range(count)]
        return [record(name, n=number, name=f"P {number}", email=mail) for number, mail in enumerate(mails)]
    if name == "notes":
        return notes_of(box, count)
    return [record(name, n=number, name=f"S {number}" if number % 10 else None, active=True) for number in range(count)]


def found(box: Sandbox, name: str) -> Counter[str]:
    """How often each of our records is in the account."""
    if name == "people":
        rows = [mail["value"] for row in box.records("people") for mail in row.get("emails") or []]
        return Counter(mail for mail in rows if mail.endswith("@new.example"))
    if name == "notes":
        return Counter(
            row["notes"] for row in box.records("person_events") if (row.get("notes") or "").startswith("<p>note")
        )
    return Counter(row["name"] for row in box.records(name) if str(row.get("name")).startswith("S "))


@pytest.mark.parametrize("name", ["people", "notes", "source_types"])
def test_all_faults_at_once_and_a_lagging_list(connect: Connect, box: Sandbox, name: str) -> None:
    box.set(write_faults=dict.fromkeys(WRITE_FAULT_KINDS, 0.025), search_lag=1.5, **QUICK)
    destination, streams, lines = connect(max_rejected=100), [stream(name, "append", ["n"])], lines_of(box, name, 80)
    output = destination.write(streams, lines)
    box.set(write_faults={}, search_lag=0)
    again = destination.write(streams, lines)
    there, counts = found(box, name), again.counts(name)
    assert sum(output.counts(name).values()) == sum(counts.values()) == 80
    assert there.total() == len(there)
    assert counts["written"] + counts["unchanged"] >= len(there)
    assert counts["unknown"] == 0 or name == "source_types"  # a source type without a name cannot be looked for


@pytest.mark.parametrize("mode", ["append_dedup", pytest.param("append", marks=pytest.mark.long)])
def test_twenty_kills_write_nothing_twice(connect: Connect, box: Sandbox, mode: str) -> None:
    box.set(write_faults={"reset_after": 0.05, "status_500_after": 0.05}, latency_ms=15, **QUICK)
    destination, streams = connect(), [stream("people", mode, ["n"])]
    lines = [record("people", n=number, name=f"P {number}", email=f"p{number}@new.example") for number in range(400)]
    text, chance, told = text_of([*lines, state("people", 1)]), random.Random(1), []
    for _ in range(20):
        process = destination.started(streams)
        assert process.stdin and process.stdout
        before = len(box.writes())
        process.stdin.write(text)
        process.stdin.close()
        goal = before + chance.randint(1, 25)
        while len(box.writes()) < goal and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
        told += [json.loads(line) for line in process.stdout if '"STATE"' in line and line.endswith("\n")]
    assert not told or len(found(box, "people")) == 400
    box.set(write_faults={})
    output = destination.write(streams, [*lines, state("people", 1)])
    there = found(box, "people")
    assert output.exit_code == 0, output.text
    assert (len(there), there.total(), len(output.states)) == (400, 400, 1)


def test_no_state_is_told_after_an_unknown_write(connect: Connect, box: Sandbox) -> None:
    box.set(write_faults={"status_500_after": 1.0})
    streams, lines = (
        [stream("companies", "append", ["n"])],
        [record("companies", n=1, name="Acme"), state("companies", 1)],
    )
    destination = connect()
    first = destination.write(streams, lines)
    assert (first.exit_code, first.states, first.counts("companies")["unknown"]) == (1, [], 1)
    box.set(write_faults={})
    again = destination.write(streams, lines)
    assert again.counts("companies")["unknown"] == 1
    assert len(again.states) == 1  # it was told before, and nothing more can be learned
    assert len([entry for entry in box.writes() if entry["effect"]]) == 1


def test_a_merging_account_is_not_counted_twice(connect: Connect, box: Sandbox) -> None:
    box.set(duplicates="merge", write_faults={"reset_after": 0.3})
    lines = [
        record("people", n=number, name="Ada", email="ada@new.example", city=f"City {number}") for number in range(10)
    ]
    output = connect().write([stream("people", "append", ["n"])], lines)
    assert output.counts("people")["written"] == 10, output.text
    assert len(box.ids("people")) == 41


def test_the_journal_agrees_with_what_was_told(connect: Connect, box: Sandbox, tmp_path: Path) -> None:
    box.set(write_faults={"html_after": 0.2, "cut_after": 0.2}, **QUICK)
    lines = [record("people", n=number, name=f"P {number}", email=f"p{number}@new.example") for number in range(60)]
    counts = connect().write([stream("people", "append", ["n"])], lines).counts("people")
    created = [entry["id"] for entry in box.writes() if entry["effect"] == "created"]
    assert counts == {"written": len(created), "unchanged": 0, "rejected": 0, "unknown": 60 - len(created)}
    assert len(created) == len(set(created)) == 60
