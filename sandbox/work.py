"""Jobs, companies, candidates, activities, placements and deals: the rows that tell the story."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from .clock import DAY, date, mix, stamp
from .people import Record
from .table import stamps
from .words import FIRM_HEADS, FIRM_TAILS, LOCALES, NOTES, TITLES

if TYPE_CHECKING:
    from .agency import Agency

# What a candidate record repeats of its person (recorded by fvg-server from jobs/{id}/candidates).
CANDIDATE_PERSON = (  # noqa: SIM905 - the list form is forty lines
    "id name profile_picture_thumb_url profile_picture_original_url location address city state zip country "
    "current_title current_company current_compensation compensation compensation_notes compensation_currency_id "
    "salary salary_type_id owned_by_id created_at created_by_id updated_at updated_by_id blocked linkedin_url "
    "source_type person_types emails phones"
).split()


def company_name(number: int) -> str:
    head = FIRM_HEADS[number % len(FIRM_HEADS)]
    tail = FIRM_TAILS[(number // len(FIRM_HEADS)) % len(FIRM_TAILS)]
    series = number // (len(FIRM_HEADS) * len(FIRM_TAILS))
    return f"{head} {tail}" if series == 0 else f"{head} {series + 1} {tail}"


class Work:
    """Makes these rows from their row numbers."""

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        count = agency.base["companies"]
        self.job_counts = (
            Counter(mix(agency.seed * 677 + job) % count for job in range(agency.base["jobs"])) if count else {}
        )

    def pick(self, options: str | list[Record], chance: int, *fields: str) -> Record:
        """One row of a reference list, cut down to the given fields."""
        rows = self.agency.lists[options] if isinstance(options, str) else options
        row = rows[chance % len(rows)]
        return {field: row[field] for field in fields or ("id", "name")}

    # Jobs --------------------------------------------------------------------------------------------------------

    def job(self, row: int) -> Record:
        agency, lists = self.agency, self.agency.lists
        jobs, chance = agency.tables["jobs"], mix(agency.seed * 677 + row)
        more = chance >> 20
        locale = LOCALES[more % len(LOCALES)]
        city, _, state_code = locale.places[more % len(locale.places)]
        company = agency.company_stub(chance)
        title = TITLES[more % len(TITLES)]
        hired = agency.story.hired.get(row) if row < agency.base["jobs"] else None
        created = jobs.created[row]  # type: ignore[index]
        status = lists["job_statuses"][2] if hired is not None else lists["job_statuses"][(0, 0, 0, 1, 3, 4)[more % 6]]
        published = more % 3 == 0
        salary = 45_000 + more % 90 * 1000
        record: Record = {
            "id": jobs.ids[row],
            "agency": {"id": agency.agency_id, "name": "Demo Agency"},
            "title": title,
            "published_name": f"{title}, {city}" if published else None,
            "macro_address": f"{city}, {locale.name}",
            "company": {
                **company,
                "hidden": more % 9 == 0,
                "logo_large_url": "/logos/large/missing.png",
                "logo_thumb_url": "/logos/thumb/missing.png",
            }
            if company
            else None,
            "company_hidden": more % 9 == 0,
            "address": f"{1 + more % 90} Market Street" if more % 3 else None,
            "city": city,
            "state_code": state_code,
            "zip": str(10_000 + more % 80_000),
            "country_code": locale.country,
            "owners": [self._owner(jobs.ids[row], chance, k) for k in range(1 + more % 2)],
            "contacts": self._contacts(row, company),
            "salary": str(salary) if more % 2 else None,
            "salary_min": str(salary - 5000),
            "salary_max": str(salary + 9000),
            "salary_type_id": lists["compensation_types"][0]["id"],
            "salary_currency_id": 1 + more % 3,
            "bonus": "5000.0" if more % 5 == 0 else None,
            "bonus_payment_type_id": lists["bonus_payment_types"][0]["id"] if more % 5 == 0 else None,
            "bonus_type_id": lists["bonus_types"][0]["id"] if more % 5 == 0 else None,
            "equity": "20000.0" if more % 6 == 0 else None,
            "equity_percent": "0.5" if more % 6 == 0 else None,
            "equity_type_id": lists["equity_types"][2]["id"] if more % 6 == 0 else None,
            "job_type": self.pick("job_types", more) if more % 7 else None,
            "status": {"id": status["id"], "name": status["name"]},
            "categories": [self.pick("job_categories", more + k) for k in range(more % 3)],
            "category": self.pick("job_categories", more) if more % 3 else None,
            "fee": "25.0" if more % 2 else None,
            "fee_type_id": lists["fee_types"][0]["id"],
            "fee_currency_id": 1,
            **stamps(jobs, row),
            "opened_at": stamp(created),
            "filled_at": stamp(agency.hired_at(hired)) if hired is not None else None,
            "published_at": stamp(created + DAY // 2) if published else None,
            "published_end_date": stamp(created + 90 * DAY) if published and more % 2 else None,
            "published": published,
            "public_url": f"https://jobs.agency.example/{jobs.ids[row]}" if published else None,
            "remote_work_allowed": more % 5 < 2,
            **agency.custom("Job", more),
        }
        if more % 8 == 0:
            return {key: value for key, value in record.items() if value is not None}
        return record

    def job_detail(self, row: int, item: Record) -> Record:
        """The single record has no updated_at and no company.hidden, and adds what the list leaves out."""
        agency, lists, more = self.agency, self.agency.lists, mix(self.agency.seed * 677 + row) >> 20
        text = NOTES[row % len(NOTES)] * 6
        hourly, templates = more % 3 == 0, agency.tables["form_templates"].ids
        rate_type = lists["compensation_types"][1]["id"] if hourly else None
        company = item.get("company")
        return {
            **{name: value for name, value in item.items() if name != "updated_at"},
            "company": {name: value for name, value in company.items() if name != "hidden"} if company else None,
            "description": f"<h2>{item['title']}</h2>{text}",
            "description_text": f"{item['title']}\n{re.sub('<[^>]+>', ' ', text)}",
            "internal_notes": NOTES[more % len(NOTES)] if more % 4 == 0 else None,
            "seniority_levels": [self.pick("seniority_levels", more)],
            "counts": agency.stage_counts(row),
            "documents": [{"id": item["id"] * 9, "name": "Stellenprofil.pdf"}] if more % 2 else [],
            "rank": row + 1,
            "fee_type": self.pick("fee_types", 0, "id", "key", "name"),
            "bill_rate": "95.5" if hourly else None,
            "bill_rate_type_id": rate_type,
            "bill_rate_currency_id": 1 if hourly else None,
            "pay_rate": "72.0" if hourly else None,
            "pay_rate_type_id": rate_type,
            "pay_rate_currency_id": 1 if hourly else None,
            "has_cadences": more % 4 == 1,
            "apply_form_template_id": templates[more % len(templates)] if len(templates) and more % 3 else None,
        }

    def _owner(self, job_id: int, chance: int, k: int) -> Record:
        user = self.agency.lists["users"][(chance + k) % len(self.agency.lists["users"])]
        return {
            "id": job_id * 2 + k,
            "position": k + 1,
            "name": user["name"],
            "email": user["email"],
            "phone": None,
            "user_id": user["id"],
            "avatar_thumb_url": user["avatar_thumb_url"],
            "avatar_original_url": None,
            "job_owner_type_id": self.pick("job_owner_types", k)["id"],
        }

    def _contacts(self, row: int, company: Record | None) -> list[Record]:
        agency = self.agency
        if not company or row % 3 == 0:
            return []
        staff = agency.maker.of_company(agency.tables["companies"].row(company["id"]) or 0)
        if not staff or agency.people.row(agency.people.ids[staff[0]]) is None:
            return []
        person = agency.people.record(staff[0])
        return [
            {
                "id": agency.tables["jobs"].ids[row] * 3,
                "position": 1,
                "title": person.get("current_title"),
                "profile_picture_thumb_url": person["profile_picture_thumb_url"],
                "name": person["name"],
                "person_id": person["id"],
                "emails": person["emails"],
                "phones": person["phones"],
                "job_contact_type_id": self.pick("job_contact_types", row)["id"],
            }
        ]

    # Companies ---------------------------------------------------------------------------------------------------

    def company(self, row: int) -> Record:
        agency, chance = self.agency, mix(self.agency.seed * 419 + row)
        user = self.pick("users", chance) if chance % 5 else {"id": None, "name": None}
        return {
            "id": agency.tables["companies"].ids[row],
            "name": company_name(row),
            "url": f"https://company-{row}.example" if chance % 6 else None,
            "job_count": self.job_counts.get(row, 0),
            "owned_by_name": user["name"],
            "owned_by_id": user["id"],
            **agency.custom("Company", chance >> 8),
        }

    def company_detail(self, row: int, item: Record) -> Record:
        lists, chance, base = self.agency.lists, mix(self.agency.seed * 419 + row), item["id"] * 3
        kind, status = self.pick("company_types", chance), self.pick("company_global_statuses", chance >> 4)
        return {
            **item,
            "description": NOTES[row % len(NOTES)],
            "culture": "Flat hierarchies" if chance % 4 == 0 else None,
            "internal_notes_text": "Ask for the new framework contract." if chance % 5 == 0 else None,
            "logo_large_url": "/logos/large/missing.png",
            "logo_thumb_url": "/logos/thumb/missing.png",
            "blocked": chance % 10 == 0,
            "blocked_until": stamp(self.agency.now + 90 * DAY) if chance % 10 == 0 else None,
            "fee": 22.5 if chance % 3 else None,
            "fee_type_id": lists["fee_types"][0]["id"],
            "company_type": kind,
            "company_type_id": kind["id"],
            "company_global_status": status,
            "company_global_status_id": status["id"],
            "emails": [
                {
                    "id": base,
                    "value": f"office@company-{row}.example",
                    "sync": row % 2 == 0,
                    "position": 1,
                    "email_type_id": lists["email_types"][1]["id"],
                }
            ],
            "phones": [
                {
                    "id": base + 1,
                    "value": f"+1 555 01{row % 90 + 10}",
                    "position": 1,
                    "phone_type_id": lists["phone_types"][1]["id"],
                }
            ]
            if chance % 2
            else [],
            "addresses": [
                {
                    "id": base + 2,
                    "address_type_id": lists["address_types"][1]["id"],
                    "line1": f"{row} Main Street",
                    "line2": f"Floor {row % 9}" if row % 2 else None,
                    "line3": "Reception" if row % 5 == 0 else None,
                    "city": "Austin",
                    "state_id": self.agency.home_state,
                    "zip": "78701",
                    "country_id": self.agency.home_country,
                    "position": 1,
                }
            ],
            **stamps(self.agency.tables["companies"], row),
        }

    # The pipeline ------------------------------------------------------------------------------------------------

    def candidate(self, row: int) -> Record:
        agency, story = self.agency, self.agency.story
        person = agency.people.record(story.person[row])
        event_row = agency.latest_events.get(row)
        if event_row is None and row < agency.base["candidates"]:
            event_row = story.latest_event(row)
        events = agency.tables["person_events"]
        event = events.record(event_row) if event_row is not None and event_row not in events.gone else None
        latest = (
            {
                name: event.get(name)
                for name in ("id", "activity_type_id", "created_at", "created_by_id", "updated_at", "updated_by_id")
            }
            if event
            else None
        )
        return {
            "id": agency.tables["candidates"].ids[row],
            "position": row + 1 - story.job_start[story.job[row]] if row < agency.base["candidates"] else 1,
            "workflow_stage_id": agency.stage_of(row),
            "candidate_rejection_reason": {"id": 31, "name": "Another candidate was chosen"}
            if story.rejected[row]
            else None,
            "highlights": "Led a team of twelve" if row % 6 == 0 else None,
            "person": {name: person[name] for name in CANDIDATE_PERSON if name in person},
            "latest_person_event": latest,
        }

    def event(self, row: int) -> Record:
        agency, lists = self.agency, self.agency.lists
        events, chance = agency.tables["person_events"], mix(self.agency.seed * 263 + row)
        person, job, kind = self.event_subject(row)
        company = agency.company_stub(mix(agency.seed * 677 + job)) if job is not None else None
        user = self.pick("users", chance)["id"]
        moved = job is not None
        return {
            "id": events.ids[row],
            "notes": None if moved and chance % 3 else NOTES[chance % len(NOTES)],
            "pinned": chance % 60 == 0,
            "person_id": agency.people.ids[person] if person is not None else None,
            "activity_type_id": kind["id"],
            "activity_type": {name: kind[name] for name in ("id", "key", "name")},
            "job_id": agency.tables["jobs"].ids[job] if job is not None else None,
            "company_id": company["id"] if company else None,
            "created_by_id": user,
            "updated_by_id": self.pick(lists["users"], chance >> 9)["id"],
            **stamps(events, row),
            "documents": [],
        }

    def event_subject(self, row: int) -> tuple[int | None, int | None, Record]:
        """Person row, job row and activity type of an activity."""
        agency, story = self.agency, self.agency.story
        mover = story.mover(story.plot_of[row]) if row < len(story.plot_of) else None
        if mover:
            candidate, position = mover
            job = story.job[candidate]
            return story.person[candidate], job, agency.type_of_stage(agency.stages_of(job)[position]["id"])
        chance = mix(agency.seed * 263 + row) >> 7
        created = agency.tables["person_events"].created[row]  # type: ignore[index]
        known = bisect_right(story.people, created)
        others = agency.other_types
        return chance % known if known else None, None, others[(chance >> 24) % len(others)]

    def event_detail(self, row: int, item: Record) -> Record:
        called = item["activity_type"]["key"] in ("call", "left_voicemail")
        call = {"id": item["id"] * 2, "duration": 60 + row % 900}
        return {
            **item,
            "event_deal_links": [],
            "ring_central_call": call if called and row % 2 == 0 else None,
            "twilio_call": call if called and row % 2 else None,
        }

    def placement(self, row: int) -> Record:
        agency, story = self.agency, self.agency.story
        placements, chance = agency.tables["placements"], mix(agency.seed * 173 + row)
        candidate = agency.placed[row % len(agency.placed)] if agency.placed else None
        person, job = (story.person[candidate], story.job[candidate]) if candidate is not None else (0, 0)
        job_record = agency.tables["jobs"].record(job)
        company = job_record.get("company") or {"id": None, "name": None}
        start = placements.created[row] + 30 * DAY  # type: ignore[index]
        contract = chance % 3 == 0
        return {
            "id": placements.ids[row],
            "person": {"id": agency.people.ids[person], "name": agency.maker.name(person)},
            "job": {
                "id": job_record["id"],
                "title": job_record["title"],
                "company": {"id": company["id"], "name": company["name"]},
            },
            "start_date": date(start),
            "end_date": date(start + 180 * DAY) if contract else None,
            "salary": None if contract else f"{50 + chance % 90}000.0",
            "bill_rate": "95.5" if contract else None,
            "pay_rate": "72.0" if contract else None,
            "margin": "23.5" if contract else None,
            "fee": f"{'-' if chance % 40 == 0 else ''}{6000 + chance % 20000}.0",  # below 0: a drop-out
            "fee_type": self.pick("fee_types", chance % 2, "id", "key", "name"),
            "job_type": job_record.get("job_type") or self.pick("job_types", 0),
            "notes": NOTES[chance % len(NOTES)] if chance % 3 == 0 else None,
            "splits": [],
            **stamps(placements, row),
            **agency.custom("Placement", chance >> 5),
        }

    def deal(self, row: int) -> Record:
        agency, lists = self.agency, self.agency.lists
        deals, chance = agency.tables["deals"], mix(agency.seed * 89 + row)
        flow = lists["deal_workflows"][chance % len(lists["deal_workflows"])]
        stages = [stage for stage in agency.pipeline_stages if stage["workflow_id"] == flow["id"]]
        stage = stages[chance % len(stages)]
        company = agency.company_stub(chance)
        person = agency.person_stub(chance >> 9) if chance % 2 else None
        job = agency.job_stub(chance >> 11) if chance % 3 == 0 else None
        return {
            "id": deals.ids[row],
            "name": f"{company['name'] if company else 'Deal'} {2022 + chance % 5}",
            "amount": f"{5 + chance % 80}000.0",
            "expected_amount": f"{(5 + chance % 80) * 500}.0",
            "description": NOTES[chance % len(NOTES)] if chance % 4 else None,
            "closes_at": stamp(deals.created[row] + 60 * DAY),  # type: ignore[index]
            "workflow_id": flow["id"],
            "pipeline_stage_id": stage["id"],
            "current_pipeline_stage": {"id": stage["id"], "name": stage["name"]},
            "company": company,
            "company_id": company["id"] if company else None,
            "person": person,
            "person_id": person["id"] if person else None,
            "job": job,
            "job_id": job["id"] if job else None,
            "owner": self.pick("users", chance >> 5, "id", "name", "email"),
            **stamps(deals, row),
            **agency.custom("Deal", chance >> 13),
        }
