"""Keeps the workers from fetching what nobody takes yet: it would fill the memory, and be read again after a kill."""

from __future__ import annotations

import threading
import time
from queue import Queue
from types import TracebackType
from typing import Any

# Rows that may be in the queue or on their way to it while the destination is busy; three pages.
ROWS_AHEAD = 300
ROWS_A_PAGE = 100
LOOK_SECONDS = 0.003


class Backpressure:
    """Stands around each request. While the queue is empty, as it is when Loxo is the slow side, nobody waits."""

    def __init__(self, queue: Queue[Any]) -> None:
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
            if waiting and waiting + ROWS_A_PAGE * self._under_way >= ROWS_AHEAD:
                return False
            self._under_way += 1
            return True
