"""The destination as a process: its four commands, its states, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from connector import Destination, record, state, stream

from sandbox.process import Sandbox

Connect = Callable[..., Destination]
PEOPLE = stream("people", "append_dedup", ["crm_id"])


def person(number: int, **more: Any) -> dict[str, Any]:
    return record("people", crm_id=number, name=f"Person {number}", email=f"p{number}@new.example", **more)


def test_the_spec_names_every_setting(connect: Connect) -> None:
    spec = connect().run("spec").messages[0]["spec"]
    assert spec["supported_destination_sync_modes"] == ["append", "append_dedup", "update", "soft_delete"]
    assert list(spec["connectionSpecification"]["properties"]) == [
        "domain",
        "agency_slug",
        "api_key",
        "allow_deletes",
        "allow_messages",
        "dry_run",
        "max_rejected",
        "ledger_path",
        "unique_fields",
        "clearable_fields",
    ]


def test_check_tells_a_good_key_from_a_bad_one(connect: Connect) -> None:
    assert connect().check().messages[-1]["connectionStatus"]["status"] == "SUCCEEDED"
    failed = connect(api_key="wrong-key-wrong").check().messages[-1]["connectionStatus"]
    assert failed["status"] == "FAILED"
    assert "wrong-key" not in json.dumps(failed)


def test_discover_offers_only_what_loxo_has(connect: Connect) -> None:
    catalog = connect(allow_deletes=True).discover().messages[-1]["destination_catalog"]
    offered = {(row["object_name"], row["sync_mode"]) for row in catalog["operations"]}
    assert {("people", "append"), ("jobs", "soft_delete"), ("stage_moves", "append")} <= offered
    assert not {("people", "soft_delete"), ("companies", "soft_delete"), ("deals", "soft_delete")} & offered
    assert "sms" not in {name for name, _ in offered}
    people = next(row for row in catalog["operations"] if row["object_name"] == "people")
    assert "custom_text_1" in people["json_schema"]["properties"]


def test_what_discover_prints_is_valid_by_airbytes_protocol(connect: Connect) -> None:
    protocol = pytest.importorskip("airbyte_protocol.models")
    for message in connect(allow_deletes=True, allow_messages=True).discover().messages:
        protocol.AirbyteMessage.model_validate(message)


def test_states_come_back_with_their_id_and_their_counts(connect: Connect, box: Sandbox) -> None:
    lines = [
        person(1),
        person(2),
        state("people", 7),
        record("people", crm_id=3, name="C", email="bad"),
        state("people", 8),
    ]
    output = connect(max_rejected=1).write([PEOPLE], lines)
    assert output.exit_code == 0, output.text
    assert [(each["id"], each["destinationStats"]) for each in output.states] == [
        (7, {"recordCount": 2.0, "rejectedRecordCount": 0.0}),
        (8, {"recordCount": 0.0, "rejectedRecordCount": 1.0}),
    ]
    assert len(box.ids("people")) == 42


def test_a_state_is_told_while_the_input_stays_open(connect: Connect) -> None:
    process = connect().started([PEOPLE])
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(person(1)) + "\n" + json.dumps(state("people", 1)) + "\n")
    process.stdin.flush()
    kinds = []
    while "STATE" not in kinds:
        kinds.append(json.loads(process.stdout.readline())["type"])
    process.stdin.close()
    assert process.wait() == 0


def test_an_unchanged_row_is_not_sent_again(connect: Connect, box: Sandbox) -> None:
    destination = connect()
    destination.write([PEOPLE], [person(number) for number in range(5)])
    sent = len(box.writes())
    again = destination.write([PEOPLE], [person(number) for number in range(5)])
    assert again.counts("people") == {"written": 0, "unchanged": 5, "rejected": 0, "unknown": 0}
    assert len(box.writes()) == sent
    changed = destination.write([PEOPLE], [person(4, city="Austin")])
    assert changed.counts("people")["written"] == 1
    assert box.writes()[-1]["effect"] == "updated"


def test_duplicate_lines_are_written_once(connect: Connect, box: Sandbox) -> None:
    connect().write([stream("people")], [person_without_key(1)] * 20)
    assert len(box.ids("people")) == 41


def person_without_key(number: int) -> dict[str, Any]:
    return record("people", name=f"Person {number}", email=f"p{number}@new.example")


def test_a_key_that_a_cache_made_a_float_of_is_the_same_key(connect: Connect, box: Sandbox) -> None:
    lines = [record("people", n=n, name="Ada", email="ada@new.example") for n in (5, 5.0)]
    assert connect().write([stream("people", "append", ["n"])], lines).counts("people")["unchanged"] == 1
    assert len(box.writes()) == 1


def test_null_and_empty_values_change_nothing(connect: Connect, box: Sandbox) -> None:
    destination = connect(clearable_fields=["people.city"])
    destination.write([PEOPLE], [person(1, zip="78701", city="Austin", list_ids=[3])])
    nulls = {"zip": None, "city": None, "list_ids": [], "current_title": "", "_airbyte_raw_id": "x"}
    destination.write([PEOPLE], [person(1, **nulls)])
    written = box.record("people", box.ids("people")[-1])
    assert (written["zip"], written["list_ids"]) == ("78701", [3])
    assert not written["city"]


def test_unknown_and_read_only_fields_are_refused_by_name(connect: Connect, box: Sandbox) -> None:
    output = connect().write([PEOPLE], [person(1, agency_id=5, shoe_size=46)])
    assert output.exit_code == 1
    assert "'agency_id', 'shoe_size'" in output.logs
    assert box.writes() == []


def test_a_sources_id_is_never_taken_for_loxos(connect: Connect, box: Sandbox) -> None:
    known = box.ids("people")[0]
    connect().write(
        [stream("people", "append_dedup", ["id"])], [record("people", id=known, name="A", email="a@new.example")]
    )
    assert [entry["effect"] for entry in box.writes()] == ["created"]


def test_a_named_object_matches_by_loxos_id(connect: Connect, box: Sandbox) -> None:
    known = box.ids("people")[0]
    output = connect().write([stream("crm", "update", ["id"], "people")], [record("crm", id=known, city="Austin")])
    assert output.exit_code == 0, output.text
    assert box.record("people", known)["city"] == "Austin"


def test_deletions_and_messages_need_their_switches(connect: Connect, box: Sandbox) -> None:
    job = box.ids("jobs")[0]
    streams = [stream("jobs", "soft_delete", ["id"], "jobs"), stream("sms")]
    text = record("sms", from_number="+15550100", to_number="+15550199", body="Hi")
    refused = connect(max_rejected=2).write(streams, [record("jobs", id=job), text])
    assert refused.exit_code == 0
    assert box.writes() == []
    allowed = connect(allow_deletes=True, allow_messages=True).write(streams, [record("jobs", id=job), text])
    assert allowed.exit_code == 0, allowed.text
    assert {entry["effect"] for entry in box.writes()} == {"deleted", "created"}  # side by side, in any order


@pytest.mark.parametrize(
    ("configured", "words"),
    [
        (stream("people", "overwrite"), "overwrite would replace all"),
        (stream("people", "soft_delete", ["id"], "people"), "Loxo has no soft_delete of people"),
        (stream("sms", "update", ["id"], "sms"), "Loxo has no update of sms"),
        (stream("orders"), "Loxo has no object 'orders'"),
        (stream("people", "append_dedup"), "needs a primary key"),
    ],
    ids=["overwrite", "delete-people", "change-sms", "no-object", "no-key"],
)
def test_what_cannot_be_done_is_refused_before_writing(
    connect: Connect, box: Sandbox, configured: dict[str, Any], words: str
) -> None:
    output = connect().write([configured], [record(configured["stream"]["name"], id=1, name="A")])
    assert output.exit_code == 1
    assert words in output.error
    assert box.writes() == []


def test_other_messages_are_ignored(connect: Connect, box: Sandbox) -> None:
    log = {"type": "LOG", "log": {"level": "INFO", "message": "a line of the source"}}
    trace = {"type": "TRACE", "trace": {"type": "ESTIMATE", "emitted_at": 1}}
    output = connect().write([PEOPLE], [log, trace, {"type": "NEWER_THAN_US"}, person(1)])
    assert output.exit_code == 0, output.text
    assert len(box.writes()) == 1


def test_a_malformed_line_ends_the_write_unquoted(connect: Connect, box: Sandbox) -> None:
    output = connect().write([PEOPLE], [person(1), state("people", 1), '{"type": "RECORD", "record": Ada Lovelace'])
    assert output.exit_code == 1
    assert "Line 3 of the input is not an Airbyte message" in output.error
    assert "Lovelace" not in output.text
    assert len(output.states) == 1
    assert len(box.writes()) == 1


def test_no_value_and_no_key_is_logged(connect: Connect, box: Sandbox) -> None:
    box.set(echo_key=True)
    lines = [record("people", crm_id=1, name="Zebedee Quill", email="quill-at-nowhere", address="Elm Street 7")]
    output = connect().write([PEOPLE], lines)
    assert "people, record 1: rejected: " in output.logs
    for secret in ("Zebedee", "quill", "Elm Street", box.api_key):
        assert secret not in output.text
        assert secret not in (connect().ledger.parent / "ledger.db.rejected.jsonl").read_text()
        assert secret.encode() not in connect().ledger.read_bytes()


def test_a_dry_run_sends_nothing_and_confirms_nothing(connect: Connect, box: Sandbox) -> None:
    output = connect(dry_run=True).write([PEOPLE], [person(1, city="Austin"), state("people", 1)])
    assert output.exit_code == 0, output.text
    assert "POST people with person[name], person[email], person[city]" in output.logs
    assert "Austin" not in output.text
    assert output.states == []
    assert box.writes() == []


def test_without_a_ledger_only_what_can_be_found_is_created(connect: Connect, box: Sandbox) -> None:
    destination = connect(ledger_path=None, max_rejected=1)
    lines = [person_without_key(1), record("companies", name="Acme")]
    for _ in range(2):
        output = destination.write([stream("people"), stream("companies")], lines)
        assert output.exit_code == 0, output.text
    assert "cannot be created without a ledger" in output.logs
    assert [entry["path"] for entry in box.writes()] == ["people"]
    assert output.counts("people")["unchanged"] == 1


def test_two_runs_cannot_share_a_ledger(connect: Connect) -> None:
    process = connect().started([PEOPLE])
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(person(1)) + "\n" + json.dumps(state("people", 1)) + "\n")
    process.stdin.flush()
    while json.loads(process.stdout.readline())["type"] != "STATE":
        pass
    second = connect().write([PEOPLE], [person(1)])
    process.stdin.close()
    process.wait()
    assert second.exit_code == 1
    assert "Check that no other run uses it" in second.error
