"""Writes configured_catalog.json, sample_state.json and abnormal_state.json: python -m tools.examples

They are the connector's own output for a small sandbox account, so run it again when a stream or the state changes;
test_examples.py fails until then.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox
from tools.connector import Connector

FOLDER = Path(__file__).resolve().parent.parent / "integration_tests"
MOMENT = re.compile(r"^\d{4}(-\d{2}-\d{2}T.*)$")


def far_ahead(value: Any) -> Any:
    """The same state with every moment in the year 2222."""
    if isinstance(value, dict):
        return {key: far_ahead(each) for key, each in value.items()}
    if isinstance(value, list):
        return [far_ahead(each) for each in value]
    return MOMENT.sub(r"2222\1", value) if isinstance(value, str) else value


def catalog(connector: Connector) -> dict[str, Any]:
    """Every stream, incremental and deduplicated where it can be. Airbyte keeps the schemas elsewhere."""
    streams = []
    for stream in connector.discover().values():
        incremental = "incremental" in stream["supported_sync_modes"]
        configured = {
            "stream": {**stream, "json_schema": {}},
            "sync_mode": "incremental" if incremental else "full_refresh",
            "destination_sync_mode": "append_dedup" if incremental else "overwrite",
        }
        if incremental:
            configured["cursor_field"] = stream["default_cursor_field"]
        if incremental and "source_defined_primary_key" in stream:
            configured["primary_key"] = stream["source_defined_primary_key"]
        streams.append(configured)
    return {"streams": streams}


def examples() -> dict[str, Any]:
    """The files' contents by name."""
    with (
        Sandbox(people=60, jobs=20, events=60, companies=20, now="2026-01-01T00:00:00Z") as box,
        tempfile.TemporaryDirectory() as folder,
    ):
        connector = Connector(box.config, Path(folder))
        configured = catalog(connector)
        incremental = [each["stream"]["name"] for each in configured["streams"] if each["sync_mode"] == "incremental"]
        state = connector.read(incremental, mode="incremental").state
    state.sort(key=lambda each: str(each["stream"]["stream_descriptor"]["name"]))
    for each in state:
        each.pop("sourceStats", None)
        each.pop("destinationStats", None)
    return {"configured_catalog": configured, "sample_state": state, "abnormal_state": far_ahead(state)}


if __name__ == "__main__":
    for name, content in examples().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
