"""Substreams: the full record of each record of a list, and the lists of a single record.

A substream follows its parent: the parent's read yields all or changed records, and its state moves when the children
of a batch are delivered. So a substream is incremental and resumable wherever its parent is, and memory holds one
batch. The parent's list is read once more for each substream; its records are not delivered.
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
from loxo_api.endpoints import DOWNLOAD_PATH, SYNCED_AT, Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError, StorageError
from loxo_api.files import files_of
from loxo_api.pages import Record, branches
from loxo_api.pagination.page_number import exact
from loxo_api.slices import Slice
from loxo_api.timestamps import now
from source_loxo.batch import Batch
from source_loxo.cursors import StreamCursor
from source_loxo.reconciliation import SliceReader
from source_loxo.streams.base import OpenReads, Read, StreamRead
from source_loxo.streams.file_transfer import Failure, FileTransfer

logger = logging.getLogger("airbyte")

# Parents whose children are requested in parallel, per stream; all streams share one request rate.
SIDE_BY_SIDE = 10
# Parents in a batch, which is in memory at once and is read again after a kill.
BATCH = 20
REMINDER_SECONDS = 30.0
# Consecutive parents with transient errors that count as an outage: the stream stops after its batch.
OUTAGE = 20
# Newly failed parents after which the stream stops, because each of them costs a request in every sync.
MOST_FAILURES = 1000
# Parents of earlier syncs that may fail again with transient errors; then the others wait for the next sync.
MOST_REPEATED_FAILURES = 3
# Syncs in which a deleted parent is requested, because an outage can look like deletions.
GONE_SYNCS = 5
# More newly deleted parents than this number and this share are a failure, because their list has just named them.
MANY_GONE, GONE_SHARE = 20, 0.05


# The key, beside a parent's keys in the state, of the number of syncs that could not read it.
TRIES = "tries"


class _Gone(Exception):
    """Loxo reported twice that a parent, or its list of children, does not exist."""


class Children:
    """Reads the children of parents, and keeps account of the parents that fail.

    A 404 has three causes: a proxy's page (the client retries it, then it fails), a record that was deleted since its
    list was read, and an object that the plan lacks. At the end, an object that no parent has is an error. A deleted
    parent is requested again by the next syncs, in case an outage caused the 404.

    :param transfer: stages the files of the children, if the connection wants them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: LoxoClient,
        cursor: StreamCursor,
        log_count: Callable[[int, int | None], None],
        transfer: FileTransfer | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.answered = 0
        self._log_count = log_count
        self._transfer = transfer
        self._client = client
        self._cursor = cursor
        self._lock = threading.Lock()
        self._reported = time.monotonic()
        stored = cursor.memory.retry if cursor.memory else []
        # The parents that earlier syncs could not read: their keys, and the number of syncs that tried.
        self.retry = [keys for keys in stored if keys.keys() >= set(endpoint.parent_keys.values())]
        self._tries = {self._key(keys): int(keys.get(TRIES, 1)) for keys in self.retry}
        self._earlier = {self._key(keys): keys for keys in self.retry}
        self._asked: set[tuple[Any, ...]] = set()
        self._queued: set[tuple[Any, ...]] = set()
        self._gone: list[dict[str, Any]] = []
        # What the state holds of each parent that failed, the error, and the paths of the files if only these failed.
        self._failed: list[tuple[dict[str, Any], LoxoError, list[str]]] = []
        self._transient_in_a_row = self._repeated_failures = self._new_failures = 0
        self._delivered = self._claimed = 0
        self._refusal: LoxoError | None = None

    def of(self, parents: list[Record], commit: Callable[[], None] | None = None) -> Iterator[Batch]:
        """The children of the parents, a batch at a time, in the parents' order.

        :param commit: called when all of them are in the queue.
        :raises LoxoError: too many parents fail. The state covers the batch, so that the next sync continues behind it.
        """
        rest, batch = iter(parents), Batch()
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=self.endpoint.name) as pool:
            while some := list(islice(rest, BATCH)):
                if batch.commit:
                    yield batch
                batch = Batch(record for children in pool.map(self._of_one, some) for record in children)
                batch.commit = partial(self._note_queued, some, batch)
                self._report_progress()
                if self._must_stop:
                    for parent in rest:
                        self._failed.append((self._unread(parent), self._failed[-1][1], []))
        # No state before a parent was read, because the plan may lack the whole object.
        if commit:
            batch.commit = partial(self._commit, commit, batch.commit)
        yield batch
        if self._must_stop:
            raise self._failure()

    def _note_queued(self, parents: list[Record], batch: Batch) -> None:
        """Notes that the children of these parents are in the queue: a state behind them need not name them."""
        with self._cursor.lock:
            self._queued.update({self._key(parent) for parent in parents} & self._tries.keys())
            if self._transfer:
                self._transfer.note(batch)

    def _commit(self, commit: Callable[[], None], note_queued: Callable[[], None] | None) -> None:
        with self._cursor.lock:
            if note_queued:
                note_queued()
            if not self.is_sound:
                return
            self.remember()
            commit()

    @property
    def is_sound(self) -> bool:
        """Whether the object exists as far as is known: a parent was read, or nothing points to the contrary."""
        refusals = any(error.kind is not ErrorKind.TRANSIENT for _, error, _ in self._failed)
        return bool(self.answered or not (self._newly_gone or refusals))

    @property
    def _newly_gone(self) -> list[dict[str, Any]]:
        return [keys for keys in self._gone if self._key(keys) not in self._tries]

    @property
    def _many_are_gone(self) -> bool:
        gone = len(self._newly_gone)
        return gone > MANY_GONE and gone > GONE_SHARE * (self.answered + gone)

    @property
    def _must_stop(self) -> bool:
        return self._transient_in_a_row >= OUTAGE or self._new_failures >= MOST_FAILURES

    def remember(self) -> None:
        """Notes in the state the parents that the next sync requests first."""
        if self._cursor.memory:
            with self._lock:
                known = {self._key(keys) for keys in (*self._gone, *(keys for keys, *_ in self._failed))}
                known |= self._asked & self._queued
                waiting = [{**keys, **self._unread(keys)} for keys in self.retry if self._key(keys) not in known]
                gone = [self._counted(keys) for keys in self._gone]
                failed = [self._counted(keys) for keys, *_ in self._failed]
                self._cursor.memory.retry = [*waiting, *(keys for keys in gone if keys[TRIES] < GONE_SYNCS), *failed]

    def _counted(self, keys: dict[str, Any]) -> dict[str, Any]:
        return {**keys, TRIES: self._tries.get(self._key(keys), 0) + 1}

    def _keys(self, parent: Record) -> dict[str, Any]:
        return {source: parent.get(source) for source in self.endpoint.parent_keys.values()}

    def _key(self, keys: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(keys.get(source) for source in self.endpoint.parent_keys.values())

    def _of_one(self, parent: Record) -> list[Record]:
        keys = self._keys(parent)
        is_repeated = self._key(keys) in self._tries
        if is_repeated and self._repeated_failures >= MOST_REPEATED_FAILURES:
            return []  # it stays on the list of the state
        try:
            records, claimed = self._asked_twice(self.endpoint.of(parent))
        except _Gone:
            with self._lock:
                self._gone.append(self._unread(parent))
            return []
        except LoxoError as error:
            self._note_failure(self._unread(parent), error, is_repeated)
            return []
        finally:
            with self._lock:
                self._asked.add(self._key(keys))
        own = {name: parent[source] for name, source in self.endpoint.parent_keys.items()}
        synced = {SYNCED_AT: now()} if self.endpoint.cursor_field else {}
        rows = [{**record, **own, **synced} for record in records]
        failures: list[Failure] = []
        if self._transfer:
            rows, failures = self._transfer.staged(rows, parent, self._earlier.get(self._key(keys), {}))
            if any(error.is_not_found for _, error in failures):
                failures = self._still_listed(parent, failures)
            claimed = len(rows)
        with self._lock:
            self.answered += 1
            if not failures:
                self._transient_in_a_row = 0
            self._delivered += len(rows)
            self._claimed += claimed
        if self._transfer and failures:
            files = [file for file, _ in failures]
            lost = [file[DOWNLOAD_PATH] for file in files]
            self._note_failure(self._transfer.lost(keys, files), failures[0][1], is_repeated, lost)
        return rows

    def _still_listed(self, parent: Record, failures: list[Failure]) -> list[Failure]:
        """The failures without those of files that were deleted since their list was read."""
        try:
            listed = {file["id"] for file in self._read(self.endpoint.of(parent))[0]}
        except LoxoError as error:
            if not error.is_not_found:
                return failures
            listed = set()
        return [failure for failure in failures if failure[0]["id"] in listed]

    def _unread(self, parent: Record) -> dict[str, Any]:
        """What the state holds of a parent that could not be read."""
        keys = self._keys(parent)
        if not self._transfer:
            return keys
        return self._transfer.failed(keys, parent, self._earlier.get(self._key(keys), {}))

    def _note_failure(
        self, keys: dict[str, Any], error: LoxoError, is_repeated: bool, lost: list[str] | None = None
    ) -> None:
        """One failing parent costs one parent.

        :raises LoxoError: Loxo does not accept the key, so that no parent can be read.
        """
        if error.status == 401 or isinstance(error, StorageError):
            raise error
        with self._lock:
            self._failed.append((keys, error, lost or []))
            is_transient = error.kind is ErrorKind.TRANSIENT
            if is_repeated:
                self._repeated_failures += is_transient
            else:
                self._new_failures += 1
                self._transient_in_a_row = self._transient_in_a_row + 1 if is_transient else 0

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
        """The records below one parent, and their claimed number."""
        if endpoint.paging is Paging.RECORD:
            page = self._client.page(endpoint)
            if not page.records:
                raise LoxoError(f"{endpoint.name}: {endpoint.path} does not exist.", ErrorKind.CONFIG, 404)
            record = page.records[0]
            if endpoint.files:
                records = files_of(endpoint, record)
            else:
                records = branches(record.get(endpoint.tree)) if endpoint.tree else [record]
            return records, len(records)
        if endpoint.paging is Paging.SCROLL:
            part = Slice()
            reader = SliceReader(endpoint, self._client)
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
        """Logs the counts, and fails if the read failed.

        :raises LoxoError: no parent has the object, or some parents could not be read.
        """
        name, parent = self.endpoint.name, self.endpoint.parent
        if self._refusal and not self.is_sound and not self._failed:
            raise self._refusal
        if self._gone:
            logger.info(f"{name}: {len(self._gone)} of {parent} were deleted meanwhile.")
        logger.info(f"{name}: {self.answered} of {parent} were read.")
        self._log_count(self._delivered, self._claimed)
        if self._failed:
            raise self._failure()
        if self._many_are_gone and self._refusal:
            raise LoxoError(
                f"{name}: Loxo reports {len(self._newly_gone)} of {parent} as deleted that it has just listed. All "
                f"others are delivered; the next sync requests these first. The last response: {self._refusal}",
                ErrorKind.TRANSIENT,
                404,
            )

    def _failure(self) -> LoxoError:
        """The error that names the parents that could not be read."""
        name, parent = self.endpoint.name, self.endpoint.parent
        lost = [path for *_, paths in self._failed for path in paths]
        unread = ["/".join(map(str, self._key(keys))) for keys, _, paths in self._failed if not paths]
        texts = [f"{len(unread)} of {parent} could not be read (ids {_some(unread)})"] if unread else []
        texts += [f"{len(lost)} of the files could not be downloaded ({_some(lost)})"] if lost else []
        error = self._failed[0][1]
        others = "The stream stopped there" if self._must_stop else "All others are delivered"
        return LoxoError(
            f"{name}: {' and '.join(texts)}. {others}; the next sync requests these first. The first failed with: "
            f"{error}",
            error.kind,
            error.status,
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


class Substream(StreamRead):
    """A stream that follows its parent's read.

    :param make_parent: makes the parent's read; takes its keyword options.
    :param transfer: stages the files of the children, if the connection wants them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: LoxoClient,
        cursor: StreamCursor,
        make_parent: Callable[..., StreamRead],
        transfer: FileTransfer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(endpoint, client, cursor, **options)
        self._transfer = transfer
        self._children = Children(endpoint, client, cursor, self.log_count, transfer)
        self._open = OpenReads()
        self._parent = make_parent(reports_total=self._announce, counts_parents=endpoint.parent)

    def partitions(self) -> Iterator[Read]:
        if self._children.retry:
            self._open.add()
            yield partial(self._read, self._retried)
        for read in self._parent.partitions():
            self._open.add()
            yield partial(self._read, read)
        yield self._close

    def _retried(self) -> Iterator[Batch]:
        """The parents that earlier syncs could not read."""
        parents = list(self._children.retry)
        logger.info(f"{self.endpoint.name}: {len(parents)} of {self.endpoint.parent} are requested again.")
        yield Batch(parents)

    def _read(self, read: Read) -> Iterator[Batch]:
        for parents in read():
            yield from self._children.of(parents, parents.commit)
        yield from self._close()

    def _close(self) -> Iterator[Batch]:
        if self._open.close():
            yield Batch(commit=self._finished)

    def _finished(self) -> None:
        if self._children.is_sound:
            with self.cursor.lock:
                self._children.remember()
                if self._transfer:
                    self._transfer.complete()
                self.cursor.checkpoint()
        self._children.finish()

    def _announce(self, parents: int | None) -> None:
        if parents is not None:
            logger.info(f"{self.endpoint.name}: at least one request for each of {parents} {self.endpoint.parent}.")
            if self.endpoint.paging is Paging.RECORD and not self.endpoint.tree:
                self.reports_total(parents)
