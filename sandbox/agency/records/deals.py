"""Deal records."""

from __future__ import annotations

from ...hashing import hash64
from ...timestamps import DAY_MS, format_timestamp
from ..agency import Agency
from ..sample_texts import NOTES
from ..table import Record


class DealRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_item(self, row: int) -> Record:
        agency, lists = self.agency, self.agency.lists
        deals, bits = agency.tables["deals"], hash64(agency.seed * 89 + row)
        workflow = lists["deal_workflows"][bits % len(lists["deal_workflows"])]
        stages = [stage for stage in agency.pipeline_stages if stage["workflow_id"] == workflow["id"]]
        stage = stages[bits % len(stages)]
        company = agency.company_reference(bits)
        person = agency.person_reference(bits >> 9) if bits % 2 else None
        job = agency.job_reference(bits >> 11) if bits % 3 == 0 else None
        return {
            "id": deals.ids[row],
            "name": f"{company['name'] if company else 'Deal'} {2022 + bits % 5}",
            "amount": f"{5 + bits % 80}000.0",
            "expected_amount": f"{(5 + bits % 80) * 500}.0",
            "description": NOTES[bits % len(NOTES)] if bits % 4 else None,
            "closes_at": format_timestamp(agency.created("deals", row) + 60 * DAY_MS),
            "workflow_id": workflow["id"],
            "pipeline_stage_id": stage["id"],
            "current_pipeline_stage": {"id": stage["id"], "name": stage["name"]},
            "company": company,
            "company_id": company["id"] if company else None,
            "person": person,
            "person_id": person["id"] if person else None,
            "job": job,
            "job_id": job["id"] if job else None,
            "owner": self.agency.pick("users", bits >> 5, "id", "name", "email"),
            **deals.timestamp_fields(row),
            **agency.custom_field_values("Deal", bits >> 13),
        }
