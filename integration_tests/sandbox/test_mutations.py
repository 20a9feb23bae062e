"""Writes through the control API."""

from __future__ import annotations

from plain_client import Client, ids

from sandbox.process import Sandbox


def test_writes_appear_in_lists_sorted_by_each_timestamp(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    oldest = own_sandbox.ids("people")[0]
    own_sandbox.update("people", oldest, name="Changed")
    new = own_sandbox.create("people", name="New", created_at="2020-02-02T00:00:00Z")
    assert client.page("people", updated_at_sort="desc", per_page=1)["people"][0]["name"] == "Changed"
    assert client.page("people", created_at_sort="asc", per_page=1)["people"][0]["id"] == new["id"]
    assert own_sandbox.record("people", new["id"])["created_at"] == "2020-02-02T00:00:00.000Z"
    own_sandbox.delete("people", oldest)
    assert client.status(f"people/{oldest}") == 404 and client.page("people")["total_count"] == 430
    scorecard_type = own_sandbox.create("scorecards/scorecard_types", name="Board")
    assert scorecard_type["id"] in ids(client.page("scorecards/scorecard_types"))


def test_stage_move_adds_an_activity_and_keeps_the_job(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    job, candidate = next(
        (job, rows[0])
        for job in own_sandbox.ids("jobs")
        if (rows := client.page(f"jobs/{job}/candidates")["candidates"])
    )
    before, events = own_sandbox.record("jobs", job), own_sandbox.counts()["person_events"]
    target = before.pop("counts")[-2]
    own_sandbox.move(job, candidate["id"], target["id"])
    moved = client.page(f"jobs/{job}/candidates/{candidate['id']}")
    newest = client.page("person_events", per_page=1)["person_events"][0]
    assert moved["workflow_stage_id"] == target["id"] and moved["latest_person_event"]["id"] == newest["id"]
    assert newest["activity_type"]["name"] == target["name"] and newest["job_id"] == job
    after = own_sandbox.record("jobs", job)
    assert {stage["id"]: stage["count"] for stage in after.pop("counts")}[target["id"]] == target["count"] + 1
    assert after == before and own_sandbox.counts()["person_events"] == events + 1


def test_candidate_can_be_added_and_leaves_with_its_person(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    job, person = own_sandbox.ids("jobs")[0], own_sandbox.create("people", name="Applicant")["id"]
    candidate = own_sandbox.create("candidates", job_id=job, person_id=person)
    assert candidate["id"] in ids(client.page(f"jobs/{job}/candidates", per_page=100)["candidates"])
    assert client.page(f"people/{person}")["candidates"][0]["job"]["id"] == job
    own_sandbox.delete("people", person)
    assert candidate["id"] not in ids(client.page(f"jobs/{job}/candidates", per_page=100)["candidates"])


def test_scheduled_writes_happen_between_two_pages(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    last = own_sandbox.ids("people")[-1]
    own_sandbox.at(
        "people",
        2,
        {"op": "delete", "object": "people", "id": last},
        {"op": "create", "object": "people", "fields": {"name": "Late"}},
    )
    pages = [ids(client.page("people", per_page=100)["people"]) for _ in range(3)]
    assert pages[0] == pages[1] and last in pages[1] and last not in pages[2]
    assert client.page("people", per_page=1)["people"][0]["name"] == "Late"


def test_a_restored_record_is_listed_again_with_its_id(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    company = own_sandbox.ids("companies")[0]
    before = own_sandbox.record("companies", company)
    own_sandbox.delete("companies", company)
    assert client.status(f"companies/{company}") == 404
    own_sandbox.restore("companies", company)
    assert company in own_sandbox.ids("companies")
    assert own_sandbox.record("companies", company)["name"] == before["name"]


def test_a_merge_deletes_one_person_and_names_both(own_sandbox: Sandbox) -> None:
    client = Client(own_sandbox)
    kept, merged = own_sandbox.ids("people")[:2]
    own_sandbox.merge_people(kept, merged)
    assert client.status(f"people/{merged}") == 404
    [newest] = client.page("merges", per_page=1)["merges"]
    assert (newest["item_type"], newest["item_id"], newest["merged_item_id"]) == ("Person", kept, merged)
