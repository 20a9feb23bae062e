"""Pipelines, full records and custom fields: every child of every parent, and in later syncs only changes."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft7Validator

from loxo_api.endpoints import ENDPOINTS
from loxo_api.record_schemas import load_schema
from sandbox.process import Sandbox
from tools.connector import Connector, Output, last_states

Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]
CHILDREN = [row.name for row in ENDPOINTS.values() if row.parent]


def keys(output: Output, stream: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in ENDPOINTS[stream].primary_key) for row in output.records[stream]]


def in_pipelines(box: Sandbox) -> set[tuple[int, int]]:
    """(job, candidate) of every pipeline, by plain requests."""
    found = set()
    for job in box.ids("jobs"):
        scroll, rows = "", None
        while rows is None or rows:
            answer = box.api(f"jobs/{job}/candidates?per_page=100{scroll}")
            rows = answer["candidates"]
            found |= {(job, row["id"]) for row in rows}
            scroll = f"&scroll_id={answer['scroll_id']}"
            if not answer["scroll_id"]:
                break
    return found


@pytest.mark.parametrize("settings", [{}, {"rate_limit": 60, "retry_after": "none"}], ids=["free", "throttled"])
def test_every_candidate_and_full_record_is_delivered_once(
    start_sandbox: Start, connect: Connect, settings: dict[str, Any]
) -> None:
    # About 40 candidates a job where nothing throttles; less where the pace is what is tried.
    sizes = {"people": 300, "jobs": 40, "events": 1500} if settings else {"people": 5000, "jobs": 300, "events": 40_000}
    box = start_sandbox(**sizes)
    pipelines = in_pipelines(box)
    box.set(**settings)
    output = connect(box).read(["job_candidates", "people_details", "jobs_details", "companies_details"])
    assert output.exit_code == 0
    assert sorted(keys(output, "job_candidates")) == sorted(pipelines)
    for stream in ("people", "jobs", "companies"):
        assert sorted(output.ids(f"{stream}_details")) == sorted(box.ids(stream))
    assert "resumes" in output.records["people_details"][0]


def test_all_child_streams_read_and_carry_their_parents_ids(small: Sandbox, connect: Connect) -> None:
    small.set(latency_ms=30)
    output = connect(small).read(CHILDREN)
    assert output.exit_code == 0
    assert "pool is full" not in output.logs  # each connection thrown away costs a new one
    assert set(output.statuses.values()) == {"COMPLETE"}
    for stream in CHILDREN:
        assert output.records[stream], stream
        assert len(set(keys(output, stream))) == len(keys(output, stream)), stream
        for row in output.records[stream]:
            assert all(isinstance(row[key], int) for key in ENDPOINTS[stream].primary_key)
        errors = Draft7Validator(load_schema(stream)).iter_errors
        assert [f"{each.json_path}: {each.message}" for row in output.records[stream] for each in errors(row)] == []
    fields = {row["id"] for row in connect(small).read(["dynamic_fields"]).records["dynamic_fields"]}
    nodes = output.records["dynamic_field_hierarchies"]
    assert {row["dynamic_field_id"] for row in nodes} <= fields
    assert {row.get("parent_id") for row in nodes} - {None} <= {row["id"] for row in nodes}


def test_a_second_sync_after_two_changes_costs_few_requests(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=2000, jobs=300, events=3000)
    connector = connect(box)
    first = connector.read(["job_candidates", "people_details"], mode="incremental")
    assert set(keys(first, "job_candidates")) == in_pipelines(box)
    job, candidate = sorted(in_pipelines(box))[7]
    before = next(row for row in first.records["job_candidates"] if row["id"] == candidate)
    box.move(job, candidate)
    person = box.ids("people")[3]
    box.update("people", person, city="Elsewhere")
    box.reset_requests()
    second = connector.read(["job_candidates", "people_details"], mode="incremental", state=first.state)
    moved = next(row for row in second.records["job_candidates"] if row["id"] == candidate)
    assert moved["workflow_stage_id"] != before["workflow_stage_id"]
    assert person in second.ids("people_details")
    by_path = box.requests()["by_path"]
    pipelines = sum(count for path, count in by_path.items() if path.endswith("/candidates"))
    assert pipelines + by_path["jobs"] + by_path["person_events"] <= 9
    assert sum(count for path, count in by_path.items() if path.startswith("people/")) <= 2


def test_all_pipelines_are_read_again_after_a_week(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    first = connector.read(["job_candidates"], mode="incremental")
    state = first.state
    state[0]["stream"]["stream_state"]["full_at"] = "2020-01-01T00:00:00.000Z"
    second = connector.read(["job_candidates"], mode="incremental", state=state)
    assert sorted(keys(second, "job_candidates")) == sorted(keys(first, "job_candidates"))


def test_people_of_all_companies_are_read_again_after_a_week(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    first = connector.read(["company_people"], mode="incremental")
    person = first.ids("company_people")[5]
    small.update("people", person, name="Edited since")
    for _ in range(2):  # the state of a later sync still has the time of the full read
        second = connector.read(["company_people"], mode="incremental", state=first.state)
        assert len(second.ids("company_people")) < len(first.ids("company_people"))
    state = second.state
    assert state[0]["stream"]["stream_state"]["full_at"] == first.state[0]["stream"]["stream_state"]["full_at"]
    state[0]["stream"]["stream_state"]["full_at"] = "2020-01-01T00:00:00.000Z"
    third = connector.read(["company_people"], mode="incremental", state=state)
    assert sorted(keys(third, "company_people")) == sorted(keys(first, "company_people"))
    assert {row["name"] for row in third.records["company_people"] if row["id"] == person} == {"Edited since"}


def test_a_parent_deleted_during_the_read_is_skipped(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    connector.discover()
    doomed = small.ids("people")[240:245]
    small.at("people", 1, *({"op": "delete", "object": "people", "id": each} for each in doomed))
    small.at(f"people/{small.ids('people')[0]}", 1, {"op": "delete", "object": "people", "id": small.ids("people")[50]})
    output = connector.read(["people_details"])
    assert output.exit_code == 0
    assert sorted(output.ids("people_details")) == sorted(small.ids("people"))
    assert "1 of people were deleted meanwhile" in output.logs


def test_an_object_outside_the_plan_is_not_a_deletion(small: Sandbox, connect: Connect) -> None:
    small.set(missing=["companies/{id}/phones"])
    output = connect(small).read(["company_phones", "company_emails"])
    assert output.statuses == {"company_phones": "INCOMPLETE", "company_emails": "COMPLETE"}
    assert "404" in output.errors["company_phones"]["message"]


def test_a_killed_read_of_full_records_resumes(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=900, set={"lucene_dates": "ignored"})
    connector = connect(box)
    arguments = connector.read_arguments(["people_details"], mode="incremental")
    messages = connector.killed(*arguments, after=700)
    before = {message["record"]["data"]["id"] for message in messages if message["type"] == "RECORD"}
    state = last_states(messages)
    box.reset_requests()
    rest = connector.read(["people_details"], mode="incremental", state=state)
    assert before | set(rest.ids("people_details")) == set(box.ids("people"))
    assert len(rest.ids("people_details")) < 600


def test_the_cost_is_logged_at_the_start(small: Sandbox, connect: Connect) -> None:
    assert (
        "people_details: at least one request for each of 250 people." in connect(small).read(["people_details"]).logs
    )


def custom(catalog: dict[str, dict[str, Any]], stream: str) -> dict[str, Any]:
    properties = catalog[stream]["json_schema"]["properties"]
    return {key: value for key, value in properties.items() if key.startswith("custom_")}


def test_two_agencies_with_different_fields_have_two_catalogs(start_sandbox: Start, connect: Connect) -> None:
    catalogs = []
    for variant in ("a", "b"):
        box = start_sandbox(people=30, set={"custom_fields": variant})
        connector = connect(box)
        catalogs.append(connector.discover())
        rows = connector.read(["people", "jobs", "companies", "dynamic_fields"]).records
        for stream, item_type in (("people", "Person"), ("jobs", "Job"), ("companies", "Company")):
            defined = {row["key"]: row["name"] for row in rows["dynamic_fields"] if row["item_type"] == item_type}
            declared = custom(catalogs[-1], stream)
            assert {key: declared[key]["title"] for key in declared} == {
                key: name for key, name in defined.items() if key.startswith("custom_")
            }
            carried = {key for row in rows[stream] for key in row if key.startswith("custom_")}
            assert carried <= set(declared)
            assert custom(catalogs[-1], f"{stream}_details") == declared
    assert custom(catalogs[0], "people") != custom(catalogs[1], "people")
    assert catalogs[0]["users"] == catalogs[1]["users"]


def test_forbidden_definitions_leave_the_static_catalog(small: Sandbox, connect: Connect) -> None:
    small.set(forbidden=["dynamic_fields"])
    connector = connect(small)
    assert not custom(connector.discover(), "people")
    assert "The agency's custom fields have no columns" in connector.run(*connector.discover_arguments).logs
