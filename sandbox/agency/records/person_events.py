"""Activity records (`person_events`): moves of candidates, notes, calls and emails."""

from __future__ import annotations

from bisect import bisect_right

from ...hashing import hash64
from ..agency import Agency
from ..sample_texts import NOTES
from ..table import Record
from .files import file_entry


class PersonEventRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_item(self, row: int) -> Record:
        agency, events = self.agency, self.agency.tables["person_events"]
        bits = hash64(agency.seed * 263 + row)
        person, job, activity_type = self.subject(row)
        company = agency.company_of_job(job) if job is not None else None
        is_move = job is not None
        return {
            "id": events.ids[row],
            "notes": None if is_move and bits % 3 else NOTES[bits % len(NOTES)],
            "pinned": bits % 60 == 0,
            "person_id": agency.id_of("people", person),
            "activity_type_id": activity_type["id"],
            "activity_type": {name: activity_type[name] for name in ("id", "key", "name")},
            "job_id": agency.id_of("jobs", job),
            "company_id": company["id"] if company else None,
            "created_by_id": agency.pick("users", bits)["id"],
            "updated_by_id": agency.pick("users", bits >> 9)["id"],
            **events.timestamp_fields(row),
            "documents": [file_entry(events.ids[row] * 7, "Notiz.pdf", agency.created("person_events", row))]
            if bits % 9 == 0
            else [],
        }

    def subject(self, row: int) -> tuple[int | None, int | None, Record]:
        """Return the person row, the job row and the activity type of an activity."""
        agency, history = self.agency, self.agency.history
        move = history.move(history.event_of_row[row]) if row < len(history.event_of_row) else None
        if move:
            candidate, stage_index = move
            job = history.job_of[candidate]
            stage = agency.stages_of_job(job)[stage_index]
            return history.person_of[candidate], job, agency.activity_type_of_stage(stage["id"])
        bits = hash64(agency.seed * 263 + row) >> 7
        existing = bisect_right(history.people_created, agency.created("person_events", row))
        types = agency.other_activity_types
        return bits % existing if existing else None, None, types[(bits >> 24) % len(types)]

    def full_record(self, row: int, item: Record) -> Record:
        is_call = item["activity_type"]["key"] in ("call", "left_voicemail")
        call = {"id": item["id"] * 2, "duration": 60 + row % 900}
        return {
            **item,
            "event_deal_links": [],
            "ring_central_call": call if is_call and row % 2 == 0 else None,
            "twilio_call": call if is_call and row % 2 else None,
        }
