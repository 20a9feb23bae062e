"""Wrong responses for an object, by settings and by scheduled actions."""

from __future__ import annotations

import http.client
from typing import Any

import pytest
from plain_client import Client, ids

from sandbox.process import Sandbox, SandboxError

NOT_FOUND = {"status": 404, "error": "Not Found"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("empty_object", (200, {})),
        ("error_object", (200, {"error": "Something went wrong"})),
        ("errors", (200, {"people": [], "total_count": 0, "errors": ["The search is not available"]})),
        ("null", (200, None)),
        ("empty_page", (200, {"scroll_id": None, "total_count": 430, "people": []})),
        ("empty_list", (200, {"scroll_id": None, "total_count": 0, "people": []})),
        ("json_404", (404, NOT_FOUND)),
        ("forbidden", (403, {"status": 403, "error": "Forbidden"})),
    ],
)
def test_answers_setting_selects_a_wrong_response(client: Client, sandbox: Sandbox, kind: str, expected: Any) -> None:
    sandbox.set(answers={"people": kind})
    assert client.get("people") == expected
    assert client.status("sms") == 200


def test_objects_can_be_forbidden_missing_redirected_or_broken(client: Client, sandbox: Sandbox) -> None:
    job = sandbox.ids("jobs")[0]
    sandbox.set(
        forbidden=["sms", "jobs/{id}/candidates"],
        missing=["deals"],
        no_records_key=["people"],
        broken_json=["users"],
        error_object=["companies"],
        redirect={"forms": f"{sandbox.url}/elsewhere"},
        echo_key=True,
    )
    authorization = f"Bearer {sandbox.api_key}"
    assert client.get("sms") == (403, {"status": 403, "error": "Forbidden", "authorization": authorization})
    assert client.status(f"jobs/{job}/candidates") == 403 and client.status(f"jobs/{job}") == 200
    assert client.status("deals") == 404 and client.get("people") == (200, {}) and "error" in client.get("companies")[1]
    with pytest.raises(ValueError):
        client.get("users")
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"))
    connection.request("GET", f"/api/{sandbox.agency_slug}/forms", headers={"Authorization": authorization})
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (302, f"{sandbox.url}/elsewhere")
    connection.close()


def test_list_and_all_child_lists_can_be_missing(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(missing=["campaigns", "jobs/{id}/candidates"])
    assert client.get("campaigns") == (404, NOT_FOUND)
    assert {client.status(f"jobs/{job}/candidates") for job in sandbox.ids("jobs")[:5]} == {404}


def test_numbered_pages_can_be_empty_or_short(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(answers={"jobs": "empty_page"})
    assert client.page("jobs")["results"] == [] and client.page("jobs")["total_count"] == 60
    sandbox.set(answers={"jobs": "empty_list"}, counters="nested")
    assert client.page("jobs")["pagination"]["total_count"] == 0
    sandbox.set(answers={"jobs": "short_page"})
    assert len(client.page("jobs", per_page=50)["results"]) == 25


def test_proxy_404_is_an_html_page(client: Client, sandbox: Sandbox) -> None:
    sandbox.set(answers={"jobs/{id}": "proxy_404"})
    status, headers, body = client.response(f"jobs/{sandbox.ids('jobs')[0]}")
    assert status == 404 and headers["Content-Type"] == "text/html" and b"<html>" in body


# Scheduled responses -----------------------------------------------------------------------------------------------


def test_short_page_continues_after_its_last_record(client: Client, sandbox: Sandbox) -> None:
    whole_page = ids(client.page("people", per_page=100)["people"])
    sandbox.at("people", 0, {"op": "answer", "kind": "short_page"})
    page = client.page("people", per_page=100)
    assert ids(page["people"]) == whole_page[:50] and page["total_count"] == 430
    following = client.page("people", per_page=100, scroll_id=page["scroll_id"])
    assert ids(following["people"])[:50] == whole_page[50:]


def test_scheduled_responses_end_after_the_given_number(client: Client, sandbox: Sandbox) -> None:
    jobs = sandbox.ids("jobs")[:6]
    sandbox.at("jobs/{id}", 2, {"op": "answer", "kind": "json_404", "times": 3})
    assert [client.status(f"jobs/{job}") for job in jobs] == [200, 200, 404, 404, 404, 200]
    with pytest.raises(SandboxError):
        sandbox.at("people", 0, {"op": "answer", "kind": "unknown"})


def test_permission_can_change_between_two_requests(client: Client, sandbox: Sandbox) -> None:
    sandbox.at("sms", 1, {"op": "set", "settings": {"forbidden": ["sms"]}})
    assert [client.status("sms") for _ in range(2)] == [200, 403]
    sandbox.set(forbidden=[])
    assert client.status("sms") == 200
