"""Streams below others: the full record of each row of a list, and the lists that hang on a row.

A child is read along its parent: the parent's sync says which rows there are, or which changed, and is checkpointed
when the children of a batch are delivered. So a child is incremental and resumable wherever its parent is, and nothing
is collected beyond a batch. The parent's list is read once more for each child stream; its rows are not delivered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import pendulum

from loxo_api.client import LoxoClient
from loxo_api.endpoints import SYNCED_AT, Endpoint, Paging
from loxo_api.errors import ContractError, ErrorKind, LoxoError
from loxo_api.pages import Record, Tally
from loxo_api.timestamps import format_timestamp
from source_loxo import numbered, walks
from source_loxo.syncs import Sync, Walk
from source_loxo.walks import Rows
from source_loxo.windows import Window

logger = logging.getLogger("airbyte")

# Parents whose children are asked for at the same time, for one stream; all streams share one pace.
SIDE_BY_SIDE = 10
# Parents a batch: what is in memory at once, and what is read again after a kill.
BATCH = 20
REMINDER_SECONDS = 30.0


class Children:
    """Fetches the children of parents and keeps the account of them."""

    def __init__(self, endpoint: Endpoint, client: LoxoClient) -> None:
        self.endpoint = endpoint
        self.above = ""
        self._client = client
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=endpoint.name)
        self._lock = threading.Lock()
        self._began = self._told = time.monotonic()
        self._parents = self._gone = 0
        self._tally = Tally()
        self._refusal: LoxoError | None = None

    def of(self, parents: Rows) -> Iterator[Rows]:
        """The children of the parents, a batch at a time, in the parents' order."""
        rest = iter(parents)
        while batch := list(islice(rest, BATCH)):
            rows = [row for children in self._pool.map(self._of_one, batch) for row in children]
            yield rows
            self._tell()

    def _of_one(self, parent: Record) -> Rows:
        try:
            rows, claimed = self._read(self.endpoint.of(parent))
        except LoxoError as error:
            if error.status != 404:
                raise
            # Deleted since its list was read; or the whole object is not there, which `finish` tells apart.
            with self._lock:
                self._gone += 1
                self._refusal = error
            return []
        keys = {name: parent[source] for name, source in self.endpoint.parent_keys.items()}
        synced = {SYNCED_AT: format_timestamp(pendulum.now("UTC"))} if self.endpoint.cursor_field else {}
        with self._lock:
            self._parents += 1
            self._tally.before += len(rows)
            self._tally.claimed = (self._tally.claimed or 0) + claimed
        return [{**row, **keys, **synced} for row in rows]

    def _read(self, endpoint: Endpoint) -> tuple[Rows, int]:
        """The rows below one parent, and how many Loxo claims."""
        tally = Tally()
        if endpoint.paging is Paging.RECORD:
            page = self._client.page(endpoint)
            if not page.rows:
                raise LoxoError(f"{endpoint.name}: {endpoint.path} is gone.", ErrorKind.CONFIG, 404)
            rows = _branches(page.rows[0].get(endpoint.tree)) if endpoint.tree else list(page.rows)
            return rows, len(rows)
        if endpoint.paging is Paging.SCROLL:
            walk = walks.scroll(self._client, endpoint, tally, Window(), {}, lambda: None)
        elif endpoint.paging is Paging.PAGE:
            walk = numbered.pages(self._client, endpoint, tally, {})
        else:
            walk = walks.whole(self._client, endpoint, tally)
        rows = [row for page in walk for row in page]
        if tally.missing:
            raise ContractError(f"{endpoint.path} claims {tally.claimed} records, its pages held {tally.delivered}")
        return rows, len(rows) if tally.claimed is None else tally.claimed

    def _tell(self) -> None:
        if time.monotonic() - self._told > REMINDER_SECONDS:
            self._told = time.monotonic()
            logger.info(f"{self.endpoint.name}: {self._parents} of {self.endpoint.parent} read so far.")

    def finish(self) -> None:
        """Logs the account.

        :raises LoxoError: not one parent had what was asked for: the object, not a record of it, is missing.
        """
        self._pool.shutdown()
        if self._refusal and not self._parents and self._gone > 2:
            raise self._refusal
        if self._gone:
            logger.info(f"{self.endpoint.name}: {self._gone} of {self.endpoint.parent} were deleted meanwhile.")
        what = f"records of {self.above} read" if self.above else "records delivered"
        seconds = time.monotonic() - self._began
        logger.info(f"{self.endpoint.name}: {self._parents} of {self.endpoint.parent} were asked for.")
        logger.info(
            f"{self.endpoint.name}: {self._tally.delivered} {what}, Loxo claims {self._tally.claimed or 0}; "
            f"{seconds:.1f} s."
        )


def _branches(nodes: Any, parent_id: Any = None) -> Rows:
    """A nested list as rows, each with the id of the node above it."""
    rows: Rows = []
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "id" not in node:
            raise ContractError("a node of a hierarchy has no id")
        rows.append({**{key: value for key, value in node.items() if key != "hierarchies"}, "parent_id": parent_id})
        rows += _branches(node.get("hierarchies"), node["id"])
    return rows


class ChildSync(Sync):
    """A stream that is read along another.

    :param parent: the parent's sync, with this stream's cursor and name; its rows are turned into children.
    """

    def __init__(self, endpoint: Endpoint, client: LoxoClient, cursor: Any, parent: Sync) -> None:
        super().__init__(endpoint, client, cursor, parent.stored, None)
        self.children = Children(endpoint, client)
        self._parent = parent
        self._lock = threading.Lock()
        self._open = 1  # the plan itself, so that the count is zero only when all is planned and read
        parent.parents = endpoint.parent
        parent.on_total = self._announce

    def walks(self) -> Iterator[Walk]:
        for walk in self._parent.walks():
            with self._lock:
                self._open += 1
            yield partial(self._read, walk)
        yield self._close

    def _read(self, walk: Walk) -> Iterator[Rows]:
        for parents in walk():
            yield from self.children.of(parents)
        yield from self._close()

    def _close(self) -> Iterator[Rows]:
        with self._lock:
            self._open -= 1
            last = self._open == 0
        if last:
            self.children.above = self.parents
            self.children.finish()
        yield from ()

    def _announce(self, parents: int | None) -> None:
        if parents is not None:
            logger.info(f"{self.endpoint.name}: at least one request for each of {parents} {self.endpoint.parent}.")
            if self.endpoint.paging is Paging.RECORD and not self.endpoint.tree:
                self.on_total(parents)
