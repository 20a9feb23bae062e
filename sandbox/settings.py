"""Settings of the running server: behaviour of Loxo that no source proves, and errors to inject."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from . import timestamps
from .hashing import hash64

FAULT_KINDS = ("status_500", "status_503", "reset", "truncate", "html", "slow", "proxy_404", "errors")
DOWNLOAD_FAULT_KINDS = (
    "status_500",
    "status_503",
    "reset",
    "truncate",
    "html",  # 200 with the HTML page of a proxy
    "json",  # 200 with an error object
    "wrong_length",  # Content-Length is larger than the body
    "empty",  # 200 with no body
    "slow",
)
WRITE_FAULT_KINDS = (
    "status_429",
    *(
        f"{kind}_{moment}"  # relative to the effect of the write
        for kind in ("status_500", "reset", "cut", "html", "hang")
        for moment in ("before", "after")
    ),
)
CHANGE_KINDS = ("create", "edit", "delete", "move", "back_date")

CHOICES: dict[str, tuple[str, ...]] = {
    "retry_after": ("none", "seconds", "date", "unusable"),
    "echo_key_as": ("plain", "json", "html", "percent", "base64", "other_case"),
    "refuse_cursors": ("never", "stored", "all"),
    "counters": ("top", "nested"),
    "source_types": ("keyed", "bare"),
    "webhooks": ("bare", "keyed"),
    "campaigns": ("scroll", "keyed", "bare"),
    "companies_per_page": ("refused", "accepted"),
    "stages_without_workflow": ("all", "candidate"),
    "last_page_cursor": ("present", "null", "absent"),
    "lucene_dates": ("honoured", "ignored", "refused", "half"),
    "date_bounds": ("inclusive", "exclusive"),
    "filter_dates": ("exact", "minutes", "days", "midnights"),
    "filter_zone": ("sent", "agency"),
    "record_times": ("utc", "no_zone", "agency", "agency_no_zone"),
    "over_100": ("capped", "rejected"),
    "default_order": ("created_desc", "updated_desc"),
    "deal_detail": ("flat", "wrapped"),
    "custom_fields": ("a", "b"),
    "custom_ranges": ("object", "array"),
    "json_bodies": ("refused", "accepted"),
    "duplicates": ("create", "merge"),
    "applicants": ("pipeline", "inbox"),
    "stage_moves": ("move", "ignored"),
    "unsaved": ("errors", "silent"),
    "updated": ("record", "no_id", "lost"),
}
RESPONSE_KINDS = (
    "empty_object",  # 200 `{}`
    "error_object",  # 200 `{"error": ...}`
    "errors",  # 200 with the usual keys, no records, total_count 0 and non-empty `errors`
    "null",  # 200 `null`
    "cut_json",  # 200, JSON truncated in the middle
    "empty_page",  # no records and no cursor, with the correct total_count
    "empty_list",  # no records, no cursor and total_count 0
    "short_page",  # half the records of the page; the cursor follows the last one of them
    "proxy_404",  # 404 with the HTML page of a proxy
    "json_404",  # Loxo's own 404 (recorded by Ampersand)
    "forbidden",  # 403
)
ODD_VALUE_KINDS = ("nested", "big_integers", "surrogates", "nul")
# Settings with a mapping: the allowed entries, and whether they are its keys or its values.
MAPPING_CHOICES: dict[str, tuple[tuple[str, ...], str]] = {
    "faults": (FAULT_KINDS, "keys"),
    "download_faults": (DOWNLOAD_FAULT_KINDS, "keys"),
    "write_faults": (WRITE_FAULT_KINDS, "keys"),
    "life_shares": (CHANGE_KINDS, "keys"),
    "answers": (RESPONSE_KINDS, "values"),
    "odd_records": (ODD_VALUE_KINDS, "values"),
}


class SettingError(ValueError):
    """An unknown setting, or a value that the setting does not accept."""


@dataclass
class Settings:
    """An object is named by the path of its endpoint, `jobs/{id}/candidates`, or of a request, `jobs/123/candidates`.

    The comments name the source for each default. "Not known" means that no source proves any of the choices.
    """

    # Network, rate limit and errors of the server.
    latency_ms: float = 0
    rate_limit: float = 0  # requests in any one second; 0 = unlimited. Loxo does not publish its limit
    throttle_every: int = 0  # every n-th request gets a 429; 0 = none
    retry_after: str = "seconds"  # not known; loxo-cli reads seconds and HTTP dates. `unusable` is neither of them
    retry_after_value: float = 1
    faults: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FAULT_KINDS, 0.0))  # share of requests
    slow_ms: float = 1000  # delay of a `slow` fault
    download_faults: dict[str, float] = field(default_factory=dict)  # share of downloads, which then have no others
    download_type: str = "application/octet-stream"  # Content-Type of files; not known
    fault_paths: list[str] = field(default_factory=list)  # empty = every path
    drip_header: dict[str, float] = field(default_factory=dict)  # object -> ms between two bytes of the response header
    clock_ahead: float = 0  # seconds between the server's clock and the machine's
    echo_key: bool = False  # error bodies repeat the Authorization header
    echo_key_as: str = "plain"  # encoding of the repeated header

    # Changes that the account makes by itself (see agency/background_changes.py).
    life_per_second: float = 0  # changes per second; 0 = none
    life_shares: dict[str, float] = field(
        default_factory=lambda: {"create": 0.55, "edit": 0.25, "delete": 0.05, "move": 0.1, "back_date": 0.05}
    )
    life_objects: list[str] = field(
        default_factory=lambda: ["people", "jobs", "companies", "person_events", "candidates"]
    )
    back_date_days: float = 3  # recruiters log activities with an earlier date (RecruitersOS reads 35 days again)

    # Objects with wrong responses. `answers` covers every kind; the five settings after it cover one kind each.
    # For single wrong responses, use `/_sandbox/at`.
    answers: dict[str, str] = field(default_factory=dict)  # object -> one of RESPONSE_KINDS
    forbidden: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # Loxo's 404, as for an object outside the plan
    no_records_key: list[str] = field(default_factory=list)
    error_object: list[str] = field(default_factory=list)
    broken_json: list[str] = field(default_factory=list)
    redirect: dict[str, str] = field(default_factory=dict)  # object -> URL of a 302 response
    repeat_cursor: list[str] = field(default_factory=list)  # ignores scroll_id, repeats the same page (loxo-cli, live)
    refuse_cursors: str = "never"  # not known whether cursors expire; `stored` refuses those issued before this setting
    refuse_cursors_status: int = 400  # not known
    refuse_cursors_of: list[str] = field(default_factory=list)  # empty = every scrolled list
    sorts_ignored: list[str] = field(default_factory=list)
    no_cursor_under_sort: list[str] = field(default_factory=list)  # no scroll_id when sorted by updated_at
    unordered: list[str] = field(default_factory=list)  # the first row of each sorted page comes last
    no_updated_at_on_top: list[str] = field(default_factory=list)  # the first record of a sorted list lacks updated_at
    no_created_at: dict[str, float] = field(default_factory=dict)  # object -> share; no date range matches these
    no_updated_at: dict[str, float] = field(default_factory=dict)
    odd_records: dict[str, str] = field(default_factory=dict)  # object -> one of ODD_VALUE_KINDS, in every fifth record

    # Behaviour that is not known, or that differs between recordings.
    counters: str = "top"  # top level in Ampersand's recording; nested under `pagination` in the documentation
    source_types: str = "keyed"  # Ampersand's code; a list in loxo-cli's tests
    webhooks: str = "bare"  # loxo-cli's tests have both
    campaigns: str = "scroll"  # not known; `keyed` and `bare` return the whole list at once
    companies_per_page: str = "refused"  # 422 (loxo-cli, live); two newer clients send per_page successfully
    stages_without_workflow: str = "all"  # not known whether workflow_stages without workflow_id includes deals' stages
    deal_detail: str = "flat"
    last_page_cursor: str = "present"  # the last page with records has a scroll_id (Ampersand's recordings)
    lucene_dates: str = "honoured"  # not known; `half` ignores the upper bound of a range
    date_bounds: str = "inclusive"  # not known
    filter_dates: str = "exact"  # not known; precision of bounds. `midnights` excludes the last day, `days` includes it
    filter_zone: str = "sent"  # not known; `agency` replaces the zone of a bound with the agency's own zone
    agency_offset_hours: float = 0
    record_times: str = "utc"  # recorded by Whippy; not known whether the agency's zone changes it
    default_order: str = "created_desc"  # newest first, as recorded cursors suggest
    over_100: str = "capped"  # not known
    default_per_page: int = 25  # not known
    fixed_page_size: int = 25  # not known; companies, deals and placements refuse per_page (loxo-cli, live)
    source_types_page: int = 25  # not known
    jobs_wall: int = 10_000  # 400 beyond it (loxo-cli, live)
    total_cap: int = 0  # total_count is at most this, as a search engine may stop counting; 0 = exact
    count_lag: float = 0  # seconds until a new record is counted in total_count
    custom_fields: str = "a"  # one of two sets of custom fields
    custom_ranges: str = "object"  # values of custom ranges; not known, only nulls were recorded (chaloner)

    # Writes.
    write_faults: dict[str, float] = field(default_factory=dict)  # share of writes
    search_lag: float = 0  # seconds until a list shows a new record; not known
    json_bodies: str = "refused"  # 422 (loxo-laravel-api); loxo-cli and two other clients send JSON successfully
    duplicates: str = "create"  # a merge by e-mail is an option of the account (help.loxo.co)
    applicants: str = "pipeline"  # with `inbox`, no list shows an applicant (help.loxo.co)
    stage_moves: str = "move"  # with `ignored`, the activity is created and the stage stays
    updated: str = "record"  # not known; `no_id` answers {} to an update, and `lost` does not carry it out either
    unsaved: str = "errors"  # 200 with a null id (loxo-cli, live); `silent` gives no reason

    def __post_init__(self) -> None:
        self.version = 0  # increases with each update, to invalidate filter results

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lacks_timestamp(self, table: str, name: str, row: int) -> bool:
        """Return whether a row belongs to the share of records without created_at or updated_at."""
        share = (self.no_created_at if name == "created_at" else self.no_updated_at).get(table, 0)
        return bool(share) and hash64(row * 2_053 + len(name)) / (1 << 64) < share

    def parse_bound(self, text: str, is_upper: bool) -> int | None:
        """Parse one end of a date range in a filter or a query."""
        zone = self.agency_offset_hours if self.filter_zone == "agency" else None
        return timestamps.parse_bound(text, is_upper, self.filter_dates, zone)

    def update(self, changes: dict[str, Any]) -> None:
        """Set all values or, if one is invalid, none of them. The name `faults.reset` sets one key of `faults`.

        :raises SettingError: a name or a value is invalid.
        """
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            outer, dot, inner = name.partition(".")
            current = checked.get(outer, getattr(self, outer, None))
            checked[outer] = self._checked(
                outer, {**current, inner: value} if dot and isinstance(current, dict) else value
            )
        for name, value in checked.items():
            setattr(self, name, value)
        self.version += 1
        timestamps.set_clock_offset(self.clock_ahead)

    def _checked(self, name: str, value: Any) -> Any:
        if name not in self.__dataclass_fields__:
            raise SettingError(f"unknown setting {name!r}; settings.py lists all settings")
        if name in CHOICES and value not in CHOICES[name]:
            raise SettingError(f"{name} cannot be {value!r}; choose one of {', '.join(CHOICES[name])}")
        current = getattr(self, name)
        is_number = isinstance(current, (int, float)) and not isinstance(current, bool)
        if not isinstance(value, (int, float) if is_number else type(current)):
            expected = "number" if is_number else type(current).__name__
            raise SettingError(f"{name} cannot be {value!r}; it needs a value of type {expected}")
        if name in MAPPING_CHOICES and isinstance(value, dict):
            choices, place = MAPPING_CHOICES[name]
            entries = value if place == "keys" else value.values()
            unknown = sorted({str(entry) for entry in entries} - set(choices))
            if unknown:
                raise SettingError(f"unknown {place} of {name}: {', '.join(unknown)}; known: {', '.join(choices)}")
        return copy.deepcopy(value)


def parse_flag(text: str) -> dict[str, Any]:
    """Parse `name=value` from the command line; a value that is not JSON is taken as text."""
    name, _, raw = text.partition("=")
    try:
        return {name: json.loads(raw)}
    except ValueError:
        return {name: raw}
