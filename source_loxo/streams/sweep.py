"""A sweep: the ids of all records of one object, proven complete by Loxo's counts.

A sweep is a full read of the object through the same slices and counts as its stream. Its records are dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ContractError, LoxoError
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.timestamps import now
from source_loxo.batch import Batch
from source_loxo.record_ids import RecordIds, keys_of
from source_loxo.streams.base import OpenReads, Read, StreamRead

# Makes the full read of an object: takes its endpoint, the client, and the object's name.
MakeRead = Callable[[Endpoint, Any, str], StreamRead]


class Sweep:
    """The sweep of one object in one sync. Its partitions are read by several workers.

    :param name: the object; the endpoint has the name that messages use.
    :param compare: the rows of the complete sweep.
    :param failed: called when the sweep or the comparison fails.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        client: LoxoClient,
        make_read: MakeRead,
        compare: Callable[[Sweep], Iterator[Batch]],
        failed: Callable[[Sweep, LoxoError], None],
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.ids = RecordIds(bool(endpoint.parent))
        self.began = now()
        self._pages = _CountedPages(client)
        self._make_read = make_read
        self._compare = compare
        self._failed = failed
        self._error: LoxoError | None = None
        self._lock = threading.Lock()
        self._open = OpenReads()

    @property
    def parent_key(self) -> str:
        return next(iter(self.endpoint.parent_keys), "")

    def partitions(self) -> Iterator[Read]:
        """The reads of the object. A failure stays inside the sweep, so that other objects are swept."""
        try:
            for read in self._make_read(self.endpoint, self._pages, self.name).partitions():
                self._open.add()
                yield partial(self._swept, read)
        except LoxoError as error:
            self._error = self._error or error
        yield partial(self._swept, lambda: iter(()))

    def _swept(self, read: Read) -> Iterator[Batch]:
        try:
            if not self._error:
                for batch in read():
                    with self._lock:
                        self.ids.add(keys_of(batch, self.parent_key))
                    if batch.commit:
                        batch.commit()
        except LoxoError as error:
            self._error = self._error or error
        if self._open.close():
            try:
                yield from self._complete()
            except LoxoError as error:
                self._failed(self, error)

    def _complete(self) -> Iterator[Batch]:
        if self._error:
            raise self._error
        if self._pages.uncounted:
            raise ContractError(
                f"{self._pages.uncounted} has no exact total_count, so an absent record proves nothing (a total of "
                f"{COUNT_CAP} may mean 'at least')"
            )
        yield from self._compare(self)


class _CountedPages:
    """The client of a sweep. It notes whether a list has pages without an exact total.

    :ivar uncounted: the path of such a list.
    """

    def __init__(self, client: LoxoClient) -> None:
        self._client = client
        self.uncounted = ""

    def parallelism(self, seconds: float | None = None) -> int:
        return self._client.parallelism(seconds)

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        page = self._client.page(endpoint, params)
        if endpoint.counted and page.total_count in (None, COUNT_CAP):
            self.uncounted = endpoint.path
        return page
