"""Syncs of several agencies at the same time, each a process of its own under a memory limit, and one alone.

    python -m benchmarks.side_by_side [number of agencies] [MB each]

The limit is a memory cgroup (version 1 or 2, as root). The script first checks that it is enforced: a program that
takes twice as much must die. Without it the peaks are measured all the same. Each agency is a sandbox that responds
after 100 ms.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loxo_api.endpoints import ENDPOINTS
from sandbox.process import ROOT, Sandbox

EXAMPLE = ROOT / "integration_tests/configured_catalog.json"
SIZES = {"people": 4000, "jobs": 300, "events": 4000, "companies": 400}
ROOTS = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max"))
# Taking and touching so many MB.
HOG = "import sys; kept = [bytearray(b'x') * 2**20 for _ in range(int(sys.argv[1]))]"


@dataclass
class Sync:
    """The result of one sync."""

    code: int
    records: int
    seconds: float
    cpu: float
    megabytes: float
    requests: int


@contextlib.contextmanager
def group(megabytes: int) -> Iterator[Path | None]:
    """A memory cgroup with this limit, or None where none can be made."""
    for root, limit in ROOTS:
        folder = root / f"loxo-{os.getpid()}-{time.monotonic_ns()}"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(megabytes << 20))
        except OSError:
            continue
        yield folder
        with contextlib.suppress(OSError):
            folder.rmdir()
        return
    yield None


def joins(folder: Path | None) -> Callable[[], None]:
    """Enters the cgroup, in the child before it becomes the program."""

    def join() -> None:
        if folder:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    return join


def lists() -> dict[str, Any]:
    """The catalog without the streams below others, whose requests are as many as their parents' records."""
    streams = json.loads(EXAMPLE.read_text(encoding="utf-8"))["streams"]
    return {"streams": [each for each in streams if not ENDPOINTS[each["stream"]["name"]].parent]}


def enforced(megabytes: int) -> bool:
    with group(megabytes) as folder:
        if not folder:
            return False
        hog = [sys.executable, "-c", HOG, str(2 * megabytes)]
        return subprocess.run(hog, preexec_fn=joins(folder), check=False, capture_output=True).returncode != 0


def sync_all(boxes: list[Sandbox], megabytes: int) -> list[Sync]:
    """Syncs all agencies at the same time."""
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalog = work / "catalog.json"
        catalog.write_text(json.dumps(lists()))
        running = []
        for number, box in enumerate(boxes):
            box.reset_requests()
            config, output = work / f"config{number}.json", work / f"output{number}.jsonl"
            config.write_text(json.dumps(box.config))
            folder = stack.enter_context(group(megabytes))
            command = [
                sys.executable,
                str(ROOT / "main.py"),
                "read",
                "--config",
                str(config),
                "--catalog",
                str(catalog),
            ]
            child = subprocess.Popen(command, stdout=output.open("w"), preexec_fn=joins(folder))
            running.append((child.pid, output, time.monotonic()))
        ended: dict[int, tuple[int, float, Any]] = {}
        while len(ended) < len(running):
            pid, status, usage = os.wait4(-1, 0)
            ended[pid] = (os.waitstatus_to_exitcode(status), time.monotonic(), usage)
        return [
            Sync(
                code=ended[pid][0],
                records=output.read_bytes().count(b'{"type":"RECORD"'),
                seconds=ended[pid][1] - began,
                cpu=ended[pid][2].ru_utime + ended[pid][2].ru_stime,
                megabytes=ended[pid][2].ru_maxrss / 1000,
                requests=box.requests()["total"],
            )
            for (pid, output, began), box in zip(running, boxes, strict=True)
        ]


def main() -> None:
    number, megabytes = (int(each) for each in [*sys.argv[1:], *("6", "256")[len(sys.argv) - 1 :]])
    print(f"A limit of {megabytes} MB is {'enforced' if enforced(megabytes) else 'NOT enforced'} on this machine.")
    with contextlib.ExitStack() as stack:
        boxes = [
            stack.enter_context(Sandbox(set={"latency_ms": 100}, seed=seed, **SIZES)) for seed in range(1, number + 1)
        ]
        alone = sync_all(boxes[:1], megabytes)[0]
        together = sync_all(boxes, megabytes)
    print(f"{os.cpu_count()} cores for the syncs and the sandboxes; every list of each agency, at 100 ms a request.")
    print(f"{'':12}{'records':>9}{'requests':>10}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}  exit")
    for name, each in [("alone", alone), *((f"one of {number}", sync) for sync in together)]:
        row = f"{each.records:>9}{each.requests:>10}{each.seconds:>9.1f}{each.cpu:>8.1f}{each.megabytes:>9.0f}"
        print(f"{name:12}{row}  {each.code}")
    slowest = max(each.seconds for each in together)
    print(f"{number} together took {slowest / alone.seconds:.1f} times as long as one alone.")


if __name__ == "__main__":
    main()
