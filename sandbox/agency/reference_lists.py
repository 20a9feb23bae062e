"""Lists that an agency sets up once: types, statuses, users, workflows and their stages.

Ids in an agency's own lists are serial numbers across all of Loxo (2157, 38518, 760300 in recordings), never 1..n.
"""

from __future__ import annotations

from typing import Any

from ..hashing import hash64
from ..timestamps import DAY_MS, format_timestamp
from .sample_names import LOCALES

Row = dict[str, Any]

# Names of the rows of each list. `key` is the name in snake case, as recorded for person_types.
NAME_LISTS: dict[str, str] = {
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

FINAL_STAGES = "Client Interview, Offer, Hired, Rejected"
WORKFLOWS = {
    "Contingent search": f"Added to Job, Outbound, Consultant Interview, Submitted, {FINAL_STAGES}",
    "Executive search": f"Longlisted, Approached, Consultant Interview, Shortlisted, {FINAL_STAGES}",
}
HIRED_INDEX, REJECTED_INDEX = 6, 7  # in the stages of each workflow
DEAL_WORKFLOWS = {
    "New business": "New Lead, Qualified, Proposal, Deal Won, Deal Lost",
    "Retainers": "Renewal Due, Negotiation, Deal Won, Deal Lost",
}
OTHER_ACTIVITY_TYPES = (
    "Note Update, Sent Automated Email, Call, Meeting, Marked as Yes, Marked as Maybe, Client Catch Up, Applied, "
    "Left Voicemail, Reference Check, Unsourced, Text Message, Scheduling, Résumé Added"
)
_SPECIAL_KEYS = {"Note Update": "general_note"}

CURRENCIES = "USD:United States Dollar:$:2, EUR:Euro:€:2, GBP:Pound Sterling:£:2, PLN:Polish Złoty:zł:2, JPY:Yen:¥:0"


def _key(name: str) -> str:
    return _SPECIAL_KEYS.get(name) or "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_")


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


class SerialIds:
    """Returns growing ids with gaps, as from a counter that all agencies share."""

    def __init__(self, seed: int, name: str) -> None:
        self.state = hash64(seed * 1_000_003 + sum(ord(c) * 31**i for i, c in enumerate(name)))
        self.last = 1_000 + self.state % 700_000

    def __call__(self) -> int:
        self.state = hash64(self.state)
        self.last += 1 + self.state % 23
        return self.last


def name_lists(seed: int) -> dict[str, list[Row]]:
    """Return the lists whose rows have little more than an id and a name."""
    lists: dict[str, list[Row]] = {}
    for name, values in NAME_LISTS.items():
        next_id = SerialIds(seed, name)
        lists[name] = [
            {"id": next_id(), "key": _key(value), "name": value, "default": position == 0, "position": position + 1}
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
    next_id, rows = SerialIds(seed, "users"), []
    for i in range(14):
        locale = LOCALES[i % len(LOCALES)]
        first, last = locale.given[i % 5], locale.family[(i * 3) % 5]
        joined = start + i * 41 * DAY_MS
        rows.append(
            {
                "id": next_id(),
                "name": locale.name_format.format(first[0], last[0]),
                "email": f"{first[1]}.{last[1]}@agency.example",
                "created_at": format_timestamp(joined),
                "updated_at": format_timestamp(joined + (i % 4) * 30 * DAY_MS + 61_003),
                "avatar_thumb_url": "/avatars/thumb/missing.png",
                "twilio_phone_number": f"+1555010{i:04}" if i % 3 == 0 else None,
            }
        )
    return rows


def source_types(seed: int, start: int, user_rows: list[Row]) -> list[Row]:
    next_id = SerialIds(seed, "source_types")
    names = _split(
        "LinkedIn, Referral, Company Website, Indeed, XING, Inbound Email, Conference, Loxo Source, Djinni, 猎聘"
    )
    names += [f"Job board {i}" for i in range(1, 52)]
    return [
        {
            "id": next_id(),
            "name": name,
            "publishable": i % 2 == 0,
            "active": True,
            "hidden": False,
            "created_by_id": user_rows[i % 3]["id"],
            "updated_by_id": user_rows[i % 3]["id"],
            "created_at": format_timestamp(start + i * DAY_MS),
            "updated_at": format_timestamp(start + i * DAY_MS),
        }
        for i, name in enumerate(names)
    ]


def workflows(seed: int, spec: dict[str, str], ids_name: str, stage_ids_name: str) -> tuple[list[Row], list[Row]]:
    """Return workflows and their stages in order.

    :param spec: names of the stages by the name of the workflow.
    """
    next_id, next_stage_id = SerialIds(seed, ids_name), SerialIds(seed, stage_ids_name)
    rows, stages = [], []
    for name, stage_names in spec.items():
        workflow = {"id": next_id(), "name": name}
        rows.append(workflow)
        stages += [
            {"id": next_stage_id(), "name": stage, "workflow_id": workflow["id"], "position": position + 1}
            for position, stage in enumerate(_split(stage_names))
        ]
    return rows, stages


def webhooks(seed: int) -> list[Row]:
    next_id, endpoint = SerialIds(seed, "webhooks"), "https://hooks.agency.example/loxo"
    pairs = [(kind, action) for kind in ("candidate", "person", "job") for action in ("create", "update", "destroy")]
    return [{"id": next_id(), "item_type": kind, "action": action, "endpoint_url": endpoint} for kind, action in pairs]


def activity_types(seed: int, stages: list[Row], other_types: str = "", ids_name: str = "activity_types") -> list[Row]:
    """Return a type for each stage name (Loxo links the two by name only), then the types without a stage."""
    next_id = SerialIds(seed, ids_name)
    names = list(dict.fromkeys([stage["name"] for stage in stages] + (_split(other_types) if other_types else [])))
    stage_names = {stage["name"] for stage in stages}
    return [
        {
            "id": next_id(),
            "key": ("moved_to_" if value in stage_names else "") + _key(value),
            "name": value,
            "position": i + 1,
            "children": [],
            "hidden": False,
        }
        for i, value in enumerate(names)
    ]
