"""A job's candidates are compared with the counts in its full record, where a sync reads both."""

import logging
from typing import Any

import pytest

from source_loxo.pipeline_check import PipelineCheck


def job(id: int, *counts: Any) -> dict[str, Any]:
    return {"id": id, "counts": [{"id": stage, "count": count} for stage, count in enumerate(counts)]}


def candidates(job_id: int, number: int) -> list[dict[str, Any]]:
    return [{"id": each, "job_id": job_id} for each in range(number)]


def warnings(check: PipelineCheck, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING, "airbyte"):
        check.report()
    return caplog.messages


def see(check: PipelineCheck, stream: str, batch: list[dict[str, Any]]) -> None:
    take = check.for_stream(stream)
    assert take
    take(batch)


@pytest.mark.parametrize("counts_first", [True, False])
def test_a_pipeline_of_another_size_is_logged_by_its_job(counts_first: bool, caplog: pytest.LogCaptureFixture) -> None:
    check = PipelineCheck()
    batches = [("jobs_details", [job(1, 2, 3), job(2, 1, 1)]), ("job_candidates", candidates(1, 5) + candidates(2, 1))]
    for stream, batch in batches if counts_first else reversed(batches):
        see(check, stream, batch)
    (text,) = warnings(check, caplog)
    assert "1 of 2 jobs" in text
    assert "(jobs 2)" in text


@pytest.mark.parametrize("record", [{"id": 1}, {"id": 1, "counts": None}, {"id": 1, "counts": "5"}, job(1, None)])
def test_a_record_without_counts_is_ignored(record: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    check = PipelineCheck()
    see(check, "jobs_details", [record])
    see(check, "job_candidates", candidates(1, 5))
    assert warnings(check, caplog) == []


def test_jobs_that_only_one_stream_read_are_not_compared(caplog: pytest.LogCaptureFixture) -> None:
    check = PipelineCheck()
    see(check, "jobs_details", [job(1, 7)])
    see(check, "job_candidates", candidates(2, 5))
    assert warnings(check, caplog) == []
    assert check.for_stream("people") is None
