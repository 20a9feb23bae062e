"""Airbyte's file transfer: the files of a stream go to a staging directory, and each record refers to its own.

The destination takes a staged file when it reads the record, and removes it. No record of such a stream is delivered
without its file, because Airbyte's S3 destination fails at one: where the file was delivered before, the record is not
delivered again, and where it cannot be downloaded, the record waits for it.

A file counts as delivered if it is older than the mark, the start of the last complete sync. The mark is set back,
because the times of Loxo may be in any zone; the state holds the digests of the few files that are delivered and
younger. So its size does not depend on the number of files. A merge moves old files to another parent, so all files of
a parent that was merged since the mark are due. A parent that could not be read keeps its mark (`SINCE`), and one with
files that could not be downloaded names them (`FILES`).
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteRecordMessageFileReference
from airbyte_cdk.sources.utils.files_directory import get_files_directory

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import LoxoError, StorageError
from loxo_api.files import changed_at, store
from loxo_api.pages import Record
from loxo_api.timestamps import ZONES_HOURS, now, parse_timestamp, shift, to_seconds
from source_loxo.batch import StagedRecord
from source_loxo.state import State
from source_loxo.streams.merges import merges_since

logger = logging.getLogger("airbyte")

# The keys, beside a parent's keys in the state, of what the next sync does with its files.
SINCE, FILES = "since", "files"
# The digests in a state, at most; a file beyond them is downloaded again when its parent changes.
MOST_DIGESTS = 2000

# The kinds of records that Loxo merges.
MERGEABLE = ("person", "company", "job")

# A file that could not be downloaded.
Failure = tuple[Record, LoxoError]


class FileTransfer:
    """Stages the files of one stream. Safe to share between threads.

    :param memory: the state; None for a stream that delivers everything in each sync.
    """

    def __init__(self, endpoint: Endpoint, client: LoxoClient, memory: State | None) -> None:
        self._endpoint = endpoint
        self._client = client
        self._memory = memory
        self._folder = Path(get_files_directory()).absolute()
        self._lock = threading.Lock()
        self._taken: set[str] = set()  # the digests of this sync
        self._bytes = 0
        self._merged: set[str] | None = None
        self._reading_merges = threading.Lock()
        if memory:
            memory.files_began = memory.files_began or shift(now(), hours=-ZONES_HOURS)

    def failed(self, keys: Mapping[str, Any], parent: Record, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of a parent that could not be read, for the state. The parameters are those of `staged`."""
        files = {FILES: earlier[FILES]} if FILES in earlier else {}
        return {**keys, SINCE: self._since(parent, earlier), **files}

    def lost(self, keys: Mapping[str, Any], files: Iterable[Record]) -> dict[str, Any]:
        """The keys of a parent with these files, which could not be downloaded; its others are delivered."""
        since = {SINCE: self._memory.files_began} if self._memory else {}
        return {**keys, **since, FILES: [file["id"] for file in files]}

    def _since(self, parent: Record, earlier: Mapping[str, Any]) -> str:
        """The mark of a parent; a parent that is younger has none, because its files can be older than itself."""
        mark = self._memory.files_at if self._memory else None
        since = str(earlier.get(SINCE, mark or ""))
        if since and self._is_merged(parent):
            return ""
        return "" if (parse_timestamp(parent.get("created_at")) or "") >= since else since

    def _is_merged(self, parent: Record) -> bool:
        """Whether a merge since the mark can have moved files to a parent."""
        with self._reading_merges:
            if self._merged is None:
                self._merged = set(self._read_merges())
        return str(parent.get("id")) in self._merged

    def _read_merges(self) -> Iterator[str]:
        entity = ENDPOINTS[self._endpoint.parent].entity
        if entity not in MERGEABLE or not self._memory or not self._memory.files_at:
            return
        try:
            for merge in merges_since(self._memory.files_at, entity, self._endpoint, self._client):
                yield from (str(merge.get("item_id")), str(merge.get("merged_item_id")))
        except LoxoError as error:
            if error.status not in (403, 404):
                raise
            logger.warning(f"{self._endpoint.name}: files that a merge moves to another record are not found. {error}")

    def staged(
        self, rows: list[Record], parent: Record, earlier: Mapping[str, Any]
    ) -> tuple[list[Record], list[Failure]]:
        """The rows to deliver, with their files, and the failures among them.

        :param rows: the files of the parent.
        :param parent: the parent as its list has it, or its keys only.
        :param earlier: what the state holds of this parent, if earlier syncs could not read it or a file of it.
        :raises StorageError: nothing can be written into the staging directory.
        """
        delivered: list[Record] = []
        failures: list[Failure] = []
        asked_before = {str(each) for each in earlier.get(FILES) or []}
        since = self._since(parent, earlier)
        # A parent that was merged is as young as the merge.
        young = now() if since == "" and self._is_merged(parent) else parse_timestamp(parent.get("created_at")) or ""
        for row in rows:
            digest, changed = _digest(self._endpoint, row), changed_at(row)
            is_due = str(row["id"]) in asked_before or self._is_new(digest, changed, since)
            if not is_due or not self._take(digest):
                continue
            try:
                delivered.append(self._stage(row, digest, max(changed or "", young)))
            except LoxoError as error:
                if isinstance(error, StorageError) or error.status == 401:
                    raise
                with self._lock:
                    self._taken.discard(digest)
                failures.append((row, error))
        return delivered, failures

    def _is_new(self, digest: str, changed: str | None, since: str) -> bool:
        if not self._memory or changed is None:
            return True
        return changed >= since and digest not in self._memory.files_delivered

    def _take(self, digest: str) -> bool:
        """Whether this sync has not asked for the file: a parent can be read twice in one sync."""
        with self._lock:
            is_first = digest not in self._taken
            self._taken.add(digest)
            return is_first

    def _stage(self, row: Record, digest: str, dated: str) -> StagedRecord:
        (parent_key,) = self._endpoint.parent_keys
        # A folder for each file, because the destination removes a file when it has taken it.
        folder = self._folder / uuid.uuid4().hex
        file = store(self._client, row, folder / self._endpoint.name / str(row[parent_key]))
        with self._lock:
            self._bytes += file.size
        reference = AirbyteRecordMessageFileReference(
            staging_file_url=str(file.path),
            source_file_relative_path=file.path.relative_to(folder).as_posix(),
            file_size_bytes=file.size,
        )
        return StagedRecord(row, reference, digest, dated)

    def note(self, records: Iterable[Record]) -> None:
        """Notes the files of records that are in the queue. The caller holds the lock of the state."""
        if not self._memory:
            return
        mark = self._memory.files_at or self._memory.files_began or ""
        young = [each for each in records if isinstance(each, StagedRecord) and each.dated >= mark]
        if young:
            # A copy, because a state on its way to the output must not name what comes behind it.
            noted = {**self._memory.files_delivered, **{each.digest: int(to_seconds(each.dated)) for each in young}}
            latest = sorted(noted.items(), key=lambda item: item[1])[-MOST_DIGESTS:]
            self._memory.files_delivered = dict(latest)

    def complete(self) -> None:
        """Moves the mark: all parents were read, or are in the state. The caller holds the lock of the state."""
        logger.info(f"{self._endpoint.name}: {len(self._taken)} files downloaded, {self._bytes / 1e6:.1f} MB.")
        if self._memory and self._memory.files_began:
            self._memory.files_at, self._memory.files_began = self._memory.files_began, None
            bound = int(to_seconds(self._memory.files_at))
            kept = {digest: at for digest, at in self._memory.files_delivered.items() if at >= bound}
            self._memory.files_delivered = kept


def _digest(endpoint: Endpoint, row: Record) -> str:
    """Names a version of a file, without anything that can be read."""
    facts = [*(row[name] for name in endpoint.parent_keys), row["id"], changed_at(row)]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def forget_without_files(memory: State) -> None:
    """Where a sync delivers rows only, no mark may say that their files were delivered."""
    memory.files_at = memory.files_began = None
    memory.files_delivered = {}


def start_over_for_files(stream_name: str, memory: State) -> None:
    """Discards the state of a stream whose files were not wanted so far: its old parents would never be read."""
    if memory.files_at or memory.files_began or vars(memory) == vars(type(memory)()):
        return
    logger.info(f"{stream_name}: files are wanted for the first time, so everything is read.")
    memory.reset()
