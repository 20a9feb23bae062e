"""The findings as JSON and as Markdown.

A report can be attached to a public issue: it contains names of objects and fields, JSON types, statuses, sizes of
pages, powers of ten, and fixed texts. It contains no value, name, slug, key or id of the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from loxoctl.doctor.findings import Finding, Findings, Verdict

# Grows when the sandbox's replay must read a report in another way.
FORMAT = 1
# The first line of a summary, by which an earlier summary is recognised.
HEADING = "# Behaviour of a Loxo account, compared with the connector's assumptions"
PACKAGE = "airbyte-source-loxo"

# In the order in which they matter to a reader.
TITLES = {
    Verdict.NOT_HANDLED: "Not handled: the connector cannot read this completely",
    Verdict.HANDLED: "The other side of an assumption, and handled",
    Verdict.UNKNOWN: "Unknown: the account does not show it",
    Verdict.AS_ASSUMED: "As assumed",
}


def to_json(findings: Iterable[Finding], requests: int) -> str:
    document = {
        "format": FORMAT,
        "package": f"{PACKAGE} {_version()}",
        "requests": requests,
        "findings": [finding.to_json() for finding in findings],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:  # run from a source tree
        return "from source"


def to_markdown(findings: Findings, requests: int) -> str:
    lines = [HEADING, "", verdict(findings, requests), ""]
    for kind, title in TITLES.items():
        rows = [finding for finding in findings.rows if finding.verdict is kind]
        if not rows:
            continue
        lines += [f"## {title} ({len(rows)})", "", "| Subject | Point | The account | Assumed | How |"]
        lines += ["|---|---|---|---|---|", *(_row(finding) for finding in rows), ""]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    cells = (finding.subject, finding.point, _shown(finding.account), _shown(finding.assumed), finding.how)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(side: Any) -> str:
    if isinstance(side, list):
        return ", ".join(side) or "none"
    return "-" if side in (None, "") else str(side)


def verdict(findings: Findings, requests: int) -> str:
    """The result in a few sentences. A sample of an account cannot prove that all of it can be read."""
    named = sorted({f"{finding.subject} ({finding.point})" for finding in findings.not_handled})
    unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in findings.rows)
    result = (
        f"The connector cannot read all of this account: {', '.join(named)}."
        if named
        else f"Nothing was found that the connector cannot read; {unknown} points are unknown."
    )
    cut = "" if findings.is_complete else " The examination is not complete, because requests or checks failed."
    return f"{result}{cut} {requests} requests, all of them GET."


def to_text(findings: Findings, requests: int) -> Iterator[str]:
    """The lines for a terminal; points that are as assumed are only counted."""
    for kind, title in TITLES.items():
        rows = [finding for finding in findings.rows if finding.verdict is kind]
        if kind is Verdict.AS_ASSUMED:
            yield f"{title}: {len(rows)} points."
        elif rows:
            yield f"{title}:"
            for finding in rows:
                side = f"{_shown(finding.account)} (assumed: {_shown(finding.assumed)}). " if finding.account else ""
                yield f"  {finding.subject}: {finding.point}: {side}{finding.how}"
            yield ""
    yield verdict(findings, requests)
