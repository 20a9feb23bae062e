"""What each kind of stream remembers between syncs, as JSON that a later version can tell apart."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import pendulum
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY

from loxo_api.slices import Slice, slices_from_json, slices_to_json
from loxo_api.timestamps import format_timestamp, parse_timestamp

logger = logging.getLogger("airbyte")

# Raised when the meaning of a stored state changes; a state with another version starts its stream over.
STATE_VERSION = 2
# What the CDK writes when a resumable full refresh is done.
FULL_REFRESH_COMPLETE_KEY = "__ab_full_refresh_sync_complete"

_State = TypeVar("_State", bound="State")


@dataclass
class State:
    """The base: what a stream below a parent adds to the state of the parent's kind.

    :param full_at: when all parents were last read, for what changes below a parent without a trace in it.
    :param retry: the keys of parents whose children could not be read, to be asked for first by the next sync.
    """

    KIND: ClassVar[str] = ""
    full_at: str | None = None
    retry: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The state as it is emitted; empty fields are left out."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        slices = values.pop("slices", None)
        content = {name: value for name, value in values.items() if value not in (None, [], {}, False)}
        return {
            "version": STATE_VERSION,
            "kind": self.KIND,
            **content,
            **({"slices": slices_to_json(slices)} if slices else {}),
        }

    @classmethod
    def from_json(cls: type[_State], stream_name: str, stored: Mapping[str, Any]) -> _State:
        """The stored state if this version wrote it for this kind of stream, otherwise an empty one, and logs why."""
        if not stored or stored.get(NO_CURSOR_STATE_KEY):
            return cls()
        if reason := cls._unusable(stored):
            logger.warning(f"{stream_name}: the stored state is not used: {reason}. Reading from the start.")
            return cls()
        names = {each.name for each in fields(cls)}
        values = {name: value for name, value in stored.items() if name in names}
        if "slices" in names:
            values["slices"] = slices_from_json(stored.get("slices"))
        return cls(**values)

    @classmethod
    def _unusable(cls, stored: Mapping[str, Any]) -> str:
        """Why a stored state cannot be used; empty if it can. A time in the future would hide all that is older."""
        if stored.get("version") != STATE_VERSION:
            return f"it is of version {stored.get('version')}, this connector writes version {STATE_VERSION}"
        if stored.get("kind") != cls.KIND:
            return f"it belongs to another sync mode or kind of stream ('{stored.get('kind')}', not '{cls.KIND}')"
        times = [stored[name] for name in _TIMES if stored.get(name) is not None]
        if not all(isinstance(time, str) and parse_timestamp(time) == time for time in times):
            return "it holds an invalid timestamp"
        tomorrow = format_timestamp(pendulum.now("UTC").add(days=1))
        if any(time > tomorrow for time in times):
            return f"it says that {max(times)} is already read, which is in the future"
        if not isinstance(stored.get("retry", []), list) or not all(
            isinstance(k, dict) for k in stored.get("retry", [])
        ):
            return "its list of parents to retry is malformed"
        return ""


_TIMES = (
    "updated_at",
    "created_at",
    "since",
    "began",
    "seen_created_at",
    "seen_updated_at",
    "full_at",
    "looked_back_at",
    "walk_top",
)


@dataclass
class FullRefreshState(State):
    """A full refresh under way, or done.

    :param sync_id: the catalog's; only an attempt at the same sync resumes.
    :param generation_id: the same for platforms that name the generation.
    """

    KIND: ClassVar[str] = "full_refresh"
    sync_id: int | None = None
    generation_id: int | None = None
    complete: bool = False
    slices: list[Slice] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        values = super().to_json()
        if values.pop("complete", False):
            values[FULL_REFRESH_COMPLETE_KEY] = True
        return values

    @classmethod
    def from_json(cls, stream_name: str, stored: Mapping[str, Any]) -> FullRefreshState:
        state = super().from_json(stream_name, stored)
        state.complete = bool(stored.get(FULL_REFRESH_COMPLETE_KEY))
        return state


@dataclass
class ChangeFeedState(State):
    """People.

    :param updated_at: all changes up to it are delivered.
    :param since: during the first sync, the latest change before its first page.
    :param walk_top: during a long read of changes, the latest change when it began.
    :param walk_scroll_id: its next page.
    """

    KIND: ClassVar[str] = "change_feed"
    updated_at: str | None = None
    since: str | None = None
    walk_top: str | None = None
    walk_scroll_id: str | None = None
    slices: list[Slice] = field(default_factory=list)


@dataclass
class CreatedAtState(State):
    """Activities and messages.

    :param created_at: the latest creation that is delivered, never ahead of the clock.
    :param updated_at: all changes up to it were asked for and delivered.
    :param looked_back_at: when the long look-back was last made.
    :param began: during a sync, the server's clock at its start.
    :param seen_created_at: during a sync, the latest creation so far; likewise seen_updated_at.
    """

    KIND: ClassVar[str] = "created_at"
    created_at: str | None = None
    updated_at: str | None = None
    looked_back_at: str | None = None
    began: str | None = None
    seen_created_at: str | None = None
    seen_updated_at: str | None = None
    slices: list[Slice] = field(default_factory=list)


@dataclass
class UpdatedAtState(State):
    """Companies, deals, placements.

    :param updated_at: the latest change when the last sync began, or the server's clock then.
    :param began: during a sync, the server's clock at its start.
    :param seen_updated_at: during a sync, the latest change so far.
    """

    KIND: ClassVar[str] = "updated_at"
    updated_at: str | None = None
    began: str | None = None
    seen_updated_at: str | None = None
    slices: list[Slice] = field(default_factory=list)


@dataclass
class JobsState(State):
    """Jobs, whose page numbers are not positions: there is no state before the end."""

    KIND: ClassVar[str] = "jobs"
    updated_at: str | None = None


@dataclass
class TouchedJobsState(State):
    """Jobs whose candidates may have changed: the latest change of a job, the latest creation of an activity."""

    KIND: ClassVar[str] = "touched_jobs"
    updated_at: str | None = None
    created_at: str | None = None
