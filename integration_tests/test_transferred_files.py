"""The connector's own process transfers files: every byte, each file once, whatever the downloads go through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessageSerializer
from airbyte_cdk.sources.utils import files_directory

from benchmarks.measure import run
from loxo_api.files import FILE_ENDPOINTS
from loxo_api.timestamps import now
from sandbox.process import Sandbox
from tools.connector import Connector, Output, last_states, parse

FAULTS = {
    "status_500": 0.03,
    "status_503": 0.03,
    "reset": 0.03,
    "truncate": 0.03,
    "html": 0.03,
    "json": 0.03,
    "wrong_length": 0.03,
    "empty": 0.03,
    "slow": 0.02,
}
RESUMES = "person_resumes"


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The staging directory of the connectors that run in forks."""
    folder = tmp_path / "staging"
    folder.mkdir()
    monkeypatch.setattr(files_directory, "AIRBYTE_STAGING_DIRECTORY", str(folder))
    return folder


def downloads(box: Sandbox) -> Counter[str]:
    """How many times each file was downloaded whole."""
    return Counter(path for path, status in box.requests()["log"] if path.endswith("/download") and status == "200")


def transferred(box: Sandbox, messages: Iterable[dict[str, Any]], staging: Path) -> list[str]:
    """The paths of the downloads of the records with files, after a check of the files."""
    found = []
    for message in messages:
        reference = message["record"].get("file_reference") if message["type"] == "RECORD" else None
        if reference:
            path = message["record"]["data"]["_loxo_download_path"]
            file = Path(reference["staging_file_url"])
            content = file.read_bytes()
            assert content == box.file(path) and len(content) == reference["file_size_bytes"]
            assert file.resolve().is_relative_to(staging.resolve())
            assert str(file).endswith("/" + reference["source_file_relative_path"])
            found.append(path)
    return found


def refers(output: Output, box: Sandbox, staging: Path) -> list[str]:
    return transferred(box, output.messages, staging)


@pytest.mark.parametrize("people", [1000, pytest.param(10_000, marks=pytest.mark.long)])
def test_every_byte_of_every_resume_arrives_once_through_faults(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], tmp_path: Path, people: int
) -> None:
    box = start_sandbox(people=people, jobs=0, events=0, companies=0, set={"download_faults": FAULTS, "slow_ms": 200})
    connector, staging = connect(box), tmp_path / "files"
    staging.mkdir()
    arguments = connector.read_arguments([RESUMES], mode="incremental", include_files=True)
    box.reset_requests()
    cost = run(connector.command(*arguments), tmp_path, {"AIRBYTE_STAGING_DIRECTORY": str(staging)})
    output = parse(cost.exit_code, (tmp_path / "out").read_text())
    assert output.exit_code == 0, output.errors

    times = downloads(box)
    expected = [path for _, path in box_files(box, "people", "resumes")]
    assert sorted(refers(output, box, staging)) == sorted(times) == sorted(expected)
    assert set(times.values()) == {1}
    assert not list(staging.rglob("*.part"))
    faults = {kind: count for kind, count in box.requests()["by_status"].items() if kind != "200"}
    print(f"{len(times)} files of {people} people, faults {faults}, peak {cost.peak_mb:.0f} MB")
    assert cost.peak_mb < 400


def box_files(box: Sandbox, objects: str, tree: str) -> list[tuple[dict[str, Any], str]]:
    """The files that the records of an object list, with the paths of their downloads."""
    return [
        (file, f"{objects}/{record_id}/{tree}/{file['id']}/download")
        for record_id in box.ids(objects)
        for file in box.record(objects, record_id).get(tree) or []
    ]


def test_all_lists_of_files_transfer_them(small: Sandbox, connect: Callable[..., Connector], staging: Path) -> None:
    connector = connect(small)
    assert {name for name, row in connector.discover().items() if row.get("is_file_based")} == set(FILE_ENDPOINTS)
    output = connector.read(FILE_ENDPOINTS, include_files=True)
    assert output.exit_code == 0, output.errors
    for name, row in FILE_ENDPOINTS.items():
        expected = {path for _, path in box_files(small, row.parent, row.tree)}
        assert {each["_loxo_download_path"] for each in output.records[name]} == expected and expected
    assert len(refers(output, small, staging)) == sum(map(len, output.records.values()))


def test_the_records_have_the_shape_of_the_protocol(
    small: Sandbox, connect: Callable[..., Connector], staging: Path
) -> None:
    output = connect(small).read([RESUMES], include_files=True)
    records = [message for message in output.messages if message["type"] == "RECORD"]
    assert all(set(each["record"]["file_reference"]) == FIELDS for each in records)
    for message in output.messages:
        loaded = AirbyteMessageSerializer.load(message)
        assert not loaded.record or loaded.record.file_reference.file_size_bytes > 0  # type: ignore[union-attr, operator]
    pydantic = pytest.importorskip("airbyte_protocol.models")
    for message in records:
        pydantic.AirbyteMessage.model_validate(message)


FIELDS = {"staging_file_url", "source_file_relative_path", "file_size_bytes"}


def test_without_include_files_nothing_is_downloaded(
    small: Sandbox, connect: Callable[..., Connector], staging: Path
) -> None:
    output = connect(small).read([RESUMES])
    assert output.records[RESUMES] and not downloads(small) and not list(staging.iterdir())
    assert not any("file_reference" in record for record in output.of("RECORD"))


HOSTILE = ["../../etc/passwd", "/etc/passwd", "a\x00b", "职" * 500, "CV.pdf", "CV.pdf", "\u202efdp.exe", "", None, ".."]


def test_hostile_names_stay_in_the_directory_and_apart(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], staging: Path
) -> None:
    box = start_sandbox(people=2, jobs=0, events=0, companies=0)
    files = [{"id": 70 + place, "name": name, "created_at": now()} for place, name in enumerate(HOSTILE)]
    for person in box.ids("people"):
        box.update("people", person, resumes=files, documents=files)
    output = connect(box).read([RESUMES, "person_documents"], include_files=True)
    assert output.exit_code == 0, output.errors
    assert len(refers(output, box, staging)) == 4 * len(HOSTILE)
    relative = {record["file_reference"]["source_file_relative_path"] for record in output.of("RECORD")}
    assert len(relative) == 4 * len(HOSTILE)
    assert all(path.count("/") == 2 and ".." not in path.split("/") for path in relative)


def test_only_changed_files_come_again(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], staging: Path
) -> None:
    box = start_sandbox(people=40, jobs=0, events=0, companies=0)
    connector = connect(box)
    first = connector.read([RESUMES], mode="incremental", include_files=True)
    rows = first.records[RESUMES]
    edited, changed = rows[0]["person_id"], rows[1]
    box.update("people", edited, name="Ada")
    box.update("people", changed["person_id"], resumes=[{**file(changed), "updated_at": now()}])
    box.reset_requests()
    second = connector.read([RESUMES], mode="incremental", include_files=True, state=first.state)
    assert refers(second, box, staging) == [changed["_loxo_download_path"]] == list(downloads(box))
    assert box.requests()["by_path"][f"people/{edited}"] >= 1
    box.update("people", changed["person_id"], name="Grace")
    third = connector.read([RESUMES], mode="incremental", include_files=True, state=second.state)
    assert third.exit_code == 0 and not third.records


def test_the_resumes_of_a_merged_person_come_with_the_one_that_remains(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], staging: Path
) -> None:
    box = start_sandbox(people=40, jobs=0, events=0, companies=0)
    connector = connect(box)
    first = connector.read([RESUMES], mode="incremental", include_files=True)
    kept, lost = first.records[RESUMES][0], first.records[RESUMES][1]
    box.merge_people(kept["person_id"], lost["person_id"])
    box.update("people", kept["person_id"], resumes=[file(kept), file(lost)])
    second = connector.read([RESUMES], mode="incremental", include_files=True, state=first.state)
    moved = f"people/{kept['person_id']}/resumes/{lost['id']}/download"
    assert second.exit_code == 0 and moved in refers(second, box, staging)
    box.update("people", kept["person_id"], name="Grace")
    third = connector.read([RESUMES], mode="incremental", include_files=True, state=second.state)
    assert third.exit_code == 0 and not third.records


def file(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "created_at", "updated_at")}


def test_a_file_that_cannot_be_had_costs_itself_alone(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], staging: Path
) -> None:
    box = start_sandbox(people=40, jobs=0, events=0, companies=0)
    connector = connect(box)
    paths = [path for _, path in box_files(box, "people", "resumes")]
    box.set(forbidden=[paths[3]])
    first = connector.read([RESUMES], mode="incremental", include_files=True)
    assert first.statuses[RESUMES] == "INCOMPLETE" and first.exit_code == 1
    assert paths[3] in first.errors[RESUMES]["message"]
    assert len(first.records[RESUMES]) == len(paths) - 1
    assert sorted(refers(first, box, staging)) == sorted(set(paths) - {paths[3]})
    box.set(forbidden=[])
    box.reset_requests()
    second = connector.read([RESUMES], mode="incremental", include_files=True, state=first.state)
    assert second.exit_code == 0 and refers(second, box, staging) == [paths[3]] == list(downloads(box))


@pytest.mark.parametrize("after", [1, 30, 90])
def test_a_killed_sync_loses_no_file(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector], staging: Path, after: int
) -> None:
    box = start_sandbox(people=250, jobs=0, events=0, companies=0)
    connector = connect(box)
    arguments = connector.read_arguments([RESUMES], mode="incremental", include_files=True)
    killed = connector.killed(*arguments, after=after)
    second = connector.read([RESUMES], mode="incremental", include_files=True, state=last_states(killed))
    assert second.exit_code == 0, second.errors
    expected = {path for _, path in box_files(box, "people", "resumes")}
    assert {*transferred(box, killed, staging), *refers(second, box, staging)} == expected


def test_a_staging_directory_that_cannot_be_written_ends_the_stream(
    small: Sandbox, connect: Callable[..., Connector], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_directory, "AIRBYTE_STAGING_DIRECTORY", "/proc/self")
    output = connect(small).read([RESUMES, "users"], include_files=True)
    assert output.statuses == {RESUMES: "INCOMPLETE", "users": "COMPLETE"}
    assert "/proc/self" in output.errors[RESUMES]["message"]
