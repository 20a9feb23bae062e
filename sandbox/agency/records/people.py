"""Person records, with the fields that Whippy and Ampersand recorded; a list item has about 2 kB."""

from __future__ import annotations

from ...timestamps import DAY_MS, format_timestamp
from ..agency import Agency
from ..sample_names import company_name, persona
from ..sample_texts import JOB_TITLES, NOTES, SCHOOLS, SKILL_SETS, TAG_SETS
from ..table import Record

NO_PICTURE_FOLDER = "/profile_pictures"
PICTURE_FOLDER = "https://pictures.agency.example/system/uploads/person/profile_pictures/2026"


class PersonRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        lists = agency.lists
        self.person_types = [{"id": row["id"], "name": row["name"]} for row in lists["person_types"]]
        self.global_statuses = [{"id": row["id"], "name": row["name"]} for row in lists["person_global_statuses"]]
        self.source_types = [{"id": row["id"], "name": row["name"]} for row in agency.source_types]
        self.user_ids = [row["id"] for row in lists["users"]]
        self.list_ids = [row["id"] for row in lists["person_lists"]]
        self.email_type_ids = [row["id"] for row in lists["email_types"]]
        self.phone_type_ids = [row["id"] for row in lists["phone_types"]]
        self.compensation_type_ids = [row["id"] for row in lists["compensation_types"]]
        self.bonus_payment_type_ids = [row["id"] for row in lists["bonus_payment_types"]]
        self.equity_type_ids = [row["id"] for row in lists["equity_types"]]
        self.bonus_type_ids = [row["id"] for row in lists["bonus_types"]]

    def list_item(self, row: int) -> Record:
        agency = self.agency
        bits = agency.person_bits(row)
        high_bits = bits >> 24
        person = persona(bits)
        given, family, locale, name = person.email_given, person.email_family, person.locale, person.full_name
        city, state, _ = locale.places[high_bits % len(locale.places)]
        person_id = agency.people.ids[row]
        employer = agency.employer(row)
        title = JOB_TITLES[high_bits % len(JOB_TITLES)]
        has_salary = high_bits % 3 == 0
        user = self.user_ids[high_bits % len(self.user_ids)]
        folder, picture = (PICTURE_FOLDER, f"{bits:x}.jpg") if high_bits % 4 else (NO_PICTURE_FOLDER, "missing.png")
        record: Record = {
            "id": person_id,
            "name": name,
            "profile_picture_thumb_url": f"{folder}/thumb/{picture}",
            "profile_picture_original_url": f"{folder}/original/{picture}",
            "location": f"{city}, {state}, {locale.country_name}",
            "address": f"{1 + high_bits % 200} Main Street" if high_bits % 4 == 0 else None,
            "city": city,
            "state": state,
            "zip": str(10000 + high_bits % 89999) if high_bits % 2 else None,
            "country": locale.country_name,
            "current_title": title,
            "current_company": company_name(high_bits % 4000 if employer is None else employer),
            "current_compensation": 40000 + high_bits % 120 * 1000 if has_salary else None,
            "compensation": 40000 + high_bits % 120 * 1000 if has_salary else None,
            "compensation_notes": "Bonus paid in March, car allowance" if high_bits % 9 == 0 else None,
            "compensation_currency_id": 1 + high_bits % 3 if has_salary else None,
            "salary": 40000 + high_bits % 120 * 1000 if has_salary else None,
            "salary_type_id": self.compensation_type_ids[0] if has_salary else None,
            "bonus_payment_type_id": self.bonus_payment_type_ids[0] if high_bits % 9 == 0 else None,
            "bonus_type_id": self.bonus_type_ids[0] if high_bits % 9 == 0 else None,
            "bonus": 5000 if high_bits % 9 == 0 else None,
            "equity_type_id": self.equity_type_ids[2] if high_bits % 11 == 0 else None,
            "equity": 0.5 if high_bits % 11 == 0 else None,
            "person_types": [self.person_types[0 if high_bits % 5 else 1 + high_bits % 3]],
            "owned_by_id": user if high_bits % 6 else None,
            **agency.people.timestamp_fields(row),
            "created_by_id": user,
            "updated_by_id": self.user_ids[high_bits % 5],
            "emails": self._emails(row, given, family) if high_bits % 12 else [],
            "phones": [
                {
                    "id": person_id * 3 + 1,
                    "value": f"{locale.phone_prefix}{high_bits % 90 + 10}",
                    "phone_type_id": self.phone_type_ids[high_bits % 3],
                }
            ]
            if high_bits % 4
            else [],
            "blocked": high_bits % 29 == 0,
            "blocked_until": format_timestamp(agency.now + 90 * DAY_MS) if high_bits % 29 == 0 else None,
            "list_ids": [self.list_ids[high_bits % len(self.list_ids)]] if high_bits % 5 == 0 else [],
            "candidate_jobs": self._candidate_jobs(row),
            "linkedin_url": f"https://www.linkedin.com/in/{given}-{family}-{bits:x}"
            if high_bits % 3
            else f"https://www.linkedin.com/search/results/people/?keywords={name.replace(' ', '+')}",
            "person_global_status": self.global_statuses[high_bits % len(self.global_statuses)]
            if high_bits % 3
            else None,
            "all_raw_tags": TAG_SETS[high_bits % len(TAG_SETS)] if high_bits % 2 else None,
            "skillsets": SKILL_SETS[high_bits % len(SKILL_SETS)] if high_bits % 5 else None,
            "source_type": self.source_types[high_bits % len(self.source_types)] if high_bits % 8 else None,
            **agency.custom_field_values("Person", high_bits),
        }
        if high_bits % 10 == 0:  # some records lack their null fields (Ampersand's recording has no null at all)
            return {key: value for key, value in record.items() if value is not None}
        return record

    def _emails(self, row: int, given: str, family: str) -> list[Record]:
        base_id = self.agency.people.ids[row] * 3
        emails = [
            {"id": base_id, "value": f"{given}.{family}.{row}@example.com", "email_type_id": self.email_type_ids[0]}
        ]
        if row % 6 == 0:
            emails.append(
                {"id": base_id + 2, "value": f"{family}{row}@work.example", "email_type_id": self.email_type_ids[1]}
            )
        return emails

    def full_record(self, row: int, item: Record) -> Record:
        """Return the single record, which adds profiles, files and the person's pipelines."""
        high_bits = self.agency.person_bits(row) >> 24
        created_at = item["created_at"]
        type_ids = {person_type["id"] for person_type in item.get("person_types", [])}
        resume = {
            "id": item["id"] * 4,
            "name": "CV Lebenslauf für Bewerbung.pdf",
            "created_at": created_at,
            "updated_at": created_at,
        }
        return {
            **item,
            "person_types": [row for row in self.agency.lists["person_types"] if row["id"] in type_ids],
            "agency_id": self.agency.agency_id,
            "description": NOTES[high_bits % len(NOTES)] * (1 + high_bits % 12),
            "job_profiles": [self._job_profile(row, item, k) for k in range(high_bits % 4)],
            "education_profiles": [
                {
                    "id": item["id"] * 5 + k,
                    "degree": "MSc",
                    "school": SCHOOLS[(high_bits + k) % len(SCHOOLS)],
                    "month": 6,
                    "year": 2010 + k,
                    "education_type_id": self._education_type(k),
                    "description": None,
                }
                for k in range(high_bits % 3)
            ],
            "social_profiles": [
                {
                    "id": item["id"] * 6,
                    "url": item.get("linkedin_url"),
                    "social_profile_type_id": self.agency.lists["social_profile_types"][0]["id"],
                }
            ],
            "documents": [{**resume, "id": item["id"] * 4 + 1, "name": "Arbeitszeugnis"}] if high_bits % 5 == 0 else [],
            "resumes": [resume] if high_bits % 2 else [],
            "candidates": self._candidates(row),
            "target_salary": 60000 + high_bits % 90 * 1000 if high_bits % 4 == 0 else None,
            "target_salary_type_id": self.compensation_type_ids[0] if high_bits % 4 == 0 else None,
            "person_shares": [],
            "diversity_types": [],
        }

    def _candidate_jobs(self, row: int) -> list[Record]:
        agency = self.agency
        return [
            {
                "id": agency.id_of("candidates", candidate),
                "job": {"id": agency.id_of("jobs", agency.history.job_of[candidate])},
            }
            for candidate in agency.candidates_of_person(row)
        ]

    def _candidates(self, row: int) -> list[Record]:
        agency, records = self.agency, []
        for candidate in agency.candidates_of_person(row):
            stage_id = agency.stage_id_of_candidate(candidate)
            records.append(
                {
                    "id": agency.id_of("candidates", candidate),
                    "job": {"id": agency.id_of("jobs", agency.history.job_of[candidate])},
                    "latest_activity_type": {"name": agency.activity_type_of_stage(stage_id)["name"]},
                    "workflow_stage_id": stage_id,
                }
            )
        return records

    def _education_type(self, k: int) -> int:
        rows = self.agency.lists["education_types"]
        type_id: int = rows[(k + 1) % len(rows)]["id"]
        return type_id

    def _job_profile(self, row: int, item: Record, k: int) -> Record:
        end_year = 2024 - 3 * k
        employer = self.agency.employer(row)
        company_id = self.agency.tables["companies"].ids[employer] if employer is not None and k == 0 else None
        return {
            "id": item["id"] * 8 + k,
            "title": item.get("current_title") if k == 0 else JOB_TITLES[(row + k) % len(JOB_TITLES)],
            "company": {
                "id": company_id,
                "name": item.get("current_company") if k == 0 else company_name(row + k),
            },
            "month": 1 + row % 12,
            "year": end_year - 2,
            "end_month": None if k == 0 else 12,
            "end_year": None if k == 0 else end_year,
            "description": NOTES[(row + k) % len(NOTES)],
        }


def sub_list(full_record: Record, name: str) -> list[Record]:
    """Return one of the bare lists below people/{id}/."""
    if name == "list_items":
        return [
            {"id": full_record["id"] * 7 + k, "person_list_id": list_id, "position": k + 1}
            for k, list_id in enumerate(full_record.get("list_ids", []))
        ]
    if name == "sms_opt_ins":
        return [
            {"id": phone["id"] + 1, "opt_in": True, "normalized_phone_number": phone["value"].replace(" ", "")}
            for phone in full_record.get("phones", [])
        ]
    records: list[Record] = full_record.get(name, [])
    return records
