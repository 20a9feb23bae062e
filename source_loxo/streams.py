"""Builds a CDK stream from an endpoint's row of facts and a kind of sync."""

from __future__ import annotations

import functools
import json
import logging
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pendulum
from airbyte_cdk.models import AirbyteStream, SyncMode
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import LoxoError
from loxo_api.timestamps import format_timestamp
from source_loxo.children import ChildSync
from source_loxo.cursors import PlanCursor, StreamCursor, usable_state
from source_loxo.errors import traced
from source_loxo.syncs import JobsSync, PlainSync, Sync, TouchedJobs, Walk, recent_full_pass
from source_loxo.windowed import ChangedSync, CreatedSync, FeedSync, FullSync


class LoxoStream(DefaultStream):
    """A DefaultStream that says truly whether an interrupted full read can be taken up again."""

    def __init__(self, endpoint: Endpoint, sync: Sync, cursor: StreamCursor) -> None:
        super().__init__(
            partition_generator=SyncPartitions(sync),
            name=endpoint.name,
            json_schema=functools.partial(load_schema, endpoint.name),
            primary_key=endpoint.primary_key,
            cursor_field=CursorField(endpoint.cursor_field) if endpoint.cursor_field else None,
            logger=logging.getLogger("airbyte"),
            cursor=cursor,
        )
        self._is_resumable = root(endpoint).paging is Paging.SCROLL

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
    first = root(endpoint)
    remembers = first.paging is Paging.SCROLL or first.cursor_field
    cursor = PlanCursor(endpoint.name, repository, stored) if remembers else StreamCursor(endpoint.name, repository)
    facts = (client, cursor, stored, start_date)
    return LoxoStream(
        endpoint, _sync(endpoint, *facts, incremental=sync_mode is SyncMode.incremental, sync_id=sync_id), cursor
    )


def root(endpoint: Endpoint) -> Endpoint:
    """The list along which a stream is read: its own, or that of its parent's parent."""
    return root(ENDPOINTS[endpoint.parent]) if endpoint.parent else endpoint


def _sync(
    endpoint: Endpoint,
    client: LoxoClient,
    cursor: Any,
    stored: Mapping[str, Any],
    start_date: str | None,
    incremental: bool,
    sync_id: int | None,
) -> Sync:
    facts = (endpoint, client, cursor, stored, start_date)
    if endpoint.parent:
        # The parent speaks in the child's name: it is the child that the user chose.
        parent = replace(ENDPOINTS[endpoint.parent], name=endpoint.name)
        if endpoint.name == "job_candidates" and incremental:
            return ChildSync(endpoint, client, cursor, TouchedJobs(parent, *facts[1:]))
        if endpoint.drifts and incremental:
            full_at = recent_full_pass(stored)
            cursor.keep(full_at=full_at or format_timestamp(pendulum.now("UTC")))
            facts = (endpoint, client, cursor, stored if full_at else {}, start_date)
        return ChildSync(endpoint, client, cursor, _sync(parent, *facts[1:], incremental, sync_id))
    if endpoint.paging is Paging.PAGE and endpoint.cursor_field:
        return JobsSync(*facts, incremental=incremental)
    if endpoint.paging is not Paging.SCROLL:
        return PlainSync(*facts)
    if not incremental:
        return FullSync(*facts, sync_id=sync_id)
    if endpoint.newest_first_sort:
        return FeedSync(*facts)
    return CreatedSync(*facts) if endpoint.created_after else ChangedSync(*facts)


ADD: dict = {}


class SyncPartitions(PartitionGenerator):
    """The walks of a sync as partitions; the CDK runs this in a worker."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync

    def generate(self) -> Iterable[Partition]:
        name = self._sync.endpoint.name
        try:
            for walk in self._sync.walks():
                yield WalkPartition(name, walk)
        except LoxoError as error:
            raise traced(error, name) from None


class WalkPartition(Partition):
    """One walk, read by one worker; the walk checkpoints between the lists of rows that it yields."""

    def __init__(self, stream_name: str, walk: Walk) -> None:
        self._stream_name = stream_name
        self._walk = walk

    def read(self) -> Iterable[Record]:
        """Lists of records, which the queue takes whole (backpressure.py); the CDK passes on what is yielded here."""
        try:
            for rows in self._walk():
                yield [Record(row, self._stream_name) for row in (ADD[self._stream_name].apply(list(rows)) if self._stream_name in ADD else rows)]  # type: ignore[misc]
        except LoxoError as error:
            raise traced(error, self._stream_name) from None

    def to_slice(self) -> Mapping[str, Any]:
        return {}

    def stream_name(self) -> str:
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


@functools.cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The JSON schema of a stream, read once from the package."""
    schema: Mapping[str, Any] = json.loads(pkgutil.get_data(__package__, f"schemas/{name}.json") or "")
    return schema
