"""The destination: its pace under a server's limit, and the look-ups that its writes cost."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = 20  # requests in any one second
FIELDS: dict[str, dict[str, Any]] = {
    "people": {"name": "Person {}", "email": "p{}@new.example"},
    "companies": {"name": "Company {}"},
    "person_events": {"activity_type_id": 0, "person_id": 0, "notes": "<p>Note {}</p>"},
    "source_types": {"name": "Source {}", "active": True},
}
# How each object is written: the mode, what the config has besides, and the server's faults.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, float]]] = {
    "create, with a ledger": ("append", {}, {}),
    "create, with a ledger, one response in ten lost": ("append", {}, {"reset_after": 0.1}),
    "create or update, with a ledger": ("append_dedup", {}, {}),
    "create, without a ledger": ("append", {"ledger_path": None}, {}),
}


def writes(count: int) -> dict[str, Any]:
    """The pace of `count` creations of people, and the look-ups of as many of each object and case."""
    with account(rate_limit=ALLOWED) as box:
        seconds, asked = written(box, "people", "append", count, {})
        pace = {"allowed": ALLOWED, "writes": count, "requests": asked["total"], "seconds": seconds}
        pace["refused"] = asked["by_status"].get("429", 0)
        print(f"  pace: {pace}", flush=True)
    with ThreadPoolExecutor(2) as pool:  # side by side, as no time is measured
        rows = pool.map(lambda case: looked_up(case[0], case[1], count), product(CASES, FIELDS))
        return {"pace": pace, "look_ups": list(rows)}


def looked_up(title: str, name: str, count: int) -> dict[str, Any]:
    """The look-ups of `count` creations of an object in one of the cases."""
    mode, config, faults = CASES[title]
    with account(write_faults=faults) as box:
        _, asked = written(box, name, mode, count, config)
        sent = len([entry for entry in box.writes() if entry["effect"]])
        # The check before the first write and the reading of Loxo's clock are not look-ups.
        looked = asked["total"] - len(box.writes()) - asked["by_path"].get("person_types", 0)
    row = {"case": title, "object": name, "writes": sent, "per_thousand": 1000 * looked / max(1, sent)}
    print(f"  {row}", flush=True)
    return row


def account(**settings: Any) -> Sandbox:
    return Sandbox(people=200, jobs=20, events=100, companies=20, set=settings)


def written(box: Sandbox, name: str, mode: str, count: int, config: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Seconds from the first request to the end of the process, and the requests."""
    with tempfile.TemporaryDirectory(prefix="loxo-bench-") as folder:
        here = Path(folder)
        box.reset_requests()
        process = started(box, here, name, mode, records(box, name, count), config)
        while not box.requests()["total"] and process.poll() is None:
            time.sleep(0.02)
        began = time.monotonic()
        if process.wait():
            print((here / "output").read_text()[-600:], file=sys.stderr)
        return time.monotonic() - began, box.requests()


def started(
    box: Sandbox, here: Path, name: str, mode: str, lines: Iterable[dict[str, Any]], config: dict[str, Any]
) -> subprocess.Popen[bytes]:
    """The destination's process; its messages go to the file `output`."""
    unique = ["companies.name"]
    settings = {**box.config, "ledger_path": str(here / "ledger.db"), "unique_fields": unique, **config}
    stream = {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": mode, "primary_key": [["n"]]}
    (here / "config.json").write_text(json.dumps(settings))
    (here / "catalog.json").write_text(json.dumps({"streams": [chosen]}))
    (here / "input").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    words = ["write", "--config", str(here / "config.json"), "--catalog", str(here / "catalog.json")]
    with (here / "input").open() as stdin, (here / "output").open("w") as out:
        command = [sys.executable, "-m", "destination_loxo", *words]
        return subprocess.Popen(command, stdin=stdin, stdout=out, stderr=out, cwd=ROOT)


def records(box: Sandbox, name: str, count: int) -> Iterator[dict[str, Any]]:
    people, types = box.ids("people"), box.ids("activity_types")
    for number in range(count):
        data: dict[str, Any] = {field: str(value).format(number) for field, value in FIELDS[name].items()}
        if name == "person_events":
            data |= {"activity_type_id": types[0], "person_id": people[number % len(people)]}
        yield {"type": "RECORD", "record": {"stream": name, "data": {"n": number, **data}, "emitted_at": 0}}
