"""The declared filters that the connector uses to split a list, and the limit that makes it split."""

from __future__ import annotations

from collections import Counter
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.pages import COUNT_CAP
from loxoctl.doctor import points
from loxoctl.doctor.context import Context, size_of
from loxoctl.doctor.samples import Sample

# The field of a job that a filter compares.
_FIELDS = {
    "published": "published",
    "remote_work_allowed": "remote_work_allowed",
    "job_status_id": "status",
    "job_type_id": "job_type",
}
SIZE = 100


def check_filters(context: Context) -> None:
    """The filters by which jobs are split."""
    jobs = ENDPOINTS["jobs"]
    sample = context.readable("jobs")
    for name, _ in jobs.splits:
        if sample is None:
            context.findings.add_unknown(f"jobs, {name}", points.FILTER, "No rows were seen", "honoured")
        elif name in _FIELDS:
            with context.deciding(f"jobs, {name}", points.FILTER):
                _check_filter(context, sample, name)
        else:
            why = "Jobs do not have the field that it compares"
            context.findings.add_unknown(f"jobs, {name}", points.FILTER, why, "honoured")


def _check_filter(context: Context, sample: Sample, name: str) -> None:
    """Requests the rarest value of the sample, and examines the rows."""
    subject, field = f"jobs, {name}", _FIELDS[name]
    values = Counter(_plain(row.get(field)) for row in sample.rows)
    wanted = min((value for value in values if value is not None), key=lambda value: values[value], default=None)
    if wanted is None:
        context.findings.add_unknown(subject, points.FILTER, "No row has the field that it compares", "honoured")
        return
    page = context.page(sample.endpoint, {name: str(wanted).lower()})
    if page.answer.status != 200:
        context.findings.add(subject, points.FILTER, f"ignored or refused ({page.answer.status})")
    elif not page.rows:
        context.findings.add(subject, points.FILTER, "matches nothing")
    elif any(_plain(row.get(field)) != wanted for row in page.rows):
        context.findings.add(subject, points.FILTER, "ignored")
    elif len(values) == 1 and page.total == sample.total:
        context.findings.add_unknown(subject, points.FILTER, "All rows have the same value", "honoured")
    else:
        context.findings.add(subject, points.FILTER, "honoured")


def _plain(value: Any) -> Any:
    """The id of an object, or the value itself; None for a value that no filter can name."""
    plain = value.get("id") if isinstance(value, dict) else value
    return plain if isinstance(plain, (str, int, float)) else None


def check_result_limit(context: Context) -> None:
    """The number of results that jobs shows: at most 10,000, fewer, or all."""
    jobs = ENDPOINTS["jobs"]
    sample = context.samples["jobs"]
    if not sample.is_list or not sample.answer.is_healthy:
        context.findings.add_unknown("jobs", points.WALL, "The list cannot be read", str(COUNT_CAP))
        return
    with context.deciding("jobs", points.WALL):
        _check_limit(context, jobs, sample.total or 0)


def _check_limit(context: Context, jobs: Endpoint, total: int) -> None:
    last = COUNT_CAP // SIZE
    if _is_shown(context, jobs, last + 1):
        beyond = -(-total // SIZE)
        if beyond <= last + 1 or _is_shown(context, jobs, beyond):
            context.findings.add("jobs", points.WALL, f"none up to {(last + 1) * SIZE}")
            return
    shown, refused = (last, last + 1) if _is_shown(context, jobs, last) else (0, last)
    while refused - shown > 1:
        middle = (shown + refused) // 2
        shown, refused = (middle, refused) if _is_shown(context, jobs, middle) else (shown, middle)
    context.findings.add("jobs", points.WALL, str(shown * SIZE))


def _is_shown(context: Context, jobs: Endpoint, number: int) -> bool:
    page = context.page(jobs, {"page": number, **size_of(jobs, SIZE)})
    expected = (number - 1) * SIZE
    is_ignored = str(context.findings.side("jobs", points.CURSOR)).startswith("repeats")
    if page.rows and not is_ignored and page.total is not None and expected + len(page.rows) > page.total:
        context.overfull["jobs"] = page.total
    return page.answer.status == 200
