"""Builds the CDK stream of an endpoint."""

from __future__ import annotations

import functools
import logging
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteStream, SyncMode
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import LoxoError
from loxo_api.exact_json import loads
from loxo_api.pages import Record
from loxo_api.record_schemas import load_schema
from loxo_api.timestamps import now
from source_loxo.additional_fields import AdditionalFields
from source_loxo.batch import Batch, StagedRecord
from source_loxo.cursors import PrivateCursor, StreamCursor
from source_loxo.errors import traced
from source_loxo.state import (
    ChangeFeedState,
    CreatedAtState,
    DeletedRecordsState,
    FullRefreshState,
    JobsState,
    State,
    TouchedJobsState,
    UpdatedAtState,
)
from source_loxo.streams.base import Read, StreamRead
from source_loxo.streams.change_feed import ChangeFeed
from source_loxo.streams.created_at import CreatedAt
from source_loxo.streams.deleted_records import DELETED_RECORDS, PRIMARY_KEY, DeletedRecords
from source_loxo.streams.file_transfer import FileTransfer, forget_without_files, start_over_for_files
from source_loxo.streams.full_refresh import FullRefresh
from source_loxo.streams.jobs import Jobs, TouchedJobs, recent_full_pass
from source_loxo.streams.substream import Substream
from source_loxo.streams.unsliced import Unsliced
from source_loxo.streams.updated_at import UpdatedAt

# All streams: Loxo's objects, and the deleted records.
STREAMS: Mapping[str, Endpoint] = MappingProxyType({**ENDPOINTS, DELETED_RECORDS.name: DELETED_RECORDS})

# Takes the batches of a stream before they are delivered.
Check = Callable[[list[Record]], None]


class LoxoStream(DefaultStream):
    """A DefaultStream with a correct `is_resumable`, which shows whether an interrupted full refresh can be resumed."""

    def __init__(
        self,
        endpoint: Endpoint,
        read: StreamRead,
        cursor: StreamCursor,
        fields: AdditionalFields | None,
        check: Check | None,
    ) -> None:
        super().__init__(
            partition_generator=Partitions(read, fields, check),
            name=endpoint.name,
            json_schema=functools.partial(stream_schema, endpoint),
            primary_key=PRIMARY_KEY if endpoint is DELETED_RECORDS else endpoint.primary_key,
            cursor_field=CursorField(endpoint.cursor_field) if endpoint.cursor_field else None,
            logger=logging.getLogger("airbyte"),
            cursor=cursor,
            supports_file_transfer=endpoint.files,
        )
        self._is_resumable = root(endpoint).paging is Paging.SCROLL
        self._needs_state = endpoint is DELETED_RECORDS

    def as_airbyte_stream(self) -> AirbyteStream:
        stream = super().as_airbyte_stream()
        stream.is_resumable = self._is_resumable
        if self._needs_state:
            stream.supported_sync_modes = [SyncMode.incremental]
        return stream


@dataclass(frozen=True)
class Order:
    """The part of the configured catalog and config that determines a read.

    :param start_date: a timestamp; records created earlier are omitted where Loxo can filter by creation.
    :param includes_files: whether the files of the records are transferred too, where these are files.
    """

    is_incremental: bool = False
    sync_id: int | None = None
    generation_id: int | None = None
    start_date: str | None = None
    includes_files: bool = False

    @classmethod
    def of(cls, configured: ConfiguredAirbyteStream, start_date: str | None) -> Order:
        generation_id = configured.generation_id
        if configured.minimum_generation_id != generation_id:
            generation_id = None  # earlier syncs of the same generation are kept, so it does not name one sync
        is_incremental = configured.sync_mode is SyncMode.incremental
        return cls(is_incremental, configured.sync_id, generation_id, start_date, bool(configured.include_files))


def build_stream(
    endpoint: Endpoint,
    client: LoxoClient,
    repository: InMemoryMessageRepository,
    stored_state: Mapping[str, Any],
    order: Order,
    fields: AdditionalFields | None = None,
    check: Check | None = None,
) -> LoxoStream:
    """The stream of an endpoint, ready to read.

    :param stored_state: the state of an earlier sync, or of an earlier attempt at this sync.
    :param fields: moves the fields that the configured catalog does not name; None leaves records unchanged.
    :param check: receives the batches as Loxo sent them.
    """
    kind = _state_class(endpoint, order)
    memory = kind.from_json(endpoint.name, stored_state) if kind else None
    cursor = StreamCursor(endpoint.name, repository, memory)
    return LoxoStream(endpoint, _read(endpoint, client, cursor, order), cursor, fields, check)


def stream_schema(endpoint: Endpoint) -> Mapping[str, Any]:
    """The declared schema of a stream."""
    if endpoint is DELETED_RECORDS:
        return loads(pkgutil.get_data("source_loxo", "schemas/deleted_records.json") or b"")  # type: ignore[no-any-return]
    return load_schema(endpoint.name)


def root(endpoint: Endpoint) -> Endpoint:
    """The list that a stream follows: its own, or that of its topmost parent."""
    return root(ENDPOINTS[endpoint.parent]) if endpoint.parent else endpoint


def _state_class(endpoint: Endpoint, order: Order) -> type[State] | None:
    """The class of a stream's state; None for lists that every sync reads completely."""
    if endpoint is DELETED_RECORDS:
        return DeletedRecordsState
    first = root(endpoint)
    if first.paging is Paging.PAGE and first.cursor_field:
        if not order.is_incremental:
            return None
        return TouchedJobsState if endpoint.follows_activities else JobsState
    if first.paging is not Paging.SCROLL:
        return None
    if not order.is_incremental:
        return FullRefreshState
    if first.newest_first_sort:
        return ChangeFeedState
    if first.created_after:
        return CreatedAtState
    return UpdatedAtState if first.cursor_field else FullRefreshState


def _read(endpoint: Endpoint, client: LoxoClient, cursor: StreamCursor, order: Order, **options: Any) -> StreamRead:
    args = (endpoint, client, cursor)
    if endpoint is DELETED_RECORDS:
        return DeletedRecords(*args, make_read=_sweep_read, **options)
    if endpoint.parent:
        if endpoint.changes_silently and order.is_incremental and cursor.memory:
            _start_over_weekly(cursor.memory)
        if endpoint.files:
            options["transfer"] = _file_transfer(endpoint, client, cursor, order)
        # The parent's messages have the substream's name, because the user selected the substream.
        parent = replace(ENDPOINTS[endpoint.parent], name=endpoint.name)
        make_parent = functools.partial(_parent_read, endpoint, parent, client, cursor, order)
        return Substream(*args, make_parent, **options)
    memory = cursor.memory
    if endpoint.paging is Paging.PAGE and endpoint.cursor_field:
        return Jobs(*args, incremental=order.is_incremental, **options)
    if isinstance(memory, FullRefreshState):
        ids = {"sync_id": order.sync_id, "generation_id": order.generation_id}
        return FullRefresh(*args, start_date=order.start_date, **ids, **options)
    if isinstance(memory, ChangeFeedState):
        return ChangeFeed(*args, **options)
    if isinstance(memory, CreatedAtState):
        return CreatedAt(*args, start_date=order.start_date, **options)
    if isinstance(memory, UpdatedAtState):
        return UpdatedAt(*args, **options)
    return Unsliced(*args, **options)


def _parent_read(
    child: Endpoint, parent: Endpoint, client: LoxoClient, cursor: StreamCursor, order: Order, **options: Any
) -> StreamRead:
    if isinstance(cursor.memory, TouchedJobsState) and child.follows_activities:
        return TouchedJobs(parent, client, cursor, **options)
    return _read(parent, client, cursor, order, **options)


def _sweep_read(endpoint: Endpoint, client: LoxoClient, name: str) -> StreamRead:
    """A full read of an object whose records and states are not emitted."""
    order = Order()
    kind = _state_class(endpoint, order)
    cursor = PrivateCursor(endpoint.name, kind() if kind else None)
    return _read(endpoint, client, cursor, order, reports_total=lambda _: None, counts_parents=name)


def _start_over_weekly(memory: State) -> None:
    """Discards once a week the state of a substream whose records change without a trace in their parents."""
    if not recent_full_pass(memory.full_at):
        memory.reset()
        memory.full_at = now()


def _file_transfer(endpoint: Endpoint, client: LoxoClient, cursor: StreamCursor, order: Order) -> FileTransfer | None:
    memory = cursor.memory if order.is_incremental else None
    if order.includes_files:
        if memory:
            start_over_for_files(endpoint.name, memory)
        return FileTransfer(endpoint, client, memory)
    if memory:
        forget_without_files(memory)
    return None


class Partitions(PartitionGenerator):
    """Generates the partitions of a read, in a worker of the CDK."""

    def __init__(self, read: StreamRead, fields: AdditionalFields | None, check: Check | None) -> None:
        self._read = read
        self._fields = fields
        self._check = check

    def generate(self) -> Iterable[Partition]:
        name = self._read.endpoint.name
        try:
            for read in self._read.partitions():
                yield ReadPartition(name, read, self._fields, self._check)
        except LoxoError as error:
            raise traced(error, name) from None


class ReadPartition(Partition):
    """A partition of a stream, read by one worker."""

    def __init__(self, stream_name: str, read: Read, fields: AdditionalFields | None, check: Check | None) -> None:
        self._stream_name = stream_name
        self._fields = fields
        self._check = check
        self._read = read

    def read(self) -> Iterable[Batch]:  # type: ignore[override]
        """Yields batches of records; the queue takes each as a whole (backpressure.py)."""
        try:
            for batch in self._read():
                if self._check:
                    self._check(batch)
                named = self._fields.apply(batch) if self._fields else batch
                if named is not batch:
                    named = [_with_file(data, found) for data, found in zip(named, batch, strict=True)]
                yield Batch(named, _guarded(batch, self._stream_name), self._stream_name)
        except LoxoError as error:
            raise traced(error, self._stream_name) from None

    def to_slice(self) -> Mapping[str, Any]:
        return {}

    def stream_name(self) -> str:
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


def _with_file(data: Record, found: Record) -> Record:
    """The record that is delivered as `data`, with the file of the one that was found."""
    return StagedRecord(data, found.reference, found.digest, found.dated) if isinstance(found, StagedRecord) else data


def _guarded(batch: Batch, stream_name: str) -> Any:
    """The batch's commit, with its errors translated."""
    if not batch.commit:
        return None
    commit = batch.commit

    def run() -> None:
        try:
            commit()
        except LoxoError as error:
            raise traced(error, stream_name) from None

    return run
