"""Streams below others: the full record of each record of a list, and the lists that hang on a record.

A substream is read along its parent: the parent's read says which records there are, or which changed, and its state
moves when the children of a batch are delivered. So a substream is incremental and resumable wherever its parent is,
and nothing is collected beyond a batch. The parent's list is read once more for each substream; its records are not
delivered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import SYNCED_AT, Endpoint, Paging
from loxo_api.errors import ContractError, ErrorKind, LoxoError
from loxo_api.pages import Record
from loxo_api.pagination.page_number import exact
from loxo_api.slices import Slice
from loxo_api.timestamps import now
from source_loxo.batch import Batch
from source_loxo.cursors import StreamCursor
from source_loxo.reconciliation import SliceReader
from source_loxo.streams.base import Read, StreamRead

logger = logging.getLogger("airbyte")

# Parents whose children are asked for at the same time, for one stream; all streams share one pace.
SIDE_BY_SIDE = 10
# Parents a batch: what is in memory at once, and what is read again after a kill.
BATCH = 20
REMINDER_SECONDS = 30.0
# More failing parents than this are not a matter of single records: the stream stops, and its state stays.
MOST_FAILURES = 200
# So many parents that fail one after the other are an outage.
OUTAGE = 20


class _Gone(Exception):
    """Loxo says twice that a parent, or what hangs on it, does not exist."""


class Children:
    """Fetches the children of parents and keeps the account of them.

    Three things answer 404: a proxy's page (the client retries it, then it fails), a record that was deleted since its
    list was read, and an object that the plan lacks. The last is told from the others by the verdict at the end: not
    one parent has it. A deleted parent is asked for once more by the next sync, in case it was an outage.
    """

    def __init__(self, endpoint: Endpoint, client: LoxoClient, cursor: StreamCursor) -> None:
        self.endpoint = endpoint
        self.answered = 0
        self.counts_parents = ""
        self._client = client
        self._cursor = cursor
        self._lock = threading.Lock()
        self._began = self._reported = time.monotonic()
        self._retry: list[dict[str, Any]] = list(cursor.memory.retry) if cursor.memory else []
        self._asked_before = {self._key(keys) for keys in self._retry}
        self._retried: set[tuple[Any, ...]] = set()
        self._gone: list[dict[str, Any]] = []
        self._failed: list[tuple[dict[str, Any], LoxoError]] = []
        self._failures_in_a_row = 0
        self._delivered = self._claimed = 0
        self._refusal: LoxoError | None = None

    def of(self, parents: list[Record], commit: Callable[[], None] | None = None) -> Iterator[Batch]:
        """The children of the parents, a batch at a time, in the parents' order.

        :param commit: what becomes true once all of them are in the queue.
        """
        rest, batch = iter(parents), Batch()
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=self.endpoint.name) as pool:
            while some := list(islice(rest, BATCH)):
                if batch:
                    yield batch
                batch = Batch(record for children in pool.map(self._of_one, some) for record in children)
                self._report_progress()
        # No state before a parent has answered: all may be missing because the whole object is.
        batch.commit = partial(self._commit, commit) if commit else None
        yield batch

    def _commit(self, commit: Callable[[], None]) -> None:
        if not self.is_sound:
            return
        with self._cursor.lock:
            self.remember()
            commit()

    @property
    def is_sound(self) -> bool:
        """Whether a parent has answered, or none was asked that could have."""
        return bool(self.answered or not (self._newly_gone or self._failed))

    @property
    def _newly_gone(self) -> list[dict[str, Any]]:
        return [keys for keys in self._gone if self._key(keys) not in self._asked_before]

    def remember(self) -> None:
        """Notes in the state which parents the next sync asks for first."""
        if self._cursor.memory:
            with self._lock:
                waiting = [keys for keys in self._retry if self._key(keys) not in self._retried]
                failed = [keys for keys, _ in self._failed]
                self._cursor.memory.retry = [*waiting, *self._newly_gone, *failed]

    def _key(self, keys: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(keys.get(source) for source in self.endpoint.parent_keys.values())

    def _of_one(self, parent: Record) -> list[Record]:
        keys = {source: parent.get(source) for source in self.endpoint.parent_keys.values()}
        try:
            records, claimed = self._asked_twice(self.endpoint.of(parent))
        except _Gone:
            with self._lock:
                self._gone.append(keys)
            return []
        except LoxoError as error:
            self._note_failure(keys, error)
            return []
        finally:
            with self._lock:
                self._retried.add(self._key(keys))
        own = {name: parent[source] for name, source in self.endpoint.parent_keys.items()}
        synced = {SYNCED_AT: now()} if self.endpoint.cursor_field else {}
        with self._lock:
            self.answered += 1
            self._failures_in_a_row = 0
            self._delivered += len(records)
            self._claimed += claimed
        return [{**record, **own, **synced} for record in records]

    def _note_failure(self, keys: dict[str, Any], error: LoxoError) -> None:
        """One failing parent costs one parent.

        :raises LoxoError: the key is refused, or so many fail that it is not about single parents.
        """
        with self._lock:
            self._failed.append((keys, error))
            self._failures_in_a_row += 1
            is_outage = self._failures_in_a_row >= OUTAGE or (not self.answered and len(self._failed) > 2)
            if error.status == 401 or is_outage or len(self._failed) > MOST_FAILURES:
                raise error

    def _asked_twice(self, endpoint: Endpoint) -> tuple[list[Record], int]:
        try:
            return self._read(endpoint)
        except LoxoError as error:
            if not error.is_not_found:
                raise
        try:
            return self._read(endpoint)
        except LoxoError as error:
            if not error.is_not_found:
                raise
            self._refusal = error
            raise _Gone from None

    def _read(self, endpoint: Endpoint) -> tuple[list[Record], int]:
        """The records below one parent, and how many Loxo claims."""
        if endpoint.paging is Paging.RECORD:
            page = self._client.page(endpoint)
            if not page.records:
                raise LoxoError(f"{endpoint.name}: {endpoint.path} does not exist.", ErrorKind.CONFIG, 404)
            record = page.records[0]
            records = _branches(record.get(endpoint.tree)) if endpoint.tree else [record]
            return records, len(records)
        if endpoint.paging is Paging.SCROLL:
            part = Slice()
            reader = SliceReader(endpoint, self._client, lambda _: {}, lambda: None, lambda: None, lambda _: None)
            records = [record for batch in reader.read(part, is_planned=False) for record in batch]
            return records, len(records)
        if endpoint.paging is Paging.PAGE:
            found = {record["id"]: record for page in exact(self._client, endpoint, {}) for record in page.records}
            return list(found.values()), len(found)
        found = {record["id"]: record for record in self._client.page(endpoint).records}
        return list(found.values()), len(found)

    def _report_progress(self) -> None:
        if time.monotonic() - self._reported > REMINDER_SECONDS:
            self._reported = time.monotonic()
            logger.info(
                f"{self.endpoint.name}: {self.answered} of {self.endpoint.parent} read so far, "
                f"{self._delivered} records."
            )

    def finish(self) -> None:
        """Logs the account and gives the verdict.

        :raises LoxoError: not one parent has what was asked for, or some could not be read.
        """
        name, parent = self.endpoint.name, self.endpoint.parent
        if self._refusal and not self.is_sound and not self._failed:
            raise self._refusal
        if self._gone:
            logger.info(f"{name}: {len(self._gone)} of {parent} were deleted meanwhile.")
        what = f"records of {self.counts_parents} read" if self.counts_parents else "records delivered"
        seconds = time.monotonic() - self._began
        logger.info(f"{name}: {self.answered} of {parent} were asked for.")
        logger.info(f"{name}: {self._delivered} {what}, Loxo claims {self._claimed}; {seconds:.1f} s.")
        if self._failed:
            ids = ", ".join("/".join(str(value) for value in keys.values()) for keys, _ in self._failed[:20])
            more = f" and {len(self._failed) - 20} more" if len(self._failed) > 20 else ""
            error = self._failed[0][1]
            raise LoxoError(
                f"{name}: {len(self._failed)} of {parent} could not be read (ids {ids}{more}). All others are "
                f"delivered; the next sync asks for these first. The first failed with: {error}",
                error.kind,
                error.status,
            )


def _branches(nodes: Any, parent_id: Any = None) -> list[Record]:
    """A nested list as records, each with the id of the node above it."""
    records: list[Record] = []
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "id" not in node:
            raise ContractError("a node of a hierarchy has no id")
        records.append({**{key: value for key, value in node.items() if key != "hierarchies"}, "parent_id": parent_id})
        records += _branches(node.get("hierarchies"), node["id"])
    return records


class Substream(StreamRead):
    """A stream that is read along another.

    :param make_parent: makes the parent's read, given what to tell it: whom to report its total to.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: LoxoClient,
        cursor: StreamCursor,
        make_parent: Callable[..., StreamRead],
        **options: Any,
    ) -> None:
        super().__init__(endpoint, client, cursor, **options)
        self._children = Children(endpoint, client, cursor)
        self._children.counts_parents = self.counts_parents
        self._lock = threading.Lock()
        self._open = 1  # the plan itself, so that the count is zero only when all is planned and read
        self._parent = make_parent(reports_total=self._announce, counts_parents=endpoint.parent)

    def partitions(self) -> Iterator[Read]:
        if self.cursor.memory and self.cursor.memory.retry:
            with self._lock:
                self._open += 1
            yield partial(self._read, self._retried)
        for read in self._parent.partitions():
            with self._lock:
                self._open += 1
            yield partial(self._read, read)
        yield self._close

    def _retried(self) -> Iterator[Batch]:
        """The parents that an earlier sync could not read."""
        assert self.cursor.memory
        parents = list(self.cursor.memory.retry)
        logger.info(f"{self.endpoint.name}: {len(parents)} of {self.endpoint.parent} are asked for again.")
        yield Batch(parents)

    def _read(self, read: Read) -> Iterator[Batch]:
        for parents in read():
            yield from self._children.of(parents, parents.commit)
        yield from self._close()

    def _close(self) -> Iterator[Batch]:
        with self._lock:
            self._open -= 1
            last = self._open == 0
        if last:
            yield Batch(commit=self._finished)

    def _finished(self) -> None:
        if self._children.is_sound:
            with self.cursor.lock:
                self._children.remember()
                self.cursor.checkpoint()
        self._children.finish()

    def _announce(self, parents: int | None) -> None:
        if parents is not None:
            logger.info(f"{self.endpoint.name}: at least one request for each of {parents} {self.endpoint.parent}.")
            if self.endpoint.paging is Paging.RECORD and not self.endpoint.tree:
                self.reports_total(parents)
