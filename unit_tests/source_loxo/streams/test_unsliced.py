"""Lists that are read whole each time: bare, continued by id, numbered."""

from dataclasses import replace

import pytest
from fake_client import FakeClient, record, records, refused, sync

LISTS = ["users", "source_types", "countries"]


@pytest.mark.parametrize("name", LISTS)
def test_each_record_is_delivered_once(name: str) -> None:
    client = FakeClient({name: records(10)}, page_size=4)
    first = sync(client, name)
    assert sorted(first.ids) == list(range(1, 11))
    assert first.error == ""


@pytest.mark.parametrize("name", LISTS)
def test_a_later_sync_reads_all_again(name: str) -> None:
    client = FakeClient({name: records(10)}, page_size=4)
    first = sync(client, name)
    client.edit(name, 3, name="new")
    later = sync(client, name, first.state)
    assert sorted(later.ids) == list(range(1, 11))
    assert {"name": "new"}.items() <= next(each for each in later.records if each["id"] == 3).items()


@pytest.mark.parametrize("name", LISTS)
def test_a_state_of_another_kind_of_stream_is_ignored(name: str) -> None:
    client = FakeClient({name: records(3)})
    assert sync(client, name, {"version": 2, "kind": "jobs", "updated_at": "2024-12-01T00:00:00.000Z"}).ids


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_ends_without_an_error(name: str) -> None:
    first = sync(FakeClient({name: []}), name)
    assert (first.records, first.error) == ([], "")


def test_a_bare_list_costs_one_request() -> None:
    client = FakeClient({"users": records(200)})
    sync(client, "users")
    assert len(client.asked) == 1


def test_an_id_that_comes_twice_is_delivered_once() -> None:
    assert sync(FakeClient({"users": [record(1), record(1), record(2)]}), "users").ids == [1, 2]


def test_hidden_activity_types_are_requested() -> None:
    client = FakeClient({"activity_types": records(2)})
    sync(client, "activity_types")
    assert client.asked[0].params == {"show_hidden": "true"}


def test_a_list_that_ignores_after_id_is_an_error() -> None:
    client = FakeClient({"source_types": records(10)}, page_size=4)
    client.after = lambda asked, page: replace(page, records=records(4))
    first = sync(client, "source_types")
    assert first.ids == [1, 2, 3, 4]
    assert "ignores after_id" in first.error


def test_one_empty_page_in_the_middle_is_requested_again() -> None:
    client = FakeClient({"source_types": records(10)}, page_size=4)
    client.after = lambda asked, page: replace(page, records=[]) if len(client.asked) == 2 else page
    assert sync(client, "source_types").ids == list(range(1, 11))


def test_ids_that_are_not_numbers_are_an_error_for_after_id() -> None:
    client = FakeClient({"source_types": []})
    client.after = lambda asked, page: replace(page, records=[{"id": "a"}])
    first = sync(client, "source_types")
    assert first.ids == ["a"]
    assert "are not numbers" in first.error


def test_an_error_in_the_middle_fails_and_the_next_read_is_whole() -> None:
    client = FakeClient({"countries": records(10)}, page_size=4)
    client.refuse(lambda asked: asked.params.get("page") == 2, 500)
    broken = sync(client, "countries")
    assert "status 500" in broken.error
    client.recover()
    assert sorted(sync(client, "countries", broken.state).ids) == list(range(1, 11))


def test_a_numbered_list_is_read_from_its_last_page() -> None:
    client = FakeClient({"countries": records(11)}, page_size=4)
    sync(client, "countries")
    assert [asked.params["page"] for asked in client.asked] == [1, 3, 2, 3]  # the last page again, for what moved


@pytest.mark.parametrize("number", range(1, 5))
def test_a_deletion_during_a_numbered_read_hides_no_record(number: int) -> None:
    client = FakeClient({"countries": records(12)}, page_size=4)
    client.once(number, lambda: client.delete("countries", 11))
    first = sync(client, "countries")
    assert set(first.ids) >= set(range(1, 13)) - {11}
    assert first.error == ""


def test_a_record_created_during_a_numbered_read_is_delivered() -> None:
    client = FakeClient({"countries": records(12)}, page_size=4)
    client.once(3, lambda: client.lists["countries"].append(record(99)))
    assert set(sync(client, "countries").ids) == {*range(1, 13), 99}


def test_a_numbered_list_short_of_its_total_is_an_error() -> None:
    client = FakeClient({"countries": records(10)}, page_size=4)
    client.total = lambda count: count + 2
    first = sync(client, "countries")
    assert sorted(first.ids) == list(range(1, 11))
    assert "claims 12 records, its pages hold 10" in first.error


def test_a_numbered_list_without_counters_is_an_error() -> None:
    client = FakeClient({"countries": records(10)}, page_size=4)
    client.after = lambda asked, page: replace(page, total_count=None, total_pages=None)
    assert "neither total_count nor total_pages" in sync(client, "countries").error


def test_a_refused_list_is_an_error_with_its_status() -> None:
    client = FakeClient({"users": records(3)})
    client.refuse(lambda asked: True, 403)
    first = sync(client, "users")
    assert (first.records, first.error) == ([], str(refused(403)))
