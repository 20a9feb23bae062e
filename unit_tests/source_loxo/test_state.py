"""The state of each kind of stream: the same after JSON, and empty if it cannot be used."""

import json
import logging
from dataclasses import fields
from typing import Any

import pendulum
import pytest

from loxo_api.slices import Slice
from loxo_api.timestamps import format_timestamp
from source_loxo.state import (
    FULL_REFRESH_COMPLETE_KEY,
    STATE_VERSION,
    ChangeFeedState,
    CreatedAtState,
    DeletedRecordsState,
    FullRefreshState,
    JobsState,
    State,
    TouchedJobsState,
    UpdatedAtState,
)

TIME, LATER = "2024-06-01T00:00:00.000Z", "2024-07-01T00:00:00.000Z"
SLICES = [
    Slice(None, TIME, delivered=700, done=True),
    Slice(TIME, LATER, scroll_id="abc", top="top", delivered=100, total=250, moved=True),
    Slice(LATER, None),
]
RETRY: dict[str, Any] = {
    "full_at": TIME,
    "retry": [{"id": 7}, {"country_id": 1, "id": 2}],
    "files_at": TIME,
    "files_began": LATER,
    "files_delivered": {"0123456789abcdef": 1717200000},
}
FULL = [
    FullRefreshState(sync_id=42, generation_id=3, slices=SLICES, **RETRY),
    FullRefreshState(sync_id=42, complete=True),
    ChangeFeedState(updated_at=TIME, since=TIME, changes_top=LATER, changes_scroll_id="abc", slices=SLICES, **RETRY),
    CreatedAtState(
        created_at=TIME,
        updated_at=TIME,
        looked_back_at=TIME,
        undated=3,
        began=LATER,
        seen_created_at=LATER,
        seen_updated_at=LATER,
        slices=SLICES,
        **RETRY,
    ),
    UpdatedAtState(updated_at=TIME, began=LATER, seen_updated_at=LATER, slices=SLICES, **RETRY),
    JobsState(updated_at=TIME, **RETRY),
    TouchedJobsState(updated_at=TIME, created_at=TIME, **RETRY),
    DeletedRecordsState(
        agency_slug="acme",
        objects={"people": {"swept_at": TIME, "ids": {"gaps": ""}, "gone": {"gaps": ""}}},
        **RETRY,
    ),
]
KINDS = sorted(State.__subclasses__(), key=lambda kind: kind.KIND)


def stored(state: State) -> dict[str, Any]:
    return json.loads(json.dumps(state.to_json()))  # type: ignore[no-any-return]


@pytest.mark.parametrize("state", FULL, ids=lambda state: state.KIND)
def test_a_state_is_the_same_after_json(state: State) -> None:
    assert type(state).from_json("stream", stored(state)) == state


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND)
def test_each_kind_has_a_full_example_here(kind: type[State]) -> None:
    example = next(state for state in FULL if type(state) is kind)
    unset = {each.name for each in fields(example) if getattr(example, each.name) in (None, [], False)}
    assert unset <= {"complete"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND)
def test_an_empty_state_holds_its_version_and_kind_only(kind: type[State]) -> None:
    assert stored(kind()) == {"version": STATE_VERSION, "kind": kind.KIND}
    assert kind.from_json("stream", stored(kind())) == kind()


def test_each_kind_has_a_name_of_its_own() -> None:
    assert len({kind.KIND for kind in KINDS}) == len(KINDS) == 7


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND)
@pytest.mark.parametrize("nothing", [{}, {"__ab_no_cursor_state_message": True}])
def test_no_state_starts_over_without_a_warning(
    kind: type[State], nothing: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert kind.from_json("stream", nothing) == kind()
    assert caplog.messages == []


@pytest.mark.parametrize("state", FULL, ids=lambda state: state.KIND)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": STATE_VERSION - 1}, f"of version {STATE_VERSION - 1}"),
        ({"version": None}, "of version None"),
        ({"kind": "other"}, "another sync mode or kind of stream"),
        ({"kind": None}, "another sync mode or kind of stream"),
        ({"full_at": "yesterday"}, "an invalid timestamp"),
        ({"full_at": "2024-06-01"}, "an invalid timestamp"),
        ({"full_at": 1717200000}, "an invalid timestamp"),
        ({"full_at": "2999-01-01T00:00:00.000Z"}, "in the future"),
        ({"retry": {"id": 7}}, "parents to retry is malformed"),
        ({"retry": [7]}, "parents to retry is malformed"),
    ],
)
def test_an_unusable_state_starts_over_and_logs_why(
    state: State, change: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        found = type(state).from_json("people", {**stored(JobsState()), "kind": state.KIND, **change})
    assert found == type(state)()
    (message,) = caplog.messages
    assert message.startswith("people: the stored state is not used:")
    assert reason in message


@pytest.mark.parametrize("state", FULL, ids=lambda state: state.KIND)
def test_a_state_belongs_to_its_kind_only(state: State) -> None:
    for kind in KINDS:
        if kind is not type(state):
            found = kind.from_json("stream", {**stored(state), FULL_REFRESH_COMPLETE_KEY: False})
            assert found == kind()


@pytest.mark.parametrize("state", FULL, ids=lambda state: state.KIND)
def test_each_time_in_a_state_is_checked(state: State) -> None:
    times = [each.name for each in fields(state) if getattr(state, each.name) in (TIME, LATER)]
    for name in times:
        for wrong in ("no time", "2999-01-01T00:00:00.000Z"):
            assert type(state).from_json("stream", {**stored(state), name: wrong}) == type(state)()


def test_a_state_slightly_in_the_future_is_used() -> None:
    soon = format_timestamp(pendulum.now("UTC").add(hours=20))
    assert JobsState.from_json("jobs", stored(JobsState(updated_at=soon))).updated_at == soon


def test_keys_that_are_not_of_this_version_are_ignored() -> None:
    assert JobsState.from_json("jobs", {**stored(JobsState(updated_at=TIME)), "new": 1}) == JobsState(updated_at=TIME)


@pytest.mark.parametrize("slices", ["abc", {"start": TIME}, [{"start": "abc"}], [{"unknown": 1}], [7]])
def test_unusable_slices_are_forgotten(slices: Any) -> None:
    found = ChangeFeedState.from_json("people", {**stored(ChangeFeedState(updated_at=TIME)), "slices": slices})
    assert (found.slices, found.updated_at) == ([], TIME)


def test_a_complete_full_refresh_carries_airbytes_own_key() -> None:
    assert stored(FullRefreshState(sync_id=1, complete=True))[FULL_REFRESH_COMPLETE_KEY] is True
    assert FULL_REFRESH_COMPLETE_KEY not in stored(FullRefreshState(sync_id=1))
