"""What a sync remembers, and when it says so.

A state message is a promise: all that came before it is delivered. The CDK's workers hand records to the main thread
through a queue, so a state made in a worker must go through the same queue. With the CDK's plain in-memory repository
it overtook hundreds of records, and a killed sync lost them without an error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, MutableMapping
from queue import Queue
from typing import Any

import pendulum
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from loxo_api.timestamps import format_timestamp, parse_timestamp
from source_loxo.windows import Window

logger = logging.getLogger("airbyte")

# Raised when the meaning of a stored state changes; a state with another version starts its stream over.
STATE_VERSION = 1

# What the CDK writes when a resumable full refresh is done.
FULL_REFRESH_COMPLETE_KEY = "__ab_full_refresh_sync_complete"


class QueueOrderedRepository(InMemoryMessageRepository):
    """Sends what a worker says behind the records that this worker has queued.

    The main thread is the queue's only reader and must never wait to put: what it says is kept as the CDK keeps it.
    """

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__()
        self._records = queue

    def emit_message(self, message: AirbyteMessage) -> None:
        if threading.current_thread() is threading.main_thread():
            super().emit_message(message)
        else:
            self._records.put(message)


class StreamCursor(Cursor):
    """A stream that remembers nothing: each sync reads all of it. The base of those that do remember."""

    def __init__(self, stream_name: str, repository: InMemoryMessageRepository) -> None:
        self.stream_name = stream_name
        self._repository = repository
        self._states = ConnectorStateManager()
        self._state: dict[str, Any] = {NO_CURSOR_STATE_KEY: True}

    @property
    def state(self) -> MutableMapping[str, Any]:
        return self._state

    def say(self, message: AirbyteMessage) -> None:
        """Emits a message in the order of the records."""
        self._repository.emit_message(message)

    def emit(self) -> None:
        """Emits the current state in the order of the records."""
        self._states.update_state_for_stream(self.stream_name, None, dict(self._state))
        self.say(self._states.create_state_message(self.stream_name, None))

    def observe(self, record: Record) -> None:
        """Nothing: a page, not a record, is what a walk remembers."""

    def close_partition(self, partition: Partition) -> None:
        """Called by the worker after the last record of a partition that did not fail."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Called by the main thread at the end, also after a failure: says again what is already true."""
        self.emit()

    def should_be_synced(self, record: Record) -> bool:
        return True


class PlanCursor(StreamCursor):
    """A stream that is read in windows, each of which can be taken up again at the page where it was left.

    State while reading: `{"version", ...what is remembered, "windows": [...]}`, with the windows as their class writes
    them. State when done: what `finish` is given.

    State of a sync that failed before it got anywhere: what the platform handed in.
    """

    def __init__(self, stream_name: str, repository: InMemoryMessageRepository, stored: Mapping[str, Any]) -> None:
        super().__init__(stream_name, repository)
        self.remembered: dict[str, Any] = {}
        self.windows: list[Window] = []
        self._kept: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._state = {"version": STATE_VERSION, **stored}

    def begin(self, windows: list[Window]) -> None:
        """Starts with this plan; nothing is emitted before something is delivered."""
        self.windows = windows

    def checkpoint(self) -> None:
        """Emits how far the windows are. A window is moved on only when its rows are in the queue."""
        with self._lock:  # so that an older state is never put behind a newer one
            windows = {"windows": [window.as_state() for window in self.windows]} if self.windows else {}
            self._state = {"version": STATE_VERSION, **self._kept, **self.remembered, **windows}
            self.emit()

    def close(self, window: Window) -> bool:
        """Notes that a window is read. Returns whether it was the last."""
        with self._lock:
            window.done = True
            last = all(each.done for each in self.windows)
        self.checkpoint()
        return last

    def remember(self, **values: Any) -> None:
        """Changes what every later state says beside the windows."""
        with self._lock:
            self.remembered.update(values)

    def keep(self, **values: Any) -> None:
        """Adds this to every state of this sync, the last included."""
        self._kept = values

    def finish(self, **state: Any) -> None:
        """Replaces the state by what the next sync needs; it is emitted at the end of the stream."""
        self._state = {"version": STATE_VERSION, **self._kept, **state}


def stored_windows(stored: Mapping[str, Any]) -> list[Window]:
    """The plan of an interrupted sync, or an empty list."""
    listed = stored.get("windows")
    windows = [Window.from_state(each) for each in listed] if isinstance(listed, list) else []
    return [window for window in windows if window] if all(windows) else []


def usable_state(stream_name: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The stored state if this version wrote it, otherwise an empty one, and a word about it.

    A time in the future would make every later sync read nothing, so such a state is refused too.
    """
    if not stored or stored.get(NO_CURSOR_STATE_KEY):
        return {}
    tomorrow = format_timestamp(pendulum.now("UTC").add(days=1))
    names = ("updated_at", "created_at", "since", "began", "full_at")
    times = [stored[name] for name in names if stored.get(name) is not None]
    if stored.get("version") != STATE_VERSION:
        reason = f"it is of version {stored.get('version')}, this connector writes version {STATE_VERSION}"
    elif not all(isinstance(time, str) and parse_timestamp(time) == time for time in times):
        reason = "it holds a time that is no time"
    elif any(time > tomorrow for time in times):
        reason = f"it says that {max(times)} is already read, which is in the future"
    else:
        return stored
    logger.warning(f"{stream_name}: the stored state is not used: {reason}. Reading from the start.")
    return {}
