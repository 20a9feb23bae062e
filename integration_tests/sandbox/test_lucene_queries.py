"""The `query` parameter."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import Client, ids

from sandbox.api.lucene import Query, QueryError
from sandbox.process import Sandbox


def matches(query: str, **record: Any) -> bool:
    return Query(query).matches(lambda name: [record.get(name)])


def test_terms_phrases_wildcards_and_operators_match() -> None:
    assert matches("person_id:(1 OR 2)", person_id=2) and not matches("person_id:(1 OR 2)", person_id=3)
    assert matches('title:"product manager"', title="Senior Product Manager")
    assert matches("name:müll*", name="Jürgen Müller") and not matches("name:müll", name="Müller")
    assert matches("_exists_:emails AND NOT _exists_:skills", emails=["a"])
    assert matches("*:*") and matches("a:1 OR b:2", b=2) and not matches("a:1 AND b:2", b=2)
    assert matches("NOT (a:1 OR a:2)", a=3) and matches("a:{1 TO 3]", a=3) and not matches("a:{1 TO 3]", a=1)


def test_brackets_include_and_braces_exclude_a_date() -> None:
    record = {"created_at": "2024-02-01T00:00:00.000Z"}
    assert matches("created_at:[2024-01-01 TO 2024-02-01]", **record)
    assert not matches("created_at:[2024-01-01 TO 2024-02-01}", **record)
    assert matches("created_at:{2024-01-31T23:59:59.999Z TO *]", **record)


def test_26_alternatives_and_syntax_errors_are_rejected() -> None:
    Query("id:(" + " OR ".join(map(str, range(25))) + ")")
    for text in ("id:(" + " OR ".join(map(str, range(26))) + ")", "a:(1", "[", "created_at:[x TO y]"):
        with pytest.raises(QueryError):
            Query(text)


def test_date_ranges_are_honoured_ignored_halved_or_refused(client: Client, sandbox: Sandbox) -> None:
    ranges = ["created_at:[* TO 2024-01-01}", "created_at:[2024-01-01 TO *]"]

    def total() -> int:
        return sum(client.page("people", query=query)["total_count"] for query in ranges)

    assert total() == 430
    people = [person for query in ranges for person in client.scroll("people", "people", per_page=100, query=query)]
    assert sorted(ids(people)) == sandbox.ids("people")
    sandbox.set(lucene_dates="half")
    assert total() > 430
    sandbox.set(lucene_dates="ignored")
    assert total() == 860
    sandbox.set(lucene_dates="refused")
    assert client.status("people", query=ranges[0]) == 400
