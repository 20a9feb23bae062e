"""The example files are complete, current, and accepted by the connector."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.process import Sandbox
from tools.connector import ROOT, Connector


def example(name: str) -> Any:
    return json.loads((ROOT / f"integration_tests/{name}.json").read_text())


def stream_states(name: str) -> dict[str, dict[str, Any]]:
    return {each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"] for each in example(name)}


def test_the_catalog_has_every_stream_of_discover(small: Sandbox, connect: Callable[..., Connector]) -> None:
    listed = {each["stream"]["name"]: each["stream"] for each in example("configured_catalog")["streams"]}
    discovered = connect(small).discover()
    assert listed == {name: {**stream, "json_schema": {}} for name, stream in discovered.items()}


def test_the_example_states_match_those_of_a_sync(small: Sandbox, connect: Callable[..., Connector]) -> None:
    catalog = example("configured_catalog")["streams"]
    incremental = [each["stream"]["name"] for each in catalog if each["sync_mode"] == "incremental"]
    written = connect(small).read(incremental, mode="incremental").state
    for name in ("sample_state", "abnormal_state"):
        states = stream_states(name)
        assert set(states) == set(incremental)
        for each in written:
            mine = states[each["stream"]["stream_descriptor"]["name"]]
            assert mine.get("version") == each["stream"]["stream_state"].get("version")
            assert set(mine) == set(each["stream"]["stream_state"])


def test_a_sync_from_the_sample_state_is_complete(small: Sandbox, connect: Callable[..., Connector]) -> None:
    states = stream_states("sample_state")
    done = connect(small).read(states, mode="incremental", state=example("sample_state"))
    assert done.exit_code == 0, done.logs
    assert done.statuses == dict.fromkeys(states, "COMPLETE")
    assert "the stored state is not used" not in done.logs


def test_a_state_from_the_year_2222_hides_nothing(small: Sandbox, connect: Callable[..., Connector]) -> None:
    """Airbyte's convention is that such a state yields no record. Here it would then do so for two centuries."""
    states = stream_states("abnormal_state")
    done = connect(small).read(states, mode="incremental", state=example("abnormal_state"))
    assert done.exit_code == 0, done.logs
    assert done.statuses == dict.fromkeys(states, "COMPLETE")
    if states:
        assert sorted(set(done.ids("people"))) == sorted(small.ids("people"))
