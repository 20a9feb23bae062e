"""The declared filters that the connector uses to split a list, and the limit that makes it split."""

from __future__ import annotations

from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.pages import COUNT_CAP
from loxoctl.doctor import points
from loxoctl.doctor.context import Context, size_of
from loxoctl.doctor.samples import Sample

# Of a list's row, the field that a filter looks at; others are told by their counts.
_FIELDS = {"job_status_id": "status", "job_type_id": "job_type"}
SIZE = 100


def check_filters(context: Context) -> None:
    """The filters by which jobs are split."""
    jobs = ENDPOINTS["jobs"]
    sample = context.readable("jobs")
    for name, values in jobs.splits:
        subject = f"jobs, {name}"
        if sample is None:
            context.findings.add_unknown(subject, points.FILTER, "No rows were seen", "honoured")
        elif isinstance(values, tuple):
            _check_by_counts(context, sample, name, values)
        elif name in _FIELDS:
            _check_by_rows(context, sample, name)
        else:
            why = "A job does not carry what it looks at"
            context.findings.add_unknown(subject, points.FILTER, why, "honoured")


def _check_by_counts(context: Context, sample: Sample, name: str, values: tuple[str, ...]) -> None:
    subject = f"jobs, {name}"
    pages = [context.page(sample.endpoint, {name: value, **size_of(sample.endpoint, 1)}) for value in values]
    totals = [page.total for page in pages]
    if any(page.answer.status != 200 for page in pages):
        context.findings.add(subject, points.FILTER, f"ignored or refused ({pages[0].answer.status})")
    elif None in totals or sample.total is None:
        context.findings.add_unknown(subject, points.FILTER, "The list states no count", "honoured")
    else:
        adds_up = sum(total or 0 for total in totals) == sample.total
        context.findings.add(subject, points.FILTER, "honoured" if adds_up else "ignored, or its parts do not add up")


def _check_by_rows(context: Context, sample: Sample, name: str) -> None:
    subject, field = f"jobs, {name}", _FIELDS[name]
    wanted = next((key for row in sample.rows if (key := _id_in(row.get(field)))), None)
    if wanted is None:
        context.findings.add_unknown(subject, points.FILTER, "No row carries what it looks at", "honoured")
        return
    page = context.page(sample.endpoint, {name: wanted})
    if page.answer.status != 200:
        context.findings.add(subject, points.FILTER, f"ignored or refused ({page.answer.status})")
    elif page.rows and all(_id_in(row.get(field)) == wanted for row in page.rows):
        context.findings.add(subject, points.FILTER, "honoured")
    else:
        context.findings.add(subject, points.FILTER, "ignored")


def _id_in(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else None


def check_result_limit(context: Context) -> None:
    """How many results jobs shows: at most 10,000, fewer, or all."""
    jobs = ENDPOINTS["jobs"]
    sample = context.samples["jobs"]
    if sample.answer.status != 200:
        context.findings.add_unknown("jobs", points.WALL, "The list cannot be read", str(COUNT_CAP))
        return
    last = COUNT_CAP // SIZE
    if _is_shown(context, jobs, last + 1):
        beyond = -(-(sample.total or 0) // SIZE)
        if beyond <= last + 1 or _is_shown(context, jobs, beyond):
            context.findings.add("jobs", points.WALL, f"none up to {max(last + 1, beyond) * SIZE}")
            return
    shown, refused = (last, last + 1) if _is_shown(context, jobs, last) else (0, last)
    while refused - shown > 1:
        middle = (shown + refused) // 2
        shown, refused = (middle, refused) if _is_shown(context, jobs, middle) else (shown, middle)
    context.findings.add("jobs", points.WALL, str(shown * SIZE))


def _is_shown(context: Context, jobs: Endpoint, number: int) -> bool:
    page = context.page(jobs, {"page": number, **size_of(jobs, SIZE)})
    expected = (number - 1) * SIZE
    if page.rows and page.total is not None and expected + len(page.rows) > page.total:
        context.overfull["jobs"] = page.total
    return page.answer.status == 200
