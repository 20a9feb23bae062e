"""Updates whose answer names no id, through the destination's own process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from connector import Destination, record, state, stream

from sandbox.process import Sandbox

CHANGES = {
    "people": {"city": "Ulm", "current_title": "CTO"},
    "companies": {"description": "Changed"},
    "jobs": {"title": "Changed", "published": True},
    "person_events": {"notes": "<p>Changed</p>"},
}


@pytest.mark.parametrize(("answers", "outcome"), [("no_id", "written"), ("lost", "unknown")])
def test_an_update_without_an_id_is_confirmed_by_a_reading_only(
    connect: Callable[..., Destination], box: Sandbox, answers: str, outcome: str
) -> None:
    box.set(updated=answers)
    streams = [stream(name, "update", ["id"], name) for name in CHANGES]
    lines = [record(name, id=box.ids(name)[0], **row) for name, row in CHANGES.items()]
    output = connect().write(streams, [*lines, state("people", 1)])
    assert [output.counts(name)[outcome] for name in CHANGES] == [1] * len(CHANGES), output.logs
    assert len(output.states) == (outcome == "written")
    assert (output.exit_code == 0) == (outcome == "written")
