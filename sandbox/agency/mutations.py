"""Writes to the agency while it is served: create, update, delete, restore and merge records, move candidates."""

from __future__ import annotations

from typing import Any

from ..timestamps import format_timestamp, now_ms
from .agency import Agency
from .table import Record


class MutationError(ValueError):
    """The write refers to an object or a record that the agency does not have."""


def find_row(agency: Agency, name: str, record_id: Any) -> int:
    """:raises MutationError: there is no such object or record."""
    try:
        row = agency.table(name).find_row(int(record_id))
    except KeyError:
        raise unknown_object(name) from None
    if row is None:
        raise MutationError(f"{name} has no record with id {record_id}")
    return row


def create(agency: Agency, name: str, fields: Record) -> Record:
    """Create a record; fields that are not given are generated. A candidate needs `job_id` and `person_id`."""
    try:
        table = agency.table(name)
    except KeyError:
        raise unknown_object(name) from None
    now = now_ms()
    if name == "candidates":
        return _create_candidate(agency, fields, now)
    if name == "person_events":
        fields = _with_activity_type(agency, fields)
    row = table.create({**_stored_timestamps(agency, name, now), **fields}, now)
    return table.list_item(row)


def update(agency: Agency, name: str, record_id: Any, fields: Record) -> Record:
    row, table, now = find_row(agency, name, record_id), agency.table(name), now_ms()
    if name == "person_events":
        fields = _with_activity_type(agency, fields)
    timestamps = _stored_timestamps(agency, name, now)
    timestamps.pop("created_at", None)
    table.update(row, {**timestamps, **fields}, now)
    return table.list_item(row)


def delete(agency: Agency, name: str, record_id: Any) -> Record:
    """Delete a record. Candidates are deleted with their person or job; activities stay, because they are a history."""
    row, table = find_row(agency, name, record_id), agency.table(name)
    candidates: list[int] = []
    if name == "people":
        candidates = agency.candidates_of_person(row)
    elif name == "jobs":
        candidates = agency.candidates_of_job(row)
    for candidate in candidates:
        agency.tables["candidates"].delete(candidate)
        _invalidate_person_of(agency, candidate)
    table.delete(row)
    if name == "candidates":
        _invalidate_person_of(agency, row)
    return {"id": int(record_id), "deleted": True}


def restore(agency: Agency, name: str, record_id: Any) -> Record:
    """Undo a deletion, with the same id; a person's or a job's candidates stay deleted."""
    try:
        table = agency.table(name)
    except KeyError:
        raise unknown_object(name) from None
    row = table.find_deleted_row(int(record_id))
    if row is None:
        raise MutationError(f"{name} has no deleted record with id {record_id}")
    table.restore(row, now_ms())
    if name == "candidates":
        _invalidate_person_of(agency, row)
    return table.list_item(row)


def merge_people(agency: Agency, kept_id: Any, merged_id: Any) -> Record:
    """Merge a person into another one: the merged id is deleted, and `merges` names both (help.loxo.co)."""
    find_row(agency, "people", kept_id)
    delete(agency, "people", merged_id)
    return create(agency, "merges", {"item_type": "Person", "item_id": int(kept_id), "merged_item_id": int(merged_id)})


def move_candidate(agency: Agency, job_id: Any, candidate_id: Any, stage_id: Any = None) -> Record:
    """Move a candidate to a stage, by default the next one, and add the activity that Loxo adds.

    The job's record and its updated_at stay as they are.
    """
    job, candidate = find_row(agency, "jobs", job_id), find_row(agency, "candidates", candidate_id)
    if agency.history.job_of[candidate] != job:
        raise MutationError(f"candidate {candidate_id} is not on job {job_id}")
    stage_ids = [stage["id"] for stage in agency.stages_of_job(job)]
    current_id = agency.stage_id_of_candidate(candidate)
    current = stage_ids.index(current_id) if current_id in stage_ids else 0
    target_id = int(stage_id) if stage_id is not None else stage_ids[min(current + 1, len(stage_ids) - 1)]
    if target_id not in stage_ids:
        raise MutationError(f"stage {target_id} is not in the workflow of job {job_id}")
    event = _add_move(agency, candidate, target_id, now_ms())
    return {"candidate": agency.tables["candidates"].list_item(candidate), "person_event": event}


def apply_action(agency: Agency, action: dict[str, Any]) -> Record:
    """Carry out one write of `POST /_sandbox/at`."""
    fields, op = action.get("fields") or {}, action.get("op")
    if op == "create":
        return create(agency, action["object"], fields)
    if op == "update":
        return update(agency, action["object"], action["id"], fields)
    if op == "delete":
        return delete(agency, action["object"], action["id"])
    if op == "move":
        return move_candidate(agency, action["job_id"], action["candidate_id"], action.get("workflow_stage_id"))
    if op == "restore":
        return restore(agency, action["object"], action["id"])
    raise MutationError(f"unknown op {op!r}; known: create, update, delete, restore, move, set, answer")


def unknown_object(name: str) -> MutationError:
    return MutationError(f"unknown object {name!r}; GET /_sandbox/objects lists all objects")


def _create_candidate(agency: Agency, fields: Record, now: int) -> Record:
    history, table = agency.history, agency.tables["candidates"]
    job, person = find_row(agency, "jobs", fields.get("job_id")), find_row(agency, "people", fields.get("person_id"))
    stage_id = fields.get("workflow_stage_id") or agency.stages_of_job(job)[0]["id"]
    history.job_of.append(job)
    history.person_of.append(person)
    history.stage_index_of.append(0)
    history.is_rejected.append(0)
    candidate = table.create({"workflow_stage_id": stage_id}, now)
    history.candidates_by_person.setdefault(person, []).append(candidate)
    agency.new_candidates.setdefault(job, []).append(candidate)
    _add_move(agency, candidate, stage_id, now)
    _invalidate_person_of(agency, candidate)
    return table.list_item(candidate)


def _add_move(agency: Agency, candidate: int, stage_id: int, now: int) -> Record:
    """Add the activity of a move and set the candidate's stage."""
    history = agency.history
    job = agency.tables["jobs"].list_item(history.job_of[candidate])
    event = create(
        agency,
        "person_events",
        {
            "person_id": agency.people.ids[history.person_of[candidate]],
            "job_id": job["id"],
            "notes": None,
            "company_id": (job.get("company") or {}).get("id"),
            "activity_type_id": agency.activity_type_of_stage(stage_id)["id"],
        },
    )
    agency.new_move_rows[candidate] = find_row(agency, "person_events", event["id"])
    agency.tables["candidates"].update(candidate, {"workflow_stage_id": stage_id}, now)
    return event


def _invalidate_person_of(agency: Agency, candidate: int) -> None:
    """Drop the cached record of the person, because it names the person's pipelines."""
    agency.people.invalidate(agency.history.person_of[candidate])


def _with_activity_type(agency: Agency, fields: Record) -> Record:
    types_by_id = {row["id"]: row for row in agency.lists["activity_types"]}
    row = types_by_id.get(fields.get("activity_type_id"))
    return {**fields, "activity_type": {name: row[name] for name in ("id", "key", "name")}} if row else fields


def _stored_timestamps(agency: Agency, name: str, now: int) -> Record:
    """Return timestamps for a record of a reference list: it stores them as fields, if the list has any."""
    table = agency.table(name)
    if table.created is not None or not len(table):
        return {}
    example = table.list_item(table.sorted_rows["id"][0])
    return {key: format_timestamp(now) for key in ("created_at", "updated_at") if key in example}
