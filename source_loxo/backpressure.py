"""What stands between the workers and the main thread, so that nothing is fetched which nobody takes yet.

Who fetches ahead of a slow destination fills the memory, and reads again after a kill what was never printed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from queue import Queue
from types import TracebackType
from typing import Any

from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException

# A page and the state behind it are two items; five pages are what a slow destination makes us hold.
QUEUE_ITEMS = 10
# Items in the queue and requests under way, while the destination is busy.
AHEAD = 4
LOOK_SECONDS = 0.003


class PageQueue(Queue[Any]):
    """The CDK's queue from the workers to the main thread: lists of records go in, single records come out.

    The CDK puts and gets each record by itself, and each time a lock is taken and a thread is woken.

    `failed` are the names of the streams whose error has passed.
    """

    def __init__(self) -> None:
        super().__init__(QUEUE_ITEMS)
        self.failed: list[str] = []
        self._page: deque[Any] = deque()  # of the main thread alone, which is the queue's only reader

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        while not self._page:
            item = super().get(block, timeout)
            if not isinstance(item, list):
                if isinstance(item, StreamThreadException) and item.stream_name not in self.failed:
                    self.failed.append(item.stream_name)
                return item
            self._page.extend(item)
        return self._page.popleft()

    def empty(self) -> bool:
        return not self._page and super().empty()


class Backpressure:
    """Stands around each request. While the queue is empty, as it is when Loxo is the slow side, nobody waits."""

    def __init__(self, queue: PageQueue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._under_way = 0

    def __enter__(self) -> None:
        while not self._may_start():
            time.sleep(LOOK_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._under_way -= 1

    def _may_start(self) -> bool:
        with self._lock:
            waiting = self._queue.qsize()
            if waiting and waiting + self._under_way >= AHEAD:
                return False
            self._under_way += 1
            return True
