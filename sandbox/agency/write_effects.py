"""The effect of a write on the agency: the fields of a body become the fields of a record."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings
from ..timestamps import format_timestamp, now_ms
from . import mutations
from .agency import Agency
from .body_fields import BodyFields
from .table import Record

# Ignored when a person is created (loxo-mcp-server, live).
_IGNORED_ON_CREATION = ("all_raw_tags", "raw_tags", "person_type_id", "source_type_id")
# Computed by the agency, so not a part of the written fields.
_COMPUTED = {"id", "created_at", "updated_at", "candidate_jobs", "candidates", "counts", "agency", "agency_id"}


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body."""

    name: str
    content: bytes


class WriteEffects:
    """Creates and updates records from the values of a body."""

    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings, self.body_fields = agency, settings, BodyFields(agency)
        self._people_by_email: dict[str, int] | None = None

    def create(self, name: str, values: Record) -> tuple[int, str]:
        """Return the id of the new record, or of the person into which it was merged, and the effect."""
        if name == "people":
            if self.settings.duplicates == "merge" and (person_id := self._person_with_email(_first_email(values))):
                self.update(name, person_id, values)
                return person_id, "merged"
            values = {key: value for key, value in values.items() if key not in _IGNORED_ON_CREATION}
        if name == "person_events" and (event_id := self._move_candidate(values)):
            return event_id, "created"
        fields = {**self._empty_fields(name), **self.body_fields.convert(name, values, {})}
        record_id: int = mutations.create(self.agency, name, fields)["id"]
        if name == "people":
            self._index_emails(values, record_id)
            self._add_files_and_pipelines(record_id, values)
        return record_id, "created"

    def update(self, name: str, record_id: int, values: Record) -> None:
        fields = self.body_fields.convert(name, values, self._full_record(name, record_id))
        mutations.update(self.agency, name, record_id, fields)
        if name == "people":
            self._index_emails(values, record_id)
            self._add_files_and_pipelines(record_id, values)

    def apply(self, job_id: int, values: Record) -> tuple[Record, bool]:
        """Return the person of an application and whether it is new.

        Loxo finds a person by e-mail. With `applicants` set to "inbox", no list shows the application.
        """
        known_id = self._person_with_email(values["email"])
        person_id = known_id
        if person_id is None:
            fields = self.body_fields.convert("people", {name: values[name] for name in ("name", "email", "phone")}, {})
            if values.get("linkedin"):
                fields["linkedin_url"] = values["linkedin"]
            person_id = mutations.create(self.agency, "people", {**self._empty_fields("people"), **fields})["id"]
            self._index_emails(values, person_id)
        if isinstance(values.get("resume"), Upload):
            self.add_file(person_id, "resumes", values["resume"])
        if self.settings.applicants == "pipeline" and self._candidate_id(person_id, job_id) is None:
            mutations.create(self.agency, "candidates", {"job_id": job_id, "person_id": person_id})
        person = self._full_record("people", person_id)
        shown = {name: person.get(name) or [] for name in ("candidates", "resumes")}
        return {"id": person_id, "name": person["name"], **shown}, known_id is None

    def add_file(self, person_id: int, kind: str, upload: Upload) -> Record:
        now = format_timestamp(now_ms())
        file_id = self.body_fields.new_id()
        file = {"id": file_id, "name": upload.name, "created_at": now, "updated_at": now}
        self.agency.uploaded_files[file_id] = upload.content
        files = self._full_record("people", person_id).get(kind) or []
        mutations.update(self.agency, "people", person_id, {kind: [*files, file]})
        return file

    def _full_record(self, name: str, record_id: int) -> Record:
        return self.agency.tables[name].full_record(mutations.find_row(self.agency, name, record_id))

    def _person_with_email(self, email: str | None) -> int | None:
        """Return the id of the person with an e-mail address; the oldest of several."""
        people = self.agency.people
        if self._people_by_email is None:
            self._people_by_email = {}
            for row in people.sorted_rows["id"]:
                for value in people.values(row, "emails.value"):
                    self._people_by_email.setdefault(str(value).lower(), people.ids[row])
        person_id = self._people_by_email.get((email or "").lower())
        return person_id if person_id is not None and people.find_row(person_id) is not None else None

    def _index_emails(self, values: Record, person_id: int) -> None:
        if self._people_by_email is None:
            return  # the index is built when it is needed
        for email in [values.get("email"), *(item.get("value") for item in values.get("emails") or [])]:
            if email:
                self._people_by_email.setdefault(str(email).lower(), person_id)

    def _empty_fields(self, name: str) -> Record:
        """Return all fields of such a record without values, because fields that are not given are generated."""
        table = self.agency.tables[name]
        if not len(table):
            return {}
        example = table.full_record(table.sorted_rows["id"][0])
        return {key: [] if isinstance(value, list) else None for key, value in example.items() if key not in _COMPUTED}

    def _add_files_and_pipelines(self, person_id: int, values: Record) -> None:
        """Add the files and the pipelines that a body with a person has."""
        for part, kind in (("resume", "resumes"), ("document", "documents")):
            if isinstance(values.get(part), Upload):
                self.add_file(person_id, kind, values[part])
        for row in values.get("candidates") or []:
            mutations.create(self.agency, "candidates", {"job_id": int(row["job_id"]), "person_id": person_id})

    def _move_candidate(self, values: Record) -> int | None:
        """Move the person in the job if the type of an activity is that of a later stage (help.loxo.co).

        A person without a pipeline in the job is added to it. Return the id of the activity, None if nothing moves.
        """
        agency, person_id, job_id = self.agency, values.get("person_id"), values.get("job_id")
        job = agency.tables["jobs"].find_row(job_id) if isinstance(job_id, int) else None
        if not isinstance(person_id, int) or job is None or self.settings.stage_moves == "ignored":
            return None
        stage_ids: list[int] = [stage["id"] for stage in agency.stages_of_job(job)]
        type_id = values["activity_type_id"]
        target = next((stage for stage in stage_ids if agency.activity_type_of_stage(stage)["id"] == type_id), None)
        if target is None:
            return None
        candidate_id = self._candidate_id(person_id, job_id)
        if candidate_id is None:
            fields = {"job_id": job_id, "person_id": person_id, "workflow_stage_id": target}
            event_id: int = mutations.create(agency, "candidates", fields)["latest_person_event"]["id"]
            return event_id
        current = agency.stage_id_of_candidate(mutations.find_row(agency, "candidates", candidate_id))
        if current in stage_ids and stage_ids.index(current) >= stage_ids.index(target):
            return None  # the activity is created, the stage stays
        moved_id: int = mutations.move_candidate(agency, job_id, candidate_id, target)["person_event"]["id"]
        if values.get("notes"):
            mutations.update(agency, "person_events", moved_id, {"notes": values["notes"]})
        return moved_id

    def _candidate_id(self, person_id: int, job_id: int | None) -> int | None:
        agency = self.agency
        job, person = mutations.find_row(agency, "jobs", job_id), mutations.find_row(agency, "people", person_id)
        of_job = (row for row in agency.candidates_of_person(person) if agency.history.job_of[row] == job)
        return agency.id_of("candidates", next(of_job, None))


def _first_email(values: Record) -> str | None:
    rows = values.get("emails") or []
    return values.get("email") or (rows[0].get("value") if rows else None)
