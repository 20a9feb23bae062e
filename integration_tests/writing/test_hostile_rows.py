"""Rows and inputs that nobody means well: each record has an outcome, and the process ends with a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from connector import Destination, record, state, stream, text_of

from sandbox.process import Sandbox

Connect = Callable[..., Destination]
PEOPLE = stream("people", "append", ["n"])
GOOD = {"name": "Ada", "email": "ada@new.example"}


def raw(data: str) -> str:
    """A record whose data are not what json.dumps writes."""
    return f'{{"type": "RECORD", "record": {{"stream": "people", "emitted_at": 1, "data": {data}}}}}'


def test_hostile_rows_are_rejected_by_position_and_stop_no_others(connect: Connect, box: Sandbox) -> None:
    rows: list[dict[str, Any]] = [
        {"salary": "NaN"},
        {"salary": "1e400"},
        {"salary": 10**400},
        {"salary": {"amount": None}},
        {"emails": [{"value": None}]},
        {"emails": [None]},
        {"emails": "a@x.example"},
        {"no_such_field": 1},
        {"list_ids": ["x"]},
        {"blocked": "perhaps"},
        {"blocked_until": "0000-99-99"},
        {"all_raw_tags": [["nested"]]},
    ]
    lines = [record("people", n=number, name="X", **row) for number, row in enumerate(rows)]
    output = connect(max_rejected=100).write([PEOPLE], [*lines, record("people", n=99, **GOOD), state("people", 1)])
    assert output.exit_code == 0, output.text
    assert output.counts("people") == {"written": 1, "unchanged": 0, "rejected": len(rows), "unknown": 0}, output.logs
    assert len(output.states) == 1
    assert sum(entry["effect"] == "created" for entry in box.writes()) == 1


@pytest.mark.parametrize(
    "data", ['{"n": 1, "salary": NaN}', '{"n": 1, "salary": 1e400}', '{"n": 1, "name": "Ada"', "7"]
)
def test_a_line_that_is_not_json_ends_the_write_without_being_quoted(connect: Connect, box: Sandbox, data: str) -> None:
    output = connect().write([PEOPLE], [raw(data)])
    assert output.exit_code == 1
    assert "Line 1 of the input is not an Airbyte message" in output.error
    assert "salary" not in output.text
    assert box.writes() == []


def test_large_odd_and_repeated_values_arrive_whole(connect: Connect, box: Sandbox) -> None:
    large = "é" * 100_000  # 600 kB in a form
    lines = [
        record("people", n=1, **GOOD, description=large),
        raw('{"n": 2, "name": "first", "name": "second", "email": "b@new.example"}'),
        record("people", n=4, name="too large for the server", description="x" * 5_000_000),
        record("people", n=3, name="line\nbreak\t\u2028 & = % + [] \U0001f600", email="c@new.example"),
    ]
    output = connect(max_rejected=1).write([PEOPLE], lines)
    assert output.exit_code == 0, output.text[-2000:]
    assert "people, record 3: rejected: POST people: the request is larger than the server accepts" in output.logs
    people = {row["emails"][0]["value"]: row for row in box.records("people")[-3:]}
    assert box.record("people", people["ada@new.example"]["id"])["description"] == large
    assert people["b@new.example"]["name"] == "second"
    assert people["c@new.example"]["name"] == "line\nbreak\t\u2028 & = % + [] \U0001f600"


def test_an_input_that_is_cut_in_a_line_writes_what_came_before(connect: Connect, box: Sandbox) -> None:
    text = text_of([record("people", n=1, **GOOD), state("people", 1), record("people", n=2, name="B")])
    destination = connect()
    output = destination.run(*destination.write_arguments([PEOPLE]), stdin=text[:-20])
    assert output.exit_code == 1
    assert "Line 3 of the input is not an Airbyte message" in output.error
    assert len(output.states) == 1
    assert len(box.writes()) == 1


@pytest.mark.parametrize("form", ["plain", "json", "html", "percent", "base64", "other_case"])
def test_a_key_in_loxos_refusal_is_not_printed(connect: Connect, box: Sandbox, form: str) -> None:
    box.set(echo_key=True, echo_key_as=form)
    output = connect(max_rejected=1).write([PEOPLE], [record("people", n=1, name="A", email="bad")])
    assert output.counts("people")["rejected"] == 1
    assert box.api_key not in output.text
