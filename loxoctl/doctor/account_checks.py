"""Checks of the account as a whole."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from loxo_api.endpoints import ENDPOINTS
from loxo_api.timestamps import http_date, now, shift
from loxoctl.doctor import points
from loxoctl.doctor.context import ACCOUNT, Context, NothingShownError, size_of
from loxoctl.doctor.samples import Sample

# The list whose count at the end shows whether people work during the examination.
LIVELY = "person_events"
# The number of workflows whose stages are requested.
WORKFLOWS = 4
# Counts are compared with the newest rows where these are at most so old.
FRESH_HOURS = 1
_WORDS = re.compile(r"[^a-z0-9]+")


def check_clock(context: Context) -> None:
    sample = next(iter(context.samples.values()))
    date = sample.answer.headers.get("Date", "")
    try:
        ahead = email.utils.parsedate_to_datetime(date).timestamp() - context.survey.seen_at
    except (TypeError, ValueError):
        context.findings.add_unknown(ACCOUNT, points.CLOCK, "No response has a Date", "under a minute")
        return
    if abs(ahead) < 60:
        context.findings.add(ACCOUNT, points.CLOCK, "under a minute")
    else:
        context.findings.add(ACCOUNT, points.CLOCK, f"{'ahead' if ahead > 0 else 'behind'} by {_rounded(abs(ahead))}")


def _rounded(seconds: float) -> str:
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 0.95 * size:
            return f"{round(seconds / size)} {word}"
    return f"{round(seconds)} s"


def check_small_requests(context: Context) -> None:
    """The responses to an unknown id, an undeclared parameter and a page far beyond the end."""
    findings = context.findings
    for name, assumed in (("people", "404"), ("person_events", "200, null")):
        with context.deciding(f"{name}/{{id}}", points.UNKNOWN_ID, assumed):
            answer = context.get(f"{name}/0")
            side = f"200, {'null' if answer.document is None else 'a record'}" if answer.status == 200 else answer.kind
            findings.add(f"{name}/{{id}}", points.UNKNOWN_ID, side, assumed)
    if context.readable("people"):
        with context.deciding(ACCOUNT, points.FOREIGN):
            answer = context.get("people", {"has_no_meaning": "1"})
            findings.add(ACCOUNT, points.FOREIGN, answer.kind if answer.status != 200 else "accepted")
    else:
        findings.add_unknown(ACCOUNT, points.FOREIGN, "The list people cannot be read or is empty", "422")
    with context.deciding("countries", points.LONG_PAGE):
        far = context.page(ENDPOINTS["countries"], {"page": 100_000})
        side = far.answer.kind or ("empty page" if not far.rows else "a page with rows")
        findings.add("countries", points.LONG_PAGE, side)


def check_workflows(context: Context) -> None:
    """Whether all stages are listed, and whether each has its activity type."""
    findings, stages = context.findings, context.readable("workflow_stages")
    flows = context.readable("workflows")
    if stages is None or flows is None:
        for point in (points.STAGES, points.STAGE_TYPES):
            findings.add_unknown("workflow_stages", point, "No stages or no workflows were seen", point.assumed)
        return
    with context.deciding("workflow_stages", points.STAGES):
        _check_stages(context, stages, flows)
    _check_stage_types(context, stages, flows)
    _check_event_types(context)


def _check_stages(context: Context, stages: Sample, flows: Sample) -> None:
    findings, listed, below = context.findings, set(stages.ids), 0
    left_out = False
    for flow in flows.rows[:WORKFLOWS]:
        page = context.page(stages.endpoint, {"workflow_id": flow["id"]})
        below += bool(page.rows)
        left_out |= not set(page.ids) <= listed
    if left_out:
        findings.add("workflow_stages", points.STAGES, "some workflows only")
    elif below:
        findings.add("workflow_stages", points.STAGES, "all workflows")
    else:
        findings.add_unknown("workflow_stages", points.STAGES, "No workflow has stages of its own", "all workflows")


def _check_stage_types(context: Context, stages: Sample, flows: Sample) -> None:
    """By name or key: no other link is known. Workflows of deals have activity types of their own."""
    types = context.readable("activity_types")
    if types is None:
        context.findings.add_unknown("workflow_stages", points.STAGE_TYPES, "No activity types were seen", "all")
        return
    names = {_plain(row.get(field)) for row in types.rows for field in ("name", "key")} - {""}
    names |= {name.removeprefix("moved to ") for name in names}
    of_deals = [flow["id"] for flow in flows.rows if flow.get("candidate") is False]
    ours = [stage for stage in stages.rows if stage.get("workflow_id") not in of_deals]
    found = sum(_plain(stage.get("name")) in names for stage in ours)
    side = "all" if found == len(ours) else "none" if not found else "some"
    context.findings.add("workflow_stages", points.STAGE_TYPES, side)


def _check_event_types(context: Context) -> None:
    types, events = context.readable("activity_types"), context.readable("person_events")
    if types is None or events is None:
        context.findings.add_unknown("person_events", points.EVENT_TYPES, "No activities were seen", "all listed")
        return
    used = [row["activity_type_id"] for row in events.rows if row.get("activity_type_id")]
    side = "all listed" if all(each in types.ids for each in used) else "some listed"
    context.findings.add("person_events", points.EVENT_TYPES, side)


def _plain(text: Any) -> str:
    return _WORDS.sub(" ", text.lower() if isinstance(text, str) else "").strip()


def check_fresh_counts(context: Context) -> None:
    """Whether counts lag behind creations: the count of the newest rows alone, if they are fresh."""
    dates = [http_date(sample.answer.headers.get("Date", "")) for sample in context.samples.values()]
    limit = shift(max(filter(None, dates), default=now()), hours=-FRESH_HOURS)
    for name, sample in list(context.samples.items()):
        endpoint = sample.endpoint
        newest = max(sample.times("created_at"), default="")
        if newest < limit or sample.is_whole or endpoint.parent:
            continue
        with suppress(NothingShownError):
            if endpoint.created_after:
                context.page(endpoint, {endpoint.created_after: shift(newest, seconds=-60), **size_of(endpoint, 100)})
            elif name.startswith("people"):
                fresh = [row["id"] for row in sample.rows if row.get("created_at") == newest]
                context.page(endpoint, {"include_ids[]": fresh[:10]})


def check_life(context: Context) -> None:
    """Whether counts moved since the beginning."""
    sample = context.samples[LIVELY]
    if sample.total is None or not sample.answer.is_healthy:
        context.findings.add_unknown(ACCOUNT, points.LIVING, f"The list {LIVELY} states no count", "none seen")
        return
    with context.deciding(ACCOUNT, points.LIVING):
        context.has_moved |= context.page(sample.endpoint, size_of(sample.endpoint, 1)).total != sample.total
        context.findings.add(ACCOUNT, points.LIVING, "counts moved" if context.has_moved else "none seen")


def check_traffic(context: Context) -> None:
    """Findings from all responses together; the last of the checks."""
    wire, findings = context.survey.wire, context.findings
    findings.add(ACCOUNT, points.LATENCY, _latency(wire.fastest))
    found = sorted(name for name in wire.header_names if "ratelimit" in name.replace("-", "") or name == "retry-after")
    findings.add(ACCOUNT, points.HEADERS, ", ".join(found) or "none seen", "none seen")
    findings.add(ACCOUNT, points.THROTTLED, "429 seen" if wire.throttles else "none seen")
    if wire.throttles:
        findings.add(ACCOUNT, points.RETRY_AFTER, retry_after_form(wire.throttles[0].headers))
    else:
        findings.add_unknown(ACCOUNT, points.RETRY_AFTER, "No request was throttled", "seconds")
    trouble = {status for status in wire.statuses if status.startswith("5") or "without" in status or "no " in status}
    trouble |= set(context.survey.trouble)
    findings.add(ACCOUNT, points.TROUBLE, ", ".join(sorted(trouble)) or "none seen")
    findings.add(ACCOUNT, points.ECHO, "seen" if context.survey.echoes_key else "not seen")


def _latency(seconds: float) -> str:
    steps = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)
    return next((f"under {step:g} s" for step in steps if seconds < step), "5 s and more")


def retry_after_form(headers: Mapping[str, str]) -> str:
    """The form of the pause in a throttled response: none, seconds, date or unusable."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return "none"
    if value.isdecimal():
        return "seconds"
    try:
        email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return "unusable"
    return "date"
