"""Everything about the server that can be changed while it runs: what is unknown of Loxo, and what can go wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from . import clock

FAULTS = ("status_500", "status_503", "reset", "truncate", "html", "slow", "proxy_404", "errors")
WRITE_FAULTS = (
    "status_429",
    "status_500_before",
    "status_500_after",
    "reset_before",
    "reset_after",
    "cut_before",
    "cut_after",
    "html_before",
    "html_after",
    "hang_before",
    "hang_after",
)
SHARES = ("create", "edit", "delete", "move", "back_date")

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
}
# What the values (or the entries) of a setting may be, where only some words have a meaning.
ANSWERS = (
    "empty_object",  # 200 `{}`
    "error_object",  # 200 `{"error": ...}`
    "errors",  # 200 with the envelope, no rows, total_count 0 and non-empty `errors`
    "null",  # 200 `null`
    "cut_json",  # 200, JSON cut in the middle
    "empty_page",  # no rows and no cursor, with the right total_count
    "empty_list",  # no rows, no cursor and total_count 0
    "short_page",  # half the rows of the page; the cursor follows the last row that is sent
    "proxy_404",  # 404 with a proxy's HTML page
    "json_404",  # Loxo's own 404 (recorded by Ampersand)
    "forbidden",  # 403
)
ODDITIES = ("nested", "big_integers", "surrogates", "nul")
WORDS: dict[str, tuple[tuple[str, ...], str]] = {  # setting -> the words, and whether they are its keys or its values
    "faults": (FAULTS, "keys"),
    "write_faults": (WRITE_FAULTS, "keys"),
    "life_shares": (SHARES, "keys"),
    "answers": (ANSWERS, "values"),
    "odd_records": (ODDITIES, "values"),
}


class SettingError(ValueError):
    """An unknown setting or a value it cannot take."""


@dataclass
class Settings:
    """Objects are named by their path: `people`, `jobs/{id}/candidates`, or one path such as `jobs/123/candidates`.

    The comments say what is known of Loxo. "Not known" means that no source shows either side.
    """

    # The network and the front of the server.
    latency_ms: float = 0
    rate_limit: float = 0  # requests in any one second; 0 = unlimited. Loxo publishes no number
    throttle_every: int = 0  # every n-th request is answered 429; 0 = none
    retry_after: str = "seconds"  # not known; loxo-cli reads seconds and HTTP dates. `unusable` is neither
    retry_after_value: float = 1
    faults: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0.0))  # share of the requests
    slow_ms: float = 1000  # what a `slow` fault waits
    fault_paths: list[str] = field(default_factory=list)  # empty = every path
    drip_header: dict[str, float] = field(default_factory=dict)  # object -> ms between two bytes of the answer's header
    clock_ahead: float = 0  # seconds between the server's clock and the machine's
    echo_key: bool = False  # error bodies repeat the Authorization header
    echo_key_as: str = "plain"  # in which form they repeat it

    # The account changes by itself while it is served (see life.py).
    life_per_second: float = 0  # changes a second; 0 = people have gone home
    life_shares: dict[str, float] = field(
        default_factory=lambda: {"create": 0.55, "edit": 0.25, "delete": 0.05, "move": 0.1, "back_date": 0.05}
    )
    life_objects: list[str] = field(
        default_factory=lambda: ["people", "jobs", "companies", "person_events", "candidates"]
    )
    back_date_days: float = 3  # recruiters log activities with an earlier date (RecruitersOS reads 35 days again)

    # Objects that misbehave. `answers` is the general form; the five after it are short for one kind each.
    answers: dict[str, str] = field(default_factory=dict)  # object -> one of ANSWERS; `/_sandbox/at` gives one-off ones
    forbidden: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # an object that the plan lacks: Loxo's 404
    empty_envelope: list[str] = field(default_factory=list)
    error_object: list[str] = field(default_factory=list)
    broken_json: list[str] = field(default_factory=list)
    redirect: dict[str, str] = field(default_factory=dict)  # object -> URL, answered with 302
    repeat_cursor: list[str] = field(default_factory=list)  # scroll_id ignored: the same page again (loxo-cli, live)
    refuse_cursors: str = "never"  # not known whether one expires; `stored` refuses those handed out before it was set
    refuse_cursors_status: int = 400  # not known
    refuse_cursors_of: list[str] = field(default_factory=list)  # empty = every scrolled list
    sorts_ignored: list[str] = field(default_factory=list)
    no_cursor_under_sort: list[str] = field(default_factory=list)  # no scroll_id when sorted by updated_at
    unordered: list[str] = field(default_factory=list)  # a sorted page whose first row comes last
    no_updated_at_on_top: list[str] = field(default_factory=list)  # the first row of a sorted list lacks updated_at
    no_created_at: dict[str, float] = field(default_factory=dict)  # object -> share; no range of dates matches them
    no_updated_at: dict[str, float] = field(default_factory=dict)
    odd_records: dict[str, str] = field(default_factory=dict)  # object -> one of ODDITIES, in every fifth record

    # What is unknown of Loxo, or differs between recordings.
    counters: str = "top"  # Ampersand recorded the top level, the documentation nests under `pagination`
    source_types: str = "keyed"  # Ampersand's code; a list in loxo-cli's tests
    webhooks: str = "bare"  # loxo-cli's tests have both
    campaigns: str = "scroll"  # not known; `keyed` and `bare` give the whole list at once
    companies_per_page: str = "refused"  # 422 (loxo-cli, live); two newer clients send it and work
    stages_without_workflow: str = "all"  # not known whether workflow_stages without workflow_id has the deals' stages
    deal_detail: str = "flat"
    last_page_cursor: str = "present"  # Ampersand's recordings: the last page with data still has a scroll_id
    lucene_dates: str = "honoured"  # not known; `half` reads the lower bound of a range and ignores the upper
    date_bounds: str = "inclusive"  # not known
    filter_dates: str = "exact"  # not known how finely a bound is read; `midnights` cuts the last day, `days` keeps it
    filter_zone: str = "sent"  # not known; `agency` drops the zone that was sent and reads the agency's own
    agency_offset_hours: float = 0
    record_times: str = "utc"  # recorded by Whippy; the others are in case an agency's zone changes it
    default_order: str = "created_desc"  # recorded cursors suggest newest first
    over_100: str = "capped"  # not known
    default_per_page: int = 25  # not known
    fixed_page_size: int = 25  # not known; companies, deals and placements refuse per_page (loxo-cli, live)
    source_types_page: int = 25  # not known
    jobs_wall: int = 10_000  # loxo-cli, live: 400 past it
    total_cap: int = 0  # a search engine may stop counting: total_count = min(total, cap) in every list; 0 = exact
    count_lag: float = 0  # seconds by which total_count lags behind creations
    # Writing.
    write_faults: dict[str, float] = field(default_factory=dict)  # share of the writes; before or after the effect
    search_lag: float = 0  # seconds until a list shows a new row; not known
    json_bodies: str = "refused"  # 422 (loxo-laravel-api); loxo-cli and two others send JSON and work
    duplicates: str = "create"  # auto-merge by e-mail is a choice of the account (help.loxo.co)
    applicants: str = "pipeline"  # since Loxo's inbox, `inbox`: no list shows the applicant (help.loxo.co)
    stage_moves: str = "move"  # `ignored`: the activity is written and the stage stays
    unsaved: str = "errors"  # a creation that is not saved: 200, id null; `silent` does not say why (loxo-cli, live)
    custom_fields: str = "a"  # which custom fields the agency has made
    custom_ranges: str = "object"  # custom_numeric_range_N and custom_date_range_N; only nulls were recorded (chaloner)

    def __post_init__(self) -> None:
        self.version = 0  # grows with each update

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lacks(self, table: str, name: str, row: int) -> bool:
        """Whether a row is one of the share that has no created_at or no updated_at."""
        share = (self.no_created_at if name == "created_at" else self.no_updated_at).get(table, 0)
        return bool(share) and clock.mix(row * 2_053 + len(name)) / (1 << 64) < share

    def bound(self, text: str, upper: bool) -> int | None:
        """A date in a filter or a query, as this server reads it."""
        zone = self.agency_offset_hours if self.filter_zone == "agency" else None
        return clock.bound(text, upper, self.filter_dates, zone)

    def update(self, changes: dict[str, Any]) -> None:
        """All changes or none. A value replaces the old one; `faults.reset` sets one key of `faults`."""
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
        clock.set_ahead(self.clock_ahead)

    def _checked(self, name: str, value: Any) -> Any:
        if name not in self.__dataclass_fields__:
            raise SettingError(f"unknown setting {name!r}")
        if name in CHOICES and value not in CHOICES[name]:
            raise SettingError(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
        current = getattr(self, name)
        number = isinstance(current, (int, float)) and not isinstance(current, bool)
        if not isinstance(value, (int, float) if number else type(current)):
            raise SettingError(f"{name} cannot be {value!r}")
        if name in WORDS and isinstance(value, dict):
            words, place = WORDS[name]
            unknown = sorted({str(word) for word in (value if place == "keys" else value.values())} - set(words))
            if unknown:
                raise SettingError(f"unknown in {name}: {', '.join(unknown)}; known: {', '.join(words)}")
        return copy.deepcopy(value)


def from_flag(text: str) -> dict[str, Any]:
    """`name=value` of the command line; the value is JSON where it parses as such."""
    name, _, raw = text.partition("=")
    try:
        return {name: json.loads(raw)}
    except ValueError:
        return {name: raw}
