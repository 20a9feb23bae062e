"""The sandbox's faults, its agency (everything refers to something that exists), and changes while it is read."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
from plain_client import SIZES, Client, ids

from sandbox.endpoints import ENDPOINTS
from sandbox.process import Sandbox, SandboxError

LISTS = [path for path, endpoint in ENDPOINTS.items() if endpoint.kind == "list" and "{" not in path]


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox whose data a test may change."""
    with Sandbox(**SIZES) as box:
        yield box


# Faults -------------------------------------------------------------------------------------------------------------


def test_bursts_are_429_with_the_chosen_retry_after(loxo: Client, box: Sandbox) -> None:
    box.set(rate_limit=1, retry_after_value=7)
    for form, wanted in (("seconds", "7"), ("date", "GMT"), ("none", None)):
        box.set(retry_after=form)
        refused = next(answer for answer in iter(lambda: loxo.raw("users"), None) if answer[0] == 429)
        header = refused[1]["Retry-After"]
        assert header is None if wanted is None else wanted in header


@pytest.mark.parametrize("fault", ["status_500", "status_503", "html", "reset", "truncate"])
def test_a_fault_strikes_twice_in_a_row_at_most(loxo: Client, box: Sandbox, fault: str) -> None:
    box.set(faults={fault: 1.0}, fault_paths=["users"])
    seen = []
    for _ in range(6):
        try:
            status, headers, body = loxo.raw("users")
            seen.append(status == 200 and "json" in headers["Content-Type"] and bool(json.loads(body)))
        except (http.client.IncompleteRead, ConnectionError):
            seen.append(False)
    assert seen == [False, False, True] * 2
    assert loxo.get("workflows")[0] == 200


def test_objects_can_be_forbidden_missing_redirected_or_broken(loxo: Client, box: Sandbox) -> None:
    job = box.ids("jobs")[0]
    box.set(
        forbidden=["sms", "jobs/{id}/candidates"],
        missing=["deals"],
        empty_envelope=["people"],
        broken_json=["users"],
        error_object=["companies"],
        redirect={"forms": f"{box.url}/elsewhere"},
        echo_key=True,
    )
    assert loxo.get("sms") == (403, {"status": 403, "error": "Forbidden", "authorization": f"Bearer {box.api_key}"})
    assert loxo.get(f"jobs/{job}/candidates")[0] == 403 and loxo.get(f"jobs/{job}")[0] == 200
    assert loxo.get("deals")[0] == 404 and loxo.get("people") == (200, {}) and "error" in loxo.get("companies")[1]
    with pytest.raises(ValueError):
        loxo.get("users")
    connection = http.client.HTTPConnection(box.url.removeprefix("http://"))
    connection.request("GET", f"/api/{box.agency_slug}/forms", headers={"Authorization": f"Bearer {box.api_key}"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (302, f"{box.url}/elsewhere")
    connection.close()


def test_requests_are_counted(loxo: Client, box: Sandbox) -> None:
    loxo.page("users")
    loxo.get("users", per_page=1)
    seen = box.requests()
    assert seen["total"] == 2 and seen["by_path"] == {"users": 2} and seen["by_status"] == {"200": 1, "422": 1}
    assert seen["log"] == [["users", "200"], ["users?per_page=1", "422"]] and seen["max_in_flight"] == 1


def test_an_unknown_setting_is_refused(box: Sandbox) -> None:
    for wrong in ({"latency": 1}, {"counters": "sideways"}, {"faults": {"meteor": 1}}):
        with pytest.raises(SandboxError):
            box.set(**wrong)


# The agency ---------------------------------------------------------------------------------------------------------


def test_every_reference_leads_to_a_row(loxo: Client, box: Sandbox) -> None:
    known = {name: set(box.ids(name)) for name in box.counts()}
    for event in loxo.walk("person_events", "person_events", per_page=100):
        assert event["person_id"] in known["people"] and event["activity_type_id"] in known["activity_types"]
        assert event["job_id"] is None or event["job_id"] in known["jobs"]
    for person in loxo.walk("people", "people", per_page=100):
        assert {kind["id"] for kind in person["person_types"]} <= known["person_types"]
        assert set(person["list_ids"]) <= known["person_lists"]
        assert {entry["job"]["id"] for entry in person["candidate_jobs"]} <= known["jobs"]
    for placement in loxo.walk("placements", "placements"):
        assert placement["person"]["id"] in known["people"] and placement["job"]["id"] in known["jobs"]
    for merge in loxo.walk("merges", "merges"):
        assert merge["item_id"] in known["people"] and merge["merged_item_id"] not in known["people"]


def test_pipelines_activities_and_placements_tell_one_story(loxo: Client, box: Sandbox) -> None:
    events = {event["id"]: event for event in loxo.walk("person_events", "person_events", per_page=100)}
    stages = {stage["id"]: stage for stage in loxo.page("workflow_stages")}
    placed = {(row["job"]["id"], row["person"]["id"]) for row in loxo.walk("placements", "placements")}
    flows = {flow["id"] for flow in loxo.page("workflows") if flow["candidate"]}
    hired, candidates = set(), 0
    for job in loxo.page("jobs", per_page=100)["results"]:
        for candidate in loxo.walk(f"jobs/{job['id']}/candidates", "candidates"):
            candidates += 1
            stage, latest = stages[candidate["workflow_stage_id"]], events[candidate["latest_person_event"]["id"]]
            assert (latest["job_id"], latest["person_id"]) == (job["id"], candidate["person"]["id"])
            assert latest["activity_type"]["name"] == stage["name"] and stage["workflow_id"] in flows
            if stage["name"] == "Hired":
                hired.add((job["id"], candidate["person"]["id"]))
                assert job["status"]["name"] == "Filled" and job["filled_at"] == latest["created_at"]
    assert hired and hired == placed and candidates == box.counts()["candidates"]


def test_the_other_custom_fields_change_definitions_and_records_together(loxo: Client, box: Sandbox) -> None:
    def keys() -> tuple[set[str], set[str]]:
        defined = {
            field["key"]
            for field in loxo.page("dynamic_fields")
            if field["item_type"] == "Person" and not field["built_in"]
        }
        rows = loxo.page("people", per_page=100)["people"]
        return defined, {name for row in rows for name in row if name.startswith("custom_")}

    first = keys()
    box.set(custom_fields="b")
    second = keys()
    assert first[0] == first[1] and second[0] == second[1] and first != second


def test_the_same_seed_and_time_make_the_same_agency() -> None:
    with Sandbox(**SIZES, now="2026-01-01") as one, Sandbox(**SIZES, now="2026-01-01") as other:
        for path in ("people", "jobs", "person_events", "placements"):
            assert Client(one).page(path) == Client(other).page(path)


def test_an_empty_agency_answers_every_list() -> None:
    nothing = dict.fromkeys(("people", "jobs", "companies", "events", "deals", "sms", "merges", "forms"), 0)
    with Sandbox(**nothing) as box:
        for path in LISTS:
            Client(box).page(path)


# Changes ------------------------------------------------------------------------------------------------------------


def test_created_updated_and_deleted_rows_show_in_every_order(own: Sandbox) -> None:
    loxo = Client(own)
    oldest = own.ids("people")[0]
    own.update("people", oldest, name="Changed")
    made = own.create("people", name="New", created_at="2020-02-02T00:00:00Z")
    assert loxo.page("people", updated_at_sort="desc", per_page=1)["people"][0]["name"] == "Changed"
    assert loxo.page("people", created_at_sort="asc", per_page=1)["people"][0]["id"] == made["id"]
    assert own.record("people", made["id"])["created_at"] == "2020-02-02T00:00:00.000Z"
    own.delete("people", oldest)
    assert loxo.get(f"people/{oldest}")[0] == 404 and loxo.page("people")["total_count"] == 430
    stage = own.create("scorecards/scorecard_types", name="Board")
    assert stage["id"] in ids(loxo.page("scorecards/scorecard_types"))


def test_a_stage_move_writes_its_activity_and_leaves_the_job_alone(own: Sandbox) -> None:
    loxo = Client(own)
    job, candidate = next(
        (job, rows[0]) for job in own.ids("jobs") if (rows := loxo.page(f"jobs/{job}/candidates")["candidates"])
    )
    before, events = own.record("jobs", job), own.counts()["person_events"]
    target = before.pop("counts")[-2]
    own.move(job, candidate["id"], target["id"])
    moved = loxo.page(f"jobs/{job}/candidates/{candidate['id']}")
    newest = loxo.page("person_events", per_page=1)["person_events"][0]
    assert moved["workflow_stage_id"] == target["id"] and moved["latest_person_event"]["id"] == newest["id"]
    assert newest["activity_type"]["name"] == target["name"] and newest["job_id"] == job
    after = own.record("jobs", job)
    assert {stage["id"]: stage["count"] for stage in after.pop("counts")}[target["id"]] == target["count"] + 1
    assert after == before and own.counts()["person_events"] == events + 1


def test_a_person_can_be_added_to_a_job_and_leaves_it_when_deleted(own: Sandbox) -> None:
    loxo = Client(own)
    job, person = own.ids("jobs")[0], own.create("people", name="Applicant")["id"]
    candidate = own.create("candidates", job_id=job, person_id=person)
    assert candidate["id"] in ids(loxo.page(f"jobs/{job}/candidates", per_page=100)["candidates"])
    assert loxo.page(f"people/{person}")["candidates"][0]["job"]["id"] == job
    own.delete("people", person)
    assert candidate["id"] not in ids(loxo.page(f"jobs/{job}/candidates", per_page=100)["candidates"])


def test_planned_edits_happen_between_two_pages(own: Sandbox) -> None:
    loxo = Client(own)
    last = own.ids("people")[-1]
    own.at(
        "people",
        2,
        {"op": "delete", "object": "people", "id": last},
        {"op": "create", "object": "people", "fields": {"name": "Late"}},
    )
    totals = [ids(loxo.page("people", per_page=100)["people"]) for _ in range(3)]
    assert totals[0] == totals[1] and last in totals[1] and last not in totals[2]
    assert loxo.page("people", per_page=1)["people"][0]["name"] == "Late"


def test_a_cursor_survives_the_deletion_of_its_row(own: Sandbox) -> None:
    loxo = Client(own)
    first = loxo.page("people", per_page=50)
    own.delete("people", first["people"][-1]["id"])
    rest: list[Any] = []
    page = loxo.page("people", per_page=50, scroll_id=first["scroll_id"])
    while page["people"]:
        rest += page["people"]
        page = loxo.page("people", per_page=50, scroll_id=page["scroll_id"])
    assert len(rest) == 380 and not set(ids(rest)) & set(ids(first["people"]))
