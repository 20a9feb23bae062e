"""Rows and inputs that nobody means well: each record has an outcome, and the process ends with a message."""

from __future__ import annotations

import json
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


def test_an_id_and_a_text_that_nothing_can_hold_stop_no_others(connect: Connect, box: Sandbox) -> None:
    known = box.ids("people")[0]
    streams = [stream("people", "update", ["id"], "people"), stream("attachments", "append", ["n"])]
    lines = [
        record("people", id=10**30, city="Ulm"),
        raw(json.dumps({"id": known, "city": "\ud800"})),
        record("attachments", n=1, person_id=known, name="\ud800.pdf", data="AAAA"),
        record("people", id=known, city="Bonn"),
        state("people", 1),
    ]
    output = connect(max_rejected=3).write(streams, lines)
    assert (output.exit_code, len(output.states)) == (0, 1), output.text
    assert output.counts("people") == {"written": 1, "unchanged": 0, "rejected": 2, "unknown": 0}
    assert output.counts("attachments")["rejected"] == 1
    assert box.record("people", known)["city"] == "Bonn"


def test_a_file_whose_name_a_server_would_change_is_found_again(connect: Connect, box: Sandbox) -> None:
    box.set(write_faults={"reset_after": 1.0})
    person = box.ids("people")[0]
    names = ["a/b.pdf", "x\r\nX-Evil: 1.pdf", '"q".pdf', "é世界.pdf", "a\\b.txt", "../../etc/passwd"]
    rows = [record("attachments", n=n, person_id=person, name=name, data="AAAA") for n, name in enumerate(names)]
    output = connect().write([stream("attachments", "append", ["n"])], rows)
    assert output.counts("attachments")["written"] == len(names), output.text
    stored = [file["name"] for file in box.record("people", person)["documents"]]
    assert sorted(stored) == sorted(
        ["a_b.pdf", "x__X-Evil: 1.pdf", "_q_.pdf", "é世界.pdf", "a_b.txt", ".._.._etc_passwd"]
    )


def test_a_file_of_rejected_records_that_cannot_be_written_ends_the_write(connect: Connect, box: Sandbox) -> None:
    destination = connect(max_rejected=1)
    destination.ledger.with_name("ledger.db.rejected.jsonl").mkdir()
    output = destination.write([PEOPLE], [record("people", n=1, salary="x"), state("people", 1)])
    assert (output.exit_code, output.states) == (1, [])
    assert "the file of rejected records" in output.error


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
