"""The order of lists, and whether sorts are honoured."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from loxo_api.endpoints import Endpoint, Paging
from loxo_api.pages import position
from loxo_api.timestamps import to_seconds
from loxoctl.doctor import points
from loxoctl.doctor.context import Context, size_of
from loxoctl.doctor.samples import Sample, lists

# Enough rows to show an order, in a small response.
ROWS = 25
TIMES = {"created_at": "created", "updated_at": "updated"}


def check_default_orders(context: Context) -> None:
    """By the timestamps of the first page; where there are two orders to choose from, by its cursor."""
    for endpoint in lists():
        sample = context.readable(endpoint.name)
        if not endpoint.counted or sample is None:
            continue
        orders = _orders(sample)
        if orders:
            context.findings.add(endpoint.name, points.DEFAULT_ORDER, orders[0], _assumed_order(endpoint))
        else:
            why = "Its rows show no timestamps in an order, or are too few"
            context.findings.add_unknown(endpoint.name, points.DEFAULT_ORDER, why, _assumed_order(endpoint))


def _assumed_order(endpoint: Endpoint) -> str:
    return "by id" if endpoint.paging is Paging.PAGE else "newest created first"


def _orders(sample: Sample) -> list[str]:
    """The orders that explain the page, the likeliest first."""
    found = []
    for name, word in TIMES.items():
        times = sample.times(name)
        if len(set(times)) < 2 or len(times) < len(sample.rows):
            continue
        if is_ordered(times, descending=True):
            found.append((_stands_at(sample, name), f"newest {word} first"))
        elif is_ordered(times, descending=False):
            found.append((_stands_at(sample, name), f"oldest {word} first"))
    numbers = [number for number in sample.ids if isinstance(number, int)]
    if sample.endpoint.paging is Paging.PAGE and len(numbers) > 1 and is_ordered(numbers, descending=False):
        return ["by id"]
    return [order for _, order in sorted(found, key=lambda each: not each[0])]


def _stands_at(sample: Sample, name: str) -> bool:
    """Whether the page's cursor is the time in this field of its last row."""
    times, stand = sample.times(name), position(sample.scroll_id)
    return bool(times) and stand is not None and abs(to_seconds(times[-1]) * 1000 - stand) < 1


def is_ordered(values: Sequence[str] | Sequence[int], descending: bool) -> bool:
    pairs = itertools.pairwise(values)
    return all(first >= second if descending else first <= second for first, second in pairs)  # type: ignore[operator]


def sorts(endpoint: Endpoint) -> list[str]:
    """The sorts that the connector uses."""
    return list(dict.fromkeys(filter(None, (endpoint.steady_sort, endpoint.newest_first_sort))))


def check_sorts(context: Context) -> None:
    """A page in either direction, for each sort."""
    for endpoint in lists():
        for name in sorts(endpoint):
            if context.readable(endpoint.name) is None:
                context.findings.add_unknown(f"{endpoint.name}, {name}", points.SORT, "No rows were seen", "honoured")
            else:
                with context.deciding(f"{endpoint.name}, {name}", points.SORT):
                    _check_sort(context, endpoint, name)


def _check_sort(context: Context, endpoint: Endpoint, name: str) -> None:
    subject, field = f"{endpoint.name}, {name}", name.removesuffix("_sort")
    pages = [context.page(endpoint, {name: way, **size_of(endpoint, ROWS)}) for way in ("asc", "desc")]
    if refused := [page.answer.status for page in pages if page.answer.status != 200]:
        context.findings.add(subject, points.SORT, f"refused ({refused[0]})")
        return
    context.samples[subject] = pages[1]
    _describe_sorted(context, subject, field, pages)
    up, down = (page.times(field) for page in pages)
    if len(set(up) | set(down)) < 2:
        context.findings.add_unknown(subject, points.SORT, "The rows have no two different times", "honoured")
        return
    context.findings.add(subject, points.SORT, _sort_side(pages, up, down))


def _sort_side(pages: list[Sample], up: list[str], down: list[str]) -> str:
    if is_ordered(up, descending=False) and is_ordered(down, descending=True) and up[0] <= down[-1]:
        return "honoured"
    return "ignored" if pages[0].ids == pages[1].ids else "not in order"


def _describe_sorted(context: Context, subject: str, field: str, pages: list[Sample]) -> None:
    rows = [row for page in pages for row in page.rows]
    bare = [row for row in rows if row.get(field) is None]
    if not bare:
        context.findings.add(subject, points.SORT_TIMES, "in each row")
    else:
        top = all(page.rows and page.rows[0].get(field) is None for page in pages) and len(bare) == len(pages)
        context.findings.add(subject, points.SORT_TIMES, "missing in the first row" if top else "missing in some rows")
    if pages[1].endpoint.paging is not Paging.SCROLL:
        return
    if all(page.is_whole for page in pages):
        context.findings.add_unknown(subject, points.SORT_CURSOR, "The list has one page", "present")
    else:
        context.findings.add(subject, points.SORT_CURSOR, "present" if pages[1].scroll_id else "absent")
