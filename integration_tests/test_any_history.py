"""After any history of changes and killed syncs, the destination equals the account after the last sync."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.process import Sandbox
from tools.connector import Connector, last_states

STREAMS = ["people", "jobs", "person_events", "companies"]
SIZES = {"people": 230, "jobs": 120, "events": 150, "companies": 60}

changes = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["create", "update", "delete"]),
        "object": st.sampled_from(STREAMS),
        "which": st.integers(0, 10_000),
    }
)
syncs = st.fixed_dictionaries(
    {
        "before": st.lists(changes, max_size=5),
        "during": st.lists(st.tuples(st.sampled_from(STREAMS), st.integers(1, 5), changes), max_size=4),
        "kill_after": st.none() | st.integers(1, 600),
    }
)


def action(box: Sandbox, change: dict[str, Any]) -> dict[str, Any]:
    if change["op"] == "create":
        return {"op": "create", "object": change["object"]}
    ids = box.ids(change["object"])
    return {"op": change["op"], "object": change["object"], "id": ids[change["which"] % len(ids)]}


def act(box: Sandbox, change: dict[str, Any]) -> None:
    done = action(box, change)
    if done["op"] == "create":
        box.create(done["object"])
    elif done["op"] == "update":
        box.update(done["object"], done["id"])
    else:
        box.delete(done["object"], done["id"])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    history=st.lists(syncs, min_size=1, max_size=4),
    ranges=st.sampled_from(["honoured", "ignored", "refused", "half"]),
    order=st.sampled_from(["created_desc", "updated_desc"]),
    cursor=st.sampled_from(["present", "null", "absent"]),
)
def test_the_destination_equals_the_account_after_the_last_sync(
    tmp_path_factory: Any, history: list[dict[str, Any]], ranges: str, order: str, cursor: str
) -> None:
    folder: Path = tmp_path_factory.mktemp("history")
    unknowns = {"lucene_dates": ranges, "default_order": order, "last_page_cursor": cursor}
    with Sandbox(**SIZES, set=unknowns) as box:
        connector = Connector(box.config, folder)
        connector.discover()  # now, so that what is planned meets a sync
        destination: dict[str, dict[int, dict[str, Any]]] = {stream: {} for stream in STREAMS}
        state: list[dict[str, Any]] = []

        def sync(kill_after: int | None = None) -> None:
            nonlocal state
            arguments = connector.read_arguments(STREAMS, mode="incremental", state=state or None)
            if kill_after is None:
                output = connector.run(*arguments)
                assert output.exit_code == 0, output.errors
                messages = output.messages
            else:
                messages = connector.killed(*arguments, after=kill_after)
            for message in messages:
                if message["type"] == "RECORD":
                    row = message["record"]["data"]
                    destination[message["record"]["stream"]][row["id"]] = row
            state = last_states(messages, state)

        for step in history:
            for change in step["before"]:
                act(box, change)
            for stream, request, change in step["during"]:
                # The record may be deleted by then; the sandbox refuses such an action, without another effect.
                if change["op"] != "delete":
                    box.at(stream, request, action(box, change))
            sync(step["kill_after"])
        box.call("DELETE", "at")
        sync()
        for stream in STREAMS:
            for each in box.ids(stream):
                assert each in destination[stream], (stream, each)
        for stream in ("people", "jobs"):
            for each in box.ids(stream):
                assert destination[stream][each]["updated_at"] == box.record(stream, each)["updated_at"], (stream, each)
