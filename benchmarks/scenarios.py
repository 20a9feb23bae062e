"""The measured scenarios. Within a scenario the contenders take turns, so that load on the machine affects them all."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox

from .contenders import ENVIRONMENTS, HERE, LISTS, PACED, ROOT, Job, command
from .faults import faults
from .measure import Cost, delivered, run
from .writes import writes

OURS, REQUESTS, AIOHTTP = "source-loxo", "requests + json", "aiohttp + orjson"
ORJSON, ORJSON_PACED = "requests + orjson", f"requests + orjson{PACED}"
TO_DUCKDB, DLT_TO_DUCKDB = "source-loxo → DuckDB", "dlt → DuckDB"
DLT, DLT_PARALLEL, LOW_CODE, LOXO_CLI = "dlt", "dlt, parallelised", "low-code", "loxo-cli"
PEOPLE = ("people",)
# A mid-size agency: a few thousand people and activities, some hundred jobs and companies.
AGENCY: dict[str, Any] = {"people": 3000, "jobs": 400, "companies": 300, "events": 4000, "deals": 120}
STATE_STREAMS = ("people", "jobs", "person_events", "companies", "job_candidates")
Result = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """How much of everything; `repeats` is of each contender, `slow_repeats` where the latency decides."""

    people: int = 100_000
    slow_people: int = 20_000
    many_people: int = 200_000
    most_people: int = 1_000_000
    most_jobs: int = 100_000
    writes: int = 1_000
    repeats: int = 5
    slow_repeats: int = 1


QUICK = Scale(writes=200, people=20_000, slow_people=8_000, many_people=50_000, most_people=100_000, most_jobs=5_000)


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="loxo-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def compare(box: Sandbox, lists: Sequence[str], contenders: Sequence[str], repeats: int) -> dict[str, list[Any]]:
    """The costs of each contender, in turns."""
    costs: dict[str, list[Any]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name in contenders:
            costs[name].append(once(box, name, Job(box.config, tuple(lists))).as_dict())
            print(f"  {name}: {costs[name][-1]}", flush=True)
    return costs


def once(box: Sandbox, contender: str, job: Job) -> Cost:
    with folder() as here:
        words, environment = command(contender, job, here)
        box.reset_requests()
        cost = run(words, here, environment)
        if cost.exit_code:
            print((here / "errors").read_text()[-300:], file=sys.stderr)
        rows = delivered(here)
        if contender == LOXO_CLI:
            rows = {job.lists[0]: rows[""]}
        found = sum(len(rows[name]) for name in job.lists if name in rows)
        return replace(cost, requests=box.requests()["total"], delivered=found)


def existing(box: Sandbox, lists: Sequence[str]) -> int:
    paths = {row.name: row.path for row in LISTS}
    return sum(len(box.ids(paths[name])) for name in lists)


def start_up(scale: Scale) -> Result:
    """One list of a few records: the cost of the start."""
    with Sandbox(people=100) as box:
        lists = ("person_types",)
        who = (OURS, REQUESTS, ORJSON, ORJSON_PACED, AIOHTTP, DLT, LOW_CODE)
        return {"existing": existing(box, lists), "runs": compare(box, lists, who, scale.repeats)}


def people(scale: Scale) -> Result:
    with Sandbox(people=scale.people, warm=True) as box:
        runs = compare(box, PEOPLE, (OURS, REQUESTS, ORJSON, ORJSON_PACED, AIOHTTP), scale.repeats)
        runs |= compare(box, PEOPLE, (DLT, LOW_CODE, LOXO_CLI), scale.slow_repeats)
        return {"existing": existing(box, PEOPLE), "runs": runs, "limit_us": limit(box)}


def limit(box: Sandbox) -> float:
    """CPU microseconds a record of decoding, encoding and writing, and nothing else."""
    with folder() as here:
        position = ""
        for number in range(20):
            page = box.api(f"people?per_page=100{position}")
            (here / str(number)).write_text(json.dumps(page))
            position = f"&scroll_id={page['scroll_id']}"
        words = [sys.executable, str(HERE / "children" / "limit.py"), str(here), "20"]
        return statistics.median(float(subprocess.check_output(words)) for _ in range(5))


def slow_people(scale: Scale) -> Result:
    with Sandbox(people=scale.slow_people, warm=True, latency_ms=200) as box:
        runs = compare(box, PEOPLE, (OURS,), scale.repeats)
        box.set(lucene_dates="ignored")
        ignored = compare(box, PEOPLE, (OURS,), scale.slow_repeats)
        runs[f"{OURS}, ranges ignored"] = ignored[OURS]
        runs |= compare(box, PEOPLE, (REQUESTS, AIOHTTP, DLT_PARALLEL, LOW_CODE, LOXO_CLI), scale.slow_repeats)
        return {"existing": existing(box, PEOPLE), "runs": runs}


def lists(scale: Scale) -> Result:
    names = [row.name for row in LISTS]
    with Sandbox(**AGENCY, warm=True, latency_ms=200) as box:
        runs = compare(box, names, (OURS, AIOHTTP, DLT_PARALLEL, LOW_CODE), scale.repeats)
        runs |= compare(box, names, (REQUESTS, DLT), scale.slow_repeats)
        return {"existing": existing(box, names), "runs": runs}


def second_sync(scale: Scale) -> Result:
    """Requests of a first and of a second incremental sync, after one person in a thousand was changed, and some."""
    with Sandbox(people=scale.slow_people, jobs=1500, companies=800, events=10_000, warm=True) as box:
        result: Result = {"streams": list(STATE_STREAMS)}
        with folder() as here:
            job = Job(box.config, STATE_STREAMS, "incremental")
            result["first"], state = _sync(box, job, here)
            changed = 0
            for name in ("people", "jobs", "person_events", "companies"):
                ids = box.ids(name)
                for each in ids[:: max(1, len(ids) // max(1, len(ids) // 1000))][: max(1, len(ids) // 1000)]:
                    box.update(name, each)
                    changed += 1
            result["changed"] = changed
            result["second"], _ = _sync(box, replace(job, state=state), here)
        again = once(box, REQUESTS, Job(box.config, STATE_STREAMS[:-1]))
        result["all again"] = again.requests
        return result


def _sync(box: Sandbox, job: Job, here: Path) -> tuple[Result, list[Any]]:
    words, _ = command(OURS, job, here)
    box.reset_requests()
    cost = run(words, here)
    states = {}
    with (here / "out").open() as lines:
        for line in lines:
            if '"STATE"' in line[:80]:
                state = json.loads(line)["state"]
                states[state["stream"]["stream_descriptor"]["name"]] = state
    asked = box.requests()
    return {**cost.as_dict(), "requests": asked["total"], "by_path": _by_list(asked["by_path"])}, list(states.values())


def _by_list(by_path: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for path, count in by_path.items():
        name = "jobs/{id}/candidates" if path.endswith("/candidates") else path
        found[name] = found.get(name, 0) + count
    return found


def commands(scale: Scale) -> Result:
    """spec, check and discover, beside the import of the CDK and the low-code source of the same lists."""
    with Sandbox(people=100) as box, folder() as here:
        words = {OURS: [sys.executable, str(ROOT / "main.py")]}
        low_code, _ = command(LOW_CODE, Job(box.config, tuple(row.name for row in LISTS)), here)
        (here / "config.json").rename(here / "low_code.json")
        words[LOW_CODE] = low_code[:1]
        (here / "config.json").write_text(json.dumps(box.config))
        config = {OURS: here / "config.json", LOW_CODE: here / "low_code.json"}
        runs: dict[str, list[Any]] = {}
        for _ in range(max(3, scale.repeats)):
            importing = [str(ENVIRONMENTS / "low-code" / "bin" / "python"), "-c", "import airbyte_cdk.entrypoint"]
            runs.setdefault("import airbyte_cdk.entrypoint", []).append(run(importing, here).as_dict())
            for verb in ("spec", "check", "discover"):
                for name in (OURS, LOW_CODE):
                    arguments = [verb] if verb == "spec" and name == OURS else [verb, "--config", str(config[name])]
                    if verb == "spec" and name == LOW_CODE:
                        continue  # the stock command's own spec is not that of the manifest
                    runs.setdefault(f"{name} {verb}", []).append(run([*words[name], *arguments], here).as_dict())
        return {"runs": runs}


def duckdb(scale: Scale) -> Result:
    """Into a database: the connector through PyAirbyte."""
    names = [row.name for row in LISTS]
    with Sandbox(**AGENCY, warm=True, latency_ms=200) as box:
        runs = compare(box, names, (TO_DUCKDB, DLT_TO_DUCKDB), scale.slow_repeats)
        return {"existing": existing(box, names), "runs": runs}


def memory(scale: Scale) -> Result:
    with Sandbox(people=scale.many_people, warm=True) as box:
        runs = compare(box, PEOPLE, (OURS, REQUESTS, AIOHTTP, DLT, LOW_CODE, LOXO_CLI), 1)
        return {"existing": existing(box, PEOPLE), "runs": runs}


def limits(scale: Scale) -> Result:
    """The connector alone on accounts far larger than most: is its memory flat?"""
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        f"{scale.most_people:,} people in one scroll": (
            "people",
            {"people": scale.most_people, "set": {"lucene_dates": "ignored"}},
        ),
        f"{scale.most_people:,} people in parts, 100 ms an answer": (
            "people",
            {"people": scale.most_people, "latency_ms": 100},
        ),
        f"the pipelines of {scale.most_jobs:,} jobs": ("job_candidates", {"people": 2000, "jobs": scale.most_jobs}),
    }
    result: Result = {}
    for title, (stream, flags) in cases.items():
        with Sandbox(**flags) as box:
            result[title] = once(box, OURS, Job(box.config, (stream,))).as_dict()
            result[title]["existing"] = existing(box, PEOPLE) if stream == "people" else len(box.ids("candidates"))
        print(f"  {title}: {result[title]}", flush=True)
    return {"cases": result}


def politeness(scale: Scale) -> Result:
    """All lists under a server that allows R requests a second: the number refused, and the rate achieved."""
    measured = {}
    for rate in (5, 20):
        with Sandbox(people=rate * 300, jobs=400, companies=300, events=rate * 300, set={"rate_limit": rate}) as box:
            names = tuple(row.name for row in LISTS)
            cost = once(box, OURS, Job(box.config, names))
            refused = box.requests()["by_status"].get("429", 0)
            measured[str(rate)] = {
                "requests": cost.requests,
                "refused": refused,
                "wall": cost.wall,
                "delivered": cost.delivered,
                "existing": existing(box, names),
            }
    return {"rates": measured}


def completeness(scale: Scale) -> Result:
    """Cases in which others end early. Each contender has a server of its own, so the same requests fail for all."""
    cases: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "11,000 jobs, which Loxo pages only to the 10,000th": (("jobs",), {"people": 100, "jobs": 11_000}),
        "5,000 people, one answer in ten a web page with status 200": (
            PEOPLE,
            {"people": 5000, "set": {"faults": {"html": 0.1}, "fault_paths": ["people"]}},
        ),
    }
    result: Result = {}
    for title, (names, flags) in cases.items():
        case: Result = {"runs": {}}
        for contender in (OURS, REQUESTS, DLT, LOW_CODE, LOXO_CLI):
            with Sandbox(**flags) as box:
                case["existing"] = existing(box, names)
                case["runs"] |= compare(box, names, (contender,), 1)
        result[title] = case
    return {"cases": result}


SCENARIOS: dict[str, Callable[[Scale], Result]] = {
    "start_up": start_up,
    "people": people,
    "slow_people": slow_people,
    "lists": lists,
    "second_sync": second_sync,
    "commands": commands,
    "completeness": completeness,
    "duckdb": duckdb,
    "memory": memory,
    "limits": limits,
    "politeness": politeness,
    "faults": lambda scale: {"rows": faults(scale.writes)},
    "writes": lambda scale: writes(scale.writes),
}
