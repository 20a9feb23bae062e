"""The queue between the workers and the main thread, and the limit on requests while it is full.

Fetching ahead of a slow destination fills the memory, and a kill discards the pages that were not printed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from queue import Queue
from types import TracebackType
from typing import Any

from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException
from airbyte_cdk.sources.types import Record

from source_loxo.batch import Batch, RecordsMessage, StagedRecord

# A page and the state behind it are two items, so five pages wait for a slow destination.
QUEUE_ITEMS = 10
# Items in the queue plus requests in progress while the destination is busy.
AHEAD = 4
POLL_SECONDS = 0.003


class PageQueue(Queue[Any]):
    """The CDK's queue from the workers to the main thread: workers put batches, the main thread gets single records.

    The CDK puts and gets single records, each with a lock and a thread switch.

    `failed` has the names of the streams whose error has passed through.

    :param groups_records: whether the records of a batch are returned as one `RecordsMessage`. The first record is
        still returned by itself, because the CDK marks a stream as running at its first record, and so is each record
        of a batch with files.
    """

    def __init__(self, groups_records: bool = False) -> None:
        super().__init__(QUEUE_ITEMS)
        self._groups_records = groups_records
        self.failed: list[str] = []
        self._running: set[str] = set()
        # Of the batch whose records are being returned; used by the main thread only.
        self._stream_name = ""
        self._records: deque[Any] = deque()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        # The worker that decoded the records encodes them at a quarter of the main thread's cost (measured), because
        # its processor's cache still holds them.
        if isinstance(item, Batch) and item.stream_name in self._running and self._is_grouped(item):
            item = RecordsMessage(item.stream_name, item)
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if self._is_grouped(self._records):
            message = RecordsMessage(self._stream_name, self._records)
            self._records.clear()
            return message
        while not self._records:
            item = super().get(block, timeout)
            if not isinstance(item, Batch):
                if isinstance(item, StreamThreadException) and item.stream_name not in self.failed:
                    self.failed.append(item.stream_name)
                return item
            self._stream_name = item.stream_name
            self._records.extend(item)
        self._running.add(self._stream_name)
        record = self._records.popleft()
        reference = record.reference if isinstance(record, StagedRecord) else None
        return Record(record, self._stream_name, file_reference=reference)

    def _is_grouped(self, records: Sequence[Any]) -> bool:
        # The records of a batch all have files, or none has one.
        return self._groups_records and len(records) > 0 and not isinstance(records[0], StagedRecord)

    def empty(self) -> bool:
        return not self._records and super().empty()


class Backpressure:
    """A context around each request. It waits only while the queue holds items, so not while Loxo is the slow side."""

    def __init__(self, queue: PageQueue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._in_progress = 0

    def __enter__(self) -> None:
        while not self._may_start():
            time.sleep(POLL_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._in_progress -= 1

    def _may_start(self) -> bool:
        with self._lock:
            waiting = self._queue.qsize()
            if waiting and waiting + self._in_progress >= AHEAD:
                return False
            self._in_progress += 1
            return True
