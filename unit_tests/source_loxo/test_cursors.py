"""A state is committed, and emitted, once the records before it are in the queue."""

import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteLogMessage, AirbyteMessage, Level, Type
from airbyte_cdk.sources.message import InMemoryMessageRepository

from source_loxo.batch import Batch
from source_loxo.cursors import QueueOrderedRepository, StreamCursor
from source_loxo.state import JobsState

TIME = "2024-06-01T00:00:00.000Z"


def states(repository: InMemoryMessageRepository) -> list[dict[str, Any]]:
    messages = list(repository.consume_queue())
    assert all(message.type is Type.STATE for message in messages)
    return [vars(message.state.stream.stream_state) for message in messages]  # type: ignore[union-attr, arg-type]


def in_a_worker(run: Callable[[], None]) -> None:
    worker = threading.Thread(target=run)
    worker.start()
    worker.join()


def log(text: str) -> AirbyteMessage:
    return AirbyteMessage(Type.LOG, log=AirbyteLogMessage(Level.INFO, text))


def test_a_batch_is_a_list_of_records_with_a_commit() -> None:
    def commit() -> None: ...

    assert Batch([{"id": 1}], commit) == [{"id": 1}]
    assert Batch([{"id": 1}], commit).commit is commit
    assert (Batch(), Batch().commit) == ([], None)


def test_a_batch_is_committed_when_it_is_observed() -> None:
    committed: list[int] = []
    cursor = StreamCursor("jobs", InMemoryMessageRepository(), JobsState())
    batch: Any = Batch([{"id": 1}], lambda: committed.append(1))
    assert committed == []
    cursor.observe(batch)
    assert committed == [1]


def test_batches_without_commit_and_single_records_are_observed() -> None:
    cursor = StreamCursor("jobs", InMemoryMessageRepository(), JobsState())
    for observed in (Batch([{"id": 1}]), {"id": 1}):
        cursor.observe(observed)  # type: ignore[arg-type]


def test_a_checkpoint_emits_the_current_state() -> None:
    repository, memory = InMemoryMessageRepository(), JobsState()
    cursor = StreamCursor("jobs", repository, memory)
    memory.updated_at = TIME
    assert "updated_at" not in cursor.state  # not valid until it is committed
    cursor.checkpoint()
    assert states(repository) == [memory.to_json()]
    assert cursor.state == memory.to_json()


def test_progress_right_after_a_state_is_left_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_loxo.cursors.SECONDS_TO_PROGRESS", 60)
    repository, memory = InMemoryMessageRepository(), JobsState()
    cursor = StreamCursor("jobs", repository, memory)
    emitted = []
    for day, is_progress in enumerate((True, True, True, False, True), 1):
        memory.updated_at = f"2024-06-0{day}T00:00:00.000Z"
        cursor.checkpoint(is_progress)
        emitted.append([state["updated_at"][:10] for state in states(repository)])
    assert emitted == [["2024-06-01"], [], [], ["2024-06-04"], []]
    cursor.ensure_at_least_one_state_emitted()
    assert states(repository) == [memory.to_json()]  # the progress that no state has covered yet


def test_progress_some_time_after_a_state_is_emitted(monkeypatch: pytest.MonkeyPatch) -> None:
    repository, memory = InMemoryMessageRepository(), JobsState()
    cursor = StreamCursor("jobs", repository, memory)
    for seconds in (10, 11, 12, 15):
        monkeypatch.setattr("time.monotonic", lambda seconds=seconds: seconds)
        monkeypatch.setattr("source_loxo.cursors.SECONDS_TO_PROGRESS", 2)
        memory.updated_at = f"2024-06-{seconds}T00:00:00.000Z"
        cursor.checkpoint(is_progress=True)
    assert [state["updated_at"][8:10] for state in states(repository)] == ["10", "12", "15"]


def test_a_state_that_was_emitted_does_not_change_later() -> None:
    repository, memory = InMemoryMessageRepository(), JobsState(updated_at=TIME)
    cursor = StreamCursor("jobs", repository, memory)
    cursor.checkpoint()
    memory.updated_at = "2024-07-01T00:00:00.000Z"
    assert states(repository)[0]["updated_at"] == TIME


def test_the_end_repeats_the_last_committed_state() -> None:
    repository, memory = InMemoryMessageRepository(), JobsState(updated_at=TIME)
    cursor = StreamCursor("jobs", repository, memory)
    memory.updated_at = "2024-07-01T00:00:00.000Z"  # in memory, but its records are not in the queue
    cursor.ensure_at_least_one_state_emitted()
    assert states(repository) == [JobsState(updated_at=TIME).to_json()]


def test_a_stream_without_state_emits_an_empty_one_at_the_end() -> None:
    repository = InMemoryMessageRepository()
    cursor = StreamCursor("users", repository)
    cursor.checkpoint()
    assert states(repository) == []
    cursor.ensure_at_least_one_state_emitted()
    assert states(repository) == [{"__ab_no_cursor_state_message": True}]


def test_the_state_of_a_worker_follows_its_records() -> None:
    queue: Queue[Any] = Queue()
    cursor = StreamCursor("jobs", QueueOrderedRepository(queue), JobsState())

    def work() -> None:
        for number in range(3):
            batch: Any = Batch([{"id": number}], cursor.checkpoint)
            queue.put(batch)
            cursor.observe(batch)

    in_a_worker(work)
    items = [queue.get_nowait() for _ in range(queue.qsize())]
    assert [isinstance(item, Batch) for item in items] == [True, False] * 3


def test_the_main_thread_never_waits_to_put_a_message() -> None:
    queue: Queue[Any] = Queue(1)
    queue.put("full")
    repository = QueueOrderedRepository(queue)
    repository.emit_message(log("from the main thread"))
    assert [message.log.message for message in repository.consume_queue()] == ["from the main thread"]  # type: ignore[union-attr]


def test_states_of_several_workers_never_go_backwards() -> None:
    queue: Queue[Any] = Queue()
    memory = JobsState(retry=[])
    cursor = StreamCursor("jobs", QueueOrderedRepository(queue), memory)

    def work() -> None:
        for _ in range(50):
            with cursor.lock:
                memory.retry.append({"id": len(memory.retry)})
                cursor.checkpoint()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    lengths = [len(vars(queue.get_nowait().state.stream.stream_state)["retry"]) for _ in range(queue.qsize())]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("observed", [{"id": 1}, Batch([{"id": 1}])])
def test_every_record_is_synced(observed: Any) -> None:
    assert StreamCursor("users", InMemoryMessageRepository()).should_be_synced(observed)
