"""The queue between the workers and the main thread takes pages, returns records, and limits requests ahead."""

import json
import threading
from queue import Empty
from typing import Any

import pytest
from airbyte_cdk.sources.concurrent_source.stream_thread_exception import StreamThreadException

from source_loxo import backpressure
from source_loxo.backpressure import AHEAD, QUEUE_ITEMS, Backpressure, PageQueue
from source_loxo.batch import Batch, RecordsMessage


def batch(*ids: int, stream: str = "people") -> Batch:
    return Batch([{"id": each} for each in ids], stream_name=stream)


def delivered(message: Any) -> list[tuple[str, Any]]:
    assert isinstance(message, RecordsMessage)
    records = [json.loads(line)["record"] for line in message.lines]
    return [(record["stream"], record["data"]) for record in records]


def failure(stream: str) -> StreamThreadException:
    return StreamThreadException(RuntimeError("no"), stream)


def test_a_queue_takes_a_page_and_returns_its_records() -> None:
    queue = PageQueue()
    for item in (batch(1, 2, stream="people"), "state", batch(3, stream="jobs")):
        queue.put(item)
    first, second, state, third = (queue.get_nowait() for _ in range(4))
    assert [(each.data, each.stream_name) for each in (first, second, third)] == [
        ({"id": 1}, "people"),
        ({"id": 2}, "people"),
        ({"id": 3}, "jobs"),
    ]
    assert state == "state"
    assert queue.empty()


def test_a_grouping_queue_returns_one_record_and_then_the_rest() -> None:
    queue = PageQueue(groups_records=True)
    for item in (batch(0, 1, 2, stream="people"), "state", batch(9, stream="jobs")):
        queue.put(item)
    first, rest, state, single = (queue.get_nowait() for _ in range(4))
    assert first.data == {"id": 0}
    assert delivered(rest) == [("people", {"id": 1}), ("people", {"id": 2})]
    assert (state, single.data, queue.empty()) == ("state", {"id": 9}, True)


def test_the_batches_of_a_running_stream_are_encoded_before_the_queue() -> None:
    queue = PageQueue(groups_records=True)
    queue.put(batch(0, stream="people"))
    queue.get_nowait()
    page = batch(1, 2, stream="people")
    queue.put(page)
    queue.put(batch(3, stream="jobs"))
    page[0]["id"] = "changed after the put"
    grouped, single = queue.get_nowait(), queue.get_nowait()
    assert delivered(grouped) == [("people", {"id": 1}), ("people", {"id": 2})]
    assert (single.data, queue.empty()) == ({"id": 3}, True)


def test_an_empty_page_of_a_running_stream_is_skipped() -> None:
    queue = PageQueue(groups_records=True)
    for item in (batch(1), batch(), batch(2)):
        queue.put(item)
    assert queue.get_nowait().data == {"id": 1}
    queue.put(batch())
    queue.put("state")
    assert [queue.get_nowait().data, queue.get_nowait()] == [{"id": 2}, "state"]


def test_an_empty_page_is_skipped() -> None:
    queue = PageQueue()
    for item in (batch(), batch(), batch(1)):
        queue.put(item)
    assert queue.get_nowait().data == {"id": 1}
    with pytest.raises(Empty):
        queue.get_nowait()


def test_a_queue_is_not_empty_while_records_of_a_page_are_left() -> None:
    queue = PageQueue()
    queue.put(batch(1, 2))
    queue.get_nowait()
    assert (queue.qsize(), queue.empty()) == (0, False)


def test_a_queue_holds_few_pages() -> None:
    queue = PageQueue()
    assert queue.maxsize == QUEUE_ITEMS


def test_failed_streams_are_noted_once_in_their_order() -> None:
    queue = PageQueue()
    for name in ("people", "jobs", "people"):
        queue.put(failure(name))
    for _ in range(3):
        assert isinstance(queue.get_nowait(), StreamThreadException)
    assert queue.failed == ["people", "jobs"]


def start(gate: Backpressure, count: int) -> None:
    for _ in range(count):
        gate.__enter__()


def test_no_request_waits_while_the_queue_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure.time, "sleep", lambda seconds: pytest.fail("waits"))
    start(Backpressure(PageQueue()), 10 * AHEAD)


def test_a_request_waits_until_the_main_thread_takes_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, looks = PageQueue(), list[float]()
    for _ in range(AHEAD):
        queue.put(batch(1))
    gate = Backpressure(queue)

    def take_after_three(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            queue.get_nowait()

    monkeypatch.setattr(backpressure.time, "sleep", take_after_three)
    with gate:
        assert len(looks) == 3


def test_requests_under_way_count_as_pages_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, looks = PageQueue(), list[float]()
    gate = Backpressure(queue)
    start(gate, AHEAD)
    queue.put(batch(1))

    def end_one(seconds: float) -> None:
        looks.append(seconds)
        gate.__exit__(None, None, None)

    monkeypatch.setattr(backpressure.time, "sleep", end_one)
    start(gate, 1)
    assert len(looks) == 2  # one page and two requests are less than allowed


def test_a_failed_request_makes_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = PageQueue()
    gate = Backpressure(queue)
    for _ in range(2 * AHEAD):
        with pytest.raises(RuntimeError), gate:
            raise RuntimeError
    queue.put(batch(1))
    monkeypatch.setattr(backpressure.time, "sleep", lambda seconds: pytest.fail("waits"))
    with gate:
        pass


def test_workers_never_exceed_the_limit_of_requests() -> None:
    queue = PageQueue()
    gate, lock, most, current = Backpressure(queue), threading.Lock(), [0], [0]
    queue.put(batch(1))

    def work() -> None:
        for _ in range(20):
            with gate:
                with lock:
                    current[0] += 1
                    most[0] = max(most[0], current[0])
                with lock:
                    current[0] -= 1

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most[0] <= AHEAD - 1
