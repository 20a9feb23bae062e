"""When a sync says what it remembers.

A state message is a promise: all that came before it is delivered. The CDK's workers hand records to the main thread
through a queue, so a state made in a worker must go through the same queue. With the CDK's plain in-memory repository
it overtook hundreds of records, and a killed sync lost them without an error. The CDK calls `observe` once a batch is
in the queue: there the batch's commit runs, and the state that it emits stands behind the batch.
"""

from __future__ import annotations

import threading
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


class QueueOrderedRepository(InMemoryMessageRepository):
    """Sends a worker's messages behind the records that this worker has queued.

    The main thread is the queue's only reader and must never wait to put: its messages are kept as the CDK keeps them.
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
    """The cursor of every stream; without a state the stream remembers nothing, and each sync reads all of it.

    :param memory: what the stream remembers, or None.
    """

    def __init__(self, stream_name: str, repository: InMemoryMessageRepository, memory: State | None = None) -> None:
        self.stream_name = stream_name
        self.memory = memory
        # Reentrant: a change of the memory and the checkpoint that follows are one step.
        self.lock = threading.RLock()
        self._repository = repository
        self._states = ConnectorStateManager()
        # Until the first checkpoint, what the platform handed in is still true.
        self._state: dict[str, Any] = memory.to_json() if memory else {NO_CURSOR_STATE_KEY: True}

    @property
    def state(self) -> MutableMapping[str, Any]:
        return self._state

    def send(self, message: AirbyteMessage) -> None:
        """Emits a message in the order of the records."""
        self._repository.emit_message(message)

    def checkpoint(self) -> None:
        """Emits what is remembered now. Its caller has seen the records behind it into the queue."""
        if self.memory:
            with self.lock:  # so that an older state is never put behind a newer one
                self._state = self.memory.to_json()
                self._emit()

    def _emit(self) -> None:
        self._states.update_state_for_stream(self.stream_name, None, dict(self._state))
        self.send(self._states.create_state_message(self.stream_name, None))

    def observe(self, record: Record) -> None:
        if isinstance(record, Batch) and record.commit:
            record.commit()

    def close_partition(self, partition: Partition) -> None:
        """Called by the worker after the last record of a partition that did not fail."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Called by the main thread at the end, also after a failure: repeats what is already true."""
        self._emit()

    def should_be_synced(self, record: Record) -> bool:
        return True
