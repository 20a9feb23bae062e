"""What the control API does to the agency while it is being read."""

from __future__ import annotations

from typing import Any

from .agency import ALIASES, Agency
from .clock import now_ms, stamp
from .table import Record


class ChangeError(ValueError):
    """A change that names something the agency does not have."""


def row_of(agency: Agency, name: str, record_id: Any) -> int:
    try:
        row = agency.table(name).row(int(record_id))
    except KeyError:
        raise ChangeError(f"no object {name!r}") from None
    if row is None:
        raise ChangeError(f"no {name} with id {record_id}")
    return row


def create(agency: Agency, name: str, fields: Record) -> Record:
    """A new row; fields left out are generated. A candidate needs job_id and person_id."""
    if ALIASES.get(name, name) not in agency.tables:
        raise ChangeError(f"no object {name!r}")
    table, now = agency.table(name), now_ms()
    if name == "candidates":
        return _add_candidate(agency, fields, now)
    if name == "person_events":
        fields = _with_type(agency, fields)
    row = table.create({**_held_stamps(agency, name, now), **fields}, now)
    return table.record(row)


def update(agency: Agency, name: str, record_id: Any, fields: Record) -> Record:
    row, table, now = row_of(agency, name, record_id), agency.table(name), now_ms()
    if name == "person_events":
        fields = _with_type(agency, fields)
    held = _held_stamps(agency, name, now)
    held.pop("created_at", None)
    table.update(row, {**held, **fields}, now)
    return table.record(row)


def delete(agency: Agency, name: str, record_id: Any) -> Record:
    """Candidates leave with their person or job; activities stay, as a history does."""
    row, table = row_of(agency, name, record_id), agency.table(name)
    followers = agency.of_person(row) if name == "people" else agency.candidates_of(row) if name == "jobs" else []
    for candidate in followers:
        agency.tables["candidates"].delete(candidate)
        _refresh_person(agency, candidate)
    if name == "candidates":
        table.delete(row)
        _refresh_person(agency, row)
    else:
        table.delete(row)
    return {"id": int(record_id), "deleted": True}


def move(agency: Agency, job_id: Any, candidate_id: Any, stage_id: Any = None) -> Record:
    """Move a candidate (to the next stage by default) and write the activity Loxo writes; the job is not touched."""
    job, row = row_of(agency, "jobs", job_id), row_of(agency, "candidates", candidate_id)
    if agency.story.job[row] != job:
        raise ChangeError(f"candidate {candidate_id} is not on job {job_id}")
    ids = [stage["id"] for stage in agency.stages_of(job)]
    here = ids.index(agency.stage_of(row)) if agency.stage_of(row) in ids else 0
    target = int(stage_id) if stage_id is not None else ids[min(here + 1, len(ids) - 1)]
    if target not in ids:
        raise ChangeError(f"stage {target} is not in the workflow of job {job_id}")
    event = _record_move(agency, row, target, now_ms())
    return {"candidate": agency.tables["candidates"].record(row), "person_event": event}


def apply(agency: Agency, action: dict[str, Any]) -> Any:
    """One action of `POST /_sandbox/at`."""
    fields, op = action.get("fields") or {}, action.get("op")
    if op == "create":
        return create(agency, action["object"], fields)
    if op == "update":
        return update(agency, action["object"], action["id"], fields)
    if op == "delete":
        return delete(agency, action["object"], action["id"])
    if op == "move":
        return move(agency, action["job_id"], action["candidate_id"], action.get("workflow_stage_id"))
    raise ChangeError(f"unknown op {op!r}")


def _add_candidate(agency: Agency, fields: Record, now: int) -> Record:
    story = agency.story
    job, person = row_of(agency, "jobs", fields.get("job_id")), row_of(agency, "people", fields.get("person_id"))
    stage = fields.get("workflow_stage_id") or agency.stages_of(job)[0]["id"]
    story.job.append(job)
    story.person.append(person)
    story.stage.append(0)
    story.rejected.append(0)
    row = agency.tables["candidates"].create({"workflow_stage_id": stage}, now)
    story.of_person.setdefault(person, []).append(row)
    agency.live_candidates.setdefault(job, []).append(row)
    _record_move(agency, row, stage, now)
    _refresh_person(agency, row)
    return agency.tables["candidates"].record(row)


def _record_move(agency: Agency, candidate: int, stage_id: int, now: int) -> Record:
    story, table = agency.story, agency.tables["candidates"]
    job = agency.tables["jobs"].record(story.job[candidate])
    event = create(
        agency,
        "person_events",
        {
            "person_id": agency.people.ids[story.person[candidate]],
            "job_id": job["id"],
            "notes": None,
            "company_id": (job.get("company") or {}).get("id"),
            "activity_type_id": agency.type_of_stage(stage_id)["id"],
        },
    )
    agency.latest_events[candidate] = row_of(agency, "person_events", event["id"])
    table.update(candidate, {"workflow_stage_id": stage_id}, now)
    return event


def _refresh_person(agency: Agency, candidate: int) -> None:
    """The person's list item names its pipelines."""
    agency.people.changed(agency.story.person[candidate])


def _with_type(agency: Agency, fields: Record) -> Record:
    kinds = {kind["id"]: kind for kind in agency.lists["activity_types"]}
    kind = kinds.get(fields.get("activity_type_id"))
    return {**fields, "activity_type": {name: kind[name] for name in ("id", "key", "name")}} if kind else fields


def _held_stamps(agency: Agency, name: str, now: int) -> Record:
    """Reference rows keep their timestamps, where they have any, in the row itself."""
    table = agency.table(name)
    if table.created is not None or not len(table):
        return {}
    example = table.record(table.orders["id"][0])
    return {key: stamp(now) for key in ("created_at", "updated_at") if key in example}
