"""Access, accepted parameters and response forms of the endpoints; settings and request log of the server."""

from __future__ import annotations

import json

import pytest
from plain_client import LIST_PATHS, Client, ids

from sandbox.api.endpoints import BARE_LIST_PATHS, ENDPOINTS
from sandbox.process import Sandbox, SandboxError


def test_wrong_key_is_401_even_for_unknown_paths(client: Client) -> None:
    assert client.response("unknown-path", "wrong-key", "unknown-slug")[0] == 401


def test_unknown_slug_path_and_record_are_404(client: Client) -> None:
    unknown = (client.response("people", None, "other"), client.response("persons"), client.response("people/1"))
    for status, _, body in unknown:
        assert (status, json.loads(body)) == (404, {"status": 404, "error": "Not Found"})


def test_unknown_person_event_is_200_null(client: Client) -> None:
    assert client.get("person_events/1") == (200, None)


def test_every_list_returns_records_of_its_table(client: Client, sandbox: Sandbox) -> None:
    for path in LIST_PATHS:
        endpoint = ENDPOINTS[path]
        body = client.page(path)
        records = body if endpoint.records_key is None else body[endpoint.records_key]
        assert set(ids(records)) <= set(sandbox.ids(endpoint.table)), path


# Parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["companies", "deals", "placements", "webhooks", "users", "source_types"])
def test_undeclared_per_page_is_rejected(client: Client, path: str) -> None:
    assert client.get(path, per_page=5) == (422, {"errors": ["Invalid parameters: [:per_page]"]})


def test_422_names_each_undeclared_parameter(client: Client) -> None:
    assert client.get("placements", page=1, after_id=2)[1] == {"errors": ["Invalid parameters: [:page, :after_id]"]}
    assert client.status("person_events", job_id=1) == 422


def test_four_bare_lists_ignore_after_id_others_reject_it(client: Client) -> None:
    statuses = {path: client.status(path, after_id=10**9) for path in BARE_LIST_PATHS}
    ignoring = {"dynamic_fields", "job_types", "person_types", "person_lists"}
    assert statuses == {path: 200 if path in ignoring else 422 for path in BARE_LIST_PATHS}
    assert client.page("person_types", after_id=10**9) == client.page("person_types")


def test_per_page_over_100_is_capped_or_rejected(client: Client, sandbox: Sandbox) -> None:
    assert len(client.page("people", per_page=500)["people"]) == 100
    sandbox.set(over_100="rejected")
    assert client.status("people", per_page=101) == 422


def test_companies_accept_per_page_if_set(client: Client, sandbox: Sandbox) -> None:
    assert client.status("companies", per_page=60) == 422
    sandbox.set(companies_per_page="accepted")
    assert len(client.page("companies", per_page=60)["companies"]) == 60
    assert client.status("deals", per_page=60) == 422


# Response forms ----------------------------------------------------------------------------------------------------


def test_webhooks_and_campaigns_are_bare_or_keyed(client: Client, sandbox: Sandbox) -> None:
    assert client.status("webhooks", per_page=5) == client.status("campaigns", per_page=5) == 422
    webhooks, campaigns = client.page("webhooks"), client.page("campaigns")
    assert isinstance(webhooks, list) and campaigns["total_count"] == 12 and campaigns["scroll_id"]
    sandbox.set(webhooks="keyed", campaigns="keyed")
    assert client.page("webhooks") == {"webhooks": webhooks}
    assert sorted(ids(client.page("campaigns")["campaigns"])) == sandbox.ids("campaigns")
    sandbox.set(campaigns="bare")
    assert sorted(ids(client.page("campaigns"))) == sandbox.ids("campaigns")
    job_id = client.page("campaigns")[0]["job_id"]
    assert {campaign["job_id"] for campaign in client.page("campaigns", job_id=job_id)} == {job_id}


def test_all_stages_or_only_stages_of_candidates_are_listed(client: Client, sandbox: Sandbox) -> None:
    is_for_candidates = {workflow["id"]: workflow["candidate"] for workflow in client.page("workflows")}
    assert {is_for_candidates[stage["workflow_id"]] for stage in client.page("workflow_stages")} == {True, False}
    sandbox.set(stages_without_workflow="candidate")
    assert {is_for_candidates[stage["workflow_id"]] for stage in client.page("workflow_stages")} == {True}
    deal_workflow = next(workflow_id for workflow_id, is_candidate in is_for_candidates.items() if not is_candidate)
    assert client.page("workflow_stages", workflow_id=deal_workflow)


# Control API -------------------------------------------------------------------------------------------------------


def test_request_log_counts_paths_and_statuses(client: Client, sandbox: Sandbox) -> None:
    client.page("users")
    client.get("users", per_page=1)
    log = sandbox.requests()
    assert log["total"] == 2 and log["by_path"] == {"users": 2} and log["by_status"] == {"200": 1, "422": 1}
    assert log["log"] == [["users", "200"], ["users?per_page=1", "422"]] and log["max_in_flight"] == 1


def test_unknown_settings_and_values_are_rejected(sandbox: Sandbox) -> None:
    for wrong in ({"unknown_setting": 1}, {"counters": "unknown"}, {"faults": {"unknown": 1}}):
        with pytest.raises(SandboxError):
            sandbox.set(**wrong)
