"""The continuation and the end of lists."""

from __future__ import annotations

from loxo_api.endpoints import Endpoint, Paging
from loxoctl.doctor import points
from loxoctl.doctor.context import ACCOUNT, Context
from loxoctl.doctor.list_checks import ABOVE, describe_largest
from loxoctl.doctor.samples import Sample, lists


def check_cursors(context: Context) -> None:
    """The second page of each scrolled list; the same request uses a size above 100 where a size is declared."""
    for endpoint in lists():
        sample = context.samples[endpoint.name]
        with context.deciding(endpoint.name, points.CURSOR):
            if endpoint.paging is Paging.AFTER_ID:
                _check_after_id(context, sample)
            elif endpoint.paging is Paging.PAGE and sample.rows and not sample.is_whole:
                _add_side(context, sample, context.page(endpoint, {"page": 2}))
            elif endpoint.paging is Paging.SCROLL and sample.is_list and sample.answer.is_healthy:
                _check_scroll(context, sample)


def _check_scroll(context: Context, first: Sample) -> None:
    endpoint, findings = first.endpoint, context.findings
    _describe_end(context, first)
    if first.is_whole or first.scroll_id is None:
        if first.rows and not first.is_whole and first.total is not None:
            findings.add(endpoint.name, points.CURSOR, "none on a first page that is not all")
        else:
            findings.add_unknown(endpoint.name, points.CURSOR, "The list has one page", "continues")
        return
    second = context.page(endpoint, {"scroll_id": first.scroll_id, **_above(endpoint)})
    if second.answer.status != 200 and endpoint.per_page:
        # Either of the two may be refused.
        plain = context.page(endpoint, {"scroll_id": first.scroll_id})
        if plain.answer.status == 200:
            describe_largest(context, endpoint, second, len(first.rows))
        second = plain
    elif endpoint.per_page:
        describe_largest(context, endpoint, second, len(first.rows))
    _add_side(context, first, second)
    if second.is_list and second.rows and not set(second.ids) & set(first.ids):
        _describe_end(context, second, len(first.rows))
        if second.total is not None and len(first.rows) + len(second.rows) > second.total:
            context.overfull[endpoint.name] = second.total


def _above(endpoint: Endpoint) -> dict[str, int]:
    return {"per_page": ABOVE} if endpoint.per_page else {}


def _add_side(context: Context, first: Sample, second: Sample) -> bool:
    side = _cursor_side(first, second)
    context.has_moved |= second.is_list and first.total != second.total
    if side:
        context.findings.add(first.endpoint.name, points.CURSOR, side)
    else:
        context.findings.add_unknown(first.endpoint.name, points.CURSOR, "The list has one page", "continues")
    return bool(side)


def _cursor_side(first: Sample, second: Sample) -> str:
    if second.answer.status != 200:
        return f"refused ({second.answer.kind or second.answer.status})"
    if not second.is_list:
        return "other answer (no list)"
    before, after = set(first.ids), set(second.ids)
    if before and after and (before <= after or after <= before):
        return "repeats the first page"
    if before & after:
        return "overlaps the first page"  # records that move between two requests cause this too
    is_end = first.endpoint.paging is Paging.SCROLL and second.scroll_id is None
    if second.rows and is_end and len(before | after) < (second.total or 0):
        return "ends before the count is reached"
    if second.rows:
        return "continues"
    return "other answer (no rows before the count is reached)" if first.total and not first.is_whole else ""


def _describe_end(context: Context, page: Sample, before: int = 0) -> None:
    """The cursor of a page that completes its list."""
    name = page.endpoint.name
    if not page.rows or page.total is None or before + len(page.rows) < page.total:
        return
    side = "present" if page.scroll_id else "null" if "scroll_id" in page.answer.document else "absent"
    context.findings.add(name, points.LAST_CURSOR, side)


def _check_after_id(context: Context, first: Sample) -> None:
    endpoint, findings = first.endpoint, context.findings
    numbers = [number for number in first.ids if isinstance(number, int)]
    if not numbers:
        findings.add_unknown(endpoint.name, points.CURSOR, "The list has no rows with a number as id", "continues")
        return
    if _add_side(context, first, context.page(endpoint, {"after_id": max(numbers)})):
        findings.add(endpoint.name, points.SIZE, len(first.rows))
    else:
        findings.add_unknown(endpoint.name, points.SIZE, "All are on one page")


def check_bad_cursor(context: Context) -> None:
    """The response to an invalid position."""
    people = context.readable("people")
    if people is None:
        context.findings.add_unknown("people", points.BAD_CURSOR, "The list cannot be read or is empty", "400")
        return
    with context.deciding("people", points.BAD_CURSOR, "400"):
        answer = context.get("people", {"scroll_id": "00"})
        context.findings.add("people", points.BAD_CURSOR, answer.kind or str(answer.status), "400")


def check_ends(context: Context) -> None:
    """The finding on all lists that show an end."""
    sides = {row.account for row in context.findings.rows if row.point == points.LAST_CURSOR.name}
    if len(sides) == 1:
        context.findings.add(ACCOUNT, points.LAST_CURSOR, sides.pop())
    elif sides:
        context.findings.add(ACCOUNT, points.LAST_CURSOR, "present on some lists only", "present on some lists only")
    else:
        context.findings.add_unknown(ACCOUNT, points.LAST_CURSOR, "No list ends within two pages", "present")
