"""Writes through Loxo's API: responses, refusals, and the settings that decide between the known behaviours."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from sandbox.process import Sandbox

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(sandbox: Sandbox, method: str, path: str, fields: dict[str, Any] | bytes) -> tuple[int, Any]:
    """Return the status and the decoded body of a request with a form, or with a JSON document."""
    is_json = isinstance(fields, bytes)
    body = fields if isinstance(fields, bytes) else urllib.parse.urlencode(fields, doseq=True).encode()
    headers = {"Authorization": f"Bearer {sandbox.api_key}"} | ({"Content-Type": "application/json"} if is_json else {})
    url = f"{sandbox.url}/api/{sandbox.agency_slug}/{path}"
    try:
        with _OPENER.open(urllib.request.Request(url, body, headers, method=method)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_record_is_created_updated_and_deleted(own_sandbox: Sandbox) -> None:
    fields = {"person[name]": "Ada", "person[emails][][value]": ["a@x.example", "b@x.example"]}
    status, body = send(own_sandbox, "POST", "people", fields)
    person = body["person"]
    assert (status, [email["value"] for email in person["emails"]]) == (200, ["a@x.example", "b@x.example"])
    send(own_sandbox, "PUT", f"people/{person['id']}", {"person[raw_tags][]": ["one", "two"]})
    assert own_sandbox.api(f"people/{person['id']}")["all_raw_tags"] == "one, two"

    event = own_sandbox.ids("person_events")[0]
    assert send(own_sandbox, "DELETE", f"person_events/{event}", {}) == (200, {})
    assert event not in own_sandbox.ids("person_events")
    assert [write["effect"] for write in own_sandbox.writes()] == ["created", "updated", "deleted"]


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "message"),
    [
        ("POST", "people", {"person[name]": "A", "person[salery]": "1"}, 422, ":salery"),
        ("POST", "people", {"person[name]": "A", "person[email]": "nobody"}, 400, "Email is invalid"),
        ("POST", "people", {"person[phones]": "1", "person[phones][][value]": "2"}, 400, "expected an array"),
        ("POST", "people", b'{"person": {"name": "A"}}', 422, ":json"),
        ("PUT", "people/1", {"person[name]": "A"}, 404, "Not Found"),
        ("DELETE", "people/1", {}, 405, "Method Not Allowed"),
        ("POST", "nothing", {}, 404, "Not Found"),
        ("POST", "people", {"person[city]": "Bonn"}, 200, "name can't be blank"),
        (
            "POST",
            "person_events",
            {"person_event[activity_type_id]": "1", "person_event[job_id]": "1"},
            200,
            "Job must",
        ),
    ],
)
def test_refusals_have_no_effect(
    sandbox: Sandbox, method: str, path: str, fields: dict[str, str] | bytes, status: int, message: str
) -> None:
    counts = sandbox.counts()
    found, body = send(sandbox, method, path, fields)
    assert (found, sandbox.counts()) == (status, counts)
    assert message in json.dumps(body)


def test_json_bodies_can_be_accepted(own_sandbox: Sandbox) -> None:
    own_sandbox.set(json_bodies="accepted")
    assert send(own_sandbox, "POST", "people", b'{"person": {"name": "Ada"}}')[1]["person"]["name"] == "Ada"


def test_duplicates_can_be_merged(own_sandbox: Sandbox) -> None:
    own_sandbox.set(duplicates="merge")
    fields = {"person[name]": "Ada", "person[email]": "ada@x.example"}
    first, second = (send(own_sandbox, "POST", "people", fields)[1]["person"]["id"] for _ in range(2))
    assert first == second
    assert [write["effect"] for write in own_sandbox.writes()] == ["created", "merged"]


def test_search_can_lag_behind_a_creation(own_sandbox: Sandbox) -> None:
    own_sandbox.set(search_lag=3600)
    person = send(own_sandbox, "POST", "people", {"person[name]": "Ada"})[1]["person"]["id"]
    query = f"people?include_ids[]={person}"
    assert own_sandbox.api(query)["people"] == []
    own_sandbox.set(search_lag=0)
    assert [row["id"] for row in own_sandbox.api(query)["people"]] == [person]


@pytest.mark.parametrize(("fault", "effects"), [("status_500_before", [""]), ("status_500_after", ["created"])])
def test_fault_is_before_or_after_the_effect(own_sandbox: Sandbox, fault: str, effects: list[str]) -> None:
    own_sandbox.set(write_faults={fault: 1})
    assert send(own_sandbox, "POST", "people", {"person[name]": "Ada"})[0] == 500
    assert [write["effect"] for write in own_sandbox.writes()] == effects
