"""What is printed: whole lines, from any thread, in one piece."""

import json
import logging
import os
import sys
import threading

from airbyte_cdk.entrypoint import AirbyteEntrypoint

from source_loxo import SourceLoxo
from source_loxo.run import WholeLines, print_through

LINES = 300


def _print_from_many_threads(descriptor: int) -> None:
    out = WholeLines(descriptor)
    AirbyteEntrypoint(SourceLoxo())  # sets up the CDK's log handler, as every command does
    print_through(out)
    long = json.dumps({"type": "RECORD", "text": "x" * 50_000}).encode()
    short = json.dumps({"type": "TRACE"})
    jobs = [
        lambda: out.write_line(long),
        lambda: logging.getLogger("airbyte").info("a line of the log"),
        lambda: logging.getLogger("airbyte.SourceLoxo").warning("another"),
        lambda: print(short),
    ]

    def repeat(job: int) -> None:
        for _ in range(LINES):
            jobs[job]()

    threads = [threading.Thread(target=repeat, args=(job,)) for job in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_long_records_logs_and_prints_of_many_threads_are_never_mixed() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
        _print_from_many_threads(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        printed = lines.readlines()
    kinds = [json.loads(line)["type"] for line in printed]
    assert os.waitpid(child, 0)[1] == 0
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"RECORD": LINES, "LOG": 2 * LINES + 1, "TRACE": LINES}
