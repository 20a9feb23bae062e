"""discover declares the fields of an account, the same from day to day, with a bounded number of requests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from loxo_api.custom_fields import is_custom_field
from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Page
from source_loxo import discovery
from source_loxo.additional_fields import ADDITIONAL_FIELDS, COLUMNS_KEYWORD
from source_loxo.discovery import SAMPLE_ROWS, account_schemas, sample, seen_columns

DECLARED: dict[str, dict[str, Any]] = {
    name: {"type": "object", "properties": {"id": {"type": "integer"}}} for name in ENDPOINTS
}
Rows = list[dict[str, Any]]


class Account:
    """A client with the given responses by object; other objects have one record each."""

    def __init__(self, **answers: Rows | LoxoError | Callable[[Mapping[str, Any]], Rows]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None, /) -> Page:
        self.asked.append((endpoint.name, endpoint.path, dict(params or {})))
        assert endpoint.per_page <= SAMPLE_ROWS
        assert "{" not in endpoint.path
        answer = self.answers.get(endpoint.name, [{"id": 1, "country_id": 1}])
        if isinstance(answer, LoxoError):
            raise answer
        return Page(answer(params or {}) if callable(answer) else answer)

    def requests(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(path, params) for asked, path, params in self.asked if asked == name]


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    return lambda: [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def columns(rows: Rows) -> dict[str, Any]:
    return {key: column["type"] for key, column in seen_columns(DECLARED["people"]["properties"], rows, {}).items()}


def numbered(count: int, **fields: Callable[[int], Any]) -> Rows:
    """Records whose fields are made from their number; those that are `...` are left out."""
    rows: Rows = []
    for number in range(count):
        made = {key: make(number) for key, make in fields.items()}
        rows.append({"id": number, **{key: value for key, value in made.items() if value is not ...}})
    return rows


def test_common_fields_become_columns_of_the_type_seen() -> None:
    rows = numbered(
        20,
        title=lambda n: "a" if n % 2 else None,
        job_id=lambda n: n,
        clicks=lambda n: n,
        done=lambda n: bool(n % 2),
        place=lambda n: {"id": n},
        opens=lambda n: [n],
    )
    assert columns(rows) == {
        "clicks": ["null", "number"],
        "done": ["null", "boolean"],
        "job_id": ["null", "integer"],
        "opens": ["null", "array"],
        "place": ["null", "object"],
        "title": ["null", "string"],
    }


def test_a_type_is_widened_where_records_disagree() -> None:
    rows = numbered(4, amount=lambda n: "7.5" if n == 1 else n, job_id=lambda n: str(n) if n else n)
    assert columns(rows) == {"amount": ["null", "number", "string"], "job_id": ["null", "integer", "string"]}


def test_a_sampled_column_has_its_origin_and_an_open_type() -> None:
    seen = seen_columns({"id": {}}, [{"id": 1, "a": {}, "b": [], "c": ""}], {})
    assert {column["description"].split(";")[0] for column in seen.values()} == {"Seen in this account"}
    assert seen["a"]["additionalProperties"] is True
    assert "object" in seen["b"]["items"]["type"]
    assert "items" not in seen["c"]


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("rare", lambda n: "x" if n < 10 else ...),
        ("odd", lambda n: "x" if n == 7 else None),
        ("empty", lambda n: None),
        ("custom_text_9", lambda n: "x"),
        ("_loxo_something", lambda n: "x"),
    ],
)
def test_a_rare_or_declared_field_is_not_a_column(field: str, make: Callable[[int], Any]) -> None:
    """Rare, rarely filled or never filled; a custom field, which its definition declares; a field of ours."""
    assert columns(numbered(50, **{field: make})) == {}


def test_a_record_on_two_pages_counts_once() -> None:
    rows = numbered(2, odd=lambda n: "x" if n else ...)
    assert columns(rows + rows[1:]) == {}


def test_small_changes_of_an_account_keep_the_schema() -> None:
    """Each day some records are added, edited and deleted, on a page that shows the newest."""
    everything = numbered(
        200,
        always=lambda n: n,
        often=lambda n: n if n % 3 else None,
        left_out=lambda n: n if n % 4 else ...,
        rare=lambda n: n if n % 9 == 0 else ...,
    )
    days = [everything[day : day + SAMPLE_ROWS] for day in range(0, 150, 7)]
    assert {str(columns(page)) for page in days} == {str(columns(days[0]))}
    assert list(columns(days[0])) == ["always", "left_out", "often"]


def test_every_stream_has_the_column_for_other_fields() -> None:
    account = Account(
        scorecards=[{"id": 1, "comment": "x"}],
        dynamic_fields=[{"id": 1, "item_type": "Person", "key": "custom_text_1", "name": "Notice"}],
    )
    schemas = account_schemas(account, DECLARED)
    assert set(schemas) == set(ENDPOINTS)
    offered = {name: schema["properties"][ADDITIONAL_FIELDS][COLUMNS_KEYWORD] for name, schema in schemas.items()}
    assert offered["scorecards"] == ["comment", "id"]
    assert "custom_text_1" in offered["people"]
    assert schemas["people"]["properties"]["custom_text_1"]["title"] == "Notice"
    assert "custom_text_1" not in offered["jobs"]
    assert list(DECLARED["people"]["properties"]) == ["id"]


def test_the_oldest_and_newest_page_of_a_sorted_list_are_read() -> None:
    account = Account(
        people=lambda params: [{"id": 1, "old": 1}] if "created_at_sort" in params else [{"id": 2, "new": 2}]
    )
    assert sample(account)["people"] == [{"id": 1, "old": 1}, {"id": 2, "new": 2}]
    assert account.requests("people") == [
        ("people", {"created_at_sort": "asc"}),
        ("people", {"updated_at_sort": "desc"}),
    ]
    assert account.requests("scorecards") == [("scorecards", {})]


def test_children_are_sampled_with_the_keys_of_their_parents() -> None:
    companies = [{"id": number} for number in (9, 7, 8, 6, 5, 4)]
    account = Account(companies=companies, company_emails=[{"id": 3, "value": "x"}])
    rows = sample(account)
    assert account.requests("companies_details") == [(f"companies/{number}", {}) for number in (4, 5, 6, 7, 8)]
    assert account.requests("company_emails") == [("companies/4/emails", {})]
    assert rows["company_emails"] == [{"id": 3, "value": "x", "company_id": 4}]
    assert account.requests("state_cities") == [("countries/1/states/1/cities", {})]


def test_a_deleted_or_empty_parent_is_skipped() -> None:
    answers: Iterator[LoxoError | Rows] = iter([LoxoError("gone", ErrorKind.CONFIG, 404), [{"id": 1}], [{"id": 2}]])

    def phones(params: Mapping[str, Any]) -> Rows:
        answer = next(answers)
        if isinstance(answer, LoxoError):
            raise answer
        return answer

    account = Account(companies=[{"id": n} for n in range(9)], company_phones=phones, company_emails=[])
    rows = sample(account)
    assert rows["company_phones"] == [{"id": 1, "company_id": 1}]
    assert rows["company_emails"] == []
    assert len(account.requests("company_emails")) == 3


def test_an_object_that_no_parent_has_is_missing() -> None:
    gone = LoxoError("gone", ErrorKind.CONFIG, 404)
    assert "deals_details" not in sample(Account(deals=[{"id": n} for n in range(9)], deals_details=gone))


def test_a_full_record_has_the_columns_of_its_list() -> None:
    """Their types are better known there, and an empty field in a few records proves little."""
    ours: dict[str, dict[str, Any]] = {
        **DECLARED,
        "deals": {"properties": {"id": {}, "closes_at": {"type": ["null", "string"], "format": "date"}}},
    }
    account = Account(
        deals=[{"id": 1, "closes_at": "2026-01-01", "person": {"id": 7}, "amount": 1}],
        deals_details=[{"id": 1, "closes_at": None, "person": None, "notes": None}],
    )
    schemas = account_schemas(account, ours)
    columns = {name: schemas[name]["properties"] for name in ("deals", "deals_details")}
    assert columns["deals_details"]["closes_at"] == ours["deals"]["properties"]["closes_at"]
    assert columns["deals_details"]["person"] == columns["deals"]["person"]
    assert set(columns["deals_details"]) == {"id", "closes_at", "person", ADDITIONAL_FIELDS}


def test_requests_are_bounded() -> None:
    many = [{"id": number, "country_id": 1} for number in range(30)]
    account = Account(**{name: [] if row.parent else many for name, row in ENDPOINTS.items()})
    sample(account)
    lists = [row for row in ENDPOINTS.values() if not row.parent]
    assert len(account.asked) <= 2 * len(lists) + 5 * (len(ENDPOINTS) - len(lists))
    assert max(len(account.requests(name)) for name in ENDPOINTS) <= 5


def test_a_failed_object_keeps_its_schema_with_a_warning(warnings: Callable[[], list[str]]) -> None:
    account = Account(
        deals=LoxoError("deals: the API key has no permission for 'deals'.", ErrorKind.CONFIG, 403),
        scorecards=[{"id": 1, "comment": "x"}],
    )
    schemas = account_schemas(account, DECLARED)
    assert list(schemas["deals"]["properties"]) == ["id", ADDITIONAL_FIELDS]
    assert "comment" in schemas["scorecards"]["properties"]
    (line,) = warnings()
    assert "deals: the API key has no permission for 'deals'." in line
    assert account.requests("deals_details") == []


def test_custom_fields_without_definitions_are_a_warning(
    warnings: Callable[[], list[str]],
) -> None:
    account = Account(
        dynamic_fields=LoxoError("refused", ErrorKind.CONFIG, 403), people=[{"id": 1, "custom_text_1": "x"}]
    )
    assert list(account_schemas(account, DECLARED)["people"]["properties"]) == ["id", ADDITIONAL_FIELDS]
    assert "The agency's custom fields have no columns" in warnings()[0]


def test_an_unreadable_account_is_an_error() -> None:
    refused = LoxoError("refused", ErrorKind.CONFIG, 403)
    with pytest.raises(LoxoError, match="refused"):
        account_schemas(Account(**dict.fromkeys(ENDPOINTS, refused)), DECLARED)


def test_discover_does_not_wait_beyond_its_deadline(
    monkeypatch: pytest.MonkeyPatch, warnings: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(discovery, "SECONDS", 0.5)
    released = threading.Event()

    def late(params: Mapping[str, Any]) -> Rows:
        released.wait()
        return [{"id": 1}]

    rows = sample(Account(merges=late))
    released.set()
    assert "merges" not in rows
    assert "users" in rows
    assert [line for line in warnings() if "merges: no response within" in line]


def test_a_defect_of_ours_is_not_a_warning() -> None:
    def broken(params: Mapping[str, Any]) -> Rows:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sample(Account(merges=broken))


RANGES = ("custom_numeric_range_1", "custom_date_range_2")


@pytest.mark.parametrize(
    ("filled", "declared"),
    [
        ([], "object"),
        ([None, {"min": 1, "max": 2}], "object"),
        ([None, [1, 2]], "array"),
        ([{"min": 1}, [1, 2], [3, 4]], "array"),
        (["1 to 2"], "string"),
    ],
)
def test_ranges_have_the_type_of_most_samples(filled: Rows, declared: str) -> None:
    fields = [{"id": id, "key": key, "name": "Budget", "item_type": "Job"} for id, key in enumerate(RANGES)]
    jobs = [{"id": id, RANGES[0]: value} for id, value in enumerate(filled)]
    schemas = account_schemas(Account(dynamic_fields=fields, jobs=jobs), DECLARED)
    # A range without a value, and one of full records, are declared as the others.
    assert {tuple(schemas[name]["properties"][key]["type"]) for name in ("jobs", "jobs_details") for key in RANGES} == {
        ("null", declared)
    }


def test_a_custom_field_is_known_by_its_key() -> None:
    assert all(map(is_custom_field, RANGES))
    assert not is_custom_field("customer_id")
