"""`loxoctl files` downloads the files of an account once, whatever interrupts it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import environment, loxoctl

from loxo_api.files import FILE_ENDPOINTS
from loxoctl.cli import FILE_STREAMS
from loxoctl.files_command import MANIFEST
from sandbox.process import Sandbox


@pytest.fixture
def box() -> Any:
    with Sandbox(people=60, jobs=20, events=60, companies=20) as started:
        yield started


def downloads(box: Sandbox) -> list[str]:
    return [path for path, status in box.requests()["log"] if path.endswith("/download") and status == "200"]


def lines(done: subprocess.CompletedProcess[bytes]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The lines of the files, and the sums by list."""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [each for each in found if "outcome" in each], {
        each["stream"]: each for each in found if "outcome" not in each
    }


def expected(box: Sandbox) -> dict[str, bytes]:
    """The content of each file by the path of its download."""
    paths = [
        f"{row.parent}/{number}/{row.tree}/{file['id']}/download"
        for row in FILE_ENDPOINTS.values()
        for number in box.ids(row.parent)
        for file in box.record(row.parent, number).get(row.tree) or []
    ]
    return {path: box.file(path) for path in paths}


def on_disk(folder: Path) -> list[bytes]:
    return sorted(each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.name != MANIFEST)


def test_the_command_line_offers_all_lists_of_files() -> None:
    assert tuple(FILE_ENDPOINTS) == FILE_STREAMS


def test_all_files_arrive_whole_through_faults_and_a_second_run_downloads_nothing(box: Sandbox, tmp_path: Path) -> None:
    box.set(download_faults={"status_500": 0.1, "truncate": 0.1, "html": 0.1, "wrong_length": 0.1})
    first = loxoctl(box, "files", "--to", str(tmp_path))
    assert first.returncode == 0, first.stderr
    files, sums = lines(first)
    assert on_disk(tmp_path) == sorted(expected(box).values())
    assert sorted(downloads(box)) == sorted(expected(box))
    for each in files:
        content = (tmp_path / each["path"]).read_bytes()
        assert (each["outcome"], each["size"]) == ("downloaded", len(content))
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["content_type"].startswith("application/")
    assert list(sums) == list(FILE_STREAMS) and sum(each["downloaded"] for each in sums.values()) == len(files)

    box.reset_requests()
    second = loxoctl(box, "files", "--to", str(tmp_path))
    files, sums = lines(second)
    assert second.returncode == 0 and not files and not downloads(box)
    assert sum(each["unchanged"] for each in sums.values()) == len(expected(box))


def test_only_what_is_changed_missing_or_cut_is_downloaded_again(box: Sandbox, tmp_path: Path) -> None:
    arguments = ("files", "--to", str(tmp_path), "--stream", "person_resumes")
    files, _ = lines(loxoctl(box, *arguments))
    missing, cut, changed = files[:3]
    (tmp_path / missing["path"]).unlink()
    (tmp_path / cut["path"]).write_bytes(b"%PDF")
    file = {"id": changed["id"], "name": changed["name"], "created_at": "2026-01-01T00:00:00Z"}
    box.update("people", changed["parent_id"], resumes=[file])
    box.reset_requests()
    again, sums = lines(loxoctl(box, *arguments))
    assert {each["id"] for each in again} == {each["id"] for each in (missing, cut, changed)}
    assert len(downloads(box)) == 3 and list(sums) == ["person_resumes"]
    box.reset_requests()
    assert lines(loxoctl(box, *arguments))[0] == [] == downloads(box)


def test_since_leaves_older_files_out(box: Sandbox, tmp_path: Path) -> None:
    arguments = ("files", "--to", str(tmp_path), "--stream", "person_resumes", "--since", "2025-01-01")
    files, sums = lines(loxoctl(box, *arguments))
    assert files and all(each["changed_at"] >= "2024-12-30T22" for each in files)
    assert sums["person_resumes"]["older"] > 0


def test_a_killed_run_is_continued(box: Sandbox, tmp_path: Path) -> None:
    box.set(latency_ms=20)
    words = [sys.executable, "-m", "loxoctl", "files", "--to", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment(box.config)) as killed:
        assert killed.stdout
        for _ in range(5):
            killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
    with (tmp_path / MANIFEST).open("ab") as manifest:
        manifest.write(b'{"stream": "person_resumes", "par')  # a line at which it can die
    cut = tmp_path / "person_resumes/1" / f".{'0123' * 8}.part"
    cut.parent.mkdir(exist_ok=True)
    cut.write_bytes(b"half")
    noted = [json.loads(line) for line in (tmp_path / MANIFEST).read_bytes().splitlines() if line.endswith(b"}")]
    whole = {f"people/{each['parent_id']}/resumes/{each['id']}/download" for each in noted}
    box.reset_requests()
    done = loxoctl(box, "files", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert whole and not whole & set(downloads(box))
    assert on_disk(tmp_path) == sorted(expected(box).values())


def test_hostile_names_stay_in_the_directory(box: Sandbox, tmp_path: Path) -> None:
    names = ["../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 500, "CV", "CV", "\u202efdp.exe", "", None]
    person = box.ids("people")[0]
    files = [{"id": 70 + place, "name": name} for place, name in enumerate(names)]
    box.update("people", person, resumes=files)
    done = loxoctl(box, "files", "--to", str(tmp_path / "to"), "--stream", "person_resumes")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "to/person_resumes" / str(person)).iterdir())) == len(names)
    assert [each.name for each in tmp_path.iterdir()] == ["to"]


def test_a_file_that_cannot_be_had_stops_no_other_and_shows_in_the_exit_code(box: Sandbox, tmp_path: Path) -> None:
    paths = [path for path in expected(box) if "/resumes/" in path]
    box.set(forbidden=[paths[1]])
    done = loxoctl(box, "files", "--to", str(tmp_path), "--stream", "person_resumes")
    files, sums = lines(done)
    assert done.returncode == 3
    (failed,) = [each for each in files if each["outcome"] == "failed"]
    assert paths[1] in failed["reason"] and sums["person_resumes"]["failed"] == 1
    assert len(files) == len(paths)


def test_files_of_the_user_stay_as_they_are(box: Sandbox, tmp_path: Path) -> None:
    mine = [tmp_path / ".film.part", tmp_path / "person_resumes/1/.film.part", tmp_path / "mail/.0123.part"]
    for each in mine:
        each.parent.mkdir(parents=True, exist_ok=True)
        each.write_text("mine")
    (tmp_path / "person_resumes/.0.part").mkdir()
    done = loxoctl(box, "files", "--to", str(tmp_path), "--stream", "person_resumes")
    assert done.returncode == 0, done.stderr
    assert [each.read_text() for each in mine] == ["mine"] * 3


def test_a_key_that_may_read_no_single_record_is_a_failure(box: Sandbox, tmp_path: Path) -> None:
    """Loxo may answer 404 where a permission is missing."""
    box.set(missing=["people/{id}"])
    done = loxoctl(box, "files", "--to", str(tmp_path), "--stream", "person_resumes")
    (failed,), sums = lines(done)
    assert done.returncode == 6 and sums["person_resumes"]["failed"] == 1
    assert "60 of 60 people" in failed["reason"]


def test_a_few_deleted_people_and_files_are_no_failure(box: Sandbox, tmp_path: Path) -> None:
    first, second, third = box.ids("people")[:3]
    box.update("people", second, resumes=[{"id": 70, "name": "CV"}])
    box.update("people", third, resumes=[{"id": 71, "name": "CV"}, {"id": 72, "name": "CV"}])
    box.at("people", 1, {"op": "delete", "object": "people", "id": first})
    box.at(f"people/{second}", 1, {"op": "delete", "object": "people", "id": second})
    box.at(f"people/{third}", 1, {"op": "update", "object": "people", "id": third, "fields": {"resumes": []}})
    done = loxoctl(box, "files", "--to", str(tmp_path), "--stream", "person_resumes")
    files, sums = lines(done)
    assert done.returncode == 0, done.stderr
    assert not sums["person_resumes"]["failed"] and not {70, 71, 72} & {each["id"] for each in files}


def test_a_new_version_takes_the_place_of_the_old_one(box: Sandbox, tmp_path: Path) -> None:
    person = box.ids("people")[0]
    arguments = ("files", "--to", str(tmp_path), "--stream", "person_resumes")
    for name in ("CV 2025", "CV 2026"):
        box.update("people", person, resumes=[{"id": 70, "name": name}])
        assert loxoctl(box, *arguments).returncode == 0
    assert [each.name for each in (tmp_path / "person_resumes" / str(person)).iterdir()] == ["70 CV 2026.pdf"]


def test_a_time_in_the_future_is_a_usage_error(box: Sandbox, tmp_path: Path) -> None:
    done = loxoctl(box, "files", "--to", str(tmp_path), "--since", "2206-01-01")
    assert done.returncode == 2 and b"--since" in done.stderr and b"future" in done.stderr


def test_a_list_that_the_key_may_not_read_stops_no_other(box: Sandbox, tmp_path: Path) -> None:
    box.set(forbidden=["jobs"])
    done = loxoctl(box, "files", "--to", str(tmp_path))
    files, sums = lines(done)
    assert done.returncode == 3 and list(sums) == list(FILE_STREAMS)
    assert sums["person_event_documents"]["downloaded"] and sums["company_documents"]["downloaded"]
    (failed,) = [each for each in files if each["outcome"] == "failed"]
    assert failed["stream"] == "job_documents" and "no permission for 'jobs'" in failed["reason"]


def test_files_that_loxo_lost_stop_no_other(box: Sandbox, tmp_path: Path) -> None:
    """People of an old import, whose files are missing, can fill a part of the list."""
    people = box.ids("people")
    for place, person in enumerate(people):
        box.update("people", person, resumes=[{"id": 7000 + place, "name": "CV"}])
    lost = [f"people/{person}/resumes/{7000 + place}/download" for place, person in enumerate(people[10:50], 10)]
    box.set(missing=lost)
    done = loxoctl(box, "files", "--to", str(tmp_path), "--stream", "person_resumes")
    _, sums = lines(done)
    assert (sums["person_resumes"]["downloaded"], sums["person_resumes"]["failed"]) == (20, 40)
    assert done.returncode == 6


def test_a_file_whose_time_may_be_in_another_zone_is_not_left_out(box: Sandbox, tmp_path: Path) -> None:
    person = box.ids("people")[0]
    files = [{"id": 70, "created_at": "2025-01-30T05:00:00"}, {"id": 71, "created_at": "2025-01-29T05:00:00"}]
    box.update("people", person, resumes=files)
    arguments = ("--to", str(tmp_path), "--stream", "person_resumes", "--since", "2025-01-31T00:00:00Z")
    found, _ = lines(loxoctl(box, "files", *arguments))
    assert 70 in {each["id"] for each in found} and 71 not in {each["id"] for each in found}


def test_usage_errors_send_nothing(box: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / MANIFEST).open("w") as manifest:
        fcntl.flock(manifest, fcntl.LOCK_EX)
        for words in (("--to", str(tmp_path)), ("--to", str(tmp_path / "x"), "--since", "soon"), ()):
            done = loxoctl(box, "files", *words)
            assert done.returncode == 2 and not done.stdout, done.stderr
    assert box.requests()["total"] == 0


def test_a_directory_that_cannot_be_written_is_exit_code_7(box: Sandbox) -> None:
    done = loxoctl(box, "files", "--to", "/proc/files")
    assert done.returncode == 7 and b"cannot be written" in done.stderr


def test_a_wrong_key_ends_the_command_at_once(box: Sandbox, tmp_path: Path) -> None:
    done = loxoctl({**box.config, "api_key": "another-key"}, "files", "--to", str(tmp_path))
    assert done.returncode == 3 and box.requests()["total"] == 1
