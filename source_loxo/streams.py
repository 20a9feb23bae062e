"""Builds a CDK stream from an endpoint's row of facts."""

from __future__ import annotations

import functools
import json
import logging
import pkgutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteStream,
    AirbyteTraceMessage,
    EstimateType,
    FailureType,
    TraceType,
    Type,
)
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_loxo import walks
from source_loxo.client import LoxoClient
from source_loxo.cursors import ResumableCursor, StreamCursor
from source_loxo.endpoints import Endpoint, Paging
from source_loxo.moments import moment, shifted
from source_loxo.paging import ContractError, Row, Tally

logger = logging.getLogger("airbyte")

PRIMARY_KEY = "id"


class LoxoStream(DefaultStream):
    """A DefaultStream that says truly whether an interrupted read can be taken up again."""

    def __init__(self, endpoint: Endpoint, generator: PartitionGenerator, cursor: StreamCursor) -> None:
        super().__init__(
            partition_generator=generator,
            name=endpoint.name,
            json_schema=functools.partial(load_schema, endpoint.name),
            primary_key=[PRIMARY_KEY],
            cursor_field=None,
            logger=logger,
            cursor=cursor,
        )
        self._is_resumable = endpoint.paging is Paging.SCROLL

    def as_airbyte_stream(self) -> AirbyteStream:
        stream = super().as_airbyte_stream()
        stream.is_resumable = self._is_resumable
        return stream


@functools.cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The JSON schema of a stream, read once from the package."""
    text = pkgutil.get_data(__package__, f"schemas/{name}.json")
    schema: Mapping[str, Any] = json.loads(text or "")
    return schema


class WalkPartition(Partition):
    """One walk, read by one worker.

    :param walk: makes the generator of row lists; it checkpoints between them.
    """

    def __init__(self, stream_name: str, walk: Callable[[], Iterator[list[Row]]]) -> None:
        self._stream_name = stream_name
        self._walk = walk

    def read(self) -> Iterable[Record]:
        try:
            for rows in self._walk():
                for row in rows:
                    yield Record(row, self._stream_name)
        except ContractError as error:
            raise system_error(f"{self._stream_name}: Loxo's API does not keep its word: {error}.") from None

    def to_slice(self) -> Mapping[str, Any]:
        return {}

    def stream_name(self) -> str:
        return self._stream_name

    def __hash__(self) -> int:
        return hash(self._stream_name)


class OnePartition(PartitionGenerator):
    """The partitions of a stream that is read by a single walk, or not at all."""

    def __init__(self, partition: Partition | None) -> None:
        self._partition = partition

    def generate(self) -> Iterable[Partition]:
        if self._partition:
            yield self._partition


def system_error(message: str) -> AirbyteTracedException:
    """An answer of Loxo's that we cannot account for."""
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.system_error)


def full_refresh_stream(
    endpoint: Endpoint,
    client: LoxoClient,
    repository: InMemoryMessageRepository,
    stored_state: Mapping[str, Any],
    sync_id: int | None = None,
    start_date: str | None = None,
) -> LoxoStream:
    """A stream that reads everything, and ends INCOMPLETE if Loxo claims more than was delivered.

    :param stored_state: what an earlier attempt of the same sync remembered.
    :param start_date: a moment; records created earlier are left out where Loxo can filter by creation.
    """
    if endpoint.paging is not Paging.SCROLL:
        plain = StreamCursor(endpoint.name, repository)
        tally = Tally()
        unsettled = _plain_walk(endpoint, client, tally)
        return LoxoStream(endpoint, OnePartition(_settled(endpoint, tally, plain, unsettled)), plain)

    cursor = ResumableCursor(endpoint.name, repository, stored_state, sync_id)
    if cursor.finished_before:
        logger.info(f"{endpoint.name}: read in full by an earlier attempt of this sync; nothing to do.")
        return LoxoStream(endpoint, OnePartition(None), cursor)
    tally = Tally(before=cursor.delivered)
    filters = {endpoint.steady_sort: "asc"} if endpoint.steady_sort else {}
    since = start_date if endpoint.created_after else None
    if since:
        # A second earlier, because nobody knows whether Loxo's bound includes its own moment.
        filters[endpoint.created_after] = shifted(since, seconds=-1)

    def walk() -> Iterator[list[Row]]:
        for rows in walks.scroll(client, endpoint, tally, cursor, filters):
            yield [row for row in rows if not since or (moment(row.get("created_at")) or since) >= since]

    return LoxoStream(endpoint, OnePartition(_settled(endpoint, tally, cursor, walk)), cursor)


def _plain_walk(endpoint: Endpoint, client: LoxoClient, tally: Tally) -> Callable[[], Iterator[list[Row]]]:
    if endpoint.paging is Paging.AFTER_ID:
        return lambda: walks.after_id(client, endpoint, tally)
    if endpoint.paging is Paging.WHOLE:
        return lambda: walks.whole(client, endpoint, tally)
    if endpoint.splits:
        return lambda: walks.pages_of_any_number(client, endpoint, tally)
    return lambda: walks.pages(client, endpoint, tally, {})


def _settled(
    endpoint: Endpoint, tally: Tally, cursor: StreamCursor, walk: Callable[[], Iterator[list[Row]]]
) -> Partition:
    """A partition whose walk tells the platform what to expect, and is reconciled with Loxo's count at its end."""

    def reconciled() -> Iterator[list[Row]]:
        expected, started = None, time.monotonic()
        for rows in walk():
            if tally.claimed is not None and expected is None:
                expected = tally.claimed
                cursor.say(_estimate(endpoint.name, expected))
            yield rows
        settle(endpoint, tally, time.monotonic() - started)

    return WalkPartition(endpoint.name, reconciled)


def settle(endpoint: Endpoint, tally: Tally, seconds: float) -> None:
    """Logs delivered / claimed, and how long it took.

    :raises AirbyteTracedException: Loxo claims more than was delivered.
    """
    claimed = "claims no number" if tally.claimed is None else f"claims {tally.claimed}"
    logger.info(f"{endpoint.name}: {tally.delivered} records delivered, Loxo {claimed}; {seconds:.1f} s.")
    if tally.missing:
        raise system_error(
            f"{endpoint.name}: {tally.missing} records are missing: Loxo claims {tally.claimed}, its pages held "
            f"{tally.delivered}. What was read is delivered; sync again, and report this if it stays."
        )


def _estimate(name: str, rows: int) -> AirbyteMessage:
    estimate = AirbyteEstimateTraceMessage(name=name, type=EstimateType.STREAM, row_estimate=rows)
    trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=time.time() * 1000, estimate=estimate)
    return AirbyteMessage(type=Type.TRACE, trace=trace)
