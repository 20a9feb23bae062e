"""The state of each kind of stream, stored as JSON with a version and a kind."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import pendulum
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY

from loxo_api.slices import Slice, slices_from_json
from loxo_api.timestamps import format_timestamp, parse_timestamp

logger = logging.getLogger("airbyte")

# Raised when the meaning of a stored state changes; a state with another version starts its stream over.
STATE_VERSION = 2
# The key that the CDK writes when a resumable full refresh is complete.
FULL_REFRESH_COMPLETE_KEY = "__ab_full_refresh_sync_complete"

_State = TypeVar("_State", bound="State")


@dataclass
class State:
    """The fields that a substream adds to the state of its parent's kind.

    :param full_at: the time of the last read of all parents, for children that change without a trace in the parent.
    :param retry: the keys of the parents whose children could not be read, each with the number of tries; the
        next sync reads them first.
    :param files_at: the mark of the files: older ones are delivered (`streams/file_transfer.py`).
    :param files_began: during a sync, the mark that it leaves.
    :param files_delivered: by the digest of a file that is younger than the mark and delivered, its time in seconds.
    """

    KIND: ClassVar[str] = ""
    full_at: str | None = None
    retry: list[dict[str, Any]] = field(default_factory=list)
    files_at: str | None = None
    files_began: str | None = None
    files_delivered: dict[str, int] = field(default_factory=dict)

    def reset(self) -> None:
        """Makes it the state of a stream that was never read."""
        for name, value in vars(type(self)()).items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """The emitted state, without empty fields."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        slices = values.pop("slices", None)
        content = {name: value for name, value in values.items() if value not in (None, [], {}, False, 0)}
        return {
            "version": STATE_VERSION,
            "kind": self.KIND,
            **content,
            **({"slices": [part.to_json() for part in slices]} if slices else {}),
        }

    @classmethod
    def from_json(cls: type[_State], stream_name: str, stored: Mapping[str, Any]) -> _State:
        """The stored state if it is of this version and kind, otherwise an empty one with a warning."""
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
        """The reason why a stored state is unusable, or "". A time in the future would hide new records."""
        if stored.get("version") != STATE_VERSION:
            return f"it is of version {stored.get('version')}, this connector writes version {STATE_VERSION}"
        if stored.get("kind") != cls.KIND:
            return f"it belongs to another sync mode or kind of stream ('{stored.get('kind')}', not '{cls.KIND}')"
        if reason := _unusable_times(stored[name] for name in _TIMES if stored.get(name) is not None):
            return reason
        if type(stored.get("undated", 0)) is not int:
            return "its number of records without a time of change is malformed"
        if not isinstance(stored.get("retry", []), list) or not all(
            isinstance(k, dict) for k in stored.get("retry", [])
        ):
            return "its list of parents to retry is malformed"
        files = stored.get("files_delivered", {})
        if not isinstance(files, dict) or not all(type(each) is int for each in files.values()):
            return "its list of delivered files is malformed"
        return ""


def _unusable_times(stored: Iterable[Any]) -> str:
    times = list(stored)
    if not all(isinstance(time, str) and parse_timestamp(time) == time for time in times):
        return "it contains an invalid timestamp"
    tomorrow = format_timestamp(pendulum.now("UTC").add(days=1))
    return f"its time {max(times)} is in the future" if any(time > tomorrow for time in times) else ""


_TIMES = (
    "updated_at",
    "created_at",
    "since",
    "began",
    "seen_created_at",
    "seen_updated_at",
    "full_at",
    "files_at",
    "files_began",
    "looked_back_at",
    "changes_top",
)


@dataclass
class FullRefreshState(State):
    """A full refresh in progress, or complete.

    :param sync_id: the `sync_id` of the catalog; only an attempt at the same sync resumes.
    :param generation_id: the same for platforms that send a generation.
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

    :param updated_at: the high-water mark: all changes up to it are delivered.
    :param since: during the first sync, the latest change before its first page.
    :param changes_top: during a read of changes, the latest change at its start.
    :param changes_scroll_id: during a read of changes, its next page.
    """

    KIND: ClassVar[str] = "change_feed"
    updated_at: str | None = None
    since: str | None = None
    changes_top: str | None = None
    changes_scroll_id: str | None = None
    slices: list[Slice] = field(default_factory=list)


@dataclass
class CreatedAtState(State):
    """Activities and messages.

    :param created_at: the latest delivered creation time that is not in the future.
    :param updated_at: the high-water mark of changes: all changes up to it are delivered.
    :param looked_back_at: the time of the last long look-back.
    :param undated: the number of records without a time of change; no range of changes contains them.
    :param began: during a sync, the server's clock at its start.
    :param seen_created_at: during a sync, the latest creation time so far; `seen_updated_at` likewise.
    """

    KIND: ClassVar[str] = "created_at"
    created_at: str | None = None
    updated_at: str | None = None
    looked_back_at: str | None = None
    undated: int = 0
    began: str | None = None
    seen_created_at: str | None = None
    seen_updated_at: str | None = None
    slices: list[Slice] = field(default_factory=list)


@dataclass
class UpdatedAtState(State):
    """Companies, deals, placements.

    :param updated_at: the latest change before the last sync, or the server's clock at its start.
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
    """Jobs. A page number is not a position, so this state is emitted at the end only."""

    KIND: ClassVar[str] = "jobs"
    updated_at: str | None = None


@dataclass
class TouchedJobsState(State):
    """Parents of job_candidates: the latest change of a job, and the latest creation of an activity."""

    KIND: ClassVar[str] = "touched_jobs"
    updated_at: str | None = None
    created_at: str | None = None


@dataclass
class DeletedRecordsState(State):
    """The last complete sweep of each object.

    :param agency_slug: the agency of the sweeps.
    :param objects: by object, the start of its sweep `swept_at`, the `ids` that it found, and the ids that are reported
        as deleted, `gone`; both as `RecordIds.to_json` packs them.
    """

    KIND: ClassVar[str] = "deleted_records"
    agency_slug: str | None = None
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def _unusable(cls, stored: Mapping[str, Any]) -> str:
        objects = stored.get("objects", {})
        if not isinstance(objects, dict) or not all(isinstance(each, dict) for each in objects.values()):
            return "its sweeps are malformed"
        return super()._unusable(stored) or _unusable_times(each.get("swept_at") for each in objects.values())
