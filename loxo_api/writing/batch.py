"""Many writes: several at a time, their outcomes in the order of the input.

Loxo has no endpoint that takes more than one record, so a pace above one request at a time needs several threads.
Writes that may concern the same record come one after another. A write that waits for a search index holds up only what
is of the same record; its place in the order is kept, so nothing behind it is reported before it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from loxo_api.writing.outcomes import Outcome, Result
from loxo_api.writing.preparation import Write
from loxo_api.writing.writer import Writer

Tag = TypeVar("Tag")

# How many writes may be in progress at once; the client's pace limits how many are sent.
WORKERS = 16
# How many inputs may be ahead of the oldest that has no outcome yet; a large one counts once for each `UNIT` of bytes.
WINDOW = 512
UNIT = 125_000


class Task(NamedTuple):
    """A write of several requests; `run` is called again as long as its result says when."""

    identities: set[tuple[str, ...]]
    run: Callable[[], Result]


@dataclass
class _Item(Generic[Tag]):
    tag: Tag
    run: Callable[[], Result] | None
    identities: set[tuple[str, ...]] = field(default_factory=set)
    result: Result | None = None
    due: float = 0.0
    is_running: bool = False
    weight: int = 1

    @property
    def is_settled(self) -> bool:
        return self.run is None or self.result is not None


class _End:
    """The end of the input, with the error that ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def write_all(
    writer: Writer, inputs: Iterable[tuple[Tag, Write | Task | Result | None]], workers: int = WORKERS
) -> Iterator[tuple[Tag, Result | None]]:
    """Writes all inputs, and yields each with its outcome, in their order.

    An input without a write is a mark, such as a state: it comes out when all before it have an outcome. One with a
    result has its outcome already.

    :raises LoxoError: the run cannot go on; what came before the first write without an outcome has been yielded.
    """
    events: queue.SimpleQueue[_Item[Tag] | _End | tuple[_Item[Tag], Future[Result]]] = queue.SimpleQueue()
    room = threading.Semaphore(WINDOW)

    def read() -> None:
        try:
            for tag, given in inputs:
                item: _Item[Tag] = _Item(tag, None, result=given if isinstance(given, Result) else None)
                if isinstance(given, Write):
                    item.run, item.identities = partial(writer.write, given), writer.identities(given)
                    item.weight = min(WINDOW, 1 + _size(given) // UNIT)
                elif isinstance(given, Task):
                    item.run, item.identities = given.run, given.identities
                for _ in range(item.weight):
                    room.acquire()
                events.put(item)
            events.put(_End())
        except BaseException as error:
            events.put(_End(error))

    threading.Thread(target=read, name="input", daemon=True).start()
    window: deque[_Item[Tag]] = deque()
    end: _End | None = None
    failure: BaseException | None = None
    with ThreadPoolExecutor(workers, thread_name_prefix="write") as pool:
        while True:
            if not failure:
                wait = _start(window, pool, events, workers)
            elif not any(item.is_running for item in window):
                break
            else:
                wait = None
            while window and window[0].is_settled:
                item = window.popleft()
                room.release(item.weight)
                yield item.tag, item.result
            if end and not window:
                break
            try:
                event = events.get(timeout=wait)
            except queue.Empty:
                continue
            if isinstance(event, _End):
                end = event
            elif isinstance(event, _Item):
                window.append(event)
            else:
                item, future = event
                item.is_running = False
                if error := future.exception():
                    failure = failure or error
                    continue
                result = future.result()
                if result.retry_in is None:
                    item.result = result
                else:
                    item.due = time.monotonic() + result.retry_in
    if failure:
        raise failure
    if end and end.error:
        raise end.error


def _size(write: Write) -> int:
    """About how many bytes a write holds."""
    texts = sum(len(value) for value in write.values.values() if isinstance(value, str))
    return texts + sum(len(file.content) for file in write.files)


def _start(
    window: deque[_Item[Tag]],
    pool: ThreadPoolExecutor,
    events: queue.SimpleQueue[_Item[Tag] | _End | tuple[_Item[Tag], Future[Result]]],
    workers: int,
) -> float | None:
    """Starts what can be started; returns the seconds until the next waiting write is due."""
    now = time.monotonic()
    running = sum(item.is_running for item in window)
    taken: set[tuple[str, ...]] = set()
    wait: float | None = None
    for item in window:
        if item.is_settled:
            continue
        is_free = not item.is_running and not taken & item.identities
        taken |= item.identities
        if not is_free or running >= workers:
            continue
        if item.due > now:
            wait = min(wait or 1e9, item.due - now)
            continue
        assert item.run is not None
        item.is_running = True
        running += 1
        future = pool.submit(item.run)
        future.add_done_callback(lambda done, item=item: events.put((item, done)))  # type: ignore[misc]
    return wait


def counted(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each outcome."""
    counts = {outcome.value: 0 for outcome in Outcome}
    for result in results:
        counts[result.outcome.value] += 1
    return counts
