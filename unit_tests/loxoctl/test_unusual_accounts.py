"""The doctor says nothing false about an account with unusual responses, and examines the rest of it."""

from __future__ import annotations

import argparse
import logging
from threading import Event
from typing import Any

import pytest
from other_account import CONFIG, ChangedAccount, OtherAccount, rows_of

from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import LoxoError
from loxo_api.http_messages import Request, Response
from loxo_api.pages import COUNT_CAP
from loxoctl import doctor_command
from loxoctl.doctor import points, rate_check, survey
from loxoctl.doctor.context import Context
from loxoctl.doctor.examination import examine
from loxoctl.doctor.findings import Finding, Findings, Verdict
from loxoctl.doctor.report import to_json, to_text
from loxoctl.doctor.survey import Survey

WEB_PAGE = Response(200, {}, b"<html>Log in</html>", 0.01)
HALVES = "query date range"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


def refusal(status: int, body: bytes = b"{}") -> Response:
    return Response(status, {}, body, 0.01)


def surveyed(account: OtherAccount) -> Survey:
    return Survey(Config.parse(CONFIG), 100_000, account)


def examined(account: OtherAccount) -> Findings:
    return examine(surveyed(account))


def found(findings: Findings, subject: str, point: str) -> Finding:
    return [row for row in findings.rows if (row.subject, row.point) == (subject, point)][-1]


def each_row(request: Request, document: Any, **fields: Any) -> Any:
    for row in rows_of(document):
        row.update(fields)
    return document


def is_further(request: Request) -> bool:
    """Whether it is not the request for the first page of a list."""
    return bool(set(request.params or {}) - {"show_hidden"})


@pytest.mark.parametrize("failure", [WEB_PAGE, refusal(503), refusal(404, b"<html>")], ids=["page", "503", "proxy"])
def test_a_failed_request_says_nothing_about_a_list(failure: Response) -> None:
    findings = examined(ChangedAccount(lambda request, document: failure if is_further(request) else document))
    assert not findings.not_handled
    assert not findings.is_complete
    for subject, point in (
        ("people", "cursor"),
        ("companies", "per_page"),
        ("people, updated_at_sort", "sort"),
        ("jobs", "result limit"),
        ("person_events", "date filters"),
        ("jobs, job_status_id", "filter"),
        ("people, created_at", HALVES),
        ("account", "changes during the examination"),
        ("account", "parameter that is not declared"),
    ):
        row = found(findings, subject, point)
        assert (row.account, row.verdict) == (None, Verdict.UNKNOWN), (subject, point)
        assert "A request failed" in row.how
    assert "is not complete" in list(to_text(findings, 1))[-1]


def test_a_list_that_fails_leaves_the_examination_incomplete() -> None:
    findings = examined(ChangedAccount(lambda request, doc: refusal(500) if request.path == "deals" else doc))
    assert found(findings, "deals", "status").verdict is Verdict.UNKNOWN
    assert not findings.is_complete


def test_a_sort_that_is_refused_in_one_direction_is_named_with_its_status() -> None:
    account = ChangedAccount(lambda request, doc: refusal(422) if "desc" in (request.params or {}).values() else doc)
    assert found(examined(account), "people, updated_at_sort", "sort").account == "refused (422)"


def test_an_account_without_any_readable_list_ends_with_an_error() -> None:
    with pytest.raises(LoxoError, match="None of the account's"):
        examined(ChangedAccount(lambda request, document: WEB_PAGE))


@pytest.mark.parametrize("failure", [refusal(500), WEB_PAGE], ids=["500", "page"])
def test_the_number_of_requests_is_limited_with_repetitions(failure: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MAX_SENT", 100)
    account = ChangedAccount(lambda request, document: failure if is_further(request) else document)
    findings = examined(account)
    assert len(account.requests) == 100
    assert not findings.is_complete


def test_the_time_of_an_examination_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MAX_SECONDS", -1)
    account = OtherAccount()
    findings = examined(account)
    assert account.requests == []
    assert not findings.is_complete


def test_a_401_for_one_list_does_not_end_the_examination() -> None:
    findings = examined(ChangedAccount(lambda request, doc: refusal(401) if request.path == "deals" else doc))
    assert [(row.subject, row.account) for row in findings.not_handled] == [("deals", "401")]


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, 1.5, True])
def test_records_without_a_usable_id_are_not_accepted(value: Any) -> None:
    def change(request: Request, document: Any) -> Any:
        return each_row(request, document, id=value) if request.path in ("people", "users") else document

    findings = examined(ChangedAccount(change))
    for name in ("people", "users"):
        row = found(findings, name, "records key")
        assert row.verdict is Verdict.NOT_HANDLED
        assert "without an id" in row.account
    assert findings.is_complete


@pytest.mark.parametrize("total", [-1, True, 10**400, "47", None, 1.5])
def test_a_count_that_is_not_a_number_of_records_ends_no_check(total: Any) -> None:
    def change(request: Request, document: Any) -> Any:
        return (
            {**document, "total_count": total} if isinstance(document, dict) and "total_count" in document else document
        )

    findings = examined(ChangedAccount(change))
    assert all("please report it" not in row.how for row in findings.rows if row.subject == "account")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": ["x"], "job_type": [{}], "published": {"id": []}},
        {"activity_type_id": {"id": 3}, "workflow_id": [1], "name": {"a": 1}, "key": [1], "candidate": False},
        {"hierarchies": 5, "documents": True, "resumes": {"a": 1}},
        {"created_at": 1_700_000_000, "updated_at": ["x"]},
    ],
)
def test_values_of_other_types_end_no_check(fields: dict[str, Any]) -> None:
    findings = examined(ChangedAccount(lambda request, document: each_row(request, document, **fields)))
    assert findings.is_complete
    assert any(row.point == "types that disagree" for row in findings.not_handled)


def test_a_check_that_fails_costs_no_other_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(value: Any) -> str:
        raise TypeError("Quokka Wombat")

    monkeypatch.setattr("loxoctl.doctor.field_checks.json_type", fail)
    findings = examined(OtherAccount())
    row = found(findings, "account", "completeness of the examination")
    assert "check_fields ended with TypeError" in row.how
    assert "Quokka" not in to_json(findings.rows, 1)
    assert found(findings, "account", "clock difference").account
    assert not findings.is_complete


def test_pages_that_overlap_in_an_account_that_changes_do_not_repeat() -> None:
    def change(request: Request, document: Any) -> Any:
        if request.path == "people" and "scroll_id" in (request.params or {}):
            moved = ChangedAccount(lambda _, each: each).send(Request("GET", "people"))
            rows_of(document)[0] = rows_of(survey.loads(moved.body))[3]
        return document

    row = found(examined(ChangedAccount(change)), "people", "cursor")
    assert (row.account, row.verdict) == ("overlaps the first page", Verdict.HANDLED)


def test_a_list_that_ignores_its_page_number_is_not_handled() -> None:
    def change(request: Request, document: Any) -> Any:
        if request.path != "jobs" or "page" not in (request.params or {}):
            return document
        first = OtherAccount().send(Request("GET", "jobs", {"per_page": request.params.get("per_page", 20)}))
        return survey.loads(first.body)

    findings = examined(ChangedAccount(change))
    assert found(findings, "jobs", "cursor").verdict is Verdict.NOT_HANDLED
    assert found(findings, "jobs", "count against rows").account == "not lower than the rows seen"


def test_a_list_that_ends_before_its_count_is_not_handled() -> None:
    def change(request: Request, document: Any) -> Any:
        if request.path == "people" and isinstance(document, dict) and "scroll_id" in document:
            is_second = "scroll_id" in (request.params or {})
            return {**document, "total_count": 500, **({"scroll_id": None} if is_second else {})}
        return document

    findings = examined(ChangedAccount(change))
    row = found(findings, "people", "cursor")
    assert (row.account, row.verdict) == ("ends before the count is reached", Verdict.NOT_HANDLED)


def test_lists_of_one_record_each_have_no_capped_count() -> None:
    def change(request: Request, document: Any) -> Any:
        if isinstance(document, dict) and "total_count" in document:
            document = {**document, "total_count": 1}
            del rows_of(document)[1:]
        return document

    findings = examined(ChangedAccount(change))
    assert found(findings, "account", "count cap").account == "none seen"
    assert not findings.not_handled


def test_counts_that_stop_at_10000_do_not_show_whether_a_query_is_honoured() -> None:
    def change(request: Request, document: Any) -> Any:
        return (
            {**document, "total_count": COUNT_CAP}
            if isinstance(document, dict) and "total_count" in document
            else document
        )

    findings = examined(ChangedAccount(change))
    assert found(findings, "companies, created_at", HALVES).verdict is Verdict.UNKNOWN


def test_records_of_one_time_do_not_show_whether_a_date_filter_is_honoured() -> None:
    same = "2026-01-01T00:00:00.000Z"
    ignored = {name for row in ENDPOINTS.values() for name in (row.created_after, row.created_before)}

    def change(request: Request, document: Any) -> Any:
        if ignored & set(request.params or {}):
            document = survey.loads(OtherAccount().send(Request("GET", request.path, {"per_page": 100})).body)
        return each_row(request, document, created_at=same)

    findings = examined(ChangedAccount(change))
    assert found(findings, "sms", "date filters").verdict is Verdict.UNKNOWN
    assert found(findings, "account", "date bounds").verdict is Verdict.UNKNOWN


def test_records_of_one_day_do_not_show_whether_a_date_filter_is_ignored() -> None:
    def change(request: Request, document: Any) -> Any:
        if request.path != "sms":
            return document
        document = survey.loads(OtherAccount().send(Request("GET", "sms", {"per_page": 100})).body)
        for number, row in enumerate(rows_of(document)):
            row["created_at"] = f"2026-01-01T00:{number:02}:00.000Z"
        return document

    assert found(examined(ChangedAccount(change)), "sms", "date filters").verdict is Verdict.UNKNOWN


def test_a_count_that_differs_between_the_pages_of_any_list_is_a_change() -> None:
    def change(request: Request, document: Any) -> Any:
        is_second = request.path == "deals" and "scroll_id" in (request.params or {})
        return {**document, "total_count": document["total_count"] - 1} if is_second else document

    findings = examined(ChangedAccount(change))
    assert found(findings, "account", "changes during the examination").account == "counts moved"


def test_times_without_a_zone_are_not_called_utc_without_a_cursor_that_shows_it() -> None:
    def change(request: Request, document: Any) -> Any:
        return each_row(request, document, created_at="2026-01-01T00:00:00", updated_at="2026-01-02T00:00:00")

    row = found(examined(ChangedAccount(change)), "account", "form of timestamps")
    assert row.account == "without a zone, and no cursor shows it"


@pytest.mark.parametrize("first", [b"1" + b"0" * 400, b"NaN", b"1e999"])
def test_a_cursor_that_is_not_a_time_ends_no_check(first: bytes) -> None:
    def change(request: Request, document: Any) -> Any:
        if isinstance(document, dict) and document.get("scroll_id") and "scroll_id" not in (request.params or {}):
            return {**document, "scroll_id": (b"[" + first + b"]").hex()}
        return document

    assert examined(ChangedAccount(change)).is_complete


def test_the_text_of_an_error_is_not_printed(caplog: pytest.LogCaptureFixture) -> None:
    failed = []

    def change(request: Request, document: Any) -> Any:
        failed.append(request)
        return refusal(500, b'{"error": "Quokka Wombat, quokka@wombat.example"}') if len(failed) % 5 == 0 else document

    with caplog.at_level(logging.INFO, "airbyte"):
        examined(ChangedAccount(change))
    assert "status 500" in caplog.text
    assert "quokka" not in caplog.text.lower()


def test_an_examination_that_is_not_complete_exits_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in CONFIG.items():
        monkeypatch.setenv(f"LOXO_{name.upper()}", value)
    findings = Findings()
    monkeypatch.setattr(doctor_command, "examine", lambda survey, measure_rate: findings)
    options = argparse.Namespace(pace=4.0, report=None, config=None, measure_rate=False)
    assert doctor_command.doctor(options) == 0
    findings.add_failed("account", points.BUDGET, "All requests were used")
    assert doctor_command.doctor(options) == 4
    assert "The examination is not complete" in capsys.readouterr().out


class Bursting(OtherAccount):
    """Refuses the second request, while the first one still waits for its response."""

    def __init__(self) -> None:
        super().__init__()
        self._is_refused = Event()

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        if len(self.requests) == 2:
            self._is_refused.set()
            return self.second()
        self._is_refused.wait()
        Event().wait(0.1)  # until the refusal has arrived
        return refusal(200)

    def second(self) -> Response:
        return refusal(429)


class Resetting(Bursting):
    def second(self) -> Response:
        raise ConnectionResetError


@pytest.mark.parametrize(("account", "end"), [(Bursting(), "429"), (Resetting(), "no complete answer")])
def test_a_burst_stops_at_the_first_refusal_and_names_it(account: OtherAccount, end: str) -> None:
    context = Context(surveyed(account))
    rate_check.check_rate(context)
    assert f", {end} at " in str(found(context.findings, "account", "pace without a 429").account)
    assert len(account.requests) < rate_check.STEPS[0] + rate_check.WORKERS
