"""The deleted records of the account, which no list of Loxo contains.

Each sync sweeps the ids of each object and compares them with those of the last complete sweep, which the state holds.
There is no cheaper proof: an unchanged count of a period can hide a deletion beside a record that is dated back into
it, so every page is read.

An absent id is not a deletion yet. Each absent record is requested, and Loxo has to report twice that it does not
exist; of many, a sample is requested. A sweep that fails, or that is short of Loxo's count, reports nothing and leaves
the state as it was.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.timestamps import shift
from source_loxo.batch import Batch
from source_loxo.record_ids import Key, RecordIds
from source_loxo.state import DeletedRecordsState
from source_loxo.streams.base import OpenReads, Read, StreamRead
from source_loxo.streams.merges import merges_since
from source_loxo.streams.sweep import MakeRead, Sweep

logger = logging.getLogger("airbyte")

# The stream's row. It is not an endpoint of Loxo, so it is not in the table.
DELETED_RECORDS = Endpoint("deleted_records", "", cursor_field="noticed_at")
PRIMARY_KEY = ["object", "parent_id", "record_id"]

# The largest number of absent ids that are all requested, twice each; of more, a sample is requested.
FEW = 1000
SAMPLE = 200
# A loss above this number and this share of an object is reported with a warning.
LOUD_NUMBER, LOUD_SHARE = 20, 0.1
# Requests for single records that are in progress at once, per object; all share one request rate.
SIDE_BY_SIDE = 10
# Listed records that are requested to prove that Loxo returns single records at all.
CONTROLS = 3
# Absent records of an object whose requests may fail: these are unknown, and all others are reported.
MOST_FAILURES = 3
ROWS = 1000
# Days before the last sweep from which merges are read: their zone is unknown, and a merge takes minutes (Loxo's help).
MERGES_LOOKBACK_DAYS = 2


def swept_objects() -> list[Endpoint]:
    """The objects whose records can be deleted, those with a parent last."""
    return sorted((row for row in ENDPOINTS.values() if row.entity), key=lambda row: bool(row.parent))


class DeletedRecords(StreamRead):
    """The stream of deleted records.

    :param make_read: makes the full read of an object.
    """

    def __init__(self, *args: Any, make_read: MakeRead, **options: Any) -> None:
        super().__init__(*args, **options)
        self._make_read = make_read
        self._failures: dict[str, LoxoError] = {}
        self._lock = threading.Lock()
        self._open = OpenReads()

    @property
    def _memory(self) -> DeletedRecordsState:
        memory = self.cursor.memory
        assert isinstance(memory, DeletedRecordsState)
        return memory

    def partitions(self) -> Iterator[Read]:
        memory, agency_slug = self._memory, self.client.agency_slug
        if memory.agency_slug not in (None, agency_slug):
            logger.warning(
                f"{self.endpoint.name}: the state belongs to the agency '{memory.agency_slug}'. This sync is the "
                "new baseline."
            )
            memory.objects = {}
        memory.agency_slug = agency_slug
        for row in swept_objects():
            # The messages of a sweep name the stream and the object.
            endpoint = replace(row, name=f"{self.endpoint.name} ({row.name})")
            sweep = Sweep(row.name, endpoint, self.client, self._make_read, self._compared, self._note)
            for read in sweep.partitions():
                self._open.add()
                yield partial(self._read, read)
        yield partial(self._read, lambda: iter(()))

    def _read(self, read: Read) -> Iterator[Batch]:
        yield from read()
        if self._open.close() and self._failures:
            raise self._failure()

    def _note(self, sweep: Sweep, error: LoxoError) -> None:
        if error.status in (403, 404) and sweep.name not in self._memory.objects:
            # An object outside the plan, or closed to the key, from the start.
            logger.warning(f"{sweep.endpoint.name}: not swept, because Loxo has never listed it to this key. {error}")
            return
        with self._lock:
            self._failures[sweep.name] = error

    def _failure(self) -> LoxoError:
        names = ", ".join(self._failures)
        first = next(iter(self._failures.values()))
        return LoxoError(
            f"{self.endpoint.name}: the deletions of {names} are unknown in this sync. None of them is reported; "
            f"the next sync sweeps them again. All other objects are compared. The first failed with: {first}",
            first.kind,
            first.status,
        )

    def _compared(self, sweep: Sweep) -> Iterator[Batch]:
        """The records of a complete sweep, then the state that holds it."""
        stored = self._stored(sweep)
        if not stored:
            logger.info(f"{sweep.endpoint.name}: {len(sweep.ids)} ids are the baseline of later syncs.")
            yield Batch(commit=partial(self._remember, sweep, sweep.ids, RecordIds(sweep.ids.has_parent)))
            return
        swept_at, known, gone = stored
        missing = known - sweep.ids
        if len(missing) == len(known) > LOUD_NUMBER:
            raise LoxoError(
                f"{sweep.endpoint.name}: none of the {len(known)} records of the last sweep is listed any more, so no "
                "deletion is believed. Check the agency of the connection and the permissions of the API key. If the "
                "account really has no such record any more, clear the data of this stream.",
                ErrorKind.CONFIG,
            )
        present = self._present(sweep, missing, len(known))
        deleted, restored = missing - present, gone & sweep.ids
        merged = self._merged(sweep, deleted, swept_at) if sweep.name == "people" and len(deleted) else {}
        if len(deleted) or len(restored):
            # Of a sync that is killed behind its rows, this state lets the next one report the opposite of each row.
            yield Batch(commit=partial(self._remember, sweep, known | restored, gone | deleted, swept_at))
        row = {"object": sweep.name, "noticed_at": sweep.began, "restored_at": None, "merged_into_id": None}
        rows = (
            {**row, **_named(key), "last_seen_at": swept_at, "merged_into_id": merged.get(key[1])} for key in deleted
        )
        yield from _batches(rows)
        again = {**row, "last_seen_at": sweep.began, "restored_at": sweep.began}
        yield from _batches({**again, **_named(key)} for key in restored)
        logger.info(
            f"{sweep.endpoint.name}: {len(sweep.ids)} ids, {len(deleted)} records deleted since {swept_at}, "
            f"{len(restored)} restored."
        )
        yield Batch(commit=partial(self._remember, sweep, sweep.ids | present, (gone - restored) | deleted))

    def _stored(self, sweep: Sweep) -> tuple[str, RecordIds, RecordIds] | None:
        stored = self._memory.objects.get(sweep.name)
        if not stored:
            return None
        try:
            ids, gone = (RecordIds.from_json(stored.get(each), sweep.ids.has_parent) for each in ("ids", "gone"))
        except ValueError as error:
            logger.warning(f"{sweep.endpoint.name}: {error}. This sweep is the new baseline.")
            return None
        return stored["swept_at"], ids, gone

    def _remember(self, sweep: Sweep, ids: RecordIds, gone: RecordIds, swept_at: str = "") -> None:
        swept = {"swept_at": swept_at or sweep.began, "ids": ids.to_json(), "gone": gone.to_json()}
        with self.cursor.lock:
            # A new mapping, because an emitted state may still be waiting in the queue.
            self._memory.objects = {**self._memory.objects, sweep.name: swept}
            self.cursor.checkpoint()

    def _present(self, sweep: Sweep, missing: RecordIds, known: int) -> RecordIds:
        """The absent records that exist all the same.

        :raises LoxoError: single records cannot be requested, or one of many that are absent exists.
        """
        present = RecordIds(missing.has_parent)
        asked = list(missing)
        is_sample = len(asked) > FEW
        if len(asked) > max(LOUD_NUMBER, LOUD_SHARE * known):
            logger.warning(
                f"{sweep.endpoint.name}: {len(asked)} of {known} records are no longer listed. Requesting "
                f"{SAMPLE if is_sample else 'each'} of them. If they were not deleted, check the permissions of the "
                "API key: records that it may not see look deleted."
            )
        if is_sample:
            asked = random.sample(asked, SAMPLE)
        present.add(self._existing(sweep, asked, 0 if is_sample else MOST_FAILURES))
        if len(present) < len(asked):
            self._check_controls(sweep)
            self._check_parents(sweep.endpoint, {parent_id for parent_id, _ in asked})
        if is_sample and len(present):
            raise LoxoError(
                f"{sweep.endpoint.name}: {len(missing)} of {known} records are no longer listed, but {len(present)} of "
                f"{SAMPLE} that were requested exist. Sync again later. Report this if it persists.",
                ErrorKind.SYSTEM,
            )
        return present

    def _check_controls(self, sweep: Sweep) -> None:
        """Proves that Loxo returns single records, so that a 404 is about the record.

        :raises LoxoError: none of the records that were just listed exists.
        """
        controls = list(islice(sweep.ids, CONTROLS))
        if controls and not any(map(partial(_exists, self.client, sweep.endpoint), controls)):
            path = sweep.endpoint.one(*reversed(controls[0])).path
            raise LoxoError(
                f"{sweep.endpoint.name}: Loxo has no '{path}', although it has just listed that record. So absent "
                "records cannot be confirmed as deleted. Ask an account admin to allow the API key to read single "
                "records.",
                ErrorKind.CONFIG,
            )

    def _check_parents(self, endpoint: Endpoint, parent_ids: set[str]) -> None:
        """Proves that the lists of the parents can be read, unless the parent itself is deleted.

        :raises LoxoError: a list is closed to the key, which looks as if all its records were deleted.
        """
        if not endpoint.parent:
            return
        parents = replace(ENDPOINTS[endpoint.parent], name=endpoint.name)
        (source,) = endpoint.parent_keys.values()
        for parent_id in sorted(parent_ids):
            if _exists(self.client, parents, ("", parent_id)):
                self.client.page(endpoint.of({source: parent_id}))

    def _existing(self, sweep: Sweep, keys: list[Key], most_failures: int) -> list[Key]:
        """The keys of the records that exist, and of those whose requests fail: the next sync requests these again.

        :raises LoxoError: more requests fail, or one for want of a permission.
        """
        failed: dict[str, LoxoError] = {}

        def exists(key: Key) -> bool:
            try:
                return _exists(self.client, sweep.endpoint, key)
            except LoxoError as error:
                failed[f"{sweep.name} {'/'.join(filter(None, key))}"] = error
                if error.status in (401, 403) or len(failed) > most_failures:
                    raise
                return True

        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=sweep.endpoint.name) as pool:
            found = [key for key, is_there in zip(keys, pool.map(exists, keys), strict=True) if is_there]
        with self._lock:
            self._failures.update(failed)
        return found

    def _merged(self, sweep: Sweep, deleted: RecordIds, since: str) -> dict[str, int]:
        """By the id of a deleted person, the id of the person that it was merged into.

        No recording shows which field names the survivor, so it is the one of the two that is still listed. If neither
        is, the survivor is gone too, and the fields are taken as their names suggest.
        """
        merged: dict[str, int] = {}
        try:
            for merge in merges_since(shift(since, days=-MERGES_LOOKBACK_DAYS), "person", self.endpoint, self.client):
                lost, kept = merge.get("merged_item_id"), merge.get("item_id")
                if ("", str(lost)) in sweep.ids:
                    lost, kept = kept, lost
                if ("", str(lost)) in deleted and isinstance(kept, int):
                    merged[str(lost)] = kept
        except LoxoError as error:
            logger.warning(f"{self.endpoint.name}: merged_into_id stays empty in this sync. {error}")
        return merged


def _named(key: Key) -> dict[str, str]:
    return {"parent_id": key[0], "record_id": key[1]}


def _exists(client: Any, endpoint: Endpoint, key: Key) -> bool:
    """Whether Loxo has the record; Loxo has to report twice that it does not, or return another one (of a merge)."""
    single = endpoint.one(key[1], key[0])
    for _ in range(2):
        try:
            if any(str(record["id"]) == key[1] for record in client.page(single).records):
                return True
        except LoxoError as error:
            if not error.is_not_found:
                raise
    return False


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[Batch]:
    rest = iter(rows)
    while some := Batch(islice(rest, ROWS)):
        yield some
