"""Company records."""

from __future__ import annotations

from collections import Counter

from ...hashing import hash64
from ...timestamps import DAY_MS, format_timestamp
from ..agency import Agency
from ..sample_names import company_name
from ..sample_texts import NOTES
from ..table import Record
from .files import file_entry


class CompanyRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        count = agency.generated["companies"]
        self.job_counts = (
            Counter(agency.job_bits(job) % count for job in range(agency.generated["jobs"])) if count else {}
        )

    def list_item(self, row: int) -> Record:
        agency, bits = self.agency, hash64(self.agency.seed * 419 + row)
        user = self.agency.pick("users", bits) if bits % 5 else {"id": None, "name": None}
        return {
            "id": agency.tables["companies"].ids[row],
            "name": company_name(row),
            "url": f"https://company-{row}.example" if bits % 6 else None,
            "job_count": self.job_counts.get(row, 0),
            "owned_by_name": user["name"],
            "owned_by_id": user["id"],
            **agency.custom_field_values("Company", bits >> 8),
        }

    def full_record(self, row: int, item: Record) -> Record:
        agency = self.agency
        lists, bits, base_id = agency.lists, hash64(agency.seed * 419 + row), item["id"] * 3
        company_type, status = (
            self.agency.pick("company_types", bits),
            self.agency.pick("company_global_statuses", bits >> 4),
        )
        return {
            **item,
            "documents": [file_entry(base_id, "Rahmenvertrag.docx", agency.created("companies", row))]
            if bits % 2
            else [],
            "description": NOTES[row % len(NOTES)],
            "culture": "Flat hierarchies" if bits % 4 == 0 else None,
            "internal_notes_text": "Ask for the new framework contract." if bits % 5 == 0 else None,
            "logo_large_url": "/logos/large/missing.png",
            "logo_thumb_url": "/logos/thumb/missing.png",
            "blocked": bits % 10 == 0,
            "blocked_until": format_timestamp(self.agency.now + 90 * DAY_MS) if bits % 10 == 0 else None,
            "fee": 22.5 if bits % 3 else None,
            "fee_type_id": lists["fee_types"][0]["id"],
            "company_type": company_type,
            "company_type_id": company_type["id"],
            "company_global_status": status,
            "company_global_status_id": status["id"],
            "emails": [
                {
                    "id": base_id,
                    "value": f"office@company-{row}.example",
                    "sync": row % 2 == 0,
                    "position": 1,
                    "email_type_id": lists["email_types"][1]["id"],
                }
            ],
            "phones": [
                {
                    "id": base_id + 1,
                    "value": f"+1 555 01{row % 90 + 10}",
                    "position": 1,
                    "phone_type_id": lists["phone_types"][1]["id"],
                }
            ]
            if bits % 2
            else [],
            "addresses": [
                {
                    "id": base_id + 2,
                    "address_type_id": lists["address_types"][1]["id"],
                    "line1": f"{row} Main Street",
                    "line2": f"Floor {row % 9}" if row % 2 else None,
                    "line3": "Reception" if row % 5 == 0 else None,
                    "city": "Austin",
                    "state_id": self.agency.home_state_id,
                    "zip": "78701",
                    "country_id": self.agency.home_country_id,
                    "position": 1,
                }
            ],
            **self.agency.tables["companies"].timestamp_fields(row),
        }
