"""Person records: the list item (about 2 kB, fields as Whippy and Ampersand recorded them) and the full record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import DAY, mix, stamp
from .words import NOTES, PERSONAS, SCHOOLS, SKILL_SETS, TAG_SETS, TITLES

if TYPE_CHECKING:
    from .agency import Agency

Record = dict[str, Any]
MISSING = "/profile_pictures"
PICTURES = "https://pictures.agency.example/system/uploads/person/profile_pictures/2026"
EMPLOYED_BY_CLIENTS = 7  # every seventh person works for a company of the agency


class People:
    """Makes a person from its row number."""

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        lists = agency.lists
        self.types = [{"id": row["id"], "name": row["name"]} for row in lists["person_types"]]
        self.type_rows = lists["person_types"]
        self.statuses = [{"id": row["id"], "name": row["name"]} for row in lists["person_global_statuses"]]
        self.sources = [{"id": row["id"], "name": row["name"]} for row in agency.source_types]
        self.users = [row["id"] for row in lists["users"]]
        self.lists = [row["id"] for row in lists["person_lists"]]
        self.email_types = [row["id"] for row in lists["email_types"]]
        self.phone_types = [row["id"] for row in lists["phone_types"]]
        self.compensation_types = [row["id"] for row in lists["compensation_types"]]
        self.bonus_payment_types = [row["id"] for row in lists["bonus_payment_types"]]
        self.equity_types = [row["id"] for row in lists["equity_types"]]
        self.bonus_types = [row["id"] for row in lists["bonus_types"]]

    def company(self, row: int) -> int | None:
        """The row of the company a person works for, when the agency knows it."""
        count = self.agency.base["companies"]
        return (row // EMPLOYED_BY_CLIENTS) % count if count and row % EMPLOYED_BY_CLIENTS == 0 else None

    def of_company(self, company: int) -> range:
        count = self.agency.base["companies"] or 1
        return range(company * EMPLOYED_BY_CLIENTS, self.agency.base["people"], count * EMPLOYED_BY_CLIENTS)

    def name(self, row: int) -> str:
        chance = mix(self.agency.seed * 8191 + row)
        return PERSONAS[chance % len(PERSONAS)].name

    def item(self, row: int) -> Record:
        agency = self.agency
        chance = mix(agency.seed * 8191 + row)
        more = chance >> 24
        persona = PERSONAS[chance % len(PERSONAS)]
        given, family, locale, name = persona.given, persona.family, persona.locale, persona.name
        city, state, _ = locale.places[more % len(locale.places)]
        person_id = agency.people.ids[row]
        company = self.company(row)
        title = TITLES[more % len(TITLES)]
        paid = more % 3 == 0
        user = self.users[more % len(self.users)]
        folder, picture = (PICTURES, f"{chance:x}.jpg") if more % 4 else (MISSING, "missing.png")
        record: Record = {
            "id": person_id,
            "name": name,
            "profile_picture_thumb_url": f"{folder}/thumb/{picture}",
            "profile_picture_original_url": f"{folder}/original/{picture}",
            "location": f"{city}, {state}, {locale.name}",
            "address": f"{1 + more % 200} Main Street" if more % 4 == 0 else None,
            "city": city,
            "state": state,
            "zip": str(10000 + more % 89999) if more % 2 else None,
            "country": locale.name,
            "current_title": title,
            "current_company": agency.company_name(more % 4000 if company is None else company),
            "current_compensation": 40000 + more % 120 * 1000 if paid else None,
            "compensation": 40000 + more % 120 * 1000 if paid else None,
            "compensation_notes": "Bonus paid in March, car allowance" if more % 9 == 0 else None,
            "compensation_currency_id": 1 + more % 3 if paid else None,
            "salary": 40000 + more % 120 * 1000 if paid else None,
            "salary_type_id": self.compensation_types[0] if paid else None,
            "bonus_payment_type_id": self.bonus_payment_types[0] if more % 9 == 0 else None,
            "bonus_type_id": self.bonus_types[0] if more % 9 == 0 else None,
            "bonus": 5000 if more % 9 == 0 else None,
            "equity_type_id": self.equity_types[2] if more % 11 == 0 else None,
            "equity": 0.5 if more % 11 == 0 else None,
            "person_types": [self.types[0 if more % 5 else 1 + more % 3]],
            "owned_by_id": user if more % 6 else None,
            "created_at": stamp(agency.people.created[row]),  # type: ignore[index]
            "updated_at": stamp(agency.people.updated[row]),  # type: ignore[index]
            "created_by_id": user,
            "updated_by_id": self.users[more % 5],
            "emails": self.emails(row, given, family) if more % 12 else [],
            "phones": [
                {
                    "id": person_id * 3 + 1,
                    "value": f"{locale.phone}{more % 90 + 10}",
                    "phone_type_id": self.phone_types[more % 3],
                }
            ]
            if more % 4
            else [],
            "blocked": more % 29 == 0,
            "blocked_until": stamp(agency.now + 90 * DAY) if more % 29 == 0 else None,
            "list_ids": [self.lists[more % len(self.lists)]] if more % 5 == 0 else [],
            "candidate_jobs": agency.candidate_jobs(row),
            "linkedin_url": f"https://www.linkedin.com/in/{given}-{family}-{chance:x}"
            if more % 3
            else f"https://www.linkedin.com/search/results/people/?keywords={name.replace(' ', '+')}",
            "person_global_status": self.statuses[more % len(self.statuses)] if more % 3 else None,
            "all_raw_tags": TAG_SETS[more % len(TAG_SETS)] if more % 2 else None,
            "skillsets": SKILL_SETS[more % len(SKILL_SETS)] if more % 5 else None,
            "source_type": self.sources[more % len(self.sources)] if more % 8 else None,
            **agency.custom("Person", more),
        }
        if more % 10 == 0:  # null fields are sometimes left out (Ampersand's recording has no null at all)
            return {key: value for key, value in record.items() if value is not None}
        return record

    def emails(self, row: int, given: str, family: str) -> list[Record]:
        base = self.agency.people.ids[row] * 3
        found = [{"id": base, "value": f"{given}.{family}.{row}@example.com", "email_type_id": self.email_types[0]}]
        if row % 6 == 0:
            found.append({"id": base + 2, "value": f"{family}{row}@work.example", "email_type_id": self.email_types[1]})
        return found

    def detail(self, row: int, item: Record) -> Record:
        """The single record adds profiles, files and the pipelines the person is in."""
        more = mix(self.agency.seed * 8191 + row) >> 24
        born = item["created_at"]
        wanted = {kind["id"] for kind in item.get("person_types", [])}
        files = [
            {"id": item["id"] * 4, "name": "CV Lebenslauf für Bewerbung.pdf", "created_at": born, "updated_at": born}
        ]
        return {
            **item,
            "person_types": [kind for kind in self.type_rows if kind["id"] in wanted],
            "agency_id": self.agency.agency_id,
            "description": NOTES[more % len(NOTES)] * (1 + more % 12),
            "job_profiles": [self._job_profile(row, item, k) for k in range(more % 4)],
            "education_profiles": [
                {
                    "id": item["id"] * 5 + k,
                    "degree": "MSc",
                    "school": SCHOOLS[(more + k) % len(SCHOOLS)],
                    "month": 6,
                    "year": 2010 + k,
                    "education_type_id": self._education_type(k),
                    "description": None,
                }
                for k in range(more % 3)
            ],
            "social_profiles": [
                {
                    "id": item["id"] * 6,
                    "url": item.get("linkedin_url"),
                    "social_profile_type_id": self.agency.lists["social_profile_types"][0]["id"],
                }
            ],
            "documents": [],
            "resumes": files if more % 2 else [],
            "candidates": self.agency.candidacies(row),
            "target_salary": 60000 + more % 90 * 1000 if more % 4 == 0 else None,
            "target_salary_type_id": self.compensation_types[0] if more % 4 == 0 else None,
            "person_shares": [],
            "diversity_types": [],
        }

    def parts(self, detail: Record, name: str) -> list[Record]:
        """The bare lists under people/{id}/."""
        if name == "list_items":
            return [
                {"id": detail["id"] * 7 + k, "person_list_id": list_id, "position": k + 1}
                for k, list_id in enumerate(detail.get("list_ids", []))
            ]
        if name == "sms_opt_ins":
            return [
                {"id": phone["id"] + 1, "opt_in": True, "normalized_phone_number": phone["value"].replace(" ", "")}
                for phone in detail.get("phones", [])
            ]
        found: list[Record] = detail.get(name, [])
        return found

    def _education_type(self, k: int) -> int:
        rows = self.agency.lists["education_types"]
        type_id: int = rows[(k + 1) % len(rows)]["id"]
        return type_id

    def _job_profile(self, row: int, item: Record, k: int) -> Record:
        started = 2024 - 3 * k
        employer = self.company(row)
        company_id = self.agency.tables["companies"].ids[employer] if employer is not None and k == 0 else None
        return {
            "id": item["id"] * 8 + k,
            "title": item.get("current_title") if k == 0 else TITLES[(row + k) % len(TITLES)],
            "company": {
                "id": company_id,
                "name": item.get("current_company") if k == 0 else self.agency.company_name(row + k),
            },
            "month": 1 + row % 12,
            "year": started - 2,
            "end_month": None if k == 0 else 12,
            "end_year": None if k == 0 else started,
            "description": NOTES[(row + k) % len(NOTES)],
        }


def active_stages(agency: Agency, row: int) -> list[int]:
    """For the active_workflow_stage_id filter: the stages a person stands in now."""
    return [candidacy["workflow_stage_id"] for candidacy in agency.candidacies(row)]
