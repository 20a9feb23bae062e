"""An account as `loxoctl doctor` found it: a report becomes settings, sizes and additional fields.

python -m sandbox --like report.json

A report holds sides and no data, so the replay covers the behaviour of the account: its pagination, its page sizes, its
counts by their order of magnitude, its refusals, and the fields that it has beyond ours. The rows stay generated.
Sides that a report lacks, or that are unknown, keep their defaults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from .agency import mutations
from .agency.agency import Agency, Sizes
from .agency.custom_fields import CUSTOM_FIELD_SETS
from .agency.table import Record, Table
from .api.endpoints import ENDPOINTS
from .settings import SettingError

FORMAT = 1
# A report has powers of ten; three times as many rows is the middle of that range.
WITHIN = 3
# The share of requests that fail, where an account showed failures.
SHARE = 0.02
EVERY = 40
NOWHERE = "https://elsewhere.invalid/"

Found = dict[tuple[str, str], Any]  # (subject, point) -> what the account answers

COUNT, LAGS = "count against rows", "lower than the rows"
CUSTOM = "custom fields by kind"
# The lists that have custom fields, and the types of these by the kind in their key.
ITEM_TYPES = {"people": "Person", "companies": "Company", "jobs": "Job", "deals": "Deal", "placements": "Placement"}
FIELD_TYPES = {"hierarchy": "Hierarchy", "numeric_range": "Numeric Range", "date_range": "Date Range"}

# point, what it answers (by its beginning), the setting, its value. The subject does not matter.
SIDES: tuple[tuple[str, str, str, Any], ...] = (
    ("page counters", "under pagination", "counters", "nested"),
    ("cursor on the last page", "null", "last_page_cursor", "null"),
    ("cursor on the last page", "absent", "last_page_cursor", "absent"),
    ("query date range", "ignored", "lucene_dates", "ignored"),
    ("query date range", "refused", "lucene_dates", "refused"),
    ("query date range", "halves", "lucene_dates", "half"),
    ("query date range", "honoured", "lucene_dates", "honoured"),
    ("date bounds", "exclusive", "date_bounds", "exclusive"),
    ("date precision", "minutes", "filter_dates", "minutes"),
    ("date precision", "days", "filter_dates", "days"),
    ("date precision", "midnights", "filter_dates", "midnights"),
    ("date zone", "read as", "filter_zone", "agency"),
    ("form of timestamps", "without a zone, UTC", "record_times", "no_zone"),
    ("form of timestamps", "without a zone, +", "record_times", "agency_no_zone"),
    ("form of timestamps", "without a zone, -", "record_times", "agency_no_zone"),
    ("form of timestamps", "with an offset", "record_times", "agency"),
    ("per_page above 100", "refused", "over_100", "rejected"),
    ("default order", "newest updated first", "default_order", "updated_desc"),
    ("workflow_stages without workflow_id", "some workflows", "stages_without_workflow", "candidate"),
    ("key in error bodies", "seen", "echo_key", True),
    ("throttling", "429", "throttle_every", EVERY),
    ("Retry-After", "none", "retry_after", "none"),
    ("Retry-After", "date", "retry_after", "date"),
    ("Retry-After", "unusable", "retry_after", "unusable"),
    ("result limit", "none", "jobs_wall", 1_000_000),
    (COUNT, LAGS, "count_lag", 365 * 86_400),
)
# The same for one subject.
SIDES_OF: tuple[tuple[str, str, str, str, Any], ...] = (
    ("source_types", "records key", "bare list", "source_types", "bare"),
    ("webhooks", "records key", "key ", "webhooks", "keyed"),
    ("campaigns", "paging", "whole", "campaigns", "keyed"),
    ("campaigns", "records key", "bare list", "campaigns", "bare"),
    ("companies", "per_page", "accepted", "companies_per_page", "accepted"),
    ("deals_details", "records key", "wrapped", "deal_detail", "wrapped"),
)
# point, what it answers, the setting that lists the objects of which this is so.
LISTED: tuple[tuple[str, str, str], ...] = (
    ("status", "403", "forbidden"),
    ("cursor", "repeats", "repeat_cursor"),
    ("cursor", "refused", "refuse_cursors_of"),
    ("sort", "ignored", "sorts_ignored"),
    ("sort", "not in order", "unordered"),
    ("cursor under a sort", "absent", "no_cursor_under_sort"),
    ("timestamps under a sort", "missing in the first row", "no_updated_at_on_top"),
)
# point, what it answers, the setting that has an entry for each of these objects, and the entry.
ENTERED: tuple[tuple[str, str, str, Any], ...] = (
    ("status", "404", "answers", "json_404"),
    ("status", "404 without JSON", "answers", "proxy_404"),
    ("status", "3", "redirect", NOWHERE),
    ("records key", "no list", "answers", "empty_object"),
    ("records key", "an error in a 200", "answers", "error_object"),
    ("records key", "errors in a 200", "answers", "errors"),
    ("records key", "null", "answers", "null"),
    ("records key", "not JSON", "answers", "cut_json"),
    ("count against rows", "no rows", "answers", "empty_page"),
    ("odd values", "deep nesting", "odd_records", "nested"),
    ("odd values", "integers", "odd_records", "big_integers"),
    ("odd values", "cut characters", "odd_records", "surrogates"),
    ("odd values", "NUL", "odd_records", "nul"),
)
# Of the account's unusable answers, the fault that plays each.
FAULTS = {
    "500": "status_500",
    "503": "status_503",
    "a web page": "html",
    "no complete answer": "reset",
    "404 without JSON": "proxy_404",
    "errors in a 200": "errors",
}
# The setting of a size of pages, and the lists that show it.
PAGES = {
    "default_per_page": ("people", "person_events", "jobs", "email_tracking", "sms"),
    "fixed_page_size": ("deals", "placements", "companies"),
    "source_types_page": ("source_types",),
}
# The prefix of the names of children, and the list of their parents.
PARENTS = {"job": "jobs", "company": "companies", "person": "people", "country": "countries"}
SPECIAL = {
    "state_cities": "countries/{id}/states/{id}/cities",
    "dynamic_field_hierarchies": "dynamic_fields/{id}",
}
VALUES = {"boolean": True, "integer": 7, "number": 1.5, "string": "text", "array": [], "object": {}, "null": None}
SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


class Report:
    """The content of a report, in the terms of the sandbox.

    :raises SettingError: it is not a report that this sandbox reads.
    """

    def __init__(self, path: str) -> None:
        try:
            document = json.loads(Path(path).read_bytes())
            rows = [(row["subject"], row["point"], row["account"]) for row in document["findings"]]
        except OSError as error:
            raise SettingError(f"--like: {path} cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError):
            raise SettingError(f"--like: {path} is not a report of `loxoctl doctor`") from None
        if document.get("format") != FORMAT:
            raise SettingError(
                f"--like: {path} has another format than {FORMAT}; create it again with `loxoctl doctor`"
            )
        self.found: Found = {(subject, point): side for subject, point, side in rows if side not in (None, "")}

    def settings(self) -> dict[str, Any]:
        """The settings that play the account's sides."""
        values: dict[str, Any] = {}
        for (subject, point), side in self.found.items():
            text = str(side)
            for name, answer, setting, value in SIDES:
                if name == point and text.startswith(answer):
                    values[setting] = value
            self._add_objects(values, subject, point, text)
        for name, about, answer, setting, value in SIDES_OF:
            if str(self.found.get((name, about))).startswith(answer):
                values[setting] = value
        return {**values, **self._numbers(), **self._refused_cursors()}

    @staticmethod
    def _add_objects(values: dict[str, Any], subject: str, point: str, text: str) -> None:
        name = subject.partition(",")[0]
        path = object_path(name)
        for about, answer, setting in LISTED:
            if about == point and text.startswith(answer):
                values.setdefault(setting, []).append(path)
        for about, answer, setting, entry in ENTERED:
            if about == point and text.startswith(answer):
                values.setdefault(setting, {})[path if setting != "odd_records" else name] = entry
        if point == "presence" and text != "in each row":
            field = subject.partition(", ")[2]
            values.setdefault(f"no_{field}", {})[name] = 1.0 if text == "in no row" else 0.5

    def _numbers(self) -> dict[str, Any]:
        """Settings whose value is in the side itself."""
        values: dict[str, Any] = {
            setting: size
            for setting, names in PAGES.items()
            for name in reversed(names)
            if (size := self.found.get((name, "default page size")))
        }
        account = {point: str(side) for (subject, point), side in self.found.items() if subject == "account"}
        if match := re.match(r"about (\d+)", account.get("count cap", "")):
            values["total_cap"] = int(match[1])
        limit = str(self.found.get(("jobs", "result limit")))
        if limit.isdecimal():
            values["jobs_wall"] = int(limit)
        if match := re.match(r"(ahead|behind) by (\d+) (\w+)", account.get("clock difference", "")):
            values["clock_ahead"] = (1 if match[1] == "ahead" else -1) * int(match[2]) * SECONDS[match[3]]
        if match := re.match(r"(\d+), 429 at (\d+)", account.get("pace without a 429", "")):
            values |= {"rate_limit": int(match[1]) or int(match[2]), "throttle_every": 0}
        faults = [FAULTS[each] for each in account.get("unusable answers", "").split(", ") if each in FAULTS]
        values |= {f"faults.{fault}": SHARE for fault in faults}
        custom = [kinds for (_, point), kinds in self.found.items() if point == CUSTOM]
        if any(kind.endswith("range_N: array") for kinds in custom for kind in kinds):
            values["custom_ranges"] = "array"
        return {**values, **_offset(account.get("date zone", ""), account.get("form of timestamps", ""))}

    def _refused_cursors(self) -> dict[str, Any]:
        refused = [side for (_, point), side in self.found.items() if point == "cursor" and "refused" in str(side)]
        statuses = [int(match[1]) for side in refused if (match := re.search(r"\((\d+)", side))]
        return {"refuse_cursors": "all", "refuse_cursors_status": statuses[0]} if statuses else {}

    def sizes(self) -> dict[str, int]:
        """The number of rows of each kind, in the order of magnitude that was found."""
        found = {}
        cap = self._numbers().get("total_cap", 0)
        # No two lists have the same number, as if their counts stopped there.
        for extra, size in enumerate(fields(Sizes)):
            name = "person_events" if size.name == "events" else size.name
            power = self.found.get((name, "records, order of magnitude"))
            if power is None:
                continue
            page = self.found.get((name, "default page size"), 0)
            above = 2 * cap if cap and power <= cap < 10 * power else 0  # the count stops, the rows do not
            found[size.name] = max(WITHIN * power, page + 1 if page else 0, above) + extra * bool(power)
        return found

    def change(self, agency: Agency) -> None:
        """Adds to the agency the account's fields, kinds of custom fields and uncounted records."""
        agency.use_custom_fields(
            {item_type: self._custom_fields(name, item_type) for name, item_type in ITEM_TYPES.items()}
        )
        self._add_fields(agency)
        for (subject, point), side in self.found.items():
            if point == COUNT and str(side).startswith(LAGS) and subject in agency.tables:
                mutations.create(agency, subject, {})

    def _custom_fields(self, name: str, item_type: str) -> tuple[tuple[str, str, str], ...]:
        """One field of each kind that the list showed; the generated ones if it was not examined."""
        if (name, "status") not in self.found:
            return CUSTOM_FIELD_SETS["a"][item_type]
        listed = [*self.found.get((name, CUSTOM), ()), *self.found.get((f"{name}_details", CUSTOM), ())]
        kinds = sorted({match[1] for each in listed if (match := re.match(r"custom_(\w+)_N: ", each))})
        return tuple((f"custom_{kind}_1", kind.replace("_", " "), FIELD_TYPES.get(kind, "Text")) for kind in kinds)

    def _add_fields(self, agency: Agency) -> None:
        for (subject, point), side in self.found.items():
            if point != "fields seen and not declared" or not side:
                continue
            extra = {name: VALUES[kinds.split(", ")[0]] for name, _, kinds in (each.partition(": ") for each in side)
                     if re.fullmatch(r"[a-z]\w*", name)}  # fmt: skip
            name = subject.removesuffix("_details")
            if name in agency.tables:
                _extend(agency.tables[name], extra, only_full=name != subject)


def _extend(table: Table, extra: Record, only_full: bool) -> None:
    make_item, make_full = table.make_list_item, table.make_full_record
    if only_full:
        table.make_full_record = lambda row, item: {**extra, **(make_full(row, item) if make_full else item)}
    else:
        table.make_list_item = lambda row: {**extra, **make_item(row)}


def object_path(name: str) -> str:
    """The path by which settings name an object of a report."""
    if name in SPECIAL:
        return SPECIAL[name]
    if name.endswith("_details"):
        return f"{name.removesuffix('_details')}/{{id}}"
    return next(_paths(name), name)


def _paths(name: str) -> Iterator[str]:
    yield from (path for path in ENDPOINTS if path.split("/")[-1] == name and "{" not in path)
    parent, _, rest = name.partition("_")
    if parent in PARENTS:
        yield f"{PARENTS[parent]}/{{id}}/{rest}"


def _offset(zone: str, times: str) -> dict[str, float]:
    """The agency's distance from UTC, which one of two points shows."""
    if match := re.search(r"([+-][\d.]+) h", zone) or re.search(r"([+-][\d.]+) h", times):
        return {"agency_offset_hours": float(match[1])}
    if match := re.search(r"([+-])(\d\d):?(\d\d)", times):
        return {"agency_offset_hours": (1 if match[1] == "+" else -1) * (int(match[2]) + int(match[3]) / 60)}
    return {}
