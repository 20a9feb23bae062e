"""Dates: their form in records, and the records that ranges of dates return."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import pendulum

from loxo_api.endpoints import Endpoint
from loxo_api.pages import position
from loxo_api.timestamps import format_timestamp, parse_timestamp, shift, to_seconds
from loxoctl.doctor import points
from loxoctl.doctor.bounds import DAY, HOUR, PLAIN, Reading, common, explained
from loxoctl.doctor.context import ACCOUNT, Context, size_of
from loxoctl.doctor.list_checks import count_cap
from loxoctl.doctor.order_checks import TIMES
from loxoctl.doctor.samples import Sample, lists

ROWS = 100
# A margin beyond every reading of a bound: a whole day and the widest zone.
MARGIN_MS = 2 * DAY
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)?$")


def check_record_times(context: Context) -> None:
    """The form of timestamps. Where they name no zone, the moment in the cursor shows whether they are UTC."""
    texts = [
        row[name] for sample in context.samples.values() for row in sample.rows for name in TIMES
        if parse_timestamp(row.get(name)) and "T" in row[name]
    ]  # fmt: skip
    if not texts:
        context.findings.add_unknown(ACCOUNT, points.RECORD_TIMES, "No row has a timestamp", "UTC with Z")
        return
    zones = {(match[1] or "") if (match := _ZONE.search(text)) else "" for text in texts}
    if zones == {"Z"}:
        side = "UTC with Z"
    elif zones == {""}:
        offset = local_offset(context)
        zone = "and no cursor shows it" if offset is None else f"{_hours(offset)} from UTC" if offset else "UTC"
        side = f"without a zone, {zone}"
    else:
        side = "with an offset, " + ", ".join(sorted(zone or "none" for zone in zones))
    context.findings.add(ACCOUNT, points.RECORD_TIMES, side)


def local_offset(context: Context) -> int | None:
    """Milliseconds by which the texts of timestamps without a zone are ahead of the moments that they mean.

    None if no cursor shows it.
    """
    for sample in context.samples.values():
        stand = position(sample.scroll_id)
        if stand is None or not sample.rows:
            continue
        ahead = [
            to_seconds(time) * 1000 - stand for name in TIMES if (time := parse_timestamp(sample.rows[-1].get(name)))
        ]
        # The cursor is at one of the two times; zones differ by quarters of an hour.
        for each in ahead:
            if abs(each) <= 14 * HOUR and abs(each % (HOUR / 4)) < 1:
                return round(each)
    return None


def check_presence(context: Context) -> None:
    """Rows that lack their timestamps."""
    for name, sample in context.samples.items():
        endpoint = sample.endpoint
        if name != endpoint.name or not sample.rows:
            continue
        for field in TIMES:
            have = sum(row.get(field) is not None for row in sample.rows)
            if endpoint.cursor_field == field or (have and endpoint.counted):
                missing = len(sample.rows) - have
                side = "in each row" if not missing else "in no row" if not have else "in some rows"
                context.findings.add(f"{name}, {field}", points.HAS_TIME, side)


# Declared filters ------------------------------------------------------------------------------------------------


def check_date_filters(context: Context) -> None:
    """Ranges that begin and end at a known record's time; the reading of bounds is determined once."""
    explained_once = False
    for endpoint in lists():
        if not endpoint.created_after:
            continue
        sample = context.samples[endpoint.name]
        known = _middle(sample)
        if known is None:
            context.findings.add_unknown(endpoint.name, points.DATE_FILTER, "No row with a time was seen", "honoured")
            continue
        moment = shift(known, microseconds=-1000 * _ahead(context))
        side = ""
        with context.deciding(endpoint.name, points.DATE_FILTER):
            side = _filter_side(context, endpoint, sample, moment)
            if side:
                context.findings.add(endpoint.name, points.DATE_FILTER, side)
            else:
                why = "All rows seen are of about the same time"
                context.findings.add_unknown(endpoint.name, points.DATE_FILTER, why, "honoured")
        if not explained_once and side.startswith("honoured"):
            with context.deciding(ACCOUNT, points.BOUNDS):
                explained_once = _describe_bounds(context, endpoint, sample, moment, is_plain=side == "honoured")
    if not explained_once:
        why = "No list shows that it honours its date filters"
        for point in (points.BOUNDS, points.PRECISION, points.ZONE):
            context.findings.add_unknown(ACCOUNT, point, why, point.assumed)


def _is_local(context: Context) -> bool:
    return str(context.findings.side(ACCOUNT, points.RECORD_TIMES)).startswith("without a zone")


def _middle(sample: Sample) -> str | None:
    """The creation time in the middle of the first page: there are newer records, and probably older ones."""
    times = sorted(sample.times("created_at"))
    return times[len(times) // 2] if times else None


def _filter_side(context: Context, endpoint: Endpoint, sample: Sample, moment: str) -> str:
    """The account's side, or an empty text if the rows do not show it."""
    both = {endpoint.created_after: moment, endpoint.created_before: moment, **size_of(endpoint, ROWS)}
    page = context.page(endpoint, both)
    if page.answer.status != 200:
        return f"refused ({page.answer.status})"
    wanted = to_seconds(moment) * 1000
    off = [to_seconds(time) * 1000 - wanted - _ahead(context) for time in page.times("created_at")]
    early, late = any(each < -MARGIN_MS for each in off), any(each > MARGIN_MS for each in off)
    if early and late:
        return "ignored"
    if early or late:
        return f"ignored at its {'beginning' if early else 'end'}"
    if off and not any(off):
        return "honoured" if len(set(sample.times("created_at"))) > 1 else ""
    # Nothing at all, or rows of about that time. A filter that is ignored returns the same rows as the list, and so
    # does one of whole days where all rows are of that day.
    if off and page.total == sample.total:
        return "" if sample.is_whole else "ignored"
    return "honoured with margins"


def _ahead(context: Context) -> int:
    return (local_offset(context) or 0) if _is_local(context) else 0


def _describe_bounds(context: Context, endpoint: Endpoint, sample: Sample, moment: str, is_plain: bool) -> bool:
    """Adds the reading of bounds; returns whether it is known."""
    key = next(row["id"] for row in sample.rows if parse_timestamp(row.get("created_at")) == _middle(sample))
    ask = partial(_holds, context, endpoint, key, moment)
    record = round(to_seconds(moment) * 1000)
    if is_plain and ask(1000, False) is False and ask(-1000, True) is False:
        readings = [PLAIN]
    else:
        readings = explained(record, ask)
    if not readings:
        for point in (points.BOUNDS, points.PRECISION, points.ZONE):
            context.findings.add(ACCOUNT, point, "in no way that is known")
        return True
    _add_reading(context, readings)
    return True


def _add_reading(context: Context, readings: list[Reading]) -> None:
    agreed, why = common(readings), "The requested ranges do not show it"
    for name, point in (("inclusive", points.BOUNDS), ("precision", points.PRECISION), ("zone", points.ZONE)):
        if name not in agreed:
            context.findings.add_unknown(ACCOUNT, point, why, point.assumed)
        elif name == "inclusive":
            context.findings.add(ACCOUNT, point, "inclusive" if agreed[name] else "exclusive")
        elif name == "zone":
            zone = agreed[name]
            context.findings.add(ACCOUNT, point, f"read as {_hours(int(str(zone)))}" if zone else "as sent")
        else:
            context.findings.add(ACCOUNT, point, agreed[name])


def _hours(milliseconds: int) -> str:
    return f"{milliseconds / HOUR:+g} h"


def _holds(context: Context, endpoint: Endpoint, key: Any, moment: str, offset: int, is_end: bool) -> bool | None:
    """Whether a range that ends (or begins) so many milliseconds from the record's time holds it."""
    bound = shift(moment, microseconds=1000 * offset)
    if is_end:
        params = {endpoint.created_after: shift(moment, microseconds=-1000 * MARGIN_MS), endpoint.created_before: bound}
    else:
        params = {endpoint.created_after: bound}
    newest_first = {endpoint.steady_sort: "desc"} if endpoint.steady_sort else {}
    page = context.page(endpoint, {**params, **newest_first, **size_of(endpoint, ROWS)})
    if key in page.ids:
        return True
    return False if page.answer.status == 200 and page.is_whole else None


# Lucene ----------------------------------------------------------------------------------------------------------


def check_query_dates(context: Context) -> None:
    """Date ranges in `query`, for both times of each list that declares it."""
    for endpoint in lists():
        if not endpoint.query:
            continue
        for field in TIMES:
            subject = f"{endpoint.name}, {field}"
            sample = context.readable(endpoint.name)
            if sample is None or not sample.total:
                context.findings.add_unknown(subject, points.LUCENE, "No rows were seen", "honoured")
            else:
                with context.deciding(subject, points.LUCENE):
                    _check_query(context, sample, field)


def _check_query(context: Context, sample: Sample, field: str) -> None:
    endpoint, subject = sample.endpoint, f"{sample.endpoint.name}, {field}"
    between = _widest_gap(sample.times(field)) or shift(_newest(context), days=-90)
    older = context.page(endpoint, _query(endpoint, f"{field}:[* TO {between}]"))
    if older.answer.status != 200:
        context.findings.add(subject, points.LUCENE, f"refused ({older.answer.status})")
        return
    newer = context.page(endpoint, _query(endpoint, f"{field}:[{between} TO *]"))
    total, below, above = sample.total, older.total, newer.total
    if below is None or above is None or not total:
        context.findings.add_unknown(subject, points.LUCENE, "The list states no count", "honoured")
        return
    if context.findings.side(endpoint.name, points.COUNT):
        context.findings.add_unknown(subject, points.LUCENE, "The list's count is in doubt", "honoured")
        return
    if count_cap(context) in (total, below, above):
        context.findings.add_unknown(subject, points.LUCENE, "Loxo stops counting before its end", "honoured")
        return
    side = _query_side(total, below, above)
    if side.startswith("halves") and context.page(endpoint, size_of(endpoint, 1)).total != total:
        context.findings.add_unknown(subject, points.LUCENE, "The count moved meanwhile", "honoured")
    else:
        context.findings.add(subject, points.LUCENE, side)


def _widest_gap(times: list[str]) -> str | None:
    """A moment far from every record, so that it does not matter how finely a bound is read."""
    moments = sorted({to_seconds(time) for time in times})
    gaps = [(later - earlier, earlier) for earlier, later in itertools.pairwise(moments)]
    if not gaps:
        return None
    gap, earlier = max(gaps)
    return format_timestamp(pendulum.from_timestamp(earlier + gap / 2))


def _query_side(total: int, below: int, above: int) -> str:
    if below == above == 0:
        return "matches nothing"
    if below == above == total:
        return "ignored"
    return "honoured" if below + above == total else "halves do not add up"


def _query(endpoint: Endpoint, text: str) -> Mapping[str, Any]:
    return {"query": text, **size_of(endpoint, 1)}


def _newest(context: Context) -> str:
    """The latest creation time of all samples."""
    return max((time for sample in context.samples.values() for time in sample.times("created_at")),
               default="2024-01-01T00:00:00.000Z")  # fmt: skip
