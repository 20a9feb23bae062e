"""Candidate records: a person on a job, with the latest move."""

from __future__ import annotations

from ..agency import Agency
from ..table import Record

# The fields of the person that a candidate repeats (recorded by fvg-server from jobs/{id}/candidates).
PERSON_FIELDS = (  # noqa: SIM905 - the list form is forty lines
    "id name profile_picture_thumb_url profile_picture_original_url location address city state zip country "
    "current_title current_company current_compensation compensation compensation_notes compensation_currency_id "
    "salary salary_type_id owned_by_id created_at created_by_id updated_at updated_by_id blocked linkedin_url "
    "source_type person_types emails phones"
).split()
LATEST_EVENT_FIELDS = ("id", "activity_type_id", "created_at", "created_by_id", "updated_at", "updated_by_id")


class CandidateRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_item(self, row: int) -> Record:
        agency, history = self.agency, self.agency.history
        person = agency.people.list_item(history.person_of[row])
        is_generated = row < agency.generated["candidates"]
        return {
            "id": agency.tables["candidates"].ids[row],
            "position": row + 1 - history.first_candidate_by_job[history.job_of[row]] if is_generated else 1,
            "workflow_stage_id": agency.stage_id_of_candidate(row),
            "candidate_rejection_reason": {"id": 31, "name": "Another candidate was chosen"}
            if history.is_rejected[row]
            else None,
            "highlights": "Led a team of twelve" if row % 6 == 0 else None,
            "person": {name: person[name] for name in PERSON_FIELDS if name in person},
            "latest_person_event": self._latest_event(row),
        }

    def _latest_event(self, row: int) -> Record | None:
        agency, events = self.agency, self.agency.tables["person_events"]
        event_row = agency.new_move_rows.get(row)
        if event_row is None and row < agency.generated["candidates"]:
            event_row = agency.history.last_move_row(row)
        if event_row is None or event_row in events.deleted:
            return None
        event = events.list_item(event_row)
        return {name: event.get(name) for name in LATEST_EVENT_FIELDS}
