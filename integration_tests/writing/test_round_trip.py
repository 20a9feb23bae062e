"""Each object written through the destination's process, and read back through the source's."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connector import Destination, record, stream

from sandbox.process import Sandbox
from tools.connector import Connector

Connect = Callable[..., Destination]


def created(box: Sandbox) -> dict[str, dict[str, Any]]:
    """A record to create of each object, and what its stream has afterwards."""
    job_type, status = box.api("job_types")[0], box.api("job_statuses")[1]
    flow = box.api("deal_workflows")[0]
    stage = box.api(f"deal_workflows/{flow['id']}")["pipeline_stages"][1]
    user, company, person = box.api("users")[0], box.ids("companies")[0], box.ids("people")[0]
    note = next(row for row in box.api("activity_types") if row["key"] == "general_note")
    template = box.ids("form_templates")[0]
    job = {"title": "Round trip", "job_type": job_type, "status": status, "company": {"id": company}, "city": "Ulm"}
    deal = {"name": "Round trip", "amount": "1500.250000000", "closes_at": "2027-01-31 00:00:00"}
    deal |= {"workflow_id": flow["id"], "current_pipeline_stage": stage, "owner": {"email": user["email"]}}
    return {
        "companies": {"name": "Round trip", "url": "https://round.example"},
        "deals": deal,
        "forms": {"title": "Round trip", "form_template_id": template, "person_id": person},
        "jobs": {**job, "owners": [{"email": user["email"]}], "published": True},
        "people": {
            "name": "Round Trip",
            "emails": [{"value": "round@trip.example"}],
            "current_title": "CTO",
            "all_raw_tags": "first, second",
            "custom_text_1": "4 weeks",
            "custom_hierarchy_1": ["Software"],
        },
        "person_events": {"activity_type": note, "person_id": person, "notes": "<p>Round trip</p>"},
        "placements": {"notes": "Round trip"},
        "scorecards": {"comment": "Round trip"},
        "scorecard_templates": {"name": "Round trip"},
        "sms": {"from_number": "+15550100", "to_number": "+15550142", "body": "Round trip 👋"},
        "source_types": {"name": "Round trip", "active": True},
    }


READ_BACK: dict[str, dict[str, Any]] = {
    "companies": {"name": "Round trip", "url": "https://round.example"},
    "deals": {"name": "Round trip", "amount": "1500.25", "closes_at": "2027-01-31T00:00:00.000Z"},
    "forms": {"title": "Round trip"},
    "jobs": {"title": "Round trip", "city": "Ulm", "published": True},
    "people": {
        "name": "Round Trip",
        "current_title": "CTO",
        "all_raw_tags": "first, second",
        "custom_text_1": "4 weeks",
    },
    "person_events": {"notes": "<p>Round trip</p>"},
    "placements": {"notes": "Round trip"},
    "scorecards": {"comment": "Round trip"},
    "scorecard_templates": {"name": "Round trip"},
    "sms": {"body": "Round trip 👋", "to_number": "+15550142"},
    "source_types": {"name": "Round trip", "active": True},
}


@pytest.fixture
def read(box: Sandbox, tmp_path: Path) -> Callable[[], dict[str, dict[int, dict[str, Any]]]]:
    """The eleven streams through source-loxo, by id."""
    folder = tmp_path / "source"
    folder.mkdir()

    def rows() -> dict[str, dict[int, dict[str, Any]]]:
        records = Connector(box.config, folder).read(READ_BACK).records
        return {name: {row["id"]: row for row in records[name]} for name in READ_BACK}

    return rows


def test_every_object_is_created_changed_and_deleted(connect: Connect, box: Sandbox, read: Callable[[], Any]) -> None:
    destination, before = connect(allow_deletes=True, allow_messages=True), read()
    rows = created(box)
    output = destination.write([stream(name) for name in rows], [record(name, **row) for name, row in rows.items()])
    assert output.exit_code == 0, output.logs
    after, ids = read(), {}
    for name, expected in READ_BACK.items():
        (new,) = after[name].keys() - before[name].keys()
        found = after[name][new]
        ids[name] = new
        assert {field: found.get(field) for field in expected} == expected, name

    changes = {
        name: {"name": "Changed"} for name in ("companies", "deals", "people", "scorecard_templates", "source_types")
    }
    changes |= {"forms": {"title": "Changed"}, "jobs": {"title": "Changed"}, "person_events": {"notes": "Changed"}}
    changes |= {"placements": {"notes": "Changed"}, "scorecards": {"comment": "Changed"}}
    output = destination.write(
        [stream(name, "update", ["id"], name) for name in changes],
        [record(name, id=ids[name], **row) for name, row in changes.items()],
    )
    assert output.exit_code == 0, output.logs
    after = read()
    for name, expected in changes.items():
        assert {field: after[name][ids[name]].get(field) for field in expected} == expected, name

    deletable = ("forms", "jobs", "person_events", "placements", "scorecards", "scorecard_templates", "source_types")
    streams = [stream(name, "soft_delete", ["id"], name) for name in deletable]
    for _ in range(2):  # a cache sends everything again
        output = destination.write(streams, [record(name, id=ids[name]) for name in deletable])
        assert output.exit_code == 0, output.logs
    after = read()
    assert [name for name in READ_BACK if ids[name] not in after[name]] == [
        name for name in READ_BACK if name in deletable
    ]
    assert sum(entry["effect"] == "deleted" for entry in box.writes()) == len(deletable)


def test_the_composed_streams_reach_their_places(connect: Connect, box: Sandbox) -> None:
    destination, job = connect(), box.ids("jobs")[0]
    row = {"job_id": job, "name": "Ada Example", "email": "ada@new.example", "phone": "+1 555 0100"}
    assert destination.write([stream("applications")], [record("applications", **row)]).exit_code == 0
    (applicant,) = [
        each
        for each in box.api(f"jobs/{job}/candidates?per_page=100")["candidates"]
        if each["person"]["name"] == row["name"]
    ]
    person, target = applicant["person"]["id"], box.record("jobs", job)["counts"][2]["id"]
    lines = [
        record("notes", person_id=person, job_id=job, content="<p>Hello</p>"),
        record("attachments", person_id=person, name="cv.pdf", type="CV", data=base64.b64encode(b"%PDF").decode()),
        record("stage_moves", job_id=job, application_id=applicant["id"], stage_id=target),
        record("notes", person_id=person, content=None),
        record("attachments", person_id=person, name="x", data="#"),
    ]
    for _ in range(2):
        output = destination.write([stream(name) for name in ("notes", "attachments", "stage_moves")], lines)
        assert output.counts("notes")["rejected"] == output.counts("attachments")["rejected"] == 1, output.logs
    assert box.api(f"jobs/{job}/candidates/{applicant['id']}")["workflow_stage_id"] == target
    assert [file["name"] for file in box.record("people", person)["resumes"]] == ["cv.pdf"]
    assert len([each for each in box.records("person_events") if each["notes"] == "<p>Hello</p>"]) == 1
    assert len([entry for entry in box.writes() if entry["effect"]]) == 4


@pytest.mark.parametrize(("setting", "value"), [("unsaved", "silent"), ("unsaved", "errors")])
def test_a_record_that_is_not_saved_is_rejected(connect: Connect, box: Sandbox, setting: str, value: str) -> None:
    box.set(**{setting: value})
    line = record("person_events", activity_type_id=box.api("activity_types")[0]["id"], person_id=1, notes="x")
    output = connect().write([stream("person_events")], [line])
    assert (output.exit_code, output.counts("person_events")["rejected"]) == (1, 1)
    assert "did not save the record" in output.logs if value == "silent" else "must exist" in output.logs
