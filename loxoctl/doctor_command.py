"""`loxoctl doctor`: examines the behaviour of an account, prints the findings, and writes a report."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from loxo_api.config import read_config
from loxoctl import exit_codes
from loxoctl.credentials import account_config
from loxoctl.doctor import report
from loxoctl.doctor.examination import examine
from loxoctl.doctor.survey import MAX_REQUESTS, Survey
from loxoctl.paths import UsageError
from loxoctl.progress import bar
from loxoctl.request_command import destination, show_pauses


def doctor(options: argparse.Namespace) -> int:
    """Examines the account.

    Returns 1 if the connector cannot read it completely, and 4 if the examination is not complete.
    """
    if not options.pace > 0:
        raise UsageError("--pace: the value is not above 0. Write requests a second, such as --pace 2.")
    written = Path(options.report) if options.report else None
    if written and written.is_dir():
        raise UsageError("--report: it is a directory. Name a file in it, such as report.json.")
    if written and written.suffix == ".md":
        raise UsageError(
            "--report: the name ends with .md, which is the summary's. Name the report report.json or the like."
        )
    if written and _is_foreign(written.with_suffix(".md")):
        raise UsageError(
            f"--report: the summary would replace {written.with_suffix('.md')}, which is not a summary of the doctor. "
            "Choose another name."
        )
    config = account_config(read_config(options.config) if options.config else None)
    show_pauses()
    with ExitStack() as files:
        # They are tried before anything is sent.
        targets = [files.enter_context(destination(str(path.absolute()))) for path in _report_files(written)]
        with bar("doctor") as progress:
            survey = Survey(config, options.pace, tell=lambda sent: progress(sent, max(sent, MAX_REQUESTS)))
            findings = examine(survey, options.measure_rate)
        texts = (report.to_json(findings.rows, survey.sent), report.to_markdown(findings, survey.sent))
        for file, text in zip(targets, texts, strict=False):  # without a report there are no files
            file.write(text.encode())
    for line in report.to_text(findings, survey.sent):
        print(line)
    if findings.not_handled:
        return exit_codes.NOT_HANDLED
    return exit_codes.OK if findings.is_complete else exit_codes.TRANSIENT


def _report_files(written: Path | None) -> list[Path]:
    """The report and its summary, or no files."""
    return [written, written.with_suffix(".md")] if written else []


def _is_foreign(summary: Path) -> bool:
    """Whether there is a file that the user has not named, and that is not an earlier summary."""
    try:
        with summary.open(encoding="utf-8") as file:
            return file.readline().rstrip() != report.HEADING
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
