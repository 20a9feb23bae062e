"""The seven recruiting actions: each takes one JSON object and returns one, with the outcome in it.

A command needs no more than this:

    with open_writer(Config.parse(values), ledger_path) as writer:
        actions = Actions(writer, stage_activity_types)
        told = run(actions, name, nested(flags))              # one; `name` is one of ACTIONS
        for told in run_lines(actions, name, sys.stdin): ...  # or many, one JSON object a line

Every result has `outcome` (written, rejected or unknown; "read" for the downloads) and `reason`; only "written" means
that Loxo has confirmed it. `key` in the input is the caller's name for the write, under which a second run finds it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import LoxoError
from loxo_api.files import files_of, store
from loxo_api.pages import Record
from loxo_api.writing.action_inputs import application, attachment, attachments, candidate, number, part
from loxo_api.writing.changes import reason_of
from loxo_api.writing.operations import Verb
from loxo_api.writing.outcomes import Outcome, Rejection, Result
from loxo_api.writing.preparation import File, Write
from loxo_api.writing.stages import Stages
from loxo_api.writing.writer import Writer

# How long a stage is read again after a move before the move counts as failed.
STAGE_SECONDS = 10.0

Action = Callable[["Actions", Mapping[str, Any]], dict[str, Any]]


class Actions:
    """The actions on one account.

    :param stage_activity_types: by stage id, the activity type that moves to it, where names do not tell.
    """

    def __init__(self, writer: Writer, stage_activity_types: Mapping[int, int] | None = None) -> None:
        self._writer = writer
        self._stages = Stages(writer.client, stage_activity_types)

    def create_candidate(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """A candidate: with `application.job_id` as an applicant of the job, else as a person."""
        if part(data, "application").get("job_id"):
            return self.create_application(data)
        values = candidate(data, required=False)
        files = attachments(data)
        if "linkedin" in values:
            values["linkedin_url"] = values.pop("linkedin")
        result = self._writer.write_and_wait(Write("people", Verb.CREATE, values, key=_key(data, "candidate")))
        return self._with_files(_told(result, candidate_id=result.record_id), files, data)

    def create_application(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """An applicant of the job `application.job_id`. Loxo finds a known person by e-mail."""
        job_id = number(part(data, "application"), "job_id")
        values = candidate(data, required=True)
        files = attachments(data)
        # Loxo takes one résumé with an application; the other files follow.
        resume = next((file for kind, file in files if kind == "resumes"), None)
        sent = (File("resume", resume.name, resume.content),) if resume else ()
        write = Write(
            "applications", Verb.CREATE, values, _key(data, "application"), path_ids={"job_id": job_id}, files=sent
        )
        result = self._writer.write_and_wait(write)
        told = _told(result, candidate_id=result.record_id, application_id=None)
        rest = [(kind, file) for kind, file in files if file is not resume]
        if result.outcome is Outcome.WRITTEN and result.record_id is not None:
            found = self._candidate_id(job_id, result)
            told["application_id"] = f"{job_id}/{found}" if found else None
            if not found:
                told["note"] = "Loxo took the application and does not show it in the pipeline: see the applicant inbox"
        return self._with_files(told, rest, data)

    def add_attachment_to_candidate(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """`attachment` becomes a résumé (type CV) or a document of the person `candidate_id`."""
        person_id = number(data, "candidate_id")
        return self._added_file(person_id, *attachment(part(data, "attachment")), _key(data, "file"))

    def add_attachment_to_application(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """As for the candidate: Loxo keeps no files with an application."""
        record = self._application(*application(data))
        told = self._added_file(_person_of(record), *attachment(part(data, "attachment")), _key(data, "file"))
        return {**told, "note": "attached to the candidate: Loxo keeps no files with an application"}

    def move_application(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Moves to the stage `stage_id` by an activity, and reads the stage again."""
        job_id, candidate_id = application(data)
        stage_id = number(data, "stage_id")
        record = self._application(job_id, candidate_id)
        here = record.get("workflow_stage_id")
        ids = {"application_id": f"{job_id}/{candidate_id}", "stage_id": stage_id}
        if here == stage_id:
            return {**_told(Result(Outcome.WRITTEN, was_sent=False)), **ids, "note": "it was at this stage already"}
        if self._stages.is_backward(here, stage_id):
            raise Rejection(f"Loxo's API moves no candidate backward, from stage {here} to {stage_id}: do it in Loxo")
        values = {
            "person_id": _person_of(record),
            "job_id": job_id,
            "activity_type_id": self._stages.activity_type(stage_id),
        }
        # A second visit of the stage is another move, so where it came from is a part of its key.
        last = (record.get("latest_person_event") or {}).get("id")
        key = _key(data, "move") or json.dumps([job_id, candidate_id, here, stage_id, last])
        result = self._writer.write_and_wait(Write("person_events", Verb.CREATE, values, key=key))
        told = {**_told(result), **ids, "activity_id": result.record_id}
        if result.outcome is not Outcome.WRITTEN:
            return told
        until = time.monotonic() + STAGE_SECONDS
        while (now := self._application(job_id, candidate_id).get("workflow_stage_id")) != stage_id:
            if time.monotonic() > until:
                reason = f"Loxo wrote the activity {result.record_id}, and the candidate is still at stage {now}"
                return {**told, "outcome": Outcome.REJECTED.value, "reason": reason}
            time.sleep(0.5)
        return told

    def add_note_to_application(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """`content` (HTML) as an activity of the person in the job."""
        job_id, candidate_id = application(data)
        if not data.get("content"):
            raise Rejection("'content' is missing: a note needs a text")
        type_id = number(data, "activity_type_id") if data.get("activity_type_id") else self._stages.note_type()
        person_id = _person_of(self._application(job_id, candidate_id))
        values = {"person_id": person_id, "job_id": job_id, "activity_type_id": type_id, "notes": data["content"]}
        result = self._writer.write_and_wait(Write("person_events", Verb.CREATE, values, key=_key(data, "note")))
        return _told(result, note_id=result.record_id)

    def get_candidate_attachments(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Downloads the files of the person `candidate_id` into `folder`; each appears whole or not at all."""
        person_id = number(data, "candidate_id")
        if not data.get("folder"):
            raise Rejection("'folder' is missing: the place for the files")
        folder = Path(str(data["folder"]))
        try:
            with suppress(OSError):
                folder.stat()
        except ValueError:
            raise Rejection("'folder' is not a path") from None
        person = next(iter(self._writer.client.page(ENDPOINTS["people_details"].of({"id": person_id})).records), None)
        if person is None:
            raise Rejection(f"Loxo has no person {person_id}")
        found = [
            self._downloaded(file, kind, folder / kind)
            for kind in ("resumes", "documents")
            for file in files_of(ENDPOINTS[f"person_{kind}"].of({"id": person_id}), person)
        ]
        return {"outcome": "read", "reason": "", "candidate_id": person_id, "attachments": found}

    def _downloaded(self, file: Record, kind: str, folder: Path) -> dict[str, Any]:
        stored = store(self._writer.client, file, folder)
        return {
            "id": file["id"],
            "name": file.get("name"),
            "type": "CV" if kind == "resumes" else "OTHER",
            **stored._asdict(),
            "path": str(stored.path),
        }

    def _added_file(self, person_id: int, kind: str, file: File, key: str) -> dict[str, Any]:
        write = Write(kind, Verb.CREATE, key=key, path_ids={"person_id": person_id}, files=(file,))
        result = self._writer.write_and_wait(write)
        return _told(result, candidate_id=person_id, attachment_id=result.record_id, stored_as=kind)

    def _with_files(
        self, told: dict[str, Any], files: list[tuple[str, File]], data: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Adds files to the new person. The result is written only if every part is."""
        told["attachments"] = []
        if told["outcome"] != Outcome.WRITTEN.value or told["candidate_id"] is None:
            return told
        for place, (kind, file) in enumerate(files):
            key = f"{data['key']} {place}" if _key(data, "") else ""
            added = self._added_file(told["candidate_id"], kind, file, key)
            told["attachments"].append(added)
            if added["outcome"] != Outcome.WRITTEN.value:
                told |= {
                    "outcome": added["outcome"],
                    "reason": f"the candidate is written, not the file: {added['reason']}",
                }
        return told

    def _candidate_id(self, job_id: int, result: Result) -> int | None:
        """The candidate record of a new applicant, from Loxo's answer or from the pipeline."""
        answer = result.answer if isinstance(result.answer, dict) else {}
        rows = [answer["candidate"]] if "candidate" in answer else answer.get("candidates") or []
        for row in rows:
            if "candidate" in answer or (row.get("job") or {}).get("id") == job_id:
                return int(row["id"])
        endpoint = ENDPOINTS["job_candidates"].of({"id": job_id})
        page = self._writer.client.page(endpoint, {"person_id": result.record_id})
        return next((int(row["id"]) for row in page.records), None)

    def _application(self, job_id: int, candidate_id: int) -> Record:
        """A candidate record of a job."""
        path = f"jobs/{job_id}/candidates/{candidate_id}"
        page = self._writer.client.page(Endpoint("application", path, Paging.RECORD, ("candidate",)))
        if not page.records:
            raise Rejection(f"Loxo has no application {job_id}/{candidate_id}")
        return page.records[0]


def _person_of(record: Record) -> int:
    person = (record.get("person") or {}).get("id")
    if not isinstance(person, int):
        raise Rejection("the application names no person")
    return person


def _key(data: Mapping[str, Any], kind: str) -> str:
    """The caller's key, apart for each kind of write; empty where the content is the key."""
    return "" if data.get("key") in (None, "") else f"{kind} {data['key']}"


def _told(result: Result, **ids: Any) -> dict[str, Any]:
    return {"outcome": result.outcome.value, "reason": result.reason, "was_sent": result.was_sent, **ids}


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "create-candidate": Actions.create_candidate,
        "create-application": Actions.create_application,
        "add-attachment-to-candidate": Actions.add_attachment_to_candidate,
        "add-attachment-to-application": Actions.add_attachment_to_application,
        "move-application": Actions.move_application,
        "add-note-to-application": Actions.add_note_to_application,
        "get-candidate-attachments": Actions.get_candidate_attachments,
    }
)


def run(actions: Actions, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """One action by its name; a refusal is a result and not an error.

    :raises LoxoError: the account cannot be used: the key, the address, the network or the throttle.
    """
    try:
        return {"action": name, **ACTIONS[name](actions, data)}
    except Rejection as rejection:
        reason = str(rejection)
    except LoxoError as error:
        if not error.is_not_found:
            raise
        reason = reason_of(error)
    return {"action": name, "outcome": Outcome.REJECTED.value, "reason": reason, "was_sent": False}


def run_lines(actions: Actions, name: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """An action for each line of JSON; the results come in the order of the lines, each with its line's number.

    What the ledger holds as written is not sent again, so a batch that was interrupted is run again as a whole.
    """
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            yield {"line": place, **run(actions, name, data)}
        else:
            reason = "the line is not a JSON object"
            yield {"line": place, "action": name, "outcome": "rejected", "reason": reason, "was_sent": False}
