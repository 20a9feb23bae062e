"""For every setting of the sandbox that can be seen from outside, the doctor names the side that is set.

A sandbox that is like the report has the same sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from examined import SIZES, examined, rate_of, sides
from sides_table import GROUPS, LOOKS_ALIKE, NOT_VISIBLE, Row

from loxoctl.doctor.findings import Findings
from loxoctl.doctor.report import to_json
from sandbox.process import Sandbox
from sandbox.settings import CHOICES, FAULT_KINDS, Settings

ROWS = [(number, row) for number, group in enumerate(GROUPS) for row in group]
NAMES = [f"{row.setting}={row.value}"[:60] for _, row in ROWS]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as box:
        yield box


@pytest.fixture(scope="module")
def found(shared: Sandbox) -> list[Findings]:
    """The findings with each group's settings."""
    before, each = shared.settings(), []
    for group in GROUPS:
        for row in group:
            shared.set(**{row.setting: row.value, **dict(row.also)})
        each.append(examined(shared)[0])
        shared.set(**before)
    return each


@pytest.fixture(scope="module")
def replayed(found: list[Findings], tmp_path_factory: pytest.TempPathFactory) -> list[Findings]:
    """The findings in sandboxes that are like the reports."""
    each = []
    for findings in found:
        report = tmp_path_factory.mktemp("report") / "report.json"
        report.write_text(to_json(findings.rows, 0))
        with Sandbox(like=report) as box:
            each.append(examined(box)[0])
    return each


@pytest.mark.long
@pytest.mark.parametrize(("number", "row"), ROWS, ids=NAMES)
def test_the_doctor_names_the_side_that_is_set(found: list[Findings], number: int, row: Row) -> None:
    assert sides(found[number]).get((row.subject, row.point)) == row.side


@pytest.mark.long
@pytest.mark.parametrize(("number", "row"), ROWS, ids=NAMES)
def test_a_sandbox_like_the_report_has_the_same_side(replayed: list[Findings], number: int, row: Row) -> None:
    assert sides(replayed[number]).get((row.subject, row.point)) == row.side


def test_every_setting_has_a_finding_or_a_reason() -> None:
    told = {row.setting.partition(".")[0] for group in GROUPS for row in group}
    assert {field.name for field in fields(Settings)} - told == set(NOT_VISIBLE)
    sides_played = {(row.setting, row.value) for group in GROUPS for row in group if isinstance(row.value, str)}
    every = {(name, value) for name, values in CHOICES.items() for value in values if name not in NOT_VISIBLE}
    assert every - sides_played == {(name, value) for name, value in LOOKS_ALIKE if name in CHOICES}


def test_faults_during_the_examination_are_named(shared: Sandbox) -> None:
    before = shared.settings()
    shared.set(faults=dict.fromkeys(FAULT_KINDS, 0.04) | {"slow": 0.0})
    findings, _ = examined(shared)
    shared.set(**before)
    told = str(sides(findings)["account", "unusable answers"])
    for kind in ("500", "503", "a web page", "no complete answer", "404 without JSON", "errors in a 200"):
        assert kind in told
    assert not findings.not_handled


def test_lagging_counts_are_found_and_replayed(tmp_path: Path) -> None:
    with Sandbox(**SIZES) as box:
        box.create("people", name="Fresh")
        box.create("forms")
        box.create("sms", body="fresh")
        box.set(count_lag=600)
        findings, _ = examined(box)
    (tmp_path / "report.json").write_text(to_json(findings.rows, 0))
    with Sandbox(like=tmp_path / "report.json") as like:
        replayed = sides(examined(like)[0])
    for told in (sides(findings), replayed):
        for name in ("people", "forms", "sms"):
            assert told[name, "count against rows"] == "lower than the rows", name
        assert told["jobs", "count against rows"] == "not lower than the rows seen"


def test_an_account_that_changes_is_reported() -> None:
    with Sandbox(**SIZES) as box:
        box.set(life_per_second=40, life_objects=["person_events"], life_shares={"create": 1.0})
        told = sides(examined(box)[0])
    assert told["account", "changes during the examination"] == "counts moved"


def test_the_pace_is_measured_up_to_the_first_429(shared: Sandbox) -> None:
    before = shared.settings()
    assert "no 429" in rate_of(shared)["account", "pace without a 429"]
    shared.set(rate_limit=8)
    limited = rate_of(shared)["account", "pace without a 429"]
    shared.set(**before)
    assert limited.startswith("5, 429 at ")


def test_an_examination_reads_only_and_takes_about_150_requests(shared: Sandbox) -> None:
    shared.reset_requests()
    findings, survey = examined(shared)
    assert shared.requests()["total"] == survey.sent <= 160
    assert shared.writes() == []
    assert not findings.not_handled
