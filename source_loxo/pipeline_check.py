"""Compares each job's candidates with the counts in the job's full record, where a sync reads both.

The full record of a job counts the candidates in each stage (`counts`; seen by two independent clients). The counts
check a pipeline independently of the candidates' own total. Both are read at different moments and people move
meanwhile, so a difference is a warning and not an error.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from loxo_api.pages import Record

logger = logging.getLogger("airbyte")

COUNTING, COUNTED = "jobs_details", "job_candidates"
SHOWN_IDS = 20


class PipelineCheck:
    """The comparison for one sync. Safe to share between threads."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Any, int]] = {COUNTING: {}, COUNTED: {}}
        self._disagreeing: list[Any] = []
        self._compared = 0
        self._lock = threading.Lock()

    def for_stream(self, name: str) -> Callable[[list[Record]], None] | None:
        """The function that takes the stream's batches, each with whole pipelines; None for other streams."""
        if name == COUNTING:
            return lambda batch: self._take(COUNTING, COUNTED, _counts(batch))
        if name == COUNTED:
            return lambda batch: self._take(COUNTED, COUNTING, Counter(record["job_id"] for record in batch))
        return None

    def _take(self, name: str, other: str, counts: dict[Any, int]) -> None:
        with self._lock:
            for job, count in counts.items():
                if job not in self._waiting[other]:
                    self._waiting[name][job] = count
                    continue
                self._compared += 1
                if self._waiting[other].pop(job) != count:
                    self._disagreeing.append(job)

    def report(self) -> None:
        """Logs, at the end of the sync, the jobs whose candidates differ in number from their full record's count."""
        if self._disagreeing:
            ids = ", ".join(map(str, self._disagreeing[:SHOWN_IDS])) + (
                " and more" if len(self._disagreeing) > SHOWN_IDS else ""
            )
            logger.warning(
                f"{COUNTED}: {len(self._disagreeing)} of {self._compared} jobs have more or fewer candidates than "
                f"{COUNTING} counts (jobs {ids}). Candidates move while a sync runs. Report this if it persists."
            )


def _counts(batch: list[Record]) -> dict[Any, int]:
    """The number of candidates of each job whose record states it."""
    found: dict[Any, int] = {}
    for record in batch:
        stages = record.get("counts")
        if isinstance(stages, list) and stages and all(isinstance(stage, dict) for stage in stages):
            numbers = [count for stage in stages if isinstance(count := stage.get("count"), int)]
            if len(numbers) == len(stages):
                found[record["id"]] = sum(numbers)
    return found
