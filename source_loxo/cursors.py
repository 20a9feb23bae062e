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

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

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


class ResumableCursor(StreamCursor):
    """A full read that a later attempt of the same sync can take up again at the page where this one ended.

    State while reading: `{"version", "scroll_id", "top", "delivered"}`. `top` is the cursor of the walk's first page.
    State when done: the CDK's completion marker and the catalog's `sync_id`. The marker means "done in an earlier
    attempt of this sync". Who hands back every state for ever (PyAirbyte, older platforms) would read nothing the
    second time; so it counts only with the same `sync_id`, and never with 1 or none, which are what they send.
    """

    def __init__(
        self,
        stream_name: str,
        repository: InMemoryMessageRepository,
        stored: Mapping[str, Any],
        sync_id: int | None,
    ) -> None:
        super().__init__(stream_name, repository)
        self._sync_id = sync_id
        self._state = {"version": STATE_VERSION}
        self.finished_before = bool(
            stored.get(FULL_REFRESH_COMPLETE_KEY) and sync_id not in (None, 1) and stored.get("sync_id") == sync_id
        )
        if self.finished_before or _is_position(stored):
            self._state = dict(stored)
        elif stored and not stored.get(FULL_REFRESH_COMPLETE_KEY) and not stored.get(NO_CURSOR_STATE_KEY):
            logger.info(f"{stream_name}: the stored state has no position of this version; reading from the start.")

    @property
    def scroll_id(self) -> str | None:
        return self._state.get("scroll_id")

    @property
    def top(self) -> str | None:
        return self._state.get("top")

    @property
    def delivered(self) -> int:
        return int(self._state.get("delivered", 0))

    def checkpoint(self, scroll_id: str, top: str | None, delivered: int) -> None:
        """Remembers where the next page starts. Call it when the last page's rows are in the queue."""
        self._state = {"version": STATE_VERSION, "scroll_id": scroll_id, "top": top, "delivered": delivered}
        self.emit()

    def forget(self) -> None:
        """Starts over, for a position that Loxo no longer accepts."""
        self._state = {"version": STATE_VERSION}

    def close_partition(self, partition: Partition) -> None:
        self._state = {"version": STATE_VERSION, FULL_REFRESH_COMPLETE_KEY: True, "sync_id": self._sync_id}


def _is_position(stored: Mapping[str, Any]) -> bool:
    return (
        stored.get("version") == STATE_VERSION
        and isinstance(stored.get("scroll_id"), str)
        and isinstance(stored.get("top"), (str, type(None)))
        and isinstance(stored.get("delivered"), int)
    )
