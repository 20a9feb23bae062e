"""A report contains no data of the account: no value, no name, no slug, no key, no id."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from other_account import CONFIG, OtherAccount

from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxoctl.doctor.examination import examine
from loxoctl.doctor.findings import Findings, Point, Verdict
from loxoctl.doctor.names import UNNAMED, plain_name
from loxoctl.doctor.report import to_json, to_markdown, to_text
from loxoctl.doctor.survey import Survey

# One request for each object, and about as many again for sorts, filters, dates and cursors: about 150 in all.
OTHER_CHECKS = 75


@pytest.fixture(scope="module")
def examined() -> tuple[Findings, OtherAccount]:
    account = OtherAccount()
    return examine(Survey(Config.parse(CONFIG), 100_000, account)), account


@pytest.fixture(scope="module")
def texts(examined: tuple[Findings, OtherAccount]) -> list[str]:
    findings = examined[0]
    return [to_json(findings.rows, 150), to_markdown(findings, 150), "\n".join(to_text(findings, 150))]


def test_nothing_of_the_account_is_in_a_report(texts: list[str]) -> None:
    for text in texts:
        assert "quokka_score: number" in text  # the name of a field that Loxo could have
        rest = text.replace("quokka_score", "").lower()
        for secret in ("quokka", "wombat", CONFIG["api_key"], "86753", "2019", "2020-", "@", "http"):
            assert secret not in rest, secret


def test_no_number_is_longer_than_the_result_limit(texts: list[str]) -> None:
    for text in texts:
        assert set(re.findall(r"\d{4,}", text)) <= {"10000", "10100", "100000"}


def test_only_get_is_sent_and_a_second_account_is_described(examined: tuple[Findings, OtherAccount]) -> None:
    findings, account = examined
    assert {request.method for request in account.requests} == {"GET"}
    assert len(account.requests) <= len(ENDPOINTS) + OTHER_CHECKS
    told = {(row.subject, row.point): row.account for row in findings.rows}
    assert told["people", "default page size"] == 20
    assert told["people", "default order"] == "newest created first"
    assert told["people, updated_at_sort", "sort"] == "honoured"
    assert told["people, created_at", "query date range"] == "ignored"
    assert told["person_events", "date filters"] == "honoured"
    assert told["account", "date bounds"] == "inclusive"
    assert told["people/{id}", "unknown id"] == "200, null"
    assert told["jobs", "result limit"] == "none up to 10100"
    assert told["account", "cursor on the last page"] == "present"
    assert told["account", "count cap"] == "none seen"
    assert told["jobs", "cursor"] == "continues"
    assert findings.is_complete
    assert not findings.not_handled


def test_a_refused_declared_page_size_is_not_handled() -> None:
    """One public client dropped per_page on people after a 422 (recruiteros); all others send it."""
    findings = examine(Survey(Config.parse(CONFIG), 100_000, OtherAccount({"people": "per_page"})))
    told = {(row.subject, row.point): row for row in findings.not_handled}
    assert told["people", "per_page"].account == "refused (422)"
    assert ("person_events", "per_page") not in told


def test_the_fields_of_a_finding_are_those_of_the_format(texts: list[str]) -> None:
    document = json.loads(texts[0])
    assert document["format"] == 1
    for finding in document["findings"]:
        assert list(finding) == ["subject", "point", "account", "assumed", "verdict", "how"]
        assert finding["verdict"] in {verdict.value for verdict in Verdict}
        assert finding["how"].endswith(".")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("person_global_status", "person_global_status"),
        ("custom_text_12", "custom_text_N"),
        ("custom_numeric_range_1", "custom_numeric_range_N"),
        ("Jane Doe", UNNAMED),
        ("jane@doe.example", UNNAMED),
        ("id8675309", UNNAMED),
        ("Überschrift", UNNAMED),
        ("a" * 60, UNNAMED),
    ],
)
def test_a_key_that_could_be_a_value_is_not_named(name: str, shown: str) -> None:
    assert plain_name(name) == shown


@pytest.mark.parametrize(
    ("side", "verdict"),
    [("good", Verdict.AS_ASSUMED), ("other", Verdict.HANDLED), ("other, but worse", Verdict.NOT_HANDLED),
     ("never heard of", Verdict.NOT_HANDLED)],
)  # fmt: skip
def test_the_verdict_follows_the_most_exact_side(side: Any, verdict: Verdict) -> None:
    point = Point("p", "How", "good", handled={"other": "Why"}, not_handled={"other, but": "Why not"})
    findings = Findings()
    findings.add("s", point, side)
    assert findings.rows[0].verdict is verdict
