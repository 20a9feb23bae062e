"""Emits states in the order of the records.

A state message means that all records before it are delivered. Workers send records to the main thread through a queue,
so a state from a worker must use the same queue. With the CDK's in-memory repository, states overtook hundreds of
records, and a killed sync lost these without an error. The CDK calls `observe` when a batch is in the queue: the
batch's commit runs there, and the state that it emits follows the batch.

A state behind each page costs a twentieth of a fast read (measured), and platforms and destinations process each one.
So the progress within a slice is not emitted right after another state: the next state covers it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import MutableMapping
from queue import Queue
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_loxo.batch import Batch
from source_loxo.state import State

# The shortest time from a state to one with mere progress. After a kill, the pages of this time are read again.
SECONDS_TO_PROGRESS = 0.02


class QueueOrderedRepository(InMemoryMessageRepository):
    """Puts a worker's messages behind the records that this worker has queued.

    The main thread is the queue's only reader and must not block on a put, so its messages go the CDK's way.
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
    """The cursor of a stream.

    :param memory: the typed state, or None for a stream without state.
    """

    def __init__(self, stream_name: str, repository: InMemoryMessageRepository, memory: State | None = None) -> None:
        self.stream_name = stream_name
        self.memory = memory
        # Reentrant: a change of the state and the checkpoint behind it are one step.
        self.lock = threading.RLock()
        self._repository = repository
        self._states = ConnectorStateManager()
        # Until the first checkpoint, the state from the platform stays valid.
        self._state: dict[str, Any] = memory.to_json() if memory else {NO_CURSOR_STATE_KEY: True}
        self._emitted_at = -math.inf

    @property
    def state(self) -> MutableMapping[str, Any]:
        return self._state

    def send(self, message: AirbyteMessage) -> None:
        """Emits a message in the order of the records."""
        self._repository.emit_message(message)

    def checkpoint(self, is_progress: bool = False) -> None:
        """Emits the present state. The caller has put the records that it covers into the queue.

        :param is_progress: whether the read goes on, so that the state is left out right after another one.
        """
        if self.memory:
            with self.lock:  # keeps states in order
                self._state = self.memory.to_json()
                if not is_progress or time.monotonic() >= self._emitted_at + SECONDS_TO_PROGRESS:
                    self._emit()

    def _emit(self) -> None:
        self._emitted_at = time.monotonic()
        self._states.update_state_for_stream(self.stream_name, None, dict(self._state))
        self.send(self._states.create_state_message(self.stream_name, None))

    def observe(self, record: Record) -> None:
        if isinstance(record, Batch) and record.commit:
            record.commit()

    def close_partition(self, partition: Partition) -> None:
        """Does nothing: batches carry their own commits."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Called by the main thread at the end, also after a failure: emits the last state, perhaps once more."""
        self._emit()

    def should_be_synced(self, record: Record) -> bool:
        return True


class PrivateCursor(StreamCursor):
    """The cursor of a read inside a stream's read: its state stays in memory, and no message of it is emitted."""

    def __init__(self, stream_name: str, memory: State | None = None) -> None:
        super().__init__(stream_name, InMemoryMessageRepository(), memory)

    def send(self, message: AirbyteMessage) -> None:
        """Drops the message."""
