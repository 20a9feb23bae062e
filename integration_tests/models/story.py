"""Two syncs of one agency with a day's work between them, and what the agency itself knows after each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox
from tools.connector import Connector
from tools.model_columns import STREAMS

TRUTH = ("users", "jobs", "people", "candidates", "placements", "person_events", "deals", "workflow_stages")


@dataclass
class Story:
    """Records of two syncs, and the account's own records after each."""

    catalog: dict[str, Any] = field(repr=False)
    first: list[dict[str, Any]] = field(repr=False)
    second: list[dict[str, Any]] = field(repr=False)
    before: dict[str, list[dict[str, Any]]] = field(repr=False)
    after: dict[str, list[dict[str, Any]]] = field(repr=False)
    edited_person: int
    deleted_person: int
    edited_job: int
    deleted_job: int
    deleted_user: int
    moved: dict[str, Any]
    deleted_candidates: set[int]


def told(folder: Path) -> Story:
    with Sandbox(people=200, jobs=40, events=600, companies=20) as box:
        connector = Connector(box.config, folder)
        catalog = {name: stream for name, stream in connector.discover().items() if name in STREAMS}
        first = connector.read(STREAMS)
        assert first.exit_code == 0, first.errors
        before = {name: box.records(name) for name in TRUTH}

        candidates = first.records["job_candidates"]
        dead = candidates[0]
        moved = next(each for each in reversed(candidates) if not each["candidate_rejection_reason"])
        deleted_person = dead["person"]["id"]
        deleted_job = next(
            each["job_id"]
            for each in candidates
            if each["job_id"] not in (dead["job_id"], moved["job_id"]) and each["person"]["id"] != deleted_person
        )
        edited_person = next(
            each["id"]
            for each in first.records["people"]
            if each["all_raw_tags"] and each["id"] not in (deleted_person, moved["person"]["id"])
        )
        edited_job = next(each for each in box.ids("jobs") if each not in (deleted_job, moved["job_id"]))
        deleted_user = box.ids("users")[-1]
        box.update("people", edited_person, name='Ngô "Ann" Đặng', all_raw_tags="Ä-Tag, Java,Java, ")
        box.update("jobs", edited_job, title="Edited \\ job")
        box.delete("people", deleted_person)
        box.delete("jobs", deleted_job)
        box.delete("users", deleted_user)
        box.move(moved["job_id"], moved["id"])
        time.sleep(1)  # a time of the second sync is later than any of the first

        second = connector.read(STREAMS)
        assert second.exit_code == 0, second.errors
        gone = {
            each["id"] for each in candidates if each["job_id"] == deleted_job or each["person"]["id"] == deleted_person
        }
        return Story(
            catalog,
            first.of("RECORD"),
            second.of("RECORD"),
            before,
            {name: box.records(name) for name in TRUTH},
            edited_person,
            deleted_person,
            edited_job,
            deleted_job,
            deleted_user,
            moved,
            gone,
        )
