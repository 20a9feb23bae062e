"""Deleted records: reports, their confirmation, and the cases in which no deletion may be reported."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from fake_client import NOW, Asked, FakeClient, Sync, record, records, sync

from loxo_api.pages import Page
from loxo_api.timestamps import shift
from source_loxo.streams import deleted_records
from source_loxo.streams.deleted_records import swept_objects

SetClock = Callable[[str], None]
DAY_2, DAY_3, DAY_4 = (shift(NOW, days=days) for days in (1, 2, 3))
LISTS = [row.path for row in swept_objects() if not row.parent]


def account(**lists: Any) -> FakeClient:
    """Thirty people, two jobs with three candidates each, and four records of everything else."""
    lists = {**{path: records(4) for path in LISTS}, "jobs": records(2), "people": records(30), **lists}
    candidates = {f"jobs/{each['id']}/candidates": records(3) for each in lists["jobs"]}
    return FakeClient({"merges": [], **candidates, **lists})


@pytest.fixture
def baseline(set_clock: SetClock) -> tuple[FakeClient, Sync]:
    """An account and its first sync; the next one is a day later."""
    client = account()
    first = sync(client, "deleted_records")
    assert first.error == ""
    client.recover()
    set_clock(DAY_2)
    return client, first


def told(result: Sync) -> set[tuple[str, str, str, bool]]:
    """The object, the parent's id, the record's id and whether it is deleted, of each row."""
    return {(row["object"], row["parent_id"], row["record_id"], row["restored_at"] is None) for row in result.records}


def deleted(name: str, *numbers: int, parent: str = "") -> set[tuple[str, str, str, bool]]:
    return {(name, parent, str(number), True) for number in numbers}


def singles(client: FakeClient, path: str) -> list[str]:
    return [asked.path for asked in client.asked if asked.path.startswith(f"{path}/") and asked.path.count("/") == 1]


def test_the_first_sync_is_the_baseline_and_has_no_rows(baseline: tuple[FakeClient, Sync]) -> None:
    _, first = baseline
    assert first.records == []
    assert set(first.state["objects"]) == {row.name for row in swept_objects()}
    assert {each["swept_at"] for each in first.state["objects"].values()} == {NOW}


def test_a_sync_without_deletions_requests_lists_only(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    later = sync(client, "deleted_records", first.state)
    assert (later.records, later.error) == ([], "")
    assert not any(asked.path.rpartition("/")[2].isdigit() for asked in client.asked)


@pytest.mark.parametrize("path", LISTS)
def test_a_deletion_is_reported_once(baseline: tuple[FakeClient, Sync], path: str, set_clock: SetClock) -> None:
    client, first = baseline
    client.delete(path, 2)
    later = sync(client, "deleted_records", first.state)
    name = path.rpartition("/")[2]
    [row] = [each for each in later.records if each["object"] == name]
    assert row == {
        "object": name,
        "parent_id": "",
        "record_id": "2",
        "noticed_at": DAY_2,
        "last_seen_at": NOW,
        "restored_at": None,
        "merged_into_id": None,
    }
    set_clock(DAY_3)
    assert sync(client, "deleted_records", later.state).records == []


def test_a_candidate_is_named_with_its_job(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("jobs/2/candidates", 3)
    assert told(sync(client, "deleted_records", first.state)) == deleted("job_candidates", 3, parent="2")


def test_the_candidates_of_a_deleted_job_are_deleted_with_it(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("jobs", 2)
    del client.lists["jobs/2/candidates"]
    found = told(sync(client, "deleted_records", first.state))
    assert found == deleted("jobs", 2) | deleted("job_candidates", 1, 2, 3, parent="2")


def test_a_new_record_is_not_reported_until_it_is_deleted(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.lists["deals"].append(record(77))
    second = sync(client, "deleted_records", first.state)
    assert second.records == []
    client.delete("deals", 77)
    assert told(sync(client, "deleted_records", second.state)) == deleted("deals", 77)


def test_a_restored_record_is_reported_and_can_be_deleted_again(
    baseline: tuple[FakeClient, Sync], set_clock: SetClock
) -> None:
    client, first = baseline
    client.delete("companies", 3)
    second = sync(client, "deleted_records", first.state)
    set_clock(DAY_3)
    client.lists["companies"].append(record(3))
    third = sync(client, "deleted_records", second.state)
    [row] = third.records
    assert (row["record_id"], row["noticed_at"], row["last_seen_at"], row["restored_at"]) == ("3", DAY_3, DAY_3, DAY_3)
    set_clock(DAY_4)
    client.delete("companies", 3)
    [row] = sync(client, "deleted_records", third.state).records
    assert (row["noticed_at"], row["last_seen_at"], row["restored_at"]) == (DAY_4, DAY_3, None)


@pytest.mark.parametrize("lost, kept", [("merged_item_id", "item_id"), ("item_id", "merged_item_id")])
def test_a_merged_person_names_its_survivor(baseline: tuple[FakeClient, Sync], lost: str, kept: str) -> None:
    client, first = baseline
    client.delete("people", 7, 8)
    merge = {"id": 1, "created_at": DAY_2, lost: 8, kept: 9}
    other = {"id": 2, "created_at": DAY_2, lost: 7, kept: 2, "item_type": "Company"}
    client.lists["merges"] = [{**merge, "item_type": "Person"}, other]
    rows = sync(client, "deleted_records", first.state).records
    assert {row["record_id"]: row["merged_into_id"] for row in rows} == {"7": None, "8": 9}


def test_a_survivor_that_is_deleted_later_was_not_merged(
    baseline: tuple[FakeClient, Sync], set_clock: SetClock
) -> None:
    client, first = baseline
    client.delete("people", 8)
    client.lists["merges"] = [{"id": 1, "created_at": DAY_2, "merged_item_id": 8, "item_id": 9}]
    second = sync(client, "deleted_records", first.state)
    set_clock(DAY_3)
    client.delete("people", 9)
    [row] = sync(client, "deleted_records", second.state).records
    assert (row["record_id"], row["merged_into_id"]) == ("9", None)


def test_a_chain_of_merges_names_each_next_person(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 7, 8)
    client.lists["merges"] = [
        {"id": 1, "created_at": DAY_2, "merged_item_id": 7, "item_id": 8},
        {"id": 2, "created_at": DAY_2, "merged_item_id": 8, "item_id": 9},
    ]
    rows = sync(client, "deleted_records", first.state).records
    assert {row["record_id"]: row["merged_into_id"] for row in rows} == {"7": 8, "8": 9}


def test_merges_that_cannot_be_read_cost_only_their_names(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 7)
    client.refuse(lambda asked: asked.path == "merges", 403)
    later = sync(client, "deleted_records", first.state)
    assert (told(later), later.error) == (deleted("people", 7), "")


def test_an_absent_record_that_exists_is_not_deleted(baseline: tuple[FakeClient, Sync]) -> None:
    """A search index can lose a record, and count without it."""
    client, first = baseline
    hide(client, "people", [7, 8])
    client.before = lambda asked: client.delete("people", 8) if asked.path == "people/8" else None
    later = sync(client, "deleted_records", first.state)
    assert told(later) == deleted("people", 8)
    client.recover()
    client.delete("people", 7)
    assert told(sync(client, "deleted_records", later.state)) == deleted("people", 7)


def hide(client: FakeClient, path: str, numbers: Iterable[int]) -> None:
    """The list and its count lack these records; each still exists when it is requested by itself."""
    hidden, previous = set(numbers), client.after

    def after(asked: Asked, page: Page) -> Page:
        if asked.path != path:
            return previous(asked, page)
        kept = [each for each in page.records if each["id"] not in hidden]
        return Page(kept, page.scroll_id, len(client.lists[path]) - len(hidden), page.total_pages, page.date)

    client.after = after


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refused_object_deletes_nothing_and_stops_no_other(baseline: tuple[FakeClient, Sync], status: int) -> None:
    client, first = baseline
    client.delete("deals", 1)
    client.delete("people", 1)
    client.refuse(lambda asked: asked.path == "people", status)
    later = sync(client, "deleted_records", first.state)
    assert told(later) == deleted("deals", 1)
    assert later.error.startswith("deleted_records: the deletions of people are unknown in this sync.")
    assert later.state["objects"]["people"] == first.state["objects"]["people"]
    client.recover()
    assert told(sync(client, "deleted_records", later.state)) == deleted("people", 1)


def test_a_confirmation_that_is_refused_deletes_nothing(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 1, 2)
    client.refuse(lambda asked: asked.path == "people/2", 403)
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "the deletions of people are unknown" in later.error


@pytest.mark.parametrize("status", [302, 410, 500])
def test_a_record_that_always_fails_costs_only_itself(baseline: tuple[FakeClient, Sync], status: int) -> None:
    """Without this, the deletions of its object were never reported again."""
    client, first = baseline
    client.delete("people", 1, 2)
    client.refuse(lambda asked: asked.path == "people/2", status)
    later = sync(client, "deleted_records", first.state)
    assert told(later) == deleted("people", 1)
    assert "the deletions of people 2 are unknown" in later.error
    client.recover()
    assert told(sync(client, "deleted_records", later.state)) == deleted("people", 2)


def test_many_failing_records_delete_nothing(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 1, 2, 3, 4, 5)
    client.refuse(lambda asked: asked.path.startswith("people/") and asked.path != "people/1", 500)
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "the deletions of people are unknown" in later.error


def test_a_404_of_every_single_record_confirms_nothing(baseline: tuple[FakeClient, Sync]) -> None:
    """The plan lacks the single record although it has the list."""
    client, first = baseline
    client.delete("people", 1)
    client.refuse(lambda asked: asked.path.startswith("people/"), 404)
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "although it has just listed that record" in later.error


def test_candidates_of_a_forbidden_job_are_not_deleted(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.refuse(lambda asked: asked.path.startswith("jobs/2/candidates"), 404)
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "the deletions of job_candidates are unknown" in later.error


def test_a_sweep_short_of_the_count_deletes_nothing(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 1)
    client.total = lambda count: count + 1 if count > 20 else count
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "records are missing" in later.error


@pytest.mark.parametrize("total", [None, 10_000])
def test_a_list_without_an_exact_count_deletes_nothing(baseline: tuple[FakeClient, Sync], total: int | None) -> None:
    client, first = baseline
    client.delete("people", 1)
    client.total = lambda count: total if count > 20 else count
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "the deletions of people are unknown" in later.error


def test_an_object_that_was_never_listed_is_not_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    client = account()
    client.refuse(lambda asked: asked.path.startswith("scorecards"), 404)
    first = sync(client, "deleted_records")
    assert first.error == ""
    assert set(first.state["objects"]) == {row.name for row in swept_objects()} - {"scorecards", "scorecard_templates"}
    assert "deleted_records (scorecards): not swept" in caplog.text


@pytest.mark.parametrize("few", [100, 10])
def test_a_large_loss_is_a_warning(
    baseline: tuple[FakeClient, Sync],
    few: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(deleted_records, "FEW", few)
    monkeypatch.setattr(deleted_records, "SAMPLE", 5)
    client, first = baseline
    client.delete("people", *range(1, 26))
    with caplog.at_level(logging.WARNING):
        later = sync(client, "deleted_records", first.state)
    assert told(later) == deleted("people", *range(1, 26))
    assert "25 of 30 records are no longer listed" in caplog.text
    assert len(set(singles(client, "people"))) == (26 if few == 100 else 6)  # and a control


def test_a_large_loss_of_which_a_sample_exists_deletes_nothing(
    baseline: tuple[FakeClient, Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleted_records, "FEW", 10)
    monkeypatch.setattr(deleted_records, "SAMPLE", 5)
    client, first = baseline
    hide(client, "people", range(1, 26))
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "exist. Sync again later." in later.error


def test_an_interrupted_sync_loses_and_invents_nothing(baseline: tuple[FakeClient, Sync]) -> None:
    """After a failure of any request on, the rows of that sync and of the next are those of one sync."""
    client, first = baseline
    client.delete("people", 3, 4)
    client.delete("jobs/1/candidates", 2)
    client.delete("scorecards", 4)
    wanted = told(sync(client, "deleted_records", first.state))
    assert len(wanted) == 4
    requests = len(client.asked)
    for number in range(1, requests + 1):
        client.recover()
        client.refuse(lambda asked, number=number: len(client.asked) >= number, 503)  # type: ignore[misc]
        broken = sync(client, "deleted_records", first.state)
        assert broken.error
        client.recover()
        assert told(broken) | told(sync(client, "deleted_records", broken.state)) == wanted
        for seen, state in broken.checkpoints:
            rows = told(Sync(broken.records[:seen])) | told(sync(client, "deleted_records", state))
            assert rows == wanted


def test_rows_of_a_killed_sync_are_corrected(baseline: tuple[FakeClient, Sync], set_clock: SetClock) -> None:
    """The destination has all rows but no state behind them, and the account changes back before the next sync."""
    client, first = baseline
    client.delete("people", 3)
    second = sync(client, "deleted_records", first.state)
    set_clock(DAY_3)
    client.delete("people", 4)
    client.lists["people"].append(record(3))
    killed = sync(client, "deleted_records", second.state)
    behind = max(seen for seen, _ in killed.checkpoints if seen < len(killed.records))
    state = [state for seen, state in killed.checkpoints if seen == behind][-1]
    set_clock(DAY_4)
    client.delete("people", 3)
    client.lists["people"].append(record(4))
    later = sync(client, "deleted_records", state)
    assert told(later) == {("people", "", "3", True), ("people", "", "4", False)}


@pytest.mark.parametrize("listed", [0, 30], ids=["nothing", "another account"])
def test_a_list_without_any_known_record_deletes_nothing(baseline: tuple[FakeClient, Sync], listed: int) -> None:
    """A key that may see nothing, or the agency of another config: no record is left that Loxo must return."""
    client, first = baseline
    client.lists["people"] = [record(500 + number) for number in range(listed)]
    later = sync(client, "deleted_records", first.state)
    assert later.records == []
    assert "none of the 30 records" in later.error
    assert later.state["objects"]["people"] == first.state["objects"]["people"]


def test_the_state_of_another_agency_is_a_new_baseline(
    baseline: tuple[FakeClient, Sync], caplog: pytest.LogCaptureFixture
) -> None:
    """The config names another agency, and the platform passes the state on; some ids can be the same."""
    client, first = baseline
    client.agency_slug = "other"
    client.delete("people", *range(1, 28))
    later = sync(client, "deleted_records", first.state)
    assert (later.records, later.error) == ([], "")
    assert "agency 'acme'" in caplog.text
    client.delete("people", 28)
    assert told(sync(client, "deleted_records", later.state)) == deleted("people", 28)


def test_a_state_that_names_no_agency_is_used(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("people", 1)
    former = {name: value for name, value in first.state.items() if name != "agency_slug"}
    assert told(sync(client, "deleted_records", former)) == deleted("people", 1)


def test_the_last_few_records_of_an_object_can_be_deleted(baseline: tuple[FakeClient, Sync]) -> None:
    client, first = baseline
    client.delete("scorecards", 1, 2, 3, 4)
    assert told(sync(client, "deleted_records", first.state)) == deleted("scorecards", 1, 2, 3, 4)


def test_a_record_for_which_loxo_returns_another_one_is_deleted(baseline: tuple[FakeClient, Sync]) -> None:
    """It is not known what Loxo returns for a merged person; the one that remains is possible."""
    client, first = baseline
    client.delete("people", 8)
    client.lists["merges"] = [{"id": 1, "created_at": DAY_2, "merged_item_id": 8, "item_id": 9}]
    page = client.page
    client.page = lambda endpoint, params=None: page(  # type: ignore[method-assign]
        replace(endpoint, path="people/9") if endpoint.path == "people/8" else endpoint, params
    )
    [row] = sync(client, "deleted_records", first.state).records
    assert (row["record_id"], row["merged_into_id"]) == ("8", 9)


def test_a_state_that_cannot_be_read_is_a_new_baseline(
    baseline: tuple[FakeClient, Sync], caplog: pytest.LogCaptureFixture
) -> None:
    client, first = baseline
    objects = {**first.state["objects"], "people": {**first.state["objects"]["people"], "ids": {"packed": "?"}}}
    client.delete("people", 1)
    client.delete("deals", 1)
    later = sync(client, "deleted_records", {**first.state, "objects": objects})
    assert told(later) == deleted("deals", 1)
    assert "deleted_records (people): the stored ids are malformed" in caplog.text


@pytest.mark.parametrize(
    "objects", [[], {"people": 1}, {"people": {}}, {"people": {"swept_at": "2222-01-01T00:00:00.000Z"}}]
)
def test_a_malformed_state_is_a_new_baseline(
    baseline: tuple[FakeClient, Sync], objects: object, caplog: pytest.LogCaptureFixture
) -> None:
    client, first = baseline
    client.delete("people", 1)
    later = sync(client, "deleted_records", {**first.state, "objects": objects})
    assert (later.records, later.error) == ([], "")
    assert "the stored state is not used" in caplog.text or objects == []


def test_other_streams_send_no_additional_requests(baseline: tuple[FakeClient, Sync]) -> None:
    client, _ = baseline
    sync(client, "deals")
    assert {asked.path for asked in client.asked} == {"deals"}
