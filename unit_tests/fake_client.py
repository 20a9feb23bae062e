"""A Loxo account in memory behind the interface of `LoxoClient`, and a sync of one stream against it.

The account responds as Loxo does: the last page with records has a cursor, an object that does not exist is a 404,
results beyond the limit of a numbered list are a 400. A test changes responses with two hooks, `before` and `after`.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pendulum
from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from loxo_api.client import Download
from loxo_api.endpoints import DOWNLOAD_PATH, Endpoint, Paging
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import COUNT_CAP, Page, Record
from loxo_api.timestamps import parse_timestamp, shift, to_seconds
from source_loxo.batch import Batch, StagedRecord
from source_loxo.streams.factory import STREAMS, Order, build_stream

NOW = "2025-01-01T00:00:00.000Z"
_FIRST = "2024-09-23T00:00:00.000Z"


@cache
def at(number: float) -> str:
    """The time of the record with this number: four records a day."""
    return shift(_FIRST, seconds=round(number * 6 * 3600))


@cache
def _milliseconds(value: Any) -> float:
    time = parse_timestamp(value)
    return to_seconds(time) * 1000 if time else 0


def record(number: int, **fields: Any) -> Record:
    return {"id": number, "created_at": at(number), "updated_at": at(number), **fields}


def records(count: int, **fields: Any) -> list[Record]:
    return [record(number, **fields) for number in range(1, count + 1)]


def refused(status: int, is_proxy: bool = False) -> LoxoError:
    """The client's error for a status, after its own retries."""
    is_transient = status >= 500 or is_proxy
    kind = ErrorKind.TRANSIENT if is_transient else ErrorKind.CONFIG
    return LoxoError(f"status {status}", kind, status, retryable=is_transient)


@dataclass(frozen=True)
class Asked:
    """A request for a page."""

    path: str
    params: Mapping[str, Any]

    def has(self, text: str) -> bool:
        """Whether a parameter has this name, or its value this text."""
        return text in self.params or any(text in str(value) for value in self.params.values())


class FakeClient:
    """An account and its client.

    :param lists: the records by the path of their list, such as `jobs` and `jobs/7/candidates`. The full record of each
        record of a list exists by itself.
    :param page_size: the size of all pages that are requested without a size.
    """

    agency_slug = "acme"

    def __init__(self, lists: Mapping[str, list[Record]], page_size: int = 0) -> None:
        self.lists = {path: list(found) for path, found in lists.items()}
        self.page_size = page_size
        self.workers = 4
        # "honoured", "ignored" or "refused": date ranges in the query; "ignored" also for the filters on creation.
        self.query = self.filters = "honoured"
        self.honours_sorts = True
        self.result_limit = COUNT_CAP
        self.total: Callable[[int], int | None] = lambda count: count
        self.before: Callable[[Asked], Any] = lambda asked: None
        self.after: Callable[[Asked, Page], Page] = lambda asked, page: page
        self.asked: list[Asked] = []
        self._lock = threading.RLock()

    def parallelism(self, seconds: float | None = None) -> int:
        return self.workers

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Page:
        with self._lock:
            asked = Asked(endpoint.path, {**endpoint.filters, **(params or {})})
            self.asked.append(asked)
            self.before(asked)
            return self.after(asked, self._page(endpoint, asked.params))

    def download(self, path: str, target: Path) -> Download:
        """The content of each file is the path of its download."""
        with self._lock:
            asked = Asked(path, {})
            self.asked.append(asked)
            self.before(asked)
            target.write_text(path)
        return Download(len(path), "", path.encode())

    @property
    def downloads(self) -> list[str]:
        """The paths of the files that were asked for, without those of pages."""
        return [asked.path for asked in self.asked if asked.path.endswith("/download")]

    def edit(self, path: str, number: int, **fields: Any) -> None:
        """Replaces a record, so that what was delivered of it stays as it was."""
        self.lists[path] = [{**each, **fields} if each["id"] == number else each for each in self.lists[path]]

    def delete(self, path: str, *numbers: int) -> None:
        self.lists[path] = [each for each in self.lists[path] if each["id"] not in numbers]

    def refuse(self, matches: Callable[[Asked], bool], status: int, is_proxy: bool = False) -> None:
        """From now on, the requests that match fail."""
        previous = self.before

        def before(asked: Asked) -> None:
            previous(asked)
            if matches(asked):
                raise refused(status, is_proxy)

        self.before = before

    def once(self, number: int, act: Callable[[], Any]) -> None:
        """Something that happens in the account just before the request with this number, counted from 1."""
        previous = self.before

        def before(asked: Asked) -> None:
            previous(asked)
            if len(self.asked) == number:
                act()

        self.before = before

    def recover(self) -> None:
        """Forgets all hooks and requests."""
        del self.asked[:]
        self.before, self.after = (lambda asked: None), (lambda asked, page: page)

    def _page(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Page:
        if endpoint.paging is Paging.RECORD:
            parent, _, number = endpoint.path.rpartition("/")
            found = [each for each in self.lists.get(parent, []) if str(each["id"]) == number]
        else:
            found = self.lists.get(endpoint.path)  # type: ignore[assignment]
        if found is None or (endpoint.paging is Paging.RECORD and not found):
            raise refused(404)
        found = self._ordered(endpoint, self._filtered(endpoint, found, params), params)
        total, size = self.total(len(found)), params.get("per_page") or self.page_size or endpoint.per_page or 25
        date = pendulum.now("UTC").format("ddd, DD MMM YYYY HH:mm:ss [GMT]")
        if endpoint.paging is Paging.SCROLL:
            rest = self._after_cursor(endpoint, found, params)[:size]
            cursor = self._cursor(endpoint, rest[-1], params) if rest else None
            return Page(rest, cursor, total, date=date)
        if endpoint.paging is Paging.PAGE:
            number = params.get("page", 1)
            if number * size > self.result_limit:
                raise refused(400)
            return Page(found[(number - 1) * size : number * size], None, total, -(-len(found) // size), date)
        if endpoint.paging is Paging.AFTER_ID:
            return Page([each for each in found if each["id"] > params.get("after_id", 0)][:size], date=date)
        return Page(found, date=date)

    def _filtered(self, endpoint: Endpoint, found: list[Record], params: Mapping[str, Any]) -> list[Record]:
        ranges = []
        if "query" in params:
            if self.query == "refused":
                raise refused(422)
            name, _, bounds = params["query"].partition(":")
            start, end = bounds.strip("[]").split(" TO ")
            if self.query == "honoured":
                ranges.append((name, start, end))
        bounds = params.get(endpoint.created_after), params.get(endpoint.created_before)
        if self.filters == "honoured" and any(bounds):
            ranges.append(("created_at", *bounds))
        for name, start, end in ranges:
            first, last = _milliseconds(start), _milliseconds(end) or float("inf")
            found = [each for each in found if max(first, 1) <= _milliseconds(each.get(name)) <= last]
        for name, _ in endpoint.splits:
            if name in params:
                found = [each for each in found if str(each.get(name)) == params[name]]
        return found

    def _sort(self, params: Mapping[str, Any]) -> tuple[str, bool]:
        """The field by which a list is sorted, and whether its highest value comes first."""
        for name in ("created_at", "updated_at"):
            if self.honours_sorts and f"{name}_sort" in params:
                return name, params[f"{name}_sort"] == "desc"
        return "updated_at", True

    def _key(self, each: Record, field_name: str) -> tuple[float, int]:
        return (_milliseconds(each.get(field_name)), each["id"])

    def _ordered(self, endpoint: Endpoint, found: list[Record], params: Mapping[str, Any]) -> list[Record]:
        if endpoint.paging not in (Paging.SCROLL, Paging.PAGE):
            return found
        name, is_descending = self._sort(params)
        if not self.honours_sorts:
            return found
        return sorted(found, key=lambda each: self._key(each, name), reverse=is_descending)

    def _cursor(self, endpoint: Endpoint, last: Record, params: Mapping[str, Any]) -> str:
        """Hex of a JSON array that begins with the last record's time, as Loxo's is."""
        return json.dumps(self._key(last, self._sort(params)[0])).encode().hex()

    def _after_cursor(self, endpoint: Endpoint, found: list[Record], params: Mapping[str, Any]) -> list[Record]:
        if "scroll_id" not in params:
            return found
        name, is_descending = self._sort(params)
        position = tuple(json.loads(bytes.fromhex(params["scroll_id"])))
        if not self.honours_sorts:
            ids = [each["id"] for each in found]
            return found[ids.index(position[1]) + 1 :] if position[1] in ids else []
        keys = [(self._key(each, name), each) for each in found]
        return [each for key, each in keys if (key < position if is_descending else key > position)]


@dataclass
class Sync:
    """The output of a sync.

    :param checkpoints: each emitted state with the number of records before it.
    :param files: by the path of its download, the content of each file that a record refers to.
    :param error: the message of the first error; empty if there was none.
    """

    records: list[Record] = field(default_factory=list)
    checkpoints: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    estimate: float | None = None
    error: str = ""

    @property
    def state(self) -> dict[str, Any]:
        return self.checkpoints[-1][1]

    @property
    def ids(self) -> list[Any]:
        return [each["id"] for each in self.records]


class _Messages(InMemoryMessageRepository):
    def __init__(self, sync: Sync) -> None:
        super().__init__()
        self._sync = sync

    def emit_message(self, message: AirbyteMessage) -> None:
        if message.type is Type.STATE:
            text = json.dumps(vars(message.state.stream.stream_state))  # type: ignore[union-attr, arg-type]
            self._sync.checkpoints.append((len(self._sync.records), json.loads(text)))
        elif message.type is Type.TRACE:
            self._sync.estimate = message.trace.estimate.row_estimate  # type: ignore[union-attr, assignment]


def sync(
    client: FakeClient,
    name: str,
    state: Mapping[str, Any] | None = None,
    full_refresh: bool = False,
    side_by_side: bool = False,
    **order: Any,
) -> Sync:
    """A sync of a stream: its partitions are read one after the other, and one that fails does not stop the others.

    :param side_by_side: reads a batch of each partition in turn, the last partition first, as workers may.
    """
    result = Sync()
    stream = build_stream(
        STREAMS[name],
        client,  # type: ignore[arg-type]
        _Messages(result),
        state or {},
        Order(is_incremental=not full_refresh, **order),
    )

    def deliver(batch: Batch) -> None:
        result.records += batch
        for each in batch:
            if isinstance(each, StagedRecord):
                content = Path(each.reference.staging_file_url or "").read_text()
                result.files[each[DOWNLOAD_PATH]] = content
        stream.cursor.observe(batch)

    with _noted(result):
        partitions = stream.generate_partitions()
        reads = [iter(each.read()) for each in reversed(list(partitions))] if side_by_side else []
        while reads:
            for read in list(reads):
                with _noted(result):
                    for batch in itertools.islice(read, 1):
                        deliver(batch)
                        break
                    else:
                        reads.remove(read)
        for partition in partitions:
            with _noted(result):
                for batch in partition.read():
                    deliver(batch)
    stream.cursor.ensure_at_least_one_state_emitted()
    return result


@contextmanager
def _noted(result: Sync) -> Iterator[None]:
    try:
        yield
    except AirbyteTracedException as error:
        result.error = result.error or str(error.message)


def table(*syncs: Sync) -> dict[Any, Record]:
    """The content of a destination after these syncs: the last version of each record."""
    return {each["id"]: each for result in syncs for each in result.records}


def resumed(client: FakeClient, first: Sync, name: str, **order: Any) -> Iterator[tuple[set[Any], Sync]]:
    """For each state that a sync emitted: the ids before it, and a sync that begins with it."""
    for delivered, state in first.checkpoints:
        client.recover()
        yield set(first.ids[:delivered]), sync(client, name, state, **order)


def after_each_outage(
    make: Callable[[], FakeClient], name: str, state: Mapping[str, Any] | None = None, **order: Any
) -> Iterator[tuple[set[Any], Sync]]:
    """For each request of a sync: the ids delivered if all requests from there on fail, and the sync that follows."""
    for number in itertools.count(1):
        client = make()
        client.refuse(lambda asked, client=client, number=number: len(client.asked) >= number, 503)  # type: ignore[misc]
        broken = sync(client, name, state, **order)
        if not broken.error:
            return
        client.recover()
        yield set(broken.ids), sync(client, name, broken.state, **order)
