"""loxo-cli, a client checked against live Loxo by its author, reads the sandbox in full.

It runs unmodified, as published, and in its own process, so the sandbox is checked against an independent view of Loxo.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import Sandbox

pytest.importorskip("loxo_cli", reason="loxo-cli needs Python 3.11")

# object -> the command that reads it
COMMANDS = {
    "people": "people list --all",
    "jobs": "jobs list --all",
    "companies": "companies list --all",
    "deals": "deals list --all",
    "placements": "placements list --all",
    "person_events": "activities list --all",
    "source_types": "ref source-types",
    "job_types": "ref job-types",
    "activity_types": "ref activity-types",
    "person_types": "ref person-types",
    "person_lists": "ref lists",
    "webhooks": "webhooks list",
    "countries": "api GET countries --all",
    "sms": "api GET sms --all",
    "email_tracking": "api GET email_tracking --all",
    "merges": "api GET merges --all",
    "scorecards": "api GET scorecards --all",
    "campaigns": "api GET campaigns --all",
    "workflow_stages": "api GET workflow_stages",
}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(people=730, jobs=130, companies=90, events=1300, deals=80) as box:
        yield box


def loxo(box: Sandbox, home: Path, *words: str) -> Any:
    """The JSON output of loxo-cli."""
    command = [sys.executable, "-m", "loxo_cli", "--json", "--quiet", *words]
    settings = {"LOXO_BASE_URL": f"{box.url}/api", "LOXO_API_SLUG": box.agency_slug, "LOXO_API_KEY": box.api_key}
    environment = {**os.environ, **settings, "XDG_CONFIG_HOME": str(home), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_loxo_cli_reads_every_row_of(box: Sandbox, tmp_path: Path, name: str) -> None:
    rows = loxo(box, tmp_path, *COMMANDS[name].split())
    read = sorted(row["id"] for row in rows)
    assert read == sorted(set(read)) == box.ids(name)


def test_loxo_cli_reads_the_whole_pipeline_of_a_job(box: Sandbox, tmp_path: Path) -> None:
    job = box.create("jobs", title="Sought after")["id"]
    added = [box.create("candidates", job_id=job, person_id=person)["id"] for person in box.ids("people")[:70]]
    rows = loxo(box, tmp_path, "candidates", "list", "--job", str(job), "--all")
    assert sorted(row["id"] for row in rows) == added


def test_loxo_cli_shows_single_records_and_custom_fields(box: Sandbox, tmp_path: Path) -> None:
    person, placement = box.ids("people")[7], box.ids("placements")[0]
    assert loxo(box, tmp_path, "people", "get", str(person))["id"] == person
    assert loxo(box, tmp_path, "placements", "get", str(placement))["id"] == placement
    fields = loxo(box, tmp_path, "ref", "custom-fields", "--object", "person", "--custom-only")
    assert {row["key"] for row in fields} >= {"custom_text_1", "custom_hierarchy_1"}


def test_loxo_cli_completes_despite_faults(box: Sandbox, tmp_path: Path) -> None:
    box.set(faults={"status_503": 0.15, "reset": 0.1}, retry_after_value=0)
    try:
        rows = loxo(box, tmp_path, "people", "list", "--all")
    finally:
        box.set(faults={})
    assert sorted(row["id"] for row in rows) == box.ids("people")
