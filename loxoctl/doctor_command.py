"""`loxoctl doctor`: examines the behaviour of an account, prints the findings, and writes a report."""

from __future__ import annotations

import argparse
from pathlib import Path

from loxoctl import exit_codes
from loxoctl.credentials import account_config, config_file
from loxoctl.doctor import report
from loxoctl.doctor.examination import examine
from loxoctl.doctor.survey import MAX_REQUESTS, Survey
from loxoctl.paths import UsageError
from loxoctl.progress import bar
from loxoctl.request_command import show_pauses


def doctor(options: argparse.Namespace) -> int:
    """Examines the account, and returns 1 if the connector cannot read it completely."""
    if not options.pace > 0:
        raise UsageError("--pace: the value is not above 0. Write requests a second, such as --pace 2.")
    written = Path(options.report) if options.report else None
    if written and written.suffix == ".md":
        raise UsageError("--report: the summary beside it ends with .md. Name the report report.json or the like.")
    config = account_config(config_file(options.config) if options.config else None)
    show_pauses()
    with bar("doctor") as progress:
        survey = Survey(config, options.pace, tell=lambda sent: progress(sent, max(sent, MAX_REQUESTS)))
        findings = examine(survey, options.measure_rate)
    if written:
        written.write_text(report.to_json(findings.rows, survey.sent), encoding="utf-8")
        written.with_suffix(".md").write_text(report.to_markdown(findings.rows, survey.sent), encoding="utf-8")
    for line in report.to_text(findings.rows, survey.sent):
        print(line)
    return exit_codes.NOT_HANDLED if findings.not_handled else exit_codes.OK
