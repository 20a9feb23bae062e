"""Builds a CDK stream from an endpoint's row of facts and a kind of sync."""

from __future__ import annotations

import functools
import json
import logging
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.models import AirbyteStream, FailureType, SyncMode
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_loxo.client import LoxoClient
from source_loxo.cursors import PlanCursor, StreamCursor, usable_state
from source_loxo.endpoints import Endpoint, Paging
from source_loxo.paging import ContractError
from source_loxo.syncs import ChangedSync, CreatedSync, FeedSync, FullSync, JobsSync, PlainSync, Sync, Walk

PRIMARY_KEY = "id"


class LoxoStream(DefaultStream):
    """A DefaultStream that says truly whether an interrupted full read can be taken up again."""

    def __init__(self, endpoint: Endpoint, sync: Sync, cursor: StreamCursor) -> None:
        super().__init__(
            partition_generator=SyncPartitions(sync),
            name=endpoint.name,
            json_schema=functools.partial(load_schema, endpoint.name),
            primary_key=[PRIMARY_KEY],
            cursor_field=CursorField(endpoint.cursor_field) if endpoint.cursor_field else None,
            logger=logging.getLogger("airbyte"),
            cursor=cursor,
        )
        self._is_resumable = endpoint.paging is Paging.SCROLL

    def as_airbyte_stream(self) -> AirbyteStream:
        stream = super().as_airbyte_stream()
        stream.is_resumable = self._is_resumable
        return stream


def build_stream(
    endpoint: Endpoint,
    client: LoxoClient,
    repository: InMemoryMessageRepository,
    stored_state: Mapping[str, Any],
    sync_mode: SyncMode,
    sync_id: int | None = None,
    start_date: str | None = None,
) -> LoxoStream:
    """The stream of an endpoint, ready to be read in the given mode.

    :param stored_state: what the platform hands back of an earlier sync, or of an earlier attempt of this one.
    :param start_date: a moment; records created earlier are left out where Loxo can filter by creation.
    """
    stored = usable_state(endpoint.name, stored_state)
    incremental = sync_mode is SyncMode.incremental
    if endpoint.paging is not Paging.SCROLL and not endpoint.cursor_field:
        plain = StreamCursor(endpoint.name, repository)
        return LoxoStream(endpoint, PlainSync(endpoint, client, plain, stored, start_date), plain)
    cursor = PlanCursor(endpoint.name, repository)
    facts = (endpoint, client, cursor, stored, start_date)
    sync: Sync
    if endpoint.paging is Paging.PAGE:
        sync = JobsSync(*facts, incremental=incremental)
    elif not incremental:
        sync = FullSync(*facts, sync_id=sync_id)
    elif endpoint.newest_first_sort:
        sync = FeedSync(*facts)
    elif endpoint.created_after:
        sync = CreatedSync(*facts)
    else:
        sync = ChangedSync(*facts)
    return LoxoStream(endpoint, sync, cursor)


class SyncPartitions(PartitionGenerator):
    """The walks of a sync as partitions; the CDK runs this in a worker."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync

    def generate(self) -> Iterable[Partition]:
        name = self._sync.endpoint.name
        try:
            for walk in self._sync.walks():
                yield WalkPartition(name, walk)
        except ContractError as error:
            raise broken_contract(name, error) from None


class WalkPartition(Partition):
    """One walk, read by one worker; the walk checkpoints between the lists of rows that it yields."""

    def __init__(self, stream_name: str, walk: Walk) -> None:
        self._stream_name = stream_name
        self._walk = walk

    def read(self) -> Iterable[Record]:
        try:
            for rows in self._walk():
                for row in rows:
                    yield Record(row, self._stream_name)
        except ContractError as error:
            raise broken_contract(self._stream_name, error) from None

    def to_slice(self) -> Mapping[str, Any]:
        return {}

    def stream_name(self) -> str:
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


def broken_contract(stream_name: str, error: ContractError) -> AirbyteTracedException:
    """The error for an answer that we cannot account for."""
    message = f"{stream_name}: Loxo's API does not keep its word: {error}."
    return AirbyteTracedException(message, message, FailureType.system_error)


@functools.cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The JSON schema of a stream, read once from the package."""
    schema: Mapping[str, Any] = json.loads(pkgutil.get_data(__package__, f"schemas/{name}.json") or "")
    return schema
