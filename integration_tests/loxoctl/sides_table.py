"""Every setting of the sandbox that can be seen from outside, and the finding that names its side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One side of a setting, and the finding that names it."""

    setting: str
    value: Any
    subject: str
    point: str
    side: Any
    also: tuple[tuple[str, Any], ...] = ()  # other settings without which this one has no effect


STAGES = "workflow_stages without workflow_id"
LAST, LUCENE, FORM = "cursor on the last page", "query date range", "form of timestamps"
SIZE, WALL, ORDER, ODD = "default page size", "result limit", "default order", "odd values"

# Rows of one group do not affect each other, so one sandbox has all of them.
GROUPS: tuple[tuple[Row, ...], ...] = (
    (
        Row("counters", "top", "jobs", "page counters", "top level"),
        Row("source_types", "keyed", "source_types", "records key", "key source_types"),
        Row("webhooks", "bare", "webhooks", "records key", "bare list"),
        Row("campaigns", "scroll", "campaigns", "paging", "scroll"),
        Row("companies_per_page", "refused", "companies", "per_page", "refused (422)"),
        Row("stages_without_workflow", "all", "workflow_stages", STAGES, "all workflows"),
        Row("last_page_cursor", "present", "account", LAST, "present"),
        Row("lucene_dates", "honoured", "people, created_at", LUCENE, "honoured"),
        Row("date_bounds", "inclusive", "account", "date bounds", "inclusive"),
        Row("filter_dates", "exact", "account", "date precision", "exact"),
        Row("filter_zone", "sent", "account", "date zone", "as sent"),
        Row("record_times", "utc", "account", FORM, "UTC with Z"),
        Row("over_100", "capped", "people", "per_page above 100", "capped at 100"),
        Row("default_order", "created_desc", "person_events", ORDER, "newest created first"),
        Row("deal_detail", "flat", "deals_details", "records key", "flat"),
        Row("default_per_page", 25, "people", SIZE, 25),
        Row("fixed_page_size", 25, "companies", SIZE, 25),
        Row("source_types_page", 25, "source_types", SIZE, 25),
        Row("jobs_wall", 10_000, "jobs", WALL, "10000"),
        Row("total_cap", 0, "account", "count cap", "none seen"),
        Row("count_lag", 0, "people", "count against rows", "not lower than the rows seen"),
        Row("repeat_cursor", [], "people", "cursor", "continues"),
        Row("refuse_cursors", "never", "deals", "cursor", "continues"),
        Row("sorts_ignored", [], "people, updated_at_sort", "sort", "honoured"),
        Row("no_cursor_under_sort", [], "people, updated_at_sort", "cursor under a sort", "present"),
        Row("no_updated_at_on_top", [], "people, updated_at_sort", "timestamps under a sort", "in each row"),
        Row("custom_ranges", "object", "jobs", "custom fields by kind",
            ["custom_date_range_N: object", "custom_numeric_range_N: object", "custom_text_N: string"]),
        Row("custom_fields", "a", "companies", "custom fields by kind",
            ["custom_hierarchy_N: array", "custom_text_N: string"]),
        Row("clock_ahead", 0, "account", "clock difference", "under a minute"),
        Row("echo_key", False, "account", "key in error bodies", "not seen"),
        Row("throttle_every", 0, "account", "throttling", "none seen"),
        Row("life_per_second", 0, "account", "changes during the examination", "none seen"),
        Row("forbidden", [], "deals", "status", "200"),
    ),
    (
        Row("counters", "nested", "jobs", "page counters", "under pagination"),
        Row("source_types", "bare", "source_types", "records key", "bare list"),
        Row("webhooks", "keyed", "webhooks", "records key", "key webhooks"),
        Row("campaigns", "keyed", "campaigns", "paging", "whole"),
        Row("companies_per_page", "accepted", "companies", "per_page", "accepted"),
        Row("stages_without_workflow", "candidate", "workflow_stages", STAGES,
            "some workflows only"),
        Row("last_page_cursor", "null", "account", LAST, "null"),
        Row("lucene_dates", "ignored", "people, created_at", LUCENE, "ignored"),
        Row("date_bounds", "exclusive", "account", "date bounds", "exclusive"),
        Row("record_times", "no_zone", "account", FORM, "without a zone, UTC"),
        Row("over_100", "rejected", "people", "per_page above 100", "refused (422)"),
        Row("default_order", "updated_desc", "person_events", ORDER, "newest updated first"),
        Row("deal_detail", "wrapped", "deals_details", "records key", "wrapped"),
        Row("default_per_page", 40, "people", SIZE, 40),
        Row("fixed_page_size", 10, "deals", SIZE, 10),
        Row("source_types_page", 7, "source_types", SIZE, 7),
        Row("jobs_wall", 100, "jobs", WALL, "100"),
        Row("custom_ranges", "array", "jobs", "custom fields by kind",
            ["custom_date_range_N: array", "custom_numeric_range_N: array", "custom_text_N: string"]),
        Row("clock_ahead", 3600, "account", "clock difference", "ahead by 1 h"),
        Row("echo_key", True, "account", "key in error bodies", "seen"),
        Row("echo_key_as", "plain", "account", "key in error bodies", "seen"),
        Row("retry_after", "seconds", "account", "Retry-After", "seconds", (("throttle_every", 60),)),
    ),
    (
        Row("campaigns", "bare", "campaigns", "records key", "bare list"),
        Row("last_page_cursor", "absent", "account", LAST, "absent"),
        Row("lucene_dates", "refused", "people, created_at", LUCENE, "refused (400)"),
        Row("filter_dates", "minutes", "account", "date precision", "minutes"),
        Row("record_times", "agency", "account", FORM, "with an offset, +02:00", (("agency_offset_hours", 2),)),
        Row("jobs_wall", 1_000_000, "jobs", WALL, "none up to 10100"),
        Row("clock_ahead", -86_400, "account", "clock difference", "behind by 1 d"),
        Row("echo_key_as", "base64", "account", "key in error bodies", "seen", (("echo_key", True),)),
        Row("custom_fields", "b", "jobs", "custom fields by kind",
            ["custom_hierarchy_N: array", "custom_text_N: string"]),
        Row("forbidden", ["deals"], "deals", "status", "403"),
        Row("missing", ["scorecards"], "scorecards", "status", "404"),
        Row("no_records_key", ["forms"], "forms", "records key", "no list"),
        Row("error_object", ["schedule_items"], "schedule_items", "records key", "an error in a 200"),
        Row("broken_json", ["genders"], "genders", "records key", "not JSON"),
        Row("redirect", {"users": "https://elsewhere.invalid/"}, "users", "status", "302"),
    ),
    (
        Row("lucene_dates", "half", "people, created_at", LUCENE, "halves do not add up"),
        Row("filter_zone", "agency", "account", "date zone", "read as +2 h", (("agency_offset_hours", 2),)),
        Row("repeat_cursor", ["companies"], "companies", "cursor", "repeats the first page"),
        Row("sorts_ignored", ["jobs"], "jobs, updated_at_sort", "sort", "ignored"),
        Row("no_cursor_under_sort", ["people"], "people, updated_at_sort", "cursor under a sort", "absent"),
        Row("unordered", ["person_events"], "person_events, created_at_sort", "sort", "not in order"),
        Row("odd_records", {"people": "nested", "jobs": "big_integers", "deals": "nul", "companies": "surrogates"},
            "people", ODD, "deep nesting"),
        Row("odd_records.jobs", "big_integers", "jobs", ODD, "integers beyond 64 bits"),
        Row("odd_records.deals", "nul", "deals", ODD, "NUL in texts"),
        Row("odd_records.companies", "surrogates", "companies", ODD, "cut characters"),
        Row("echo_key_as", "json", "account", "key in error bodies", "seen", (("echo_key", True),)),
        Row("retry_after", "none", "account", "Retry-After", "none", (("throttle_every", 60),)),
        Row("throttle_every", 60, "account", "throttling", "429 seen"),
        Row("no_created_at", {"sms": 0.5}, "sms, created_at", "presence", "in some rows"),
        Row("no_updated_at", {"deals": 1}, "deals, updated_at", "presence", "in no row"),
    ),
    (
        Row("filter_dates", "days", "account", "date precision", "days"),
        Row("record_times", "agency_no_zone", "account", FORM, "without a zone, -5 h from UTC",
            (("agency_offset_hours", -5),)),
        Row("refuse_cursors", "all", "deals", "cursor", "refused (404)",
            (("refuse_cursors_status", 404), ("refuse_cursors_of", ["deals"]))),
        Row("no_updated_at_on_top", ["people"], "people, updated_at_sort", "timestamps under a sort",
            "missing in the first row"),
        Row("echo_key_as", "html", "account", "key in error bodies", "seen", (("echo_key", True),)),
        Row("retry_after", "date", "account", "Retry-After", "date", (("throttle_every", 90),)),
        Row("answers", {"users": "null", "genders": "errors", "pronouns": "proxy_404", "sms": "empty_page",
                        "people": "short_page", "forms": "empty_object", "bonus_types": "error_object",
                        "fee_types": "cut_json", "merges": "json_404", "scorecards": "forbidden"},
            "users", "records key", "null"),
        Row("answers.genders", "errors", "genders", "records key", "errors in a 200"),
        Row("answers.pronouns", "proxy_404", "pronouns", "status", "404 without JSON"),
        Row("answers.sms", "empty_page", "sms", "count against rows", "no rows although it counts some"),
        Row("answers.people", "short_page", "people", SIZE, 12),
        Row("answers.forms", "empty_object", "forms", "records key", "no list"),
        Row("answers.bonus_types", "error_object", "bonus_types", "records key", "an error in a 200"),
        Row("answers.fee_types", "cut_json", "fee_types", "records key", "not JSON"),
        Row("answers.merges", "json_404", "merges", "status", "404"),
        Row("answers.scorecards", "forbidden", "scorecards", "status", "403"),
    ),
    (
        Row("filter_dates", "midnights", "account", "date precision", "midnights"),
        Row("echo_key_as", "percent", "account", "key in error bodies", "seen", (("echo_key", True),)),
        Row("total_cap", 50, "account", "count cap", "about 50"),
        Row("refuse_cursors", "all", "people", "cursor", "refused (400)", (("refuse_cursors_status", 400),)),
    ),
)  # fmt: skip

# Settings without a finding, and the reason.
NOT_VISIBLE = {
    "latency_ms": "the fastest response is reported as a step, which depends on other work on the machine",
    "rate_limit": "only with --measure-rate: see its own test",
    "retry_after_value": "the length of a pause does not affect the connector",
    "slow_ms": "a slow answer looks like a slow network",
    "drip_header": "a slow answer looks like a slow network",
    "faults": "chance: see the test of all of them",
    "fault_paths": "chance: see the test of all faults",
    "life_shares": "counts move, with any cause",
    "life_objects": "counts move, with any cause",
    "back_date_days": "a record does not show when it was entered",
    "refuse_cursors_of": "part of refuse_cursors",
    "refuse_cursors_status": "part of refuse_cursors",
    "agency_offset_hours": "part of filter_zone and record_times",
    "write_faults": "the doctor writes nothing",
    "search_lag": "the doctor writes nothing, and a search does not show the records that it lacks",
    "json_bodies": "the doctor writes nothing",
    "duplicates": "the doctor writes nothing",
    "applicants": "the doctor writes nothing",
    "stage_moves": "the doctor writes nothing",
    "unsaved": "the doctor writes nothing",
    "updated": "the doctor writes nothing",
    "download_faults": "the doctor downloads nothing",
    "download_type": "the doctor downloads nothing",
}
# Values that cannot be distinguished from another one.
LOOKS_ALIKE = {
    ("answers", "empty_list"): "an empty account has the same response",
    ("refuse_cursors", "stored"): "a cursor would have to be kept for as long as an account takes to forget it",
    ("retry_after", "unusable"): "found, but each pause is long: see unit_tests/loxoctl/test_account_checks.py",
    ("echo_key_as", "other_case"): "the key is found in any case: see unit_tests/loxo_api/test_redaction.py",
}
