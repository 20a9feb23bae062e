"""The base of all kinds of streams."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint
from source_loxo.batch import Batch
from source_loxo.cursors import StreamCursor

logger = logging.getLogger("airbyte")

# The read of one partition.
Read = Callable[[], Iterator[Batch]]

# A search index can show changes later than their timestamps, so the last minute is read again.
OVERLAP_SECONDS = 60


class OpenReads:
    """Counts the reads of a stream that are not finished, to find the last one. Safe to share between threads.

    The plan counts as one, so that none is left only when all is planned and read.
    """

    def __init__(self) -> None:
        self._count = 1
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self._count += 1

    def close(self) -> bool:
        """Removes a finished read, and returns whether none is left."""
        with self._lock:
            self._count -= 1
            return self._count == 0


class StreamRead:
    """The read of one stream in one sync.

    :param endpoint: the list; as the parent of a substream, it has the substream's name.
    :param reports_total: called with the total, once it is known.
    :param counts_parents: the name of the parent object if the counted records are parents.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: LoxoClient,
        cursor: StreamCursor,
        reports_total: Callable[[int | None], None] | None = None,
        counts_parents: str = "",
    ) -> None:
        self.endpoint = endpoint
        self.client = client
        self.cursor = cursor
        self.reports_total = reports_total or self.estimate
        self.counts_parents = counts_parents
        self._began = time.monotonic()

    def partitions(self) -> Iterator[Read]:
        """The partitions of the read, which workers read in parallel."""
        raise NotImplementedError

    def estimate(self, records: int | None) -> None:
        """Emits an estimate of the number of records."""
        if records is not None:
            estimate = AirbyteEstimateTraceMessage(self.endpoint.name, EstimateType.STREAM, row_estimate=records)
            trace = AirbyteTraceMessage(TraceType.ESTIMATE, time.time() * 1000, estimate=estimate)
            self.cursor.send(AirbyteMessage(Type.TRACE, trace=trace))

    def log_count(self, delivered: int, total: int | None) -> None:
        """Logs the numbers of delivered and claimed records, and the duration."""
        seconds = time.monotonic() - self._began
        claimed = "claims no number" if total is None else f"claims {total}"
        what = f"records of {self.counts_parents} read" if self.counts_parents else "records delivered"
        logger.info(f"{self.endpoint.name}: {delivered} {what}, Loxo {claimed}; {seconds:.1f} s.")
