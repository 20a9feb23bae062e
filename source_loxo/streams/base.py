"""What all kinds of streams have in common."""

from __future__ import annotations

import logging
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

# Reads one partition.
Read = Callable[[], Iterator[Batch]]

# Changes may become visible in a search index a little later than they are stamped, so the last minute is read again.
OVERLAP_SECONDS = 60
# A record's own timestamp may lack its zone, or be read by Loxo in the agency's. So a record that Loxo returned is
# left out as unchanged only if it is older by more than any zone can explain.
ZONES_HOURS = 26


class StreamRead:
    """One stream's read in one sync.

    :param endpoint: the list that is read; under a substream its name is the substream's.
    :param reports_total: told how many records Loxo claims, once that is known.
    :param counts_parents: the object whose records are counted, if they are the parents of what is delivered.
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
        """The partitions of the read, for the workers to read side by side."""
        raise NotImplementedError

    def estimate(self, records: int | None) -> None:
        """Tells the platform how many records to expect."""
        if records is not None:
            estimate = AirbyteEstimateTraceMessage(self.endpoint.name, EstimateType.STREAM, row_estimate=records)
            trace = AirbyteTraceMessage(TraceType.ESTIMATE, time.time() * 1000, estimate=estimate)
            self.cursor.send(AirbyteMessage(Type.TRACE, trace=trace))

    def log_count(self, delivered: int, total: int | None) -> None:
        """Logs delivered / claimed, and how long it took."""
        seconds = time.monotonic() - self._began
        claimed = "claims no number" if total is None else f"claims {total}"
        what = f"records of {self.counts_parents} read" if self.counts_parents else "records delivered"
        logger.info(f"{self.endpoint.name}: {delivered} {what}, Loxo {claimed}; {seconds:.1f} s.")
