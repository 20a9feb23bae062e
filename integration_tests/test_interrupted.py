"""After a kill, a signal or a stall, the printed output counts, and the next attempt continues from there."""

import fcntl
import random
import re
import signal
import subprocess
import termios
import threading
from collections.abc import Callable
from typing import IO, Any

import pytest

from sandbox.process import Sandbox
from source_loxo.state import STATE_VERSION
from tools.connector import Connector, Output, last_states, parse

Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]

# A full refresh resumes only attempts at the same sync.
SYNC_ID = 42


@pytest.mark.parametrize(
    ("ranges", "mode"),
    [
        ("honoured", "incremental"),
        pytest.param("ignored", "incremental", marks=pytest.mark.long),
        pytest.param("ignored", "full_refresh", marks=pytest.mark.long),
    ],
)
def test_thirty_kills_of_a_backfill_lose_no_record(
    start_sandbox: Start, connect: Connect, ranges: str, mode: str
) -> None:
    box = start_sandbox(people=150_000, warm=True, set={"lucene_dates": ranges})
    connector = connect(box)
    chance = random.Random(7)
    arguments = connector.read_arguments(["people"], mode=mode, sync_id=SYNC_ID)
    box.reset_requests()
    state: list[dict[str, Any]] = []
    delivered: set[int] = set()
    for _ in range(30):
        chosen = connector.read_arguments(["people"], mode=mode, state=state, sync_id=SYNC_ID) if state else arguments
        messages = connector.killed(*chosen, after=chance.randint(500, 8500))
        delivered.update(each["record"]["data"]["id"] for each in messages if each["type"] == "RECORD")
        state = last_states(messages, state)
    output = connector.read(["people"], mode=mode, state=state, sync_id=SYNC_ID)
    delivered.update(output.ids("people"))
    assert output.exit_code == 0
    assert delivered == set(box.ids("people"))
    requests = [request for request, _ in box.requests()["log"] if request.startswith("people?")]
    counts = [request for request in requests if re.search(r"per_page=1(&|$)", request)]
    print(f"{ranges} {mode}: {len(requests)} requests, {len(counts)} of them for counts, after 30 kills")
    assert len(requests) - len(counts) <= 1.2 * 1501
    # Each attempt proves that ranges work before it takes up a slice; the plan and the end count each slice.
    assert len(counts) <= 4 * 31 + 2 * 60


def test_kills_of_a_whole_incremental_sync_lose_nothing(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=4000, jobs=250, events=4000, companies=200)
    streams = ["people", "jobs", "person_events", "companies", "sms", "placements"]
    connector = connect(box)
    chance = random.Random(11)
    state: list[dict[str, Any]] = []
    delivered: dict[str, set[int]] = {stream: set() for stream in streams}
    for _ in range(6):
        arguments = connector.read_arguments(streams, mode="incremental", state=state or None)
        messages = connector.killed(*arguments, after=chance.randint(200, 3000))
        for message in messages:
            if message["type"] == "RECORD":
                delivered[message["record"]["stream"]].add(message["record"]["data"]["id"])
        state = last_states(messages, state)
    output = connector.read(streams, mode="incremental", state=state)
    for stream in streams:
        assert delivered[stream] | set(output.ids(stream)) == set(box.ids(stream)), stream
    assert output.exit_code == 0


def test_a_state_covers_only_records_printed_before_it(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=3000, events=3000, set={"lucene_dates": "ignored"})
    output = connect(box).read(["people", "person_events"])
    printed = 0
    for message in output.messages:
        if message["type"] == "RECORD" and message["record"]["stream"] == "people":
            printed += 1
        if message["type"] == "STATE" and message["state"]["stream"]["stream_descriptor"]["name"] == "people":
            slices = message["state"]["stream"]["stream_state"].get("slices", [])
            assert sum(part.get("delivered", 0) for part in slices) <= printed
            assert message["state"]["sourceStats"]["recordCount"] >= 0
    statuses = [message for message in output.messages if message["type"] in ("STATE", "TRACE")]
    assert statuses[-1]["trace"]["stream_status"]["status"] == "COMPLETE"


def test_a_refused_position_starts_the_stream_over(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    slices = [{"scroll_id": "5B5D", "top": "5B5D", "delivered": 200}]
    stored = {"version": STATE_VERSION, "kind": "full_refresh", "sync_id": 42, "slices": slices}
    state = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"}, "stream_state": stored}}]
    output = connector.read(["people"], state=state, sync_id=42)
    assert set(output.ids("people")) == set(small.ids("people"))
    assert "no longer accepts the saved position" in output.logs
    assert output.exit_code == 0


def test_only_the_same_sync_skips_a_complete_full_refresh(small: Sandbox, connect: Connect) -> None:
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


def test_only_the_same_sync_resumes_a_full_refresh(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    messages = connector.killed(*connector.read_arguments(["people"], sync_id=42), after=150)
    state = last_states(messages)
    delivered = {each["record"]["data"]["id"] for each in messages if each["type"] == "RECORD"}
    resumed = connector.read(["people"], sync_id=42, state=state)
    assert delivered | set(resumed.ids("people")) == set(small.ids("people"))
    for sync_id in (43, 1, None):
        fresh = connector.read(["people"], sync_id=sync_id, state=state)
        assert sorted(fresh.ids("people")) == sorted(small.ids("people"))


def pipe_is_filling(pipe: IO[bytes]) -> bool:
    """Whether the pipe received data during a fifth of a second."""
    before = fcntl.ioctl(pipe, termios.FIONREAD, b"1234")
    threading.Event().wait(0.2)
    return before != fcntl.ioctl(pipe, termios.FIONREAD, b"1234")


@pytest.mark.parametrize("stalled", [False, True])
def test_sigterm_leaves_whole_lines_and_a_valid_state(start_sandbox: Start, connect: Connect, stalled: bool) -> None:
    box = start_sandbox(people=20_000, set={"lucene_dates": "ignored"})
    connector = connect(box)
    arguments = connector.read_arguments(["people"], mode="incremental")
    process = subprocess.Popen(connector.command(*arguments), stdout=subprocess.PIPE)
    assert process.stdout
    printed = b""
    while printed.count(b'"RECORD"') < 3000:
        printed += process.stdout.read(1 << 16)
    if stalled:
        # Nothing is read until the connector has long been waiting in a write to the full pipe.
        while pipe_is_filling(process.stdout):
            pass
    process.send_signal(signal.SIGTERM)
    if not stalled:
        printed += process.stdout.read()
    assert process.wait(timeout=30) == -signal.SIGTERM
    printed += process.stdout.read()
    assert printed.endswith(b"\n")
    output: Output = parse(process.returncode, printed.decode())
    rest = connector.read(["people"], mode="incremental", state=output.state)
    assert set(output.ids("people")) | set(rest.ids("people")) == set(box.ids("people"))
    assert len(rest.ids("people")) < 20_000
