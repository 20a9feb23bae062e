"""The seven recruiting actions through `loxoctl`'s own process, read back through source-loxo's."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from connector import ROOT

from sandbox.process import Sandbox
from tools.connector import Connector

CANDIDATE = {
    "first_name": "Ada",
    "last_name": "Example",
    "email_address": "ada@new.example",
    "phone_number": "+1 555 0100",
    "social_links": [{"url": "https://www.linkedin.com/in/ada-example"}],
}
READ = ("people", "people_details", "job_candidates", "person_events", "person_resumes", "person_documents")


def file(name: str, kind: str) -> dict[str, str]:
    return {"name": name, "content_type": "text/plain", "type": kind, "data": base64.b64encode(b"content").decode()}


def act(box: Sandbox, folder: Path, name: str, /, **data: Any) -> dict[str, Any]:
    """An action as its own process; it must end as written, or as read."""
    (folder / "config.json").write_text(json.dumps(box.config))
    words = ("action", name, "--json", "-", "--config", str(folder / "config.json"), "--ledger", str(folder / "ledger"))
    command = [sys.executable, "-m", "loxoctl", *words]
    done = subprocess.run(
        command, input=json.dumps(data), capture_output=True, text=True, cwd=ROOT, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_action_is_read_back(box: Sandbox, tmp_path: Path) -> None:
    job = box.ids("jobs")[0]
    other = {**CANDIDATE, "first_name": "Bob", "email_address": "bob@new.example", "social_links": []}
    made = act(box, tmp_path, "create-candidate", candidate=CANDIDATE, attachments=[file("cv.txt", "CV")])
    applied = act(box, tmp_path, "create-application", candidate=other, application={"job_id": job})
    person, application = applied["candidate_id"], applied["application_id"]
    letter, again = file("letter.txt", "COVER_LETTER"), file("new cv.txt", "CV")
    act(box, tmp_path, "add-attachment-to-candidate", candidate_id=made["candidate_id"], attachment=letter)
    act(box, tmp_path, "add-attachment-to-application", application_id=application, attachment=again)
    noted = act(box, tmp_path, "add-note-to-application", application_id=application, content="<p>Call</p>")
    stage = box.record("jobs", job)["counts"][2]["id"]
    act(box, tmp_path, "move-application", application_id=application, stage_id=stage)
    kept = act(box, tmp_path, "get-candidate-attachments", candidate_id=person, folder=str(tmp_path / "files"))
    assert [Path(each["path"]).read_bytes() for each in kept["attachments"]] == [b"content"]

    source = tmp_path / "source"
    source.mkdir()
    records = Connector(box.config, source).read(READ).records
    people = {row["id"]: row for row in records["people"]}
    ada = people[made["candidate_id"]]
    assert (ada["name"], people[person]["name"]) == ("Ada Example", "Bob Example")
    assert [row["value"] for row in ada["emails"]] == ["ada@new.example"]
    assert [row["value"] for row in ada["phones"]] == ["+1 555 0100"]
    assert ada["linkedin_url"].endswith("/in/ada-example")
    candidate = next(row for row in records["job_candidates"] if row["id"] == int(application.split("/")[1]))
    assert (candidate["job_id"], candidate["person"]["id"], candidate["workflow_stage_id"]) == (job, person, stage)
    note = next(row for row in records["person_events"] if row["id"] == noted["note_id"])
    assert (note["person_id"], note["job_id"], note["notes"]) == (person, job, "<p>Call</p>")
    names = {(kind, row["person_id"], row["name"]) for kind in READ[-2:] for row in records[kind]}
    assert {("person_resumes", ada["id"], "cv.txt"), ("person_documents", ada["id"], "letter.txt")} <= names
    assert ("person_resumes", person, "new cv.txt") in names
