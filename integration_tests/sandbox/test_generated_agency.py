"""The generated agency: its references point to existing records, and its objects agree with each other."""

from __future__ import annotations

from plain_client import LIST_PATHS, SIZES, Client

from sandbox.process import Sandbox


def test_every_reference_points_to_a_record(client: Client, sandbox: Sandbox) -> None:
    known_ids = {name: set(sandbox.ids(name)) for name in sandbox.counts()}
    for event in client.scroll("person_events", "person_events", per_page=100):
        assert event["person_id"] in known_ids["people"] and event["activity_type_id"] in known_ids["activity_types"]
        assert event["job_id"] is None or event["job_id"] in known_ids["jobs"]
    for person in client.scroll("people", "people", per_page=100):
        assert {person_type["id"] for person_type in person["person_types"]} <= known_ids["person_types"]
        assert set(person["list_ids"]) <= known_ids["person_lists"]
        assert {candidate["job"]["id"] for candidate in person["candidate_jobs"]} <= known_ids["jobs"]
    for placement in client.scroll("placements", "placements"):
        assert placement["person"]["id"] in known_ids["people"] and placement["job"]["id"] in known_ids["jobs"]
    for merge in client.scroll("merges", "merges"):
        assert merge["item_id"] in known_ids["people"] and merge["merged_item_id"] not in known_ids["people"]


def test_pipelines_agree_with_activities_and_placements(client: Client, sandbox: Sandbox) -> None:
    events = {event["id"]: event for event in client.scroll("person_events", "person_events", per_page=100)}
    stages = {stage["id"]: stage for stage in client.page("workflow_stages")}
    placements = client.scroll("placements", "placements")
    placed = {(placement["job"]["id"], placement["person"]["id"]) for placement in placements}
    workflow_ids = {workflow["id"] for workflow in client.page("workflows") if workflow["candidate"]}
    hired, candidate_count = set(), 0
    for job in client.page("jobs", per_page=100)["results"]:
        for candidate in client.scroll(f"jobs/{job['id']}/candidates", "candidates"):
            candidate_count += 1
            stage, latest = stages[candidate["workflow_stage_id"]], events[candidate["latest_person_event"]["id"]]
            assert (latest["job_id"], latest["person_id"]) == (job["id"], candidate["person"]["id"])
            assert latest["activity_type"]["name"] == stage["name"] and stage["workflow_id"] in workflow_ids
            if stage["name"] == "Hired":
                hired.add((job["id"], candidate["person"]["id"]))
                assert job["status"]["name"] == "Filled" and job["filled_at"] == latest["created_at"]
    assert hired and hired == placed and candidate_count == sandbox.counts()["candidates"]


def test_custom_field_sets_change_definitions_and_records(client: Client, sandbox: Sandbox) -> None:
    def keys() -> tuple[set[str], set[str]]:
        defined = {
            field["key"]
            for field in client.page("dynamic_fields")
            if field["item_type"] == "Person" and not field["built_in"]
        }
        people = client.page("people", per_page=100)["people"]
        return defined, {name for person in people for name in person if name.startswith("custom_")}

    first = keys()
    sandbox.set(custom_fields="b")
    second = keys()
    assert first[0] == first[1] and second[0] == second[1] and first != second


def test_same_seed_and_time_give_the_same_agency() -> None:
    with Sandbox(**SIZES, now="2026-01-01") as one, Sandbox(**SIZES, now="2026-01-01") as other:
        for path in ("people", "jobs", "person_events", "placements"):
            assert Client(one).page(path) == Client(other).page(path)


def test_empty_agency_serves_every_list() -> None:
    no_records = dict.fromkeys(("people", "jobs", "companies", "events", "deals", "sms", "merges", "forms"), 0)
    with Sandbox(**no_records) as sandbox:
        for path in LIST_PATHS:
            Client(sandbox).page(path)
