"""Pagination of lists: cursors, page numbers, after_id, sort order, total counts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from plain_client import Client, ids

from sandbox.process import Sandbox

# scroll_id ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["people", "person_events", "companies", "deals", "placements", "sms", "merges"])
def test_scroll_returns_each_record_once_newest_first(client: Client, sandbox: Sandbox, path: str) -> None:
    records = client.scroll(path, path)
    assert sorted(ids(records)) == sandbox.ids(path)
    created = [record["created_at"] for record in records if "created_at" in record]
    assert created == sorted(created, reverse=True)


def test_cursor_is_hex_of_timestamp_and_id(client: Client) -> None:
    people = client.page("people", per_page=3)
    _, score, last = json.loads(bytes.fromhex(people["scroll_id"]))
    assert (score, last) == (0.0, people["people"][-1]["id"])
    deals = client.page("deals")
    assert json.loads(bytes.fromhex(deals["scroll_id"]))[1] == deals["deals"][-1]["id"]
    assert deals["scroll_id"] == deals["scroll_id"].upper()


def test_only_the_empty_page_at_the_end_lacks_a_cursor(client: Client) -> None:
    page = client.page("form_templates")
    assert page["form_templates"]
    assert client.page("form_templates", scroll_id=page["scroll_id"]) == {
        "scroll_id": None,
        "total_count": page["total_count"],
        "form_templates": [],
    }


def test_cursor_of_the_last_page_can_be_null_or_absent(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(last_page_cursor="null")
    assert client.page("form_templates")["scroll_id"] is None
    sandbox.set(last_page_cursor="absent")
    assert "scroll_id" not in client.page("form_templates")
    assert sorted(ids(client.scroll("people", "people", per_page=100))) == sandbox.ids("people")


def test_scroll_forgets_a_filter_that_is_not_repeated(client: Client) -> None:
    type_id = client.page("person_events")["person_events"][0]["activity_type_id"]
    filtered = client.page("person_events", per_page=1, **{"activity_type_ids[]": type_id})
    following = client.page("person_events", per_page=1, scroll_id=filtered["scroll_id"])
    assert following["total_count"] > filtered["total_count"]


def test_malformed_cursor_is_400(client: Client) -> None:
    for cursor in ("zz", "5B31", "7B7D"):
        assert client.status("people", scroll_id=cursor) == 400


def test_list_can_ignore_its_cursor(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(repeat_cursor=["deals"])
    first = client.page("deals")
    assert client.page("deals", scroll_id=first["scroll_id"]) == first


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_cursors_can_be_refused_old_ones_or_all(client: Client, sandbox: Sandbox, status: int) -> None:
    old_cursor = client.page("people")["scroll_id"]
    sandbox.set(refuse_cursors="stored", refuse_cursors_status=status, refuse_cursors_of=["people"])
    assert client.status("people", scroll_id=old_cursor) == status
    assert client.status("people", scroll_id=client.page("people")["scroll_id"]) == 200
    assert client.status("sms", scroll_id=client.page("sms")["scroll_id"]) == 200
    sandbox.set(refuse_cursors="all")
    assert client.status("people", scroll_id=client.page("people")["scroll_id"]) == status


def test_cursor_of_a_deleted_record_stays_valid(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    first = client.page("people", per_page=50)
    own_sandbox.delete("people", first["people"][-1]["id"])
    rest: list[Any] = []
    page = client.page("people", per_page=50, scroll_id=first["scroll_id"])
    while page["people"]:
        rest += page["people"]
        page = client.page("people", per_page=50, scroll_id=page["scroll_id"])
    assert len(rest) == 380 and not set(ids(rest)) & set(ids(first["people"]))


# Sort order --------------------------------------------------------------------------------------------------------


def test_people_sort_by_creation_and_update_time(client: Client) -> None:
    for field in ("created_at", "updated_at"):
        for direction in ("asc", "desc"):
            records = client.scroll("people", "people", per_page=100, **{f"{field}_sort": direction})
            keys = [(record[field], record["id"]) for record in records]
            assert keys == sorted(keys, reverse=direction == "desc") and len(set(keys)) == 430


def test_some_timestamps_tie_and_none_is_in_the_future(client: Client) -> None:
    records = client.scroll("people", "people", per_page=100)
    assert len({record["created_at"] for record in records}) < len(records)
    assert all(record["created_at"] <= record["updated_at"] for record in records)
    in_a_second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1))
    assert max(record["updated_at"] for record in records) <= in_a_second


def test_sort_parameters_can_be_ignored(client: Client, sandbox: Sandbox) -> None:
    unsorted = [ids(client.page("people")["people"]), ids(client.page("jobs")["results"])]
    sandbox.set(sorts_ignored=["people", "jobs"])
    sort = {"updated_at_sort": "desc"}
    assert [ids(client.page("people", **sort)["people"]), ids(client.page("jobs", **sort)["results"])] == unsorted


def test_sort_by_update_time_can_lack_a_cursor(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(no_cursor_under_sort=["people"])
    assert "scroll_id" not in client.page("people", updated_at_sort="desc")
    assert client.page("people", created_at_sort="asc")["scroll_id"] and client.page("people")["scroll_id"]


def test_unordered_pages_still_return_every_record(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(unordered=["people"])
    first = client.page("people", updated_at_sort="desc", per_page=20)["people"]
    assert first[-1]["updated_at"] > first[0]["updated_at"]
    people = client.scroll("people", "people", updated_at_sort="desc", per_page=100)
    assert sorted(ids(people)) == sandbox.ids("people")


def test_first_record_of_a_sorted_list_can_lack_updated_at(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(no_updated_at_on_top=["jobs"])
    records = client.page("jobs", updated_at_sort="desc")["results"]
    assert ["updated_at" in record for record in records] == [False] + [True] * (len(records) - 1)
    assert "updated_at" in client.page("jobs", updated_at_sort="desc", page=2)["results"][0]


# Page numbers and after_id -----------------------------------------------------------------------------------------


def test_jobs_are_paged_by_number_oldest_first(client: Client, sandbox: Sandbox) -> None:
    page = client.page("jobs", page=2, per_page=25)
    counters = {name: page[name] for name in ("current_page", "total_pages", "per_page", "total_count")}
    assert counters == {"current_page": 2, "total_pages": 3, "per_page": 25, "total_count": 60}
    assert ids(page["results"]) == sandbox.ids("jobs")[25:50]
    assert client.page("jobs", page=9)["results"] == []


def test_page_counters_can_be_nested(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(counters="nested")
    assert client.page("countries", per_page=100)["pagination"]["total_count"] == 252


def test_jobs_past_the_result_limit_are_400(client: Client, sandbox: Sandbox) -> None:
    assert client.status("jobs", page=100, per_page=100) == 200
    status, body = client.get("jobs", page=101, per_page=100)
    assert status == 400 and "Paginating past the first 10000 results" in body["errors"][0]
    sandbox.set(jobs_wall=50)
    assert [client.status("jobs", page=page, per_page=25) for page in (1, 2, 3)] == [200, 200, 400]


def test_source_types_are_paged_by_after_id(client: Client, sandbox: Sandbox) -> None:
    found_ids: list[int] = []
    while records := client.page("source_types", **({"after_id": found_ids[-1]} if found_ids else {}))["source_types"]:
        found_ids += ids(records)
    assert found_ids == sandbox.ids("source_types") and len(found_ids) > 25
    sandbox.set(source_types="bare")
    assert ids(client.page("source_types")) == found_ids[:25]


# Total counts ------------------------------------------------------------------------------------------------------


def test_total_count_can_be_capped(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(total_cap=100)
    assert client.page("people")["total_count"] == 100
    assert len(client.scroll("people", "people", per_page=100)) == 430


def test_cap_applies_to_numbered_lists_and_child_lists(client: Client, sandbox: Sandbox) -> None:
    job = max(sandbox.ids("jobs"), key=lambda each: client.page(f"jobs/{each}/candidates")["total_count"])
    assert client.page(f"jobs/{job}/candidates")["total_count"] > 3
    sandbox.set(total_cap=3)
    assert client.page(f"jobs/{job}/candidates")["total_count"] == client.page("jobs")["total_count"] == 3


def test_total_count_can_lag_behind_creations() -> None:
    with Sandbox(people=20, jobs=5, events=0, set={"count_lag": 60}) as sandbox:
        client = Client(sandbox)
        for _ in range(3):
            sandbox.create("people")
        sandbox.create("jobs")
        assert client.page("people", per_page=100)["total_count"] == 20
        assert len(client.page("people", per_page=100)["people"]) == 23
        assert client.page("jobs")["total_count"] == 5
        sandbox.set(count_lag=0)
        assert client.page("people")["total_count"] == 23
