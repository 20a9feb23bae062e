"""Examinations of a sandbox, as fast as it responds."""

from __future__ import annotations

from typing import Any

from loxo_api.config import Config
from loxoctl.doctor.context import Context
from loxoctl.doctor.examination import examine
from loxoctl.doctor.findings import Findings
from loxoctl.doctor.rate_check import check_rate
from loxoctl.doctor.survey import Survey
from sandbox.process import Sandbox

# Requests a second; the gentle pace is for real accounts.
PACE = 10_000
# A few pages of the long lists.
SIZES = {"people": 300, "jobs": 130, "events": 400, "companies": 60}

Sides = dict[tuple[str, str], Any]


def surveyed(box: Sandbox) -> Survey:
    return Survey(Config.parse(box.config), PACE)


def examined(box: Sandbox) -> tuple[Findings, Survey]:
    survey = surveyed(box)
    return examine(survey), survey


def sides(findings: Findings) -> Sides:
    """The account's side on each point."""
    return {(row.subject, row.point): row.account for row in findings.rows}


def rate_of(box: Sandbox) -> Sides:
    context = Context(surveyed(box))
    check_rate(context)
    return sides(context.findings)
