"""The seven actions against a sandbox, each read back from the account."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loxo_api.config import Config
from loxo_api.writing.account import open_writer
from loxo_api.writing.action_inputs import nested
from loxo_api.writing.actions import ACTIONS, Actions, run, run_lines
from sandbox.process import Sandbox

Run = Callable[..., dict[str, Any]]
CV = {"name": "cv.pdf", "data": base64.b64encode(b"%PDF cv").decode(), "type": "CV"}
LETTER = {"name": "letter", "content_type": "text/plain", "data": base64.b64encode(b"Dear").decode(), "type": "OTHER"}
ADA = {
    "first_name": "Ada",
    "last_name": "Example",
    "email_address": "ada@new.example",
    "phone_number": "+1 555 0100",
    "social_links": [{"url": "https://www.linkedin.com/in/ada-example"}],
}


@pytest.fixture
def actions(box: Sandbox, tmp_path: Path) -> Iterator[Actions]:
    with open_writer(Config.parse(box.config), tmp_path / "ledger.db") as writer:
        yield Actions(writer)


@pytest.fixture
def act(actions: Actions) -> Run:
    return lambda name, **data: run(actions, name, data)


@pytest.fixture
def applied(act: Run, box: Sandbox) -> dict[str, Any]:
    """An application, as create-application returns it."""
    return act(
        "create-application", candidate=ADA, application={"job_id": box.ids("jobs")[0]}, attachments=[CV, LETTER]
    )


def stages_of(box: Sandbox, job: str) -> list[int]:
    return [row["id"] for row in box.record("jobs", int(job))["counts"]]


def test_a_candidate_is_created_with_files(act: Run, box: Sandbox) -> None:
    told = act("create-candidate", candidate=ADA, attachments=[CV, LETTER])
    person = box.record("people", told["candidate_id"])
    assert told["outcome"] == "written"
    assert (person["name"], person["emails"][0]["value"]) == ("Ada Example", "ada@new.example")
    assert person["linkedin_url"].endswith("/ada-example")
    assert [file["name"] for file in (*person["resumes"], *person["documents"])] == ["cv.pdf", "letter.txt"]


def test_an_application_reaches_the_pipeline(applied: dict[str, Any], box: Sandbox) -> None:
    job, candidate = applied["application_id"].split("/")
    record = box.api(f"jobs/{job}/candidates/{candidate}")
    assert (applied["outcome"], record["person"]["id"]) == ("written", applied["candidate_id"])
    files = box.record("people", applied["candidate_id"])
    assert ([file["name"] for file in files["resumes"]], len(files["documents"])) == (["cv.pdf"], 1)


def test_an_applicant_in_the_inbox_is_told(act: Run, box: Sandbox) -> None:
    box.set(applicants="inbox")
    told = act("create-candidate", candidate=ADA, application={"job_id": box.ids("jobs")[0]})
    assert (told["outcome"], told["application_id"]) == ("written", None)
    assert "applicant inbox" in told["note"]


@pytest.mark.parametrize("missing", ["email_address", "phone_number"])
def test_an_application_without_contact_is_refused_unsent(act: Run, box: Sandbox, missing: str) -> None:
    known = {name: value for name, value in ADA.items() if name != missing}
    told = act("create-application", candidate=known, application={"job_id": box.ids("jobs")[0]})
    assert told["outcome"] == "rejected"
    assert missing.split("_")[0] in told["reason"]
    assert box.requests()["total"] == 0


def test_an_application_moves_forward_and_is_read_again(applied: dict[str, Any], act: Run, box: Sandbox) -> None:
    job, candidate = applied["application_id"].split("/")
    target = stages_of(box, job)[3]
    told = act("move-application", application_id=applied["application_id"], stage_id=target)
    assert told["outcome"] == "written", told
    assert box.api(f"jobs/{job}/candidates/{candidate}")["workflow_stage_id"] == target
    sent = len(box.writes())
    assert act("move-application", application_id=applied["application_id"], stage_id=target)["was_sent"] is False
    backward = act("move-application", application_id=applied["application_id"], stage_id=stages_of(box, job)[1])
    assert "moves no candidate backward" in backward["reason"]
    assert len(box.writes()) == sent


def test_a_move_that_changes_nothing_fails(
    applied: dict[str, Any], act: Run, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loxo_api.writing.actions.STAGE_SECONDS", 0)
    box.set(stage_moves="ignored")
    target = stages_of(box, applied["application_id"].split("/")[0])[3]
    told = act("move-application", application_id=applied["application_id"], stage_id=target)
    assert told["outcome"] == "rejected"
    assert f"Loxo wrote the activity {told['activity_id']}" in told["reason"]


def test_a_note_is_an_activity_of_the_application(applied: dict[str, Any], act: Run, box: Sandbox) -> None:
    told = act("add-note-to-application", application_id=applied["application_id"], content="<p>Call on Monday</p>")
    event = box.record("person_events", told["note_id"])
    assert (event["notes"], event["person_id"]) == ("<p>Call on Monday</p>", applied["candidate_id"])
    assert event["activity_type"]["key"] == "general_note"


def test_a_file_of_an_application_goes_to_the_candidate(applied: dict[str, Any], act: Run, box: Sandbox) -> None:
    other = {**CV, "name": "new.pdf"}
    told = act("add-attachment-to-application", application_id=applied["application_id"], attachment=other)
    assert (told["outcome"], told["candidate_id"], told["stored_as"]) == ("written", applied["candidate_id"], "resumes")
    assert "attached to the candidate" in told["note"]


def test_files_are_downloaded_whole(applied: dict[str, Any], act: Run, tmp_path: Path) -> None:
    evil = {**LETTER, "name": "../../evil.txt"}
    assert (
        act("add-attachment-to-candidate", candidate_id=applied["candidate_id"], attachment=evil)["outcome"]
        == "written"
    )
    told = act("get-candidate-attachments", candidate_id=applied["candidate_id"], folder=str(tmp_path / "files"))
    assert [Path(file["path"]).read_bytes() for file in told["attachments"]] == [b"%PDF cv", b"Dear", b"Dear"]
    assert {Path(file["path"]).parent.parent for file in told["attachments"]} == {tmp_path / "files"}


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "create-candidate",
            {"candidate": ADA, "screening_question_answers": [{"answer": "x"}]},
            "screening questions",
        ),
        ("create-candidate", {"candidate": {**ADA, "source": "x"}}, "takes no source"),
        ("add-attachment-to-candidate", {"candidate_id": 1, "attachment": {"data_url": "https://x"}}, "'data_url'"),
        ("add-attachment-to-candidate", {"candidate_id": 1, "attachment": {"name": "a", "data": "#"}}, "base64"),
        ("move-application", {"application_id": "7"}, "'application_id'"),
        ("add-note-to-application", {"application_id": "1/2"}, "'content'"),
        ("get-candidate-attachments", {"candidate_id": 1}, "'folder'"),
        ("get-candidate-attachments", {"candidate_id": 1, "folder": "a\0b"}, "'folder'"),
        ("get-candidate-attachments", {"candidate_id": 10**30, "folder": "a"}, "'candidate_id'"),
        ("create-candidate", {"candidate": {"first_name": ["Ada"]}}, "write a text"),
        ("create-candidate", {"candidate": {"first_name": "\ud800"}}, "half a character"),
        ("add-attachment-to-candidate", {"candidate_id": 1, "attachment": {"file": "a\0b"}}, "cannot be read"),
        ("add-attachment-to-candidate", {"candidate_id": 1, "attachment": {"name": " ", "data": "AAAA"}}, "a 'name'"),
    ],
)
def test_what_an_action_cannot_do_is_told_unsent(act: Run, box: Sandbox, name: str, data: Any, words: str) -> None:
    told = act(name, **data)
    assert (told["outcome"], told["was_sent"]) == ("rejected", False)
    assert words in told["reason"]
    assert box.writes() == []


def test_an_unknown_application_is_rejected(act: Run) -> None:
    assert act("move-application", application_id="1/2", stage_id=3)["outcome"] == "rejected"


def test_a_batch_goes_on_after_a_bad_line_and_is_repeatable(actions: Actions, box: Sandbox) -> None:
    people = [{"candidate": {**ADA, "email_address": f"a{number}@new.example"}, "key": number} for number in range(4)]
    lines = [json.dumps(people[0]), "{", json.dumps({"candidate": {}}), *map(json.dumps, people[1:])]
    first = list(run_lines(actions, "create-candidate", lines))
    assert [told["outcome"] for told in first] == ["written", "rejected", "rejected", "written", "written", "written"]
    again = list(run_lines(actions, "create-candidate", lines))
    assert [told["was_sent"] for told in again] == [False] * 6
    assert len(box.writes()) == 4


def test_a_key_of_zero_is_a_key(actions: Actions, box: Sandbox) -> None:
    lines = [json.dumps({"key": 0, "candidate": {**ADA, "first_name": name}}) for name in ("Ada", "Eve")]
    told = list(run_lines(actions, "create-candidate", lines))
    assert [each["outcome"] for each in told] == ["written", "rejected"]
    assert len(box.writes()) == 1


def test_without_a_ledger_another_file_of_the_same_name_is_sent(box: Sandbox) -> None:
    def added(content: bytes) -> dict[str, Any]:
        file = {"name": "cv.pdf", "data": base64.b64encode(content).decode(), "type": "CV"}
        with open_writer(Config.parse(box.config)) as writer:
            return run(Actions(writer), "add-attachment-to-candidate", {"candidate_id": person, "attachment": file})

    person = box.ids("people")[0]
    told = [added(content) for content in (b"%PDF one", b"%PDF one", b"%PDF two", b"%PDF two")]
    assert [each["outcome"] for each in told] == ["written"] * 4
    assert [each["was_sent"] for each in told] == [True, False, True, False]


def test_dotted_fields_are_objects() -> None:
    assert nested({"candidate.first_name": "Ada", "key": "1"}) == {"candidate": {"first_name": "Ada"}, "key": "1"}
    assert len(ACTIONS) == 7
