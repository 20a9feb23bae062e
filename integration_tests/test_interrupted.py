"""Killed, told to stop, stalled: what was printed before counts, and the next attempt goes on from there."""

import json
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from connector import Connector, Output, parse

from sandbox.process import Sandbox

Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]


def killed_after(connector: Connector, arguments: list[str], records: int) -> list[dict[str, Any]]:
    """Reads until so many records came, kills the connector without warning, and returns every whole line."""
    process = subprocess.Popen(connector.command(*arguments), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    messages: list[dict[str, Any]] = []
    seen = 0
    for line in process.stdout:
        if not line.endswith("\n"):
            break  # the line at which the process died
        messages.append(json.loads(line))
        seen += messages[-1]["type"] == "RECORD"
        if seen == records:
            process.send_signal(signal.SIGKILL)
    process.wait()
    return messages


def last_states(messages: Iterable[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    states = {state["stream"]["stream_descriptor"]["name"]: state for state in before}
    for message in messages:
        if message["type"] == "STATE":
            states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
    return list(states.values())


def pages_read(box: Sandbox, stream: str) -> int:
    return sum("per_page=1&" not in entry[0] + "&" for entry in box.requests()["log"] if stream in entry[0])


@pytest.mark.parametrize(
    ("ranges", "mode"), [("ignored", "full_refresh"), ("ignored", "incremental"), ("honoured", "incremental")]
)
def test_thirty_kills_of_a_long_backfill_lose_nothing_and_cost_little(
    start_sandbox: Start, connect: Connect, ranges: str, mode: str
) -> None:
    box = start_sandbox(people=150_000, warm=True, set={"lucene_dates": ranges})
    connector = connect(box)
    chance = random.Random(7)
    arguments = connector.read_arguments(["people"], mode=mode)
    box.reset_requests()
    state: list[dict[str, Any]] = []
    delivered: set[int] = set()
    for _ in range(30):
        chosen = connector.read_arguments(["people"], mode=mode, state=state) if state else arguments
        messages = killed_after(connector, chosen, chance.randint(500, 8500))
        delivered.update(each["record"]["data"]["id"] for each in messages if each["type"] == "RECORD")
        state = last_states(messages, state)
    output = connector.read(["people"], mode=mode, state=state)
    delivered.update(output.ids("people"))
    assert output.exit_code == 0
    assert delivered == set(box.ids("people"))
    requests = box.requests()["by_path"]["people"]
    overhead = 30 * (0 if ranges == "ignored" else 5)
    print(f"{ranges} {mode}: {requests} requests for 1500 pages after 30 kills")
    assert requests <= 1.2 * 1501 + 30 * 2 + overhead


def test_kills_of_a_whole_incremental_sync_lose_nothing(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=4000, jobs=250, events=4000, companies=200)
    streams = ["people", "jobs", "person_events", "companies", "sms", "placements"]
    connector = connect(box)
    chance = random.Random(11)
    state: list[dict[str, Any]] = []
    delivered: dict[str, set[int]] = {stream: set() for stream in streams}
    for _ in range(6):
        arguments = connector.read_arguments(streams, mode="incremental", state=state or None)
        messages = killed_after(connector, arguments, chance.randint(200, 3000))
        for message in messages:
            if message["type"] == "RECORD":
                delivered[message["record"]["stream"]].add(message["record"]["data"]["id"])
        state = last_states(messages, state)
    output = connector.read(streams, mode="incremental", state=state)
    for stream in streams:
        assert delivered[stream] | set(output.ids(stream)) == set(box.ids(stream)), stream
    assert output.exit_code == 0


def test_a_state_never_runs_ahead_of_the_records_printed_before_it(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=3000, events=3000, set={"lucene_dates": "ignored"})
    output = connect(box).read(["people", "person_events"])
    printed = 0
    for message in output.messages:
        if message["type"] == "RECORD" and message["record"]["stream"] == "people":
            printed += 1
        if message["type"] == "STATE" and message["state"]["stream"]["stream_descriptor"]["name"] == "people":
            windows = message["state"]["stream"]["stream_state"].get("windows", [])
            assert sum(window["delivered"] for window in windows) <= printed
            assert message["state"]["sourceStats"]["recordCount"] >= 0
    statuses = [message for message in output.messages if message["type"] in ("STATE", "TRACE")]
    assert statuses[-1]["trace"]["stream_status"]["status"] == "COMPLETE"


def test_a_position_that_loxo_refuses_starts_the_stream_over_and_says_so(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    windows = [{"scroll_id": "5B5D", "top": "5B5D", "delivered": 200, "done": False}]
    stored = {"version": 1, "windows": windows}
    state = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"}, "stream_state": stored}}]
    output = connector.read(["people"], state=state)
    assert set(output.ids("people")) == set(small.ids("people"))
    assert "no longer accepts the saved position" in output.logs
    assert output.exit_code == 0


def test_a_finished_full_refresh_is_skipped_only_in_the_same_sync(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    done = connector.read(["people"], sync_id=42)
    assert done.stream_state("people")["__ab_full_refresh_sync_complete"] is True
    again = connector.read(["people"], sync_id=42, state=done.state)
    assert (again.ids("people"), again.statuses["people"], again.exit_code) == ([], "COMPLETE", 0)
    for sync_id in (43, 1, None):
        fresh = connector.read(["people"], sync_id=sync_id, state=done.state)
        assert len(fresh.ids("people")) == 250
    one = connector.read(["people"], sync_id=1)
    assert len(connector.read(["people"], sync_id=1, state=one.state).ids("people")) == 250


@pytest.mark.parametrize("stalled", [False, True])
def test_sigterm_ends_within_seconds_with_whole_lines_and_a_true_state(
    start_sandbox: Start, connect: Connect, stalled: bool
) -> None:
    box = start_sandbox(people=20_000, set={"lucene_dates": "ignored"})
    connector = connect(box)
    arguments = connector.read_arguments(["people"], mode="incremental")
    process = subprocess.Popen(connector.command(*arguments), stdout=subprocess.PIPE)
    assert process.stdout
    printed = b""
    while printed.count(b'"RECORD"') < 3000:
        printed += process.stdout.read(1 << 16)
    if stalled:
        threading.Event().wait(3)  # the pipe is full now, and the connector waits in a write
    process.send_signal(signal.SIGTERM)
    if not stalled:
        printed += process.stdout.read()
    assert process.wait(timeout=30) == 143
    printed += process.stdout.read()
    assert printed.endswith(b"\n")
    output: Output = parse(143, printed.decode())
    rest = connector.read(["people"], mode="incremental", state=output.state)
    assert set(output.ids("people")) | set(rest.ids("people")) == set(box.ids("people"))
    assert len(rest.ids("people")) < 20_000
