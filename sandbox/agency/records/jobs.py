"""Job records."""

from __future__ import annotations

import re

from ...timestamps import DAY_MS, format_timestamp
from ..agency import Agency
from ..sample_names import LOCALES
from ..sample_texts import JOB_TITLES, NOTES
from ..table import Record
from .files import file_entry


class JobRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_item(self, row: int) -> Record:
        agency, lists = self.agency, self.agency.lists
        jobs, bits = agency.tables["jobs"], agency.job_bits(row)
        high_bits = bits >> 20
        locale = LOCALES[high_bits % len(LOCALES)]
        city, _, state_code = locale.places[high_bits % len(locale.places)]
        company = agency.company_of_job(row)
        title = JOB_TITLES[high_bits % len(JOB_TITLES)]
        hired = agency.history.hired_by_job.get(row) if row < agency.generated["jobs"] else None
        created = agency.created("jobs", row)
        status = (
            lists["job_statuses"][2] if hired is not None else lists["job_statuses"][(0, 0, 0, 1, 3, 4)[high_bits % 6]]
        )
        published = high_bits % 3 == 0
        salary = 45_000 + high_bits % 90 * 1000
        record: Record = {
            "id": jobs.ids[row],
            "agency": {"id": agency.agency_id, "name": "Demo Agency"},
            "title": title,
            "published_name": f"{title}, {city}" if published else None,
            "macro_address": f"{city}, {locale.country_name}",
            "company": {
                **company,
                "hidden": high_bits % 9 == 0,
                "logo_large_url": "/logos/large/missing.png",
                "logo_thumb_url": "/logos/thumb/missing.png",
            }
            if company
            else None,
            "company_hidden": high_bits % 9 == 0,
            "address": f"{1 + high_bits % 90} Market Street" if high_bits % 3 else None,
            "city": city,
            "state_code": state_code,
            "zip": str(10_000 + high_bits % 80_000),
            "country_code": locale.country_code,
            "owners": [self._owner(jobs.ids[row], bits, k) for k in range(1 + high_bits % 2)],
            "contacts": self._contacts(row, company),
            "salary": str(salary) if high_bits % 2 else None,
            "salary_min": str(salary - 5000),
            "salary_max": str(salary + 9000),
            "salary_type_id": lists["compensation_types"][0]["id"],
            "salary_currency_id": 1 + high_bits % 3,
            "bonus": "5000.0" if high_bits % 5 == 0 else None,
            "bonus_payment_type_id": lists["bonus_payment_types"][0]["id"] if high_bits % 5 == 0 else None,
            "bonus_type_id": lists["bonus_types"][0]["id"] if high_bits % 5 == 0 else None,
            "equity": "20000.0" if high_bits % 6 == 0 else None,
            "equity_percent": "0.5" if high_bits % 6 == 0 else None,
            "equity_type_id": lists["equity_types"][2]["id"] if high_bits % 6 == 0 else None,
            "job_type": self.agency.pick("job_types", high_bits) if high_bits % 7 else None,
            "status": {"id": status["id"], "name": status["name"]},
            "categories": [self.agency.pick("job_categories", high_bits + k) for k in range(high_bits % 3)],
            "category": self.agency.pick("job_categories", high_bits) if high_bits % 3 else None,
            "fee": "25.0" if high_bits % 2 else None,
            "fee_type_id": lists["fee_types"][0]["id"],
            "fee_currency_id": 1,
            **jobs.timestamp_fields(row),
            "opened_at": format_timestamp(created),
            "filled_at": format_timestamp(agency.history.last_move_time(hired)) if hired is not None else None,
            "published_at": format_timestamp(created + DAY_MS // 2) if published else None,
            "published_end_date": format_timestamp(created + 90 * DAY_MS) if published and high_bits % 2 else None,
            "published": published,
            "public_url": f"https://jobs.agency.example/{jobs.ids[row]}" if published else None,
            "remote_work_allowed": high_bits % 5 < 2,
            **agency.custom_field_values("Job", high_bits),
        }
        if high_bits % 8 == 0:
            return {key: value for key, value in record.items() if value is not None}
        return record

    def full_record(self, row: int, item: Record) -> Record:
        """Return the single record: without updated_at and company.hidden, with fields that the list item lacks."""
        agency, lists = self.agency, self.agency.lists
        high_bits, created = agency.job_bits(row) >> 20, agency.created("jobs", row)
        text = NOTES[row % len(NOTES)] * 6
        is_hourly, template_ids = high_bits % 3 == 0, agency.tables["form_templates"].ids
        rate_type = lists["compensation_types"][1]["id"] if is_hourly else None
        company = item.get("company")
        return {
            **{name: value for name, value in item.items() if name != "updated_at"},
            "company": {name: value for name, value in company.items() if name != "hidden"} if company else None,
            "description": f"<h2>{item['title']}</h2>{text}",
            "description_text": f"{item['title']}\n{re.sub('<[^>]+>', ' ', text)}",
            "internal_notes": NOTES[high_bits % len(NOTES)] if high_bits % 4 == 0 else None,
            "seniority_levels": [self.agency.pick("seniority_levels", high_bits)],
            "counts": agency.stage_counts(row),
            "documents": [file_entry(item["id"] * 9, "Stellenprofil.pdf", created)] if high_bits % 2 else [],
            "rank": row + 1,
            "fee_type": self.agency.pick("fee_types", 0, "id", "key", "name"),
            "bill_rate": "95.5" if is_hourly else None,
            "bill_rate_type_id": rate_type,
            "bill_rate_currency_id": 1 if is_hourly else None,
            "pay_rate": "72.0" if is_hourly else None,
            "pay_rate_type_id": rate_type,
            "pay_rate_currency_id": 1 if is_hourly else None,
            "has_cadences": high_bits % 4 == 1,
            "apply_form_template_id": template_ids[high_bits % len(template_ids)]
            if len(template_ids) and high_bits % 3
            else None,
        }

    def _owner(self, job_id: int, bits: int, k: int) -> Record:
        user = self.agency.lists["users"][(bits + k) % len(self.agency.lists["users"])]
        return {
            "id": job_id * 2 + k,
            "position": k + 1,
            "name": user["name"],
            "email": user["email"],
            "phone": None,
            "user_id": user["id"],
            "avatar_thumb_url": user["avatar_thumb_url"],
            "avatar_original_url": None,
            "job_owner_type_id": self.agency.pick("job_owner_types", k)["id"],
        }

    def _contacts(self, row: int, company: Record | None) -> list[Record]:
        agency = self.agency
        if not company or row % 3 == 0:
            return []
        employees = agency.employees(agency.tables["companies"].find_row(company["id"]) or 0)
        if not employees or employees[0] in agency.people.deleted:
            return []
        person = agency.people.list_item(employees[0])
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
                "job_contact_type_id": self.agency.pick("job_contact_types", row)["id"],
            }
        ]
