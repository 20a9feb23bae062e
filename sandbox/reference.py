"""The lists an agency sets up once: types, statuses, users, workflows, custom fields.

Ids of agency-owned lists are global serials on Loxo (2157, 38518, 760300 in recordings), never 1..n.
"""

from __future__ import annotations

from typing import Any

from .clock import DAY, mix, stamp
from .words import COUNTRIES, LOCALES, SUMMARY

Row = dict[str, Any]

# name -> the values of a plain reference list. `key` is the name in snake case, as recorded for person_types.
PLAIN: dict[str, str] = {
    "address_types": "Home, Work, Billing, Other",
    "bonus_payment_types": "Annual, Quarterly, Monthly, One time",
    "bonus_types": "Fixed, Percentage",
    "company_global_statuses": "Prospect, Active Client, Past Client, Do Not Contact",
    "company_types": "Client, Target, Vendor, Partner",
    "compensation_types": "Annual, Hourly, Daily, Monthly",
    "disability_statuses": "Yes, No, Prefer not to say",
    "diversity_types": "Women, Veterans, First generation, LGBTQ+",
    "education_types": "High School, Bachelor's, Master's, Doctorate, Certificate",
    "email_types": "Personal, Work, Other",
    "equity_types": "Options, RSU, Percentage",
    "ethnicities": "Asian, Black or African American, Hispanic or Latino, White, Two or more, Prefer not to say",
    "fee_types": "Percentage, Flat, Hourly",
    "genders": "Female, Male, Non-binary, Prefer not to say",
    "job_categories": "Technology, Finance, Healthcare, Engineering, Sales, Vertrieb, Juridique, Опис",
    "job_contact_types": "Hiring Manager, HR, Billing",
    "job_owner_types": "Recruiter, Account Manager, Sourcer",
    "job_statuses": "Active, On Hold, Filled, Closed, Lead",
    "job_types": "Permanent, Contract, Contract to hire, Temporary",
    "person_global_statuses": "Active, Passive, Placed, Do Not Contact",
    "person_lists": "Hot candidates, Board directors, Münchner Netzwerk, Alumni 2024, Silver medallists",
    "person_share_field_types": "Name, Title, Company, Compensation, Resume",
    "person_types": "Candidate, Contact, Prospect Contact, Alumni",
    "phone_types": "Mobile, Work, Home",
    "pronouns": "She/her, He/him, They/them, Other",
    "question_types": "Text, Paragraph, Single choice, Multiple choice, Date, File",
    "scorecard_recommendation_types": "Strong yes, Yes, No, Strong no",
    "scorecard_types": "Phone screen, On-site, Reference",
    "scorecard_visibility_types": "Everyone, Job team, Private",
    "seniority_levels": "Junior, Mid, Senior, Lead, Executive",
    "social_profile_types": "LinkedIn, GitHub, XING, Twitter, Website",
    "veteran_statuses": "Protected veteran, Not a veteran, Prefer not to say",
}

LAST_STAGES = "Client Interview, Offer, Hired, Rejected"
WORKFLOWS = {
    "Contingent search": f"Added to Job, Outbound, Consultant Interview, Submitted, {LAST_STAGES}",
    "Executive search": f"Longlisted, Approached, Consultant Interview, Shortlisted, {LAST_STAGES}",
}
HIRED, REJECTED = 6, 7  # positions in every workflow
DEAL_WORKFLOWS = {
    "New business": "New Lead, Qualified, Proposal, Deal Won, Deal Lost",
    "Retainers": "Renewal Due, Negotiation, Deal Won, Deal Lost",
}
OTHER_ACTIVITIES = (
    "Note Update, Sent Automated Email, Call, Meeting, Marked as Yes, Marked as Maybe, Client Catch Up, Applied, "
    "Left Voicemail, Reference Check, Unsourced, Text Message, Scheduling, Résumé Added"
)
_KEYS = {"Note Update": "general_note"}

CURRENCIES = "USD:United States Dollar:$:2, EUR:Euro:€:2, GBP:Pound Sterling:£:2, PLN:Polish Złoty:zł:2, JPY:Yen:¥:0"

# item type -> (key, label, field type); keys are used again by other item types (loxo-cli, live).
CUSTOM: dict[str, dict[str, tuple[tuple[str, str, str], ...]]] = {
    "a": {
        "Person": (
            ("custom_text_1", "Notice period", "Text"),
            ("custom_text_2", "Right to work", "Enumeration"),
            ("custom_text_5", "Summary", "Text"),
            ("custom_hierarchy_1", "Industry", "Hierarchy"),
        ),
        "Company": (("custom_text_1", "Account tier", "Enumeration"), ("custom_hierarchy_1", "Sector", "Hierarchy")),
        "Job": (
            ("custom_text_1", "Cost centre", "Text"),
            ("custom_text_4", "Reason for vacancy", "Text"),
            ("custom_numeric_range_1", "Team size", "Numeric Range"),
            ("custom_date_range_1", "Interview window", "Date Range"),
        ),
        "Deal": (("custom_text_1", "Competitor", "Text"),),
        "Placement": (("custom_text_1", "Purchase order", "Text"),),
    },
    "b": {
        "Person": (
            ("custom_text_3", "Security clearance", "Enumeration"),
            ("custom_text_8", "Summary", "Text"),
            ("custom_hierarchy_4", "Function", "Hierarchy"),
        ),
        "Company": (("custom_text_9", "Kundennummer", "Text"), ("custom_hierarchy_4", "Markt", "Hierarchy")),
        "Job": (("custom_text_1", "Requisition", "Text"), ("custom_hierarchy_4", "Function", "Hierarchy")),
        "Deal": (),
        "Placement": (("custom_text_2", "Invoice number", "Text"),),
    },
}
# One built-in field of each item type, as its records call it.
BUILT_IN = {
    "Person": ("name", "Name"),
    "Company": ("name", "Name"),
    "Job": ("title", "Title"),
    "Deal": ("name", "Name"),
    "Placement": ("start_date", "Start date"),
}
FIELD_TYPES = {"Text": 1, "Enumeration": 2, "Hierarchy": 3, "Numeric Range": 4, "Date Range": 5}
# Nobody has recorded a range that is filled: the shape inside is a guess (see the setting custom_ranges).
RANGES = {"Numeric Range": {"min": 3, "max": 12}, "Date Range": {"start": "2026-03-02", "end": "2026-03-20"}}
CUSTOM_VALUES = ("Immediate", "4 weeks", "三个月", "Tier 1", "CC-4711", "Niveau « B »", "вільний")
TREE = {
    "Technology": ("Software", "Hardware"),
    "Industry": ("Automotive", "Chemicals", "Bau & Immobilien"),
    "Health": ("Hospitals", "Pharma"),
}


def choice(label: str, shape: str) -> tuple[Any, ...]:
    """The values a custom field takes; none for a hierarchy, whose values are leaves of the tree."""
    if shape == "Hierarchy":
        return ()
    if shape in RANGES:
        return (RANGES[shape],)
    return (SUMMARY,) if label == "Summary" else CUSTOM_VALUES


def _key(name: str) -> str:
    return _KEYS.get(name) or "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_")


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


class Serial:
    """Ids as one counter shared by all agencies leaves them: growing, with gaps."""

    def __init__(self, seed: int, name: str) -> None:
        self.state = mix(seed * 1_000_003 + sum(ord(c) * 31**i for i, c in enumerate(name)))
        self.last = 1_000 + self.state % 700_000

    def __call__(self) -> int:
        self.state = mix(self.state)
        self.last += 1 + self.state % 23
        return self.last


def plain_lists(seed: int) -> dict[str, list[Row]]:
    """The lists that are only ids and names."""
    lists: dict[str, list[Row]] = {}
    for name, values in PLAIN.items():
        serial = Serial(seed, name)
        lists[name] = [
            {"id": serial(), "key": _key(value), "name": value, "default": position == 0, "position": position + 1}
            for position, value in enumerate(_split(values))
        ]
    return lists


def currencies() -> list[Row]:
    fields = [item.split(":") for item in _split(CURRENCIES)]
    return [
        {
            "id": i + 1,
            "code": code,
            "name": name,
            "symbol": symbol,
            "precision": int(precision),
            "default": i == 0,
            "position": i + 1,
        }
        for i, (code, name, symbol, precision) in enumerate(fields)
    ]


def users(seed: int, start: int) -> list[Row]:
    serial, rows = Serial(seed, "users"), []
    for i in range(14):
        locale = LOCALES[i % len(LOCALES)]
        first, last = locale.given[i % 5], locale.family[(i * 3) % 5]
        joined = start + i * 41 * DAY
        rows.append(
            {
                "id": serial(),
                "name": locale.order.format(first[0], last[0]),
                "email": f"{first[1]}.{last[1]}@agency.example",
                "created_at": stamp(joined),
                "updated_at": stamp(joined + (i % 4) * 30 * DAY + 61_003),
                "avatar_thumb_url": "/avatars/thumb/missing.png",
                "twilio_phone_number": f"+1555010{i:04}" if i % 3 == 0 else None,
            }
        )
    return rows


def source_types(seed: int, start: int, user_rows: list[Row]) -> list[Row]:
    serial = Serial(seed, "source_types")
    names = _split(
        "LinkedIn, Referral, Company Website, Indeed, XING, Inbound Email, Conference, Loxo Source, Djinni, 猎聘"
    )
    names += [f"Job board {i}" for i in range(1, 52)]
    return [
        {
            "id": serial(),
            "name": name,
            "publishable": i % 2 == 0,
            "active": True,
            "hidden": False,
            "created_by_id": user_rows[i % 3]["id"],
            "updated_by_id": user_rows[i % 3]["id"],
            "created_at": stamp(start + i * DAY),
            "updated_at": stamp(start + i * DAY),
        }
        for i, name in enumerate(names)
    ]


def workflows(seed: int, spec: dict[str, str], name: str, stages: str) -> tuple[list[Row], list[Row]]:
    """Workflows and their stages, in order; a stage says which workflow it belongs to."""
    serial, stage_serial = Serial(seed, name), Serial(seed, stages)
    flows, steps = [], []
    for title, text in spec.items():
        flow = {"id": serial(), "name": title}
        flows.append(flow)
        steps += [
            {"id": stage_serial(), "name": step, "workflow_id": flow["id"], "position": position + 1}
            for position, step in enumerate(_split(text))
        ]
    return flows, steps


def webhooks(seed: int) -> list[Row]:
    serial, endpoint = Serial(seed, "webhooks"), "https://hooks.agency.example/loxo"
    pairs = [(kind, action) for kind in ("candidate", "person", "job") for action in ("create", "update", "destroy")]
    return [{"id": serial(), "item_type": kind, "action": action, "endpoint_url": endpoint} for kind, action in pairs]


def activity_types(seed: int, stages: list[Row], extra: str = "", name: str = "activity_types") -> list[Row]:
    """One type per stage name (Loxo links the two by name only), then the types that move nobody."""
    serial = Serial(seed, name)
    names = list(dict.fromkeys([stage["name"] for stage in stages] + (_split(extra) if extra else [])))
    moving = {stage["name"] for stage in stages}
    return [
        {
            "id": serial(),
            "key": ("moved_to_" if value in moving else "") + _key(value),
            "name": value,
            "position": i + 1,
            "children": [],
            "hidden": False,
        }
        for i, value in enumerate(names)
    ]


def tree(seed: int) -> list[Row]:
    serial = Serial(seed, "hierarchies")
    return [
        {
            "id": serial(),
            "name": top,
            "hierarchies": [{"id": serial(), "name": leaf, "hierarchies": []} for leaf in leaves],
        }
        for top, leaves in TREE.items()
    ]


def dynamic_fields(seed: int, variant: str) -> list[Row]:
    """Built-in fields first, then what the agency made; `variant` is which agency."""
    serial = Serial(seed, "dynamic_fields")
    rows = []
    for item_type, fields in CUSTOM[variant].items():
        for key, label, kind in ((*BUILT_IN[item_type], "Text"), *fields):
            rows.append(
                {
                    "id": serial(),
                    "name": label,
                    "key": key,
                    "item_type": item_type,
                    "dynamic_field_type": {"id": FIELD_TYPES[kind], "name": kind},
                    "built_in": not key.startswith("custom_"),
                    "key_for_inline_edit": f"{item_type.lower()}[{key}]",
                }
            )
    return rows


def countries() -> list[Row]:
    return [
        {"id": i + 1, "name": name, "code": code, "long_code": long} for i, (code, long, name) in enumerate(COUNTRIES)
    ]


def states(country_rows: list[Row]) -> list[Row]:
    """Real states where the agency has people, three plain regions elsewhere."""
    known = {
        locale.country: list(dict.fromkeys((state, code) for _, state, code in locale.places)) for locale in LOCALES
    }
    rows: list[Row] = []
    for country in country_rows:
        for name, code in known.get(country["code"], [("North", "N"), ("Central", "C"), ("South", "S")]):
            rows.append({"id": 4000 + len(rows) * 3, "name": name, "code": code, "country_id": country["id"]})
    return rows


def cities(country_rows: list[Row], state_rows: list[Row]) -> list[Row]:
    """The cities people live in and some invented towns; the first state of all has more than one page of them."""
    codes = {country["id"]: country["code"] for country in country_rows}
    known: dict[tuple[str, str], list[str]] = {}
    for locale in LOCALES:
        for city, _, code in locale.places:
            known.setdefault((locale.country, code), []).append(city)
    rows: list[Row] = []
    for i, state in enumerate(state_rows):
        names = list(known.get((codes[state["country_id"]], state["code"]), []))
        names += [f"{state['name']} {k}" for k in range(1, 120 if i == 0 else 4)]
        rows += [
            {"id": 90_000 + (len(rows) + k) * 2, "name": name, "state_id": state["id"]} for k, name in enumerate(names)
        ]
    return rows
