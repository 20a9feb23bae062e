"""Filters of lists, and the interpretation of their date bounds."""

from __future__ import annotations

import time
from typing import Any

import pytest
from plain_client import Client, ids, seconds

from sandbox.api.endpoints import ENDPOINTS
from sandbox.process import Sandbox


def test_created_at_bounds_are_inclusive_or_exclusive(client: Client, sandbox: Sandbox) -> None:
    timestamp = client.scroll("sms", "sms", per_page=100)[40]["created_at"]
    bounds = {"created_at_start": timestamp, "created_at_end": timestamp}
    assert client.page("sms", **bounds)["total_count"] >= 1
    sandbox.set(date_bounds="exclusive")
    assert client.page("sms", **bounds)["total_count"] == 0


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("person_events", "created_at_start", "created_at_end"),
        ("person_events", "after", "before"),
        ("email_tracking", "created_at_start", "created_at_end"),
        ("merges", "created_after", "created_before"),
    ],
)
def test_date_filters_split_a_list_in_two(client: Client, path: str, start: str, end: str) -> None:
    key = ENDPOINTS[path].records_key or ""
    records = client.scroll(path, key, per_page=100)
    day = records[len(records) // 3]["created_at"][:10]
    later, earlier = client.scroll(path, key, **{start: day}), client.scroll(path, key, **{end: day})
    assert later and earlier and sorted(ids(later + earlier)) == sorted(ids(records))


def test_job_filters_match_the_records(client: Client) -> None:
    jobs = client.page("jobs", per_page=100)["results"]
    status = jobs[0]["status"]["id"]
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"published": "true"}, lambda job: job["published"]),
        ({"published": "false"}, lambda job: not job["published"]),
        ({"job_status_id": status}, lambda job: job["status"]["id"] == status),
        ({"job_status_ids[]": [status, 1]}, lambda job: job["status"]["id"] == status),
        ({"remote_work_allowed": "true"}, lambda job: job["remote_work_allowed"]),
        ({"city": jobs[0]["city"]}, lambda job: job["city"] == jobs[0]["city"]),
        (
            {"owned_by_ids[]": jobs[0]["owners"][0]["user_id"]},
            lambda job: jobs[0]["owners"][0]["user_id"] in [owner["user_id"] for owner in job["owners"]],
        ),
    ]
    for params, is_match in cases:
        found = client.page("jobs", per_page=100, **params)["results"]
        assert ids(found) == [job["id"] for job in jobs if is_match(job)], params


def test_people_and_events_are_filtered_by_ids(client: Client, sandbox: Sandbox) -> None:
    some_ids = sandbox.ids("people")[10:13]
    assert sorted(ids(client.page("people", **{"include_ids[]": some_ids})["people"])) == some_ids
    assert client.page("people", **{"exclude_ids[]": some_ids})["total_count"] == 427
    event = client.page("person_events", per_page=100)["person_events"][0]
    found = client.scroll("person_events", "person_events", person_id=event["person_id"])
    assert event["id"] in ids(found) and {event["person_id"] for event in found} == {event["person_id"]}


# Interpretation of date bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["declared", "lucene"])
def test_bounds_can_have_minute_or_day_precision(client: Client, sandbox: Sandbox, form: str) -> None:
    events = client.scroll("person_events", "person_events", per_page=100)
    times = sorted(event["created_at"] for event in events)
    time_300 = times[300]

    def count_found(until: str, since: str = "1970-01-01T00:00:00Z") -> int:
        bounds = {"created_at_start": since, "created_at_end": until}
        query = {"query": f"created_at:[{since} TO {until}]"}
        count: int = client.page("person_events", **(bounds if form == "declared" else query))["total_count"]
        return count

    def count_until(text: str) -> int:
        return sum(created_at <= text for created_at in times)

    assert count_found(time_300) == count_until(time_300)
    sandbox.set(filter_dates="minutes")
    assert count_found(time_300) == count_until(time_300[:16] + ":00.000Z")
    sandbox.set(filter_dates="midnights")
    assert count_found(time_300) == count_until(time_300[:10] + "T00:00:00.000Z") < count_until(time_300)
    sandbox.set(filter_dates="days")
    assert count_found(time_300) == count_until(time_300[:10] + "T23:59:59.999Z")
    assert count_found("2999-01-01", since=time_300) == sum(created_at[:10] >= time_300[:10] for created_at in times)


def test_bounds_can_use_the_time_zone_of_the_agency(client: Client, sandbox: Sandbox) -> None:
    messages = client.scroll("sms", "sms", per_page=100)
    sandbox.set(filter_zone="agency", agency_offset_hours=-5)
    bound = messages[50]["created_at"]
    bound_in_utc = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds(bound) + 5 * 3600)) + bound[19:]
    expected = sum(message["created_at"] <= bound_in_utc for message in messages)
    assert client.page("sms", created_at_end=bound)["total_count"] == expected


def test_records_without_created_at_match_no_date_range(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(no_created_at={"person_events": 0.1}, no_updated_at={"people": 0.2})
    events = client.scroll("person_events", "person_events", per_page=100)
    undated = [event for event in events if "created_at" not in event]
    assert 20 < len(undated) < 150 and sorted(ids(events)) == sandbox.ids("person_events")
    for bounds in ({"created_at_start": "1970-01-01"}, {"query": "created_at:[1970-01-01 TO *]"}):
        assert client.page("person_events", **bounds)["total_count"] == len(events) - len(undated)
    people = client.scroll("people", "people", per_page=100, updated_at_sort="desc")
    assert 0 < sum("updated_at" not in person for person in people) < 200
