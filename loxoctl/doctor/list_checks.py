"""Findings from each first page alone, and the sizes of pages."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from loxo_api.endpoints import Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import COUNT_CAP
from loxoctl.doctor import points
from loxoctl.doctor.context import ACCOUNT, Context, size_of
from loxoctl.doctor.names import plain_name
from loxoctl.doctor.samples import Sample, children, lists, sampled_child, take

# More rows than any client has seen on a page of Loxo's.
ABOVE = 101
# Lists that do not declare a page size and may take one all the same.
SIZELESS = ("campaigns", "companies", "deals", "placements")
# These stand for all lists without pages, because a request to each would exceed the number of requests.
PAGELESS = ("users", "webhooks")


def check_lists(context: Context) -> None:
    """The first page of each list, in Loxo's default size."""
    for endpoint in lists():
        sample = context.noted(take(endpoint, context.survey.page(endpoint)))
        context.samples[endpoint.name] = sample
        _describe(context, sample)
    if not any(sample.answer.is_healthy for sample in context.samples.values()):
        kinds = {sample.answer.kind: sample.answer for sample in context.samples.values()}
        kind = ErrorKind.TRANSIENT if any(answer.has_failed for answer in kinds.values()) else ErrorKind.CONFIG
        raise LoxoError(
            f"None of the account's {len(context.samples)} lists can be read (the responses: "
            f"{', '.join(sorted(kinds))}). Check the Loxo Domain, the Agency Slug and the permissions of the API key.",
            kind,
        )


def check_children(context: Context) -> None:
    """One sample below each kind of parent."""
    for endpoint in children():
        sample = sampled_child(context.survey, endpoint, context.samples)
        if sample is None:
            why = f"No record of {endpoint.parent} was seen"
            context.findings.add_unknown(endpoint.name, points.STATUS, why, "200")
            continue
        context.samples[endpoint.name] = context.noted(sample)
        _describe(context, sample)


def _describe(context: Context, sample: Sample) -> None:
    endpoint, findings, answer = sample.endpoint, context.findings, sample.answer
    if answer.has_failed:
        findings.add_failed(endpoint.name, points.STATUS, f"The request failed ({answer.kind})")
        return
    if answer.status != 200:
        findings.add(endpoint.name, points.STATUS, answer.kind or str(answer.status))
        return
    findings.add(endpoint.name, points.STATUS, "200")
    findings.add(endpoint.name, points.RECORDS_KEY, _records_key(sample), _assumed_records_key(endpoint))
    if not sample.is_list or sample.refusal:
        return
    findings.add(endpoint.name, points.PAGING, _paging(sample), endpoint.paging.value)
    if endpoint.paging is Paging.PAGE:
        findings.add(endpoint.name, points.COUNTERS, sample.counters_at or "none")
    rows = sample.total if sample.total is not None else len(sample.rows)
    findings.add(endpoint.name, points.MAGNITUDE, magnitude(rows))
    if endpoint.counted:
        _describe_size(context, sample)


def _records_key(sample: Sample) -> str:
    if not sample.answer.is_healthy:
        return sample.answer.kind
    shape = _shape(sample)
    is_accepted = shape.startswith(("bare list", "key ", "flat", "wrapped"))
    return f"not accepted: {sample.refusal}" if is_accepted and sample.refusal else shape


def _shape(sample: Sample) -> str:
    if sample.endpoint.paging is Paging.RECORD:
        return _shape_of_record(sample)
    if not sample.is_list:
        return "null" if sample.answer.document is None else "no list"
    is_accepted = _accepts(sample.endpoint, sample.key)
    if sample.key is None:
        return "bare list" if is_accepted else "a bare list"
    return f"{'key' if is_accepted else 'other key'} {plain_name(sample.key)}"


def _shape_of_record(sample: Sample) -> str:
    if not sample.rows:
        return "null"
    return "flat" if sample.key is None else "wrapped"


def _accepts(endpoint: Endpoint, key: str | None) -> bool:
    """Whether the connector finds the records there."""
    if key is None:
        return endpoint.bare_allowed or not endpoint.records_keys
    return key in endpoint.records_keys


def _assumed_records_key(endpoint: Endpoint) -> str:
    if endpoint.paging is Paging.RECORD:
        return "flat"
    return f"key {endpoint.records_keys[0]}" if endpoint.records_keys else "bare list"


def _paging(sample: Sample) -> str:
    document = sample.answer.document
    if isinstance(document, dict) and "scroll_id" in document:
        return Paging.SCROLL.value
    if "current_page" in sample.counters or "total_pages" in sample.counters:
        return Paging.PAGE.value
    if sample.endpoint.paging is Paging.AFTER_ID:
        return Paging.AFTER_ID.value  # a page does not show it; the second page does
    if sample.endpoint.paging is Paging.SCROLL and sample.is_whole:
        return Paging.SCROLL.value  # a last page may have no cursor
    return Paging.WHOLE.value


def magnitude(count: int) -> int:
    """The power of ten at or below a count; 0 for none."""
    return 10 ** int(math.log10(count)) if count else 0


def _describe_size(context: Context, sample: Sample) -> None:
    endpoint, rows = sample.endpoint, len(sample.rows)
    if sample.total is None:
        if endpoint.paging is Paging.SCROLL and _paging(sample) == Paging.SCROLL.value:
            context.findings.add(endpoint.name, points.COUNT, "not stated")
        return
    if not rows and sample.total:
        context.findings.add(endpoint.name, points.COUNT, "no rows although it counts some")
    elif rows < sample.total:
        context.findings.add(endpoint.name, points.SIZE, rows)
    else:
        context.findings.add_unknown(endpoint.name, points.SIZE, f"All {magnitude(rows)} or so are on one page")


def check_counts(context: Context) -> None:
    """Findings from the counts of all pages together; comes after the checks that request pages."""
    cap = count_cap(context)
    if cap is not None:
        context.findings.add(ACCOUNT, points.COUNT_CAP, f"about {cap}")
    else:
        context.findings.add(ACCOUNT, points.COUNT_CAP, "none seen")
    for name, sample in context.samples.items():
        if context.findings.side(name, points.COUNT) or not sample.endpoint.counted or sample.total is None:
            continue
        lower = name in context.overfull and context.overfull[name] != cap
        context.findings.add(name, points.COUNT, "lower than the rows" if lower else points.COUNT.assumed)


def count_cap(context: Context) -> int | None:
    """The count at which the account stops counting, if it does."""
    counted = [sample for name, sample in context.samples.items() if name == sample.endpoint.name]
    # A page that holds its whole list proves the count.
    totals = Counter(sample.total for sample in counted if sample.total and not sample.is_whole)
    totals.update(context.overfull.values())
    if not totals:
        return None
    largest = max(totals)
    overfull = set(context.overfull.values())
    if largest == COUNT_CAP or (overfull == {largest} and len(context.overfull) > 1) or totals[largest] > 2:
        return largest
    return None


def check_undeclared_size(context: Context) -> None:
    """per_page where it is not declared."""
    for name in (*SIZELESS, *PAGELESS):
        sample = context.samples[name]
        if sample.answer.status != 200:
            context.findings.add_unknown(name, points.PER_PAGE, "The list cannot be read", "refused (422)")
            continue
        with context.deciding(name, points.PER_PAGE, "refused (422)"):
            answer = context.page(sample.endpoint, {"per_page": 1}).answer
            side = "accepted" if answer.status == 200 else f"refused ({answer.status})"
            context.findings.add(name, points.PER_PAGE, side, "refused (422)")
    untried = [
        endpoint.name
        for endpoint in (*lists(), *children())
        if endpoint.paging is Paging.WHOLE and endpoint.name not in (*SIZELESS, *PAGELESS)
    ]
    why = f"The connector sends no size to the other {len(untried)} lists without pages, so they are not tried"
    context.findings.add_unknown(ACCOUNT, points.PER_PAGE, why, "refused (422)")


def check_largest_page(context: Context) -> None:
    """More rows than 100 of lists by page number; the check of the cursor covers those with a cursor."""
    for endpoint in lists():
        if endpoint.paging is Paging.PAGE and context.samples[endpoint.name].is_list:
            with context.deciding(endpoint.name, points.LARGEST):
                describe_largest(context, endpoint, context.page(endpoint, size_of(endpoint, ABOVE)), 0)


def describe_largest(context: Context, endpoint: Endpoint, page: Sample, before: int) -> None:
    """Adds the finding on a page of more than 100 rows.

    :param before: rows of the list before the page.
    """
    _describe_declared_size(context, endpoint, page)
    side = largest_side(page, before)
    if side:
        context.findings.add(endpoint.name, points.LARGEST, side, "capped at 100")
    else:
        context.findings.add_unknown(endpoint.name, points.LARGEST, "The list is too short to show it", "capped at 100")


def _describe_declared_size(context: Context, endpoint: Endpoint, large: Sample) -> None:
    """Whether a size is accepted at all. One list shows it for all that refuse large pages."""
    if large.answer.status == 200:
        context.findings.add(endpoint.name, points.PER_PAGE_DECLARED, "accepted")
    elif not context.takes_sizes:
        status = context.page(endpoint, size_of(endpoint, 1)).answer.status
        context.takes_sizes = status == 200
        side = "accepted" if context.takes_sizes else f"refused ({status})"
        context.findings.add(endpoint.name, points.PER_PAGE_DECLARED, side)


def largest_side(page: Sample, before: int) -> Any:
    if page.answer.status != 200:
        return f"refused ({page.answer.status})"
    counter = page.counters.get("per_page")
    if len(page.rows) >= ABOVE or (counter or 0) >= ABOVE:
        return "accepted"
    if counter:
        return f"capped at {counter}"
    if page.total is not None and before + len(page.rows) < page.total:
        return f"capped at {len(page.rows)}"
    return None
