"""Records as forms: names, rows, exact numbers, times, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loxo_api.writing.encoding import encode, missing_fields
from loxo_api.writing.field_names import to_write_names
from loxo_api.writing.operations import OPERATIONS, Operation, Verb
from loxo_api.writing.outcomes import Rejection
from sandbox.api.forms import add_field

PEOPLE = OPERATIONS["people", Verb.UPDATE]
JOBS = OPERATIONS["jobs", Verb.CREATE]
NOTHING: frozenset[str] = frozenset()


def form(operation: Operation, record: dict[str, Any], clearable: frozenset[str] = NOTHING) -> list[tuple[str, str]]:
    return encode(operation, to_write_names(operation, record, clearable))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"current_title": "CTO"}, [("person[title]", "CTO")]),
        ({"person_types": [{"id": 5, "name": "Candidate"}]}, [("person[person_type_id]", "5")]),
        ({"all_raw_tags": "a, b"}, [("person[all_raw_tags][]", "a"), ("person[all_raw_tags][]", "b")]),
        ({"list_ids": [1, 2]}, [("person[list_ids][]", "1"), ("person[list_ids][]", "2")]),
        ({"salary": "50000.500000000"}, [("person[salary]", "50000.5")]),
        ({"salary": 100.0}, [("person[salary]", "100")]),
        ({"salary": "1E+2"}, [("person[salary]", "100")]),
        ({"owned_by_id": 12345678901234567890}, [("person[owned_by_id]", "12345678901234567890")]),
        ({"blocked": True}, [("person[blocked]", "true")]),
        ({"blocked_until": "2026-05-01T10:00:00+02:00"}, [("person[blocked_until]", "2026-05-01T08:00:00.000Z")]),
        ({"blocked_until": "2026-05-01 08:00:00"}, [("person[blocked_until]", "2026-05-01T08:00:00.000Z")]),
        ({"custom_text_1": "x"}, [("person[custom_text_1]", "x")]),
        ({"_airbyte_raw_id": "x", "_loxo_synced_at": "y", "city": "Ulm"}, [("person[city]", "Ulm")]),
    ],
)
def test_values_of_people(record: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert form(PEOPLE, record) == expected


def test_read_names_of_jobs_become_write_names() -> None:
    record = {
        "company": {"id": 1, "name": "Acme"},
        "status": {"id": 2, "name": "Active"},
        "owners": [{"id": 9, "email": "a@x.example"}, {"id": 8, "email": "b@x.example"}],
        "categories": [{"id": 3, "name": "IT"}],
    }
    assert form(JOBS, record) == [
        ("job[company_id]", "1"),
        ("job[job_status_id]", "2"),
        ("job[owner_emails][]", "a@x.example"),
        ("job[owner_emails][]", "b@x.example"),
        ("job[job_category_ids][]", "3"),
    ]


def test_a_row_begins_with_a_field_that_all_rows_have() -> None:
    rows = [{"value": "a@x.example"}, {"email_type_id": 2, "value": "b@x.example", "id": 7}]
    assert form(PEOPLE, {"emails": rows}) == [
        ("person[emails][][value]", "a@x.example"),
        ("person[emails][][value]", "b@x.example"),
        ("person[emails][][email_type_id]", "2"),
    ]


KEYS = st.sampled_from(["value", "email_type_id", "position"])
ROWS = st.lists(st.dictionaries(KEYS, st.integers(1, 99).map(str), min_size=1), min_size=1, max_size=4)


@given(ROWS)
def test_rows_arrive_as_they_were_or_are_refused(rows: list[dict[str, str]]) -> None:
    try:
        pairs = form(PEOPLE, {"emails": rows})
    except Rejection:
        assert not set.intersection(*(set(row) for row in rows))
        return
    arrived: dict[str, Any] = {}
    for name, value in parse_qsl(urlencode(pairs)):
        add_field(arrived, name, value)
    assert arrived["person"]["emails"] == rows


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_value_changes_nothing_unless_it_may(empty: Any) -> None:
    assert form(PEOPLE, {"city": empty}) == []
    assert form(PEOPLE, {"city": empty}, frozenset({"city"})) == [("person[city]", "")]
    assert form(PEOPLE, {"current_title": empty}, frozenset({"current_title"})) == [("person[title]", "")]
    assert form(PEOPLE, {"list_ids": empty}, frozenset({"list_ids"})) == [("person[list_ids][]", "")]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"created_at": "2026-01-01"}, "'created_at'"),
        ({"workflow_stage_id": 5, "shoe_size": 46}, "'workflow_stage_id', 'shoe_size'"),
        ({"salary": "much"}, "'salary' is not a number"),
        ({"salary": "1e999999"}, "'salary' is not a number"),
        ({"salary": "NaN"}, "'salary' is not a number"),
        ({"owned_by_id": 1.5}, "'owned_by_id' is not a whole number"),
        ({"owned_by_id": True}, "'owned_by_id' is not a number"),
        ({"blocked": "maybe"}, "'blocked' is neither"),
        ({"blocked_until": "soon"}, "'blocked_until' is not a time"),
        ({"list_ids": "1,2"}, "'list_ids' is not a list"),
        ({"emails": "a@x.example"}, "'emails' is not a list of objects"),
        ({"person_types": [{"id": 1}, {"id": 2}]}, "'person_types' holds 2 values"),
        ({"source_type": {"name": "API"}}, "'source_type' has no 'id'"),
        ({"title": "CTO", "current_title": "CEO"}, "are the same field"),
        ({"resume": "text"}, "'resume' is a file"),
        ({"name": {"first": "A"}}, "'name' is not a single value"),
    ],
)
def test_what_loxo_does_not_take_is_refused_by_name(record: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejection, match=words) as refused:
        form(PEOPLE, record)
    for value in record.values():
        assert not isinstance(value, str) or value not in str(refused.value).replace("same", "")


def test_an_undocumented_body_passes_any_field() -> None:
    placement = OPERATIONS["placements", Verb.CREATE]
    assert form(placement, {"anything": 1.5, "job": {"id": 2}, "splits": [{"user_id": 3, "share": 50}]}) == [
        ("placement[anything]", "1.5"),
        ("placement[job][id]", "2"),
        ("placement[splits][][user_id]", "3"),
        ("placement[splits][][share]", "50"),
    ]


def test_missing_fields_are_named() -> None:
    assert missing_fields(JOBS, {"title": "Dev"}) == ["job_type_id", "raw_company_name or company_id"]
    assert missing_fields(JOBS, {"title": "Dev", "job_type_id": 1, "company_id": 2}) == []
