"""The sandbox answers as Loxo was seen to answer: access, parameters, cursors, page numbers, filters, queries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plain_client import Client, ids

from sandbox.endpoints import BARE_OBJECTS, ENDPOINTS
from sandbox.lucene import Query, QueryError
from sandbox.process import Sandbox

LISTS = [path for path, endpoint in ENDPOINTS.items() if endpoint.kind == "list" and "{" not in path]


# Access -------------------------------------------------------------------------------------------------------------


def test_a_wrong_key_is_401_before_anything_else(loxo: Client) -> None:
    assert loxo.raw("nothing", "wrong", "nobody")[0] == 401


def test_unknown_slug_path_and_record_are_404_in_the_recorded_form(loxo: Client) -> None:
    for answer in (loxo.raw("people", None, "other"), loxo.raw("persons"), loxo.raw("people/1")):
        assert answer[0] == 404
        assert json.loads(answer[2]) == {"status": 404, "error": "Not Found"}


def test_an_unknown_person_event_is_200_null(loxo: Client) -> None:
    assert loxo.get("person_events/1") == (200, None)


def test_all_lists_answer_with_their_ids(loxo: Client, box: Sandbox) -> None:
    assert len(LISTS) == 54 + 3  # and merges, webhooks and campaigns
    for path in LISTS:
        endpoint = ENDPOINTS[path]
        body = loxo.page(path)
        rows = body if endpoint.key is None else body[endpoint.key]
        assert set(ids(rows)) <= set(box.ids(endpoint.table)), path


# Parameters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["companies", "deals", "placements", "webhooks", "users", "source_types"])
def test_per_page_is_refused_where_it_is_not_declared(loxo: Client, path: str) -> None:
    assert loxo.get(path, per_page=5) == (422, {"errors": ["Invalid parameters: [:per_page]"]})


def test_every_undeclared_parameter_is_named(loxo: Client) -> None:
    assert loxo.get("placements", page=1, after_id=2)[1] == {"errors": ["Invalid parameters: [:page, :after_id]"]}
    assert loxo.get("person_events", job_id=1)[0] == 422


def test_after_id_is_swallowed_by_four_lists_and_refused_by_the_other_bare_ones(loxo: Client) -> None:
    swallowing = {path for path in BARE_OBJECTS if loxo.get(path, after_id=10**9)[0] == 200}
    assert swallowing == {"dynamic_fields", "job_types", "person_types", "person_lists"}
    assert loxo.page("person_types", after_id=10**9) == loxo.page("person_types")


def test_per_page_over_100_is_capped_or_rejected(loxo: Client, box: Sandbox) -> None:
    assert len(loxo.page("people", per_page=500)["people"]) == 100
    box.set(over_100="rejected")
    assert loxo.get("people", per_page=101)[0] == 422


# Cursors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["people", "person_events", "companies", "deals", "placements", "sms", "merges"])
def test_a_scroll_delivers_every_row_once_newest_first(loxo: Client, box: Sandbox, path: str) -> None:
    rows = loxo.walk(path, path)
    assert sorted(ids(rows)) == box.ids(path)
    created = [row["created_at"] for row in rows if "created_at" in row]
    assert created == sorted(created, reverse=True)


def test_a_cursor_is_hex_of_time_and_id_and_for_people_a_score_between(loxo: Client) -> None:
    people = loxo.page("people", per_page=3)
    _, score, last = json.loads(bytes.fromhex(people["scroll_id"]))
    assert (score, last) == (0.0, people["people"][-1]["id"])
    deals = loxo.page("deals")
    assert json.loads(bytes.fromhex(deals["scroll_id"]))[1] == deals["deals"][-1]["id"]
    assert deals["scroll_id"] == deals["scroll_id"].upper()


def test_the_last_page_with_data_still_has_a_cursor_and_the_empty_one_after_it_has_none(loxo: Client) -> None:
    page = loxo.page("form_templates")
    assert page["form_templates"]
    assert loxo.page("form_templates", scroll_id=page["scroll_id"]) == {
        "scroll_id": None,
        "total_count": page["total_count"],
        "form_templates": [],
    }


def test_the_last_page_may_also_end_with_null_or_without_the_key(loxo: Client, box: Sandbox) -> None:
    box.set(last_page_cursor="null")
    assert loxo.page("form_templates")["scroll_id"] is None
    box.set(last_page_cursor="absent")
    assert "scroll_id" not in loxo.page("form_templates")
    assert sorted(ids(loxo.walk("people", "people", per_page=100))) == box.ids("people")


def test_a_scroll_without_its_filter_reads_everything_from_that_position(loxo: Client) -> None:
    kind = loxo.page("person_events")["person_events"][0]["activity_type_id"]
    filtered = loxo.page("person_events", per_page=1, **{"activity_type_ids[]": kind})
    following = loxo.page("person_events", per_page=1, scroll_id=filtered["scroll_id"])
    assert following["total_count"] > filtered["total_count"]


def test_a_broken_cursor_is_400(loxo: Client) -> None:
    for cursor in ("zz", "5B31", "7B7D"):
        assert loxo.get("people", scroll_id=cursor)[0] == 400


def test_a_list_can_be_told_to_ignore_its_cursor(loxo: Client, box: Sandbox) -> None:
    box.set(repeat_cursor=["deals"])
    first = loxo.page("deals")
    assert loxo.page("deals", scroll_id=first["scroll_id"]) == first


def test_people_sort_by_creation_and_change(loxo: Client) -> None:
    for field in ("created_at", "updated_at"):
        for way in ("asc", "desc"):
            rows = loxo.walk("people", "people", per_page=100, **{f"{field}_sort": way})
            keys = [(row[field], row["id"]) for row in rows]
            assert keys == sorted(keys, reverse=way == "desc") and len(set(keys)) == 430


def test_some_timestamps_tie_and_none_lies_in_the_future(loxo: Client) -> None:
    rows = loxo.walk("people", "people", per_page=100)
    assert len({row["created_at"] for row in rows}) < len(rows)
    assert all(row["created_at"] <= row["updated_at"] for row in rows)
    assert max(row["updated_at"] for row in rows) <= "2999"


# Page numbers -------------------------------------------------------------------------------------------------------


def test_jobs_are_paged_by_number_under_results_oldest_first(loxo: Client, box: Sandbox) -> None:
    page = loxo.page("jobs", page=2, per_page=25)
    counters = {name: page[name] for name in ("current_page", "total_pages", "per_page", "total_count")}
    assert counters == {"current_page": 2, "total_pages": 3, "per_page": 25, "total_count": 60}
    assert ids(page["results"]) == box.ids("jobs")[25:50]
    assert loxo.page("jobs", page=9)["results"] == []


def test_counters_can_be_nested(loxo: Client, box: Sandbox) -> None:
    box.set(counters="nested")
    assert loxo.page("countries", per_page=100)["pagination"]["total_count"] == 252


def test_jobs_past_the_wall_are_400_and_not_an_empty_page(loxo: Client, box: Sandbox) -> None:
    assert loxo.get("jobs", page=100, per_page=100)[0] == 200
    status, body = loxo.get("jobs", page=101, per_page=100)
    assert status == 400 and "Paginating past the first 10000 results" in body["errors"][0]
    box.set(jobs_wall=50)
    assert [loxo.get("jobs", page=page, per_page=25)[0] for page in (1, 2, 3)] == [200, 200, 400]


def test_source_types_are_read_by_after_id(loxo: Client, box: Sandbox) -> None:
    found: list[int] = []
    while rows := loxo.page("source_types", **({"after_id": found[-1]} if found else {}))["source_types"]:
        found += ids(rows)
    assert found == box.ids("source_types") and len(found) > 25
    box.set(source_types="bare")
    assert ids(loxo.page("source_types")) == found[:25]


def test_a_total_can_be_capped(loxo: Client, box: Sandbox) -> None:
    box.set(total_cap=100)
    assert loxo.page("people")["total_count"] == 100
    assert len(loxo.walk("people", "people", per_page=100)) == 430


# Filters ------------------------------------------------------------------------------------------------------------


def test_created_bounds_are_inclusive_unless_set_otherwise(loxo: Client, box: Sandbox) -> None:
    moment = loxo.walk("sms", "sms", per_page=100)[40]["created_at"]
    window = {"created_at_start": moment, "created_at_end": moment}
    assert loxo.page("sms", **window)["total_count"] >= 1
    box.set(date_bounds="exclusive")
    assert loxo.page("sms", **window)["total_count"] == 0


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("person_events", "created_at_start", "created_at_end"),
        ("person_events", "after", "before"),
        ("email_tracking", "created_at_start", "created_at_end"),
        ("merges", "created_after", "created_before"),
    ],
)
def test_date_filters_cut_a_list_in_two(loxo: Client, path: str, start: str, end: str) -> None:
    key = ENDPOINTS[path].key or ""
    rows = loxo.walk(path, key, per_page=100)
    day = rows[len(rows) // 3]["created_at"][:10]
    later, earlier = loxo.walk(path, key, **{start: day}), loxo.walk(path, key, **{end: day})
    assert later and earlier and sorted(ids(later + earlier)) == sorted(ids(rows))


def test_job_filters_agree_with_the_records(loxo: Client) -> None:
    jobs = loxo.page("jobs", per_page=100)["results"]
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
    for params, wanted in cases:
        found = loxo.page("jobs", per_page=100, **params)["results"]
        assert ids(found) == [job["id"] for job in jobs if wanted(job)], params


def test_people_and_events_are_filtered_by_id_lists(loxo: Client, box: Sandbox) -> None:
    some = box.ids("people")[10:13]
    assert sorted(ids(loxo.page("people", **{"include_ids[]": some})["people"])) == some
    assert loxo.page("people", **{"exclude_ids[]": some})["total_count"] == 427
    event = loxo.page("person_events", per_page=100)["person_events"][0]
    found = loxo.walk("person_events", "person_events", person_id=event["person_id"])
    assert event["id"] in ids(found) and {row["person_id"] for row in found} == {event["person_id"]}


# Lucene -------------------------------------------------------------------------------------------------------------


def match(query: str, **record: Any) -> bool:
    return Query(query).matches(lambda name: [record.get(name)])


def test_the_lucene_subset() -> None:
    assert match("person_id:(1 OR 2)", person_id=2) and not match("person_id:(1 OR 2)", person_id=3)
    assert match('title:"product manager"', title="Senior Product Manager")
    assert match("name:müll*", name="Jürgen Müller") and not match("name:müll", name="Müller")
    assert match("_exists_:emails AND NOT _exists_:skills", emails=["a"])
    assert match("*:*") and match("a:1 OR b:2", b=2) and not match("a:1 AND b:2", b=2)
    assert match("NOT (a:1 OR a:2)", a=3) and match("a:{1 TO 3]", a=3) and not match("a:{1 TO 3]", a=1)


def test_lucene_date_ranges_mix_brackets() -> None:
    inside = {"created_at": "2024-02-01T00:00:00.000Z"}
    assert match("created_at:[2024-01-01 TO 2024-02-01]", **inside)
    assert not match("created_at:[2024-01-01 TO 2024-02-01}", **inside)
    assert match("created_at:{2024-01-31T23:59:59.999Z TO *]", **inside)


def test_lucene_refuses_26_alternatives_and_nonsense() -> None:
    Query("id:(" + " OR ".join(map(str, range(25))) + ")")
    for text in ("id:(" + " OR ".join(map(str, range(26))) + ")", "a:(1", "[", "created_at:[x TO y]"):
        with pytest.raises(QueryError):
            Query(text)


def test_windows_of_a_query_add_up_when_dates_are_honoured_and_do_not_when_half_read(
    loxo: Client, box: Sandbox
) -> None:
    windows = [f"created_at:[* TO {year}-01-01}}" for year in (2024,)] + ["created_at:[2024-01-01 TO *]"]

    def total() -> int:
        return sum(loxo.page("people", query=query)["total_count"] for query in windows)

    assert total() == 430
    parts = [row for query in windows for row in loxo.walk("people", "people", per_page=100, query=query)]
    assert sorted(ids(parts)) == box.ids("people")
    box.set(lucene_dates="half")
    assert total() > 430
    box.set(lucene_dates="ignored")
    assert total() == 860
    box.set(lucene_dates="refused")
    assert loxo.get("people", query=windows[0])[0] == 400
