"""Files are delivered with their rows, each version once, whatever fails in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_client import FakeClient, Sync, after_each_outage, at, record, resumed, sync

from loxo_api.files import FILE_ENDPOINTS
from loxo_api.timestamps import now, shift
from source_loxo.batch import StagedRecord
from source_loxo.state import ChangeFeedState
from source_loxo.streams import file_transfer, substream
from source_loxo.streams.file_transfer import MOST_DIGESTS, FileTransfer

RESUMES = "person_resumes"


@pytest.fixture(autouse=True)
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(file_transfer, "get_files_directory", lambda: str(tmp_path))
    return tmp_path


def resume(number: int, changed: str = "2024-01-01T00:00:00.000Z", **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": "CV.pdf", "created_at": changed, "updated_at": changed, **fields}


def account(people: int = 30) -> FakeClient:
    """Each person has a résumé, whose id is ten times the person's."""
    return FakeClient({"people": [record(number, resumes=[resume(10 * number)]) for number in range(1, people + 1)]})


def path(number: int) -> str:
    return f"people/{number}/resumes/{10 * number}/download"


def read(client: FakeClient, state: Any = None, **options: Any) -> Sync:
    client.recover()
    return sync(client, RESUMES, state, includes_files=True, **options)


def change(client: FakeClient, number: int, **fields: Any) -> None:
    client.edit("people", number, updated_at=shift(now(), seconds=number), **fields)


def test_each_file_is_staged_once_and_its_record_refers_to_it(staging: Path) -> None:
    client = account()
    first = read(client)
    assert first.files == {path(number): path(number) for number in range(1, 31)}
    assert sorted(client.downloads) == sorted(first.files)
    assert sorted(each.name for each in staging.rglob("*CV*"))[:2] == ["10 CV.pdf", "100 CV.pdf"]
    assert not list(staging.rglob("*.part"))
    assert not read(client, first.state).records and not client.downloads


def test_without_files_in_the_catalog_only_the_rows_come() -> None:
    client = account()
    rows = sync(client, RESUMES)
    assert len(rows.records) == 30 and not rows.files and not client.downloads
    assert "files_at" not in rows.state


def test_an_edit_of_the_person_does_not_bring_an_unchanged_file_again() -> None:
    client = account()
    first = read(client)
    change(client, 3, name="Ada")
    second = read(client, first.state)
    assert any(asked.path == "people/3" for asked in client.asked)
    assert not client.downloads and not second.records and not second.error


@pytest.mark.parametrize("uploaded", ["long ago", "just now"])
def test_only_the_version_that_changed_comes_again(uploaded: str) -> None:
    client = account(3)
    time = now() if uploaded == "just now" else at(1)
    change(client, 2, resumes=[resume(20, time), resume(21, time)])
    first = read(client)
    assert len(first.files) == 4
    change(client, 2, resumes=[resume(20, time), resume(21, shift(now(), seconds=5)), resume(22, now())])
    second = read(client, first.state)
    assert sorted(second.files) == ["people/2/resumes/21/download", "people/2/resumes/22/download"]
    change(client, 2, name="Ada")
    third = read(client, second.state)
    assert not third.files and not client.downloads


def test_a_file_without_times_comes_with_each_change_of_its_person() -> None:
    client = account(2)
    first = read(client)
    change(client, 1, resumes=[{"id": 10}])
    assert read(client, first.state).files == {path(1): path(1)}


def test_the_old_file_of_a_new_person_comes() -> None:
    client = account(2)
    first = read(client)
    client.lists["people"].append({**record(3, resumes=[resume(30)]), "created_at": now(), "updated_at": now()})
    second = read(client, first.state)
    assert second.files == {path(3): path(3)}
    change(client, 3, name="Ada")
    assert not read(client, second.state).files


def test_the_old_files_of_a_merged_person_come_with_the_person_that_remains() -> None:
    client = account(3)
    first = read(client)
    client.delete("people", 2)
    change(client, 1, resumes=[resume(10), resume(20)])
    client.lists["merges"] = [{"id": 1, "created_at": now(), "item_id": 1, "merged_item_id": 2, "item_type": "Person"}]
    second = read(client, first.state)
    assert set(second.files) >= {"people/1/resumes/20/download"} and not second.error
    change(client, 1, name="Ada")
    assert not read(client, second.state).files, "they come once"


def test_files_that_are_wanted_later_all_come() -> None:
    client = account()
    rows = sync(client, RESUMES)
    with_files = read(client, rows.state)
    assert len(with_files.files) == 30
    client.recover()
    rows_again = sync(client, RESUMES, with_files.state)
    assert not client.downloads
    assert len(read(client, rows_again.state).files) == 30


def test_a_full_refresh_brings_all_files() -> None:
    client = account()
    first = read(client, full_refresh=True)
    assert len(first.files) == len(read(client, first.state, full_refresh=True).files) == 30


def test_a_failed_file_is_named_and_the_next_sync_requests_it_alone() -> None:
    client = account()
    client.edit("people", 4, resumes=[resume(40), resume(41)])
    client.refuse(lambda asked: asked.path == path(4), 403)
    first = sync(client, RESUMES, includes_files=True)
    assert "people/4/resumes/40" in first.error and "could not be downloaded" in first.error
    assert len(first.files) == 30 and path(4) not in first.files
    assert len(first.records) == 30, "a record without its file ends the sync of Airbyte's S3 destination"

    client.recover()
    client.refuse(lambda asked: asked.path == path(4), 403)
    second = sync(client, RESUMES, first.state, includes_files=True)
    assert not second.records and path(4).removesuffix("/download") in second.error
    third = read(client, second.state)
    assert third.files == {path(4): path(4)} and client.downloads == [path(4)] and not third.error
    assert not read(client, third.state).records


def test_a_person_that_cannot_be_read_keeps_its_files_for_the_next_sync() -> None:
    client = account()
    client.refuse(lambda asked: asked.path == "people/4", 503)
    first = sync(client, RESUMES, includes_files=True)
    assert "ids 4" in first.error and len(first.files) == 29
    assert read(client, first.state).files == {path(4): path(4)}


def test_a_person_that_waits_behind_an_outage_keeps_its_new_files() -> None:
    client = account(40)
    first = read(client)
    for number in range(1, 11):
        change(client, number, resumes=[resume(10 * number), resume(10 * number + 1, now())])
    state = first.state
    for _ in range(2):
        client.recover()
        client.refuse(lambda asked: asked.path.endswith("1/download") or asked.path in ("people/9", "people/10"), 503)
        state = sync(client, RESUMES, state, includes_files=True).state
    assert len(read(client, state).files) == 10


def test_a_file_that_was_deleted_since_its_list_was_read_is_no_failure() -> None:
    client = account(3)

    def deleted(asked: Any) -> None:
        if asked.path == path(2):
            client.edit("people", 2, resumes=[])

    client.before = deleted
    client.refuse(lambda asked: asked.path == path(2), 404)
    first = sync(client, RESUMES, includes_files=True)
    assert not first.error and sorted(first.files) == [path(1), path(3)] and len(first.records) == 2


def test_a_file_that_loxo_lists_and_does_not_have_is_a_failure() -> None:
    client = account(3)
    client.refuse(lambda asked: asked.path == path(2), 404)
    first = sync(client, RESUMES, includes_files=True)
    assert "people/2/resumes/20" in first.error and len(first.files) == 2


def test_many_lost_files_keep_no_other_waiting_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync stops after MOST_FAILURES new failures; failures of earlier syncs do not count towards them."""
    monkeypatch.setattr(substream, "MOST_FAILURES", 5)
    monkeypatch.setattr(substream, "BATCH", 2)
    client, state, delivered = account(30), None, set()
    for _ in range(6):
        client.recover()
        client.refuse(lambda asked: asked.path in [path(number) for number in range(3, 15)], 404)
        result = sync(client, RESUMES, state, includes_files=True)
        state = result.state
        delivered |= set(result.files)
    assert delivered == {path(number) for number in (1, 2, *range(15, 31))}
    assert "people/3/resumes/30" in result.error


def test_after_each_state_the_rest_of_the_files_comes() -> None:
    client = account(250)
    first = read(client)
    delivered = list(first.files)
    for ids, second in resumed(client, first, RESUMES, includes_files=True):
        before = {each for each in delivered if int(each.split("/")[3]) in ids}
        assert before | set(second.files) == set(first.files)


def test_an_outage_at_any_request_loses_no_file() -> None:
    for ids, second in after_each_outage(lambda: account(4), RESUMES, includes_files=True):
        assert len({*ids, *second.ids}) == 4
        assert {path(number) for number in range(1, 5)} >= set(second.files)


@pytest.mark.parametrize("failing", range(1, 6))
def test_an_outage_at_any_download_loses_no_file(failing: int) -> None:
    client = account(5)
    client.refuse(lambda asked: asked.path.endswith("/download") and len(client.downloads) >= failing, 503)
    broken = sync(client, RESUMES, includes_files=True)
    assert broken.error
    second = read(client, broken.state)
    assert {**broken.files, **second.files} == {path(number): path(number) for number in range(1, 6)}
    assert not set(broken.files) & set(second.files), "each file comes once"


def test_an_interrupted_sync_does_not_bring_a_file_again_that_its_state_covers() -> None:
    client = account(150)
    first = read(client)
    uploaded = shift(now(), days=-3)
    first.state["files_at"] = shift(now(), days=-7)  # the syncs are a week apart
    for number in range(1, 131):
        change(client, number, resumes=[resume(10 * number, uploaded)])
    second = read(client, first.state)
    delivered, state = next(found for found in second.checkpoints if found[0])
    covered = second.ids[:delivered]
    assert "changes_scroll_id" in state
    for number in [each // 10 for each in covered]:
        change(client, number, name="Ada")
    third = read(client, state)
    assert {*covered, *third.ids} == {10 * number for number in range(1, 131)}
    assert not {*covered} & {*third.ids}


def test_a_state_on_its_way_to_the_output_does_not_change() -> None:
    memory = ChangeFeedState()
    client: Any = account(1)
    transfer = FileTransfer(FILE_ENDPOINTS[RESUMES], client, memory)
    state = memory.to_json()
    before = json.dumps(state)
    rows, _ = transfer.staged([{**resume(10, now()), "person_id": 1, "_loxo_download_path": path(1)}], {"id": 1}, {})
    transfer.note(rows)
    assert json.dumps(state) == before != json.dumps(memory.to_json())
    second = memory.to_json()
    transfer.note([StagedRecord(rows[0], rows[0].reference, "another", now())])
    assert len(second["files_delivered"]) == 1 and len(memory.files_delivered) == 2


def test_a_state_before_the_rows_of_a_repeated_person_still_names_it() -> None:
    """Another worker's state can enter the queue between the read of a person and its rows."""
    client = account(30)
    client.refuse(lambda asked: asked.path == "people/4", 503)
    first = sync(client, RESUMES, includes_files=True)
    client.recover()
    change(client, 9, resumes=[resume(90), resume(91, now())])
    second = sync(client, RESUMES, first.state, includes_files=True, side_by_side=True)
    for ids, third in resumed(client, second, RESUMES, includes_files=True):
        assert {40, 91} <= {*ids, *third.ids}


def test_a_full_staging_directory_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_transfer, "get_files_directory", lambda: "/proc/staging")
    first = sync(account(), RESUMES, includes_files=True)
    assert "/proc/staging" in first.error and not first.records


def test_the_state_stays_small() -> None:
    client = FakeClient({"people": [record(1, resumes=[resume(number, now()) for number in range(1, 2500)])]})
    first = read(client)
    assert len(first.files) == 2499 and len(first.state["files_delivered"]) == MOST_DIGESTS
    assert "files_delivered" not in read(account(100)).state
