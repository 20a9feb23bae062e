"""What the settings do to answers: wrong ones, refused positions, lying counts, broken orders, odd records."""

from __future__ import annotations

import base64
import calendar
import json
import socket
import time
from typing import Any

import pytest
from plain_client import Client, ids

from sandbox.endpoints import ENDPOINTS
from sandbox.process import Sandbox, SandboxError

MISSING = {"status": 404, "error": "Not Found"}


def spans(client: Client, path: str, **params: Any) -> list[int]:
    return ids(client.walk(path, ENDPOINTS[path].key or "", **params))


# Answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("empty_object", (200, {})),
        ("error_object", (200, {"error": "Something went wrong"})),
        ("errors", (200, {"people": [], "total_count": 0, "errors": ["The search is not available"]})),
        ("null", (200, None)),
        ("empty_page", (200, {"scroll_id": None, "total_count": 430, "people": []})),
        ("empty_list", (200, {"scroll_id": None, "total_count": 0, "people": []})),
        ("json_404", (404, MISSING)),
        ("forbidden", (403, {"status": 403, "error": "Forbidden"})),
    ],
)
def test_an_object_can_be_set_to_answer_wrongly(loxo: Client, box: Sandbox, kind: str, wanted: Any) -> None:
    box.set(answers={"people": kind})
    assert loxo.get("people") == wanted
    assert loxo.get("sms")[0] == 200


def test_a_short_page_goes_on_after_its_last_row(loxo: Client, box: Sandbox) -> None:
    whole = ids(loxo.page("people", per_page=100)["people"])
    box.at("people", 0, {"op": "answer", "kind": "short_page"})
    page = loxo.page("people", per_page=100)
    assert ids(page["people"]) == whole[:50] and page["total_count"] == 430
    following = loxo.page("people", per_page=100, scroll_id=page["scroll_id"])
    assert ids(following["people"])[:50] == whole[50:]


def test_numbered_pages_can_be_emptied_and_cut_short(loxo: Client, box: Sandbox) -> None:
    box.set(answers={"jobs": "empty_page"})
    assert loxo.page("jobs")["results"] == [] and loxo.page("jobs")["total_count"] == 60
    box.set(answers={"jobs": "empty_list"}, counters="nested")
    assert loxo.page("jobs")["pagination"]["total_count"] == 0
    box.set(answers={"jobs": "short_page"})
    assert len(loxo.page("jobs", per_page=50)["results"]) == 25


def test_a_proxys_404_is_a_page_of_html(loxo: Client, box: Sandbox) -> None:
    box.set(answers={"jobs/{id}": "proxy_404"})
    status, headers, body = loxo.raw(f"jobs/{box.ids('jobs')[0]}")
    assert status == 404 and headers["Content-Type"] == "text/html" and b"<html>" in body


def test_one_off_answers_come_after_the_nth_and_then_the_object_is_well(loxo: Client, box: Sandbox) -> None:
    jobs = box.ids("jobs")[:6]
    box.at("jobs/{id}", 2, {"op": "answer", "kind": "json_404", "times": 3})
    assert [loxo.get(f"jobs/{job}")[0] for job in jobs] == [200, 200, 404, 404, 404, 200]
    with pytest.raises(SandboxError):
        box.at("people", 0, {"op": "answer", "kind": "sideways"})


def test_a_permission_is_lost_and_regained_in_the_middle_of_a_read(loxo: Client, box: Sandbox) -> None:
    box.at("sms", 1, {"op": "set", "settings": {"forbidden": ["sms"]}})
    assert [loxo.get("sms")[0] for _ in range(2)] == [200, 403]
    box.set(forbidden=[])
    assert loxo.get("sms")[0] == 200


def test_a_plan_may_lack_a_list_or_all_children_of_a_kind(loxo: Client, box: Sandbox) -> None:
    box.set(missing=["campaigns", "jobs/{id}/candidates"])
    assert loxo.get("campaigns") == (404, MISSING)
    assert {loxo.get(f"jobs/{job}/candidates")[0] for job in box.ids("jobs")[:5]} == {404}


@pytest.mark.parametrize("fault", ["proxy_404", "errors"])
def test_wrong_answers_can_be_a_share_of_all(loxo: Client, box: Sandbox, fault: str) -> None:
    box.set(faults={fault: 1.0})
    status, _, body = loxo.raw("sms")
    assert (status, b"errors" in body) == ((404, False) if fault == "proxy_404" else (200, True))


# Throttling, headers, the key ---------------------------------------------------------------------------------------


def test_every_nth_request_is_429_with_a_retry_after_that_says_nothing(loxo: Client, box: Sandbox) -> None:
    box.set(throttle_every=5, retry_after="unusable")
    answers = [loxo.raw("users") for _ in range(10)]
    refused = [answer for answer in answers if answer[0] == 429]
    assert len(refused) == 2 and {answer[1]["Retry-After"] for answer in refused} == {"soon"}


def test_a_header_drips(loxo: Client, box: Sandbox) -> None:
    box.set(drip_header={"users": 20.0})
    host, port = box.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        request = f"GET /api/{box.agency_slug}/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {box.api_key}\r\n\r\n"
        line.sendall(request.encode())
        first = line.recv(4096)
        assert len(first) < 40 and b"\r\n\r\n" not in first
        received = first
        while piece := line.recv(4096):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and json.loads(body)


def test_the_key_is_echoed_in_every_form() -> None:
    with Sandbox(people=1, jobs=0, events=0, api_key="Key&1/2", set={"forbidden": ["users"], "echo_key": True}) as box:
        raw = {}
        for form in ("plain", "json", "html", "percent", "base64", "other_case"):
            box.set(echo_key_as=form)
            raw[form] = Client(box).raw("users")[2].decode()
    assert "Bearer Key&1/2" in raw["plain"] and "Bearer kEY&1/2" in raw["other_case"]
    assert "Key&amp;1/2" in raw["html"] and "Key%261%2F2" in raw["percent"]
    assert base64.b64encode(b"Key&1/2").decode() in raw["base64"]
    assert "Key" not in raw["json"] and json.loads(raw["json"])["authorization"] == "Bearer Key&1/2"


# Positions and orders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 410, 422, 500])
def test_stored_positions_are_refused_and_new_ones_are_not(loxo: Client, box: Sandbox, status: int) -> None:
    stored = loxo.page("people")["scroll_id"]
    box.set(refuse_cursors="stored", refuse_cursors_status=status, refuse_cursors_of=["people"])
    assert loxo.get("people", scroll_id=stored)[0] == status
    assert loxo.get("people", scroll_id=loxo.page("people")["scroll_id"])[0] == 200
    assert loxo.get("sms", scroll_id=loxo.page("sms")["scroll_id"])[0] == 200
    box.set(refuse_cursors="all")
    assert loxo.get("people", scroll_id=loxo.page("people")["scroll_id"])[0] == status


def test_sorts_can_be_ignored(loxo: Client, box: Sandbox) -> None:
    plain = [ids(loxo.page("people")["people"]), ids(loxo.page("jobs")["results"])]
    box.set(sorts_ignored=["people", "jobs"])
    sort = {"updated_at_sort": "desc"}
    assert [ids(loxo.page("people", **sort)["people"]), ids(loxo.page("jobs", **sort)["results"])] == plain


def test_a_sort_by_change_may_give_no_cursor(loxo: Client, box: Sandbox) -> None:
    box.set(no_cursor_under_sort=["people"])
    assert "scroll_id" not in loxo.page("people", updated_at_sort="desc")
    assert loxo.page("people", created_at_sort="asc")["scroll_id"] and loxo.page("people")["scroll_id"]


def test_the_order_of_a_sorted_page_can_be_broken_without_losing_a_row(loxo: Client, box: Sandbox) -> None:
    box.set(unordered=["people"])
    first = loxo.page("people", updated_at_sort="desc", per_page=20)["people"]
    assert first[-1]["updated_at"] > first[0]["updated_at"]
    assert sorted(spans(loxo, "people", updated_at_sort="desc", per_page=100)) == box.ids("people")


def test_the_top_of_a_sorted_list_may_lack_its_time(loxo: Client, box: Sandbox) -> None:
    box.set(no_updated_at_on_top=["jobs"])
    rows = loxo.page("jobs", updated_at_sort="desc")["results"]
    assert ["updated_at" in row for row in rows] == [False] + [True] * (len(rows) - 1)
    assert "updated_at" in loxo.page("jobs", updated_at_sort="desc", page=2)["results"][0]


# Counts -------------------------------------------------------------------------------------------------------------


def test_a_cap_covers_numbered_lists_and_children(loxo: Client, box: Sandbox) -> None:
    job = max(box.ids("jobs"), key=lambda each: loxo.page(f"jobs/{each}/candidates")["total_count"])
    assert loxo.page(f"jobs/{job}/candidates")["total_count"] > 3
    box.set(total_cap=3)
    assert loxo.page(f"jobs/{job}/candidates")["total_count"] == loxo.page("jobs")["total_count"] == 3


def test_counts_lag_behind_creations() -> None:
    with Sandbox(people=20, jobs=5, events=0, set={"count_lag": 60}) as box:
        loxo = Client(box)
        for _ in range(3):
            box.create("people")
        box.create("jobs")
        assert loxo.page("people", per_page=100)["total_count"] == 20
        assert len(loxo.page("people", per_page=100)["people"]) == 23
        assert loxo.page("jobs")["total_count"] == 5
        box.set(count_lag=0)
        assert loxo.page("people")["total_count"] == 23


# Dates --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["declared", "lucene"])
def test_a_bound_can_be_read_by_minutes_or_days(loxo: Client, box: Sandbox, form: str) -> None:
    rows = sorted(loxo.walk("person_events", "person_events", per_page=100), key=lambda row: str(row["created_at"]))
    moment = rows[300]["created_at"]

    def found(until: str, since: str = "1970-01-01T00:00:00Z") -> int:
        bounds = {"created_at_start": since, "created_at_end": until}
        query = {"query": f"created_at:[{since} TO {until}]"}
        count: int = loxo.page("person_events", **(bounds if form == "declared" else query))["total_count"]
        return count

    def rows_until(text: str) -> int:
        return sum(row["created_at"] <= text for row in rows)

    assert found(moment) == rows_until(moment)
    box.set(filter_dates="minutes")
    assert found(moment) == rows_until(moment[:16] + ":00.000Z")
    box.set(filter_dates="midnights")
    assert found(moment) == rows_until(moment[:10] + "T00:00:00.000Z") < rows_until(moment)
    box.set(filter_dates="days")
    assert found(moment) == rows_until(moment[:10] + "T23:59:59.999Z")
    assert found("2999-01-01", since=moment) == sum(row["created_at"][:10] >= moment[:10] for row in rows)


def test_a_bound_can_be_read_in_the_agencys_zone(loxo: Client, box: Sandbox) -> None:
    rows = loxo.walk("sms", "sms", per_page=100)
    box.set(filter_zone="agency", agency_offset_hours=-5)
    moment = rows[50]["created_at"]
    five_later = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(_seconds(moment) + 5 * 3600)) + moment[19:]
    assert loxo.page("sms", created_at_end=moment)["total_count"] == sum(
        row["created_at"] <= five_later for row in rows
    )


def _seconds(moment: str) -> int:
    return calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S"))


def test_record_times_can_be_local_or_without_a_zone(loxo: Client, box: Sandbox) -> None:
    utc = loxo.page("sms")["sms"][0]["created_at"]
    box.set(record_times="no_zone")
    assert loxo.page("sms")["sms"][0]["created_at"] == utc[:-1]
    box.set(record_times="agency", agency_offset_hours=5.5)
    local = loxo.page("sms")["sms"][0]["created_at"]
    assert local.endswith("+05:30") and _seconds(local) == _seconds(utc) + 19_800
    box.set(record_times="agency_no_zone", agency_offset_hours=-3)
    assert loxo.page("sms")["sms"][0]["created_at"][:19] != utc[:19]


def test_records_without_a_creation_time_are_listed_and_in_no_range(loxo: Client, box: Sandbox) -> None:
    box.set(no_created_at={"person_events": 0.1}, no_updated_at={"people": 0.2})
    rows = loxo.walk("person_events", "person_events", per_page=100)
    bare = [row for row in rows if "created_at" not in row]
    assert 20 < len(bare) < 150 and sorted(ids(rows)) == box.ids("person_events")
    for bounds in ({"created_at_start": "1970-01-01"}, {"query": "created_at:[1970-01-01 TO *]"}):
        assert loxo.page("person_events", **bounds)["total_count"] == len(rows) - len(bare)
    people = loxo.walk("people", "people", per_page=100, updated_at_sort="desc")
    assert 0 < sum("updated_at" not in row for row in people) < 200


# Odd records --------------------------------------------------------------------------------------------------------


def depth(value: Any) -> int:
    levels = 0
    while isinstance(value, dict) and value:
        value, levels = next(iter(value.values())), levels + 1
    return levels


@pytest.mark.parametrize(
    ("oddity", "is_odd"),
    [
        ("nested", lambda value: depth(value) == 300),
        ("big_integers", lambda value: isinstance(value, int) and value > 1 << 64),
        ("surrogates", lambda value: isinstance(value, str) and "\ud83d" in value),
        ("nul", lambda value: isinstance(value, str) and "\x00" in value),
    ],
)
def test_every_fifth_record_can_be_odd_in_lists_and_alone(loxo: Client, box: Sandbox, oddity: str, is_odd: Any) -> None:
    def odd(record: dict[str, Any]) -> bool:
        return any(is_odd(value) for value in record.values())

    box.set(odd_records={"people": oddity})
    found = [row["id"] for row in loxo.walk("people", "people", per_page=100) if odd(row)]
    assert len(found) == 86
    assert odd(loxo.page(f"people/{found[0]}"))
    assert not any(map(odd, loxo.page("sms")["sms"]))


def test_custom_ranges_are_objects_or_arrays(loxo: Client, box: Sandbox) -> None:
    keys = ("custom_numeric_range_1", "custom_date_range_1")

    def kinds() -> set[str]:
        rows = loxo.page("jobs", per_page=100)["results"]
        return {type(row[key]).__name__ for row in rows for key in keys if row.get(key)}

    assert kinds() == {"dict"}
    box.set(custom_ranges="array")
    assert kinds() == {"list"}
    job = next(row["id"] for row in loxo.page("jobs", per_page=100)["results"] if row.get(keys[0]))
    assert isinstance(loxo.page(f"jobs/{job}")[keys[0]], list)


# Unknown sides ------------------------------------------------------------------------------------------------------


def test_companies_may_accept_per_page(loxo: Client, box: Sandbox) -> None:
    assert loxo.get("companies", per_page=60)[0] == 422
    box.set(companies_per_page="accepted")
    assert len(loxo.page("companies", per_page=60)["companies"]) == 60
    assert loxo.get("deals", per_page=60)[0] == 422


def test_webhooks_and_campaigns_are_bare_or_keyed(loxo: Client, box: Sandbox) -> None:
    assert loxo.get("webhooks", per_page=5)[0] == loxo.get("campaigns", per_page=5)[0] == 422
    hooks, campaigns = loxo.page("webhooks"), loxo.page("campaigns")
    assert isinstance(hooks, list) and campaigns["total_count"] == 12 and campaigns["scroll_id"]
    box.set(webhooks="keyed", campaigns="keyed")
    assert loxo.page("webhooks") == {"webhooks": hooks}
    assert sorted(ids(loxo.page("campaigns")["campaigns"])) == box.ids("campaigns")
    box.set(campaigns="bare")
    assert sorted(ids(loxo.page("campaigns"))) == box.ids("campaigns")
    job = loxo.page("campaigns")[0]["job_id"]
    assert {row["job_id"] for row in loxo.page("campaigns", job_id=job)} == {job}


def test_stages_without_a_workflow_are_those_of_all_or_of_candidates(loxo: Client, box: Sandbox) -> None:
    flows = {flow["id"]: flow["candidate"] for flow in loxo.page("workflows")}
    assert {flows[stage["workflow_id"]] for stage in loxo.page("workflow_stages")} == {True, False}
    box.set(stages_without_workflow="candidate")
    assert {flows[stage["workflow_id"]] for stage in loxo.page("workflow_stages")} == {True}
    deals = next(flow for flow, candidate in flows.items() if not candidate)
    assert loxo.page("workflow_stages", workflow_id=deals)
