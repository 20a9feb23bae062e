"""Placement records: one for each hired candidate."""

from __future__ import annotations

from ...hashing import hash64
from ...timestamps import DAY_MS, format_date
from ..agency import Agency
from ..sample_texts import NOTES
from ..table import Record


class PlacementRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_item(self, row: int) -> Record:
        agency, history = self.agency, self.agency.history
        placements, bits = agency.tables["placements"], hash64(agency.seed * 173 + row)
        candidate = agency.hired_candidates[row % len(agency.hired_candidates)] if agency.hired_candidates else None
        person, job = (history.person_of[candidate], history.job_of[candidate]) if candidate is not None else (0, 0)
        job_record = agency.tables["jobs"].list_item(job)
        company = job_record.get("company") or {"id": None, "name": None}
        start = agency.created("placements", row) + 30 * DAY_MS
        is_contract = bits % 3 == 0
        return {
            "id": placements.ids[row],
            "person": {"id": agency.people.ids[person], "name": agency.person_name(person)},
            "job": {
                "id": job_record["id"],
                "title": job_record["title"],
                "company": {"id": company["id"], "name": company["name"]},
            },
            "start_date": format_date(start),
            "end_date": format_date(start + 180 * DAY_MS) if is_contract else None,
            "salary": None if is_contract else f"{50 + bits % 90}000.0",
            "bill_rate": "95.5" if is_contract else None,
            "pay_rate": "72.0" if is_contract else None,
            "margin": "23.5" if is_contract else None,
            "fee": f"{'-' if bits % 40 == 0 else ''}{6000 + bits % 20000}.0",  # negative for a drop-out
            "fee_type": self.agency.pick("fee_types", bits % 2, "id", "key", "name"),
            "job_type": job_record.get("job_type") or self.agency.pick("job_types", 0),
            "notes": NOTES[bits % len(NOTES)] if bits % 3 == 0 else None,
            "splits": [],
            **placements.timestamp_fields(row),
            **agency.custom_field_values("Placement", bits >> 5),
        }
