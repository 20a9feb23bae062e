"""The reading of date bounds is found from responses alone."""

from __future__ import annotations

import pytest

from loxoctl.doctor.bounds import HOUR, Reading, common, explained

RECORD = 1_700_000_123_456


@pytest.mark.parametrize(
    "reading",
    [Reading(), Reading(inclusive=False), Reading(zone=2 * HOUR), Reading(False, "exact", -11 * HOUR // 2)],
)
def test_an_exact_reading_is_distinguished_from_all_others(reading: Reading) -> None:
    assert explained(RECORD, lambda offset, is_end: reading.includes(RECORD, RECORD + offset, is_end)) == [reading]


@pytest.mark.parametrize("precision", ["minutes", "days", "midnights"])
def test_a_coarse_reading_is_found_by_its_precision(precision: str) -> None:
    reading = Reading(True, precision, HOUR)
    left = explained(RECORD, lambda offset, is_end: reading.includes(RECORD, RECORD + offset, is_end))
    assert reading in left
    assert common(left)["precision"] == precision


def test_questions_without_an_answer_are_skipped() -> None:
    left = explained(RECORD, lambda offset, is_end: None)
    assert Reading() in left


def test_contradictory_answers_leave_no_reading() -> None:
    assert len(explained(RECORD, lambda offset, is_end: offset % 2 == 0)) <= 840
