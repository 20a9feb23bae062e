"""`loxoctl files`: the files of an account into a directory. JSON lines go to stdout: each file, then each list's sum.

A list of the files that are whole (`MANIFEST`) is kept in the directory. So a second run downloads only what is new,
changed, missing or of another size.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from loxo_api.config import read_config
from loxo_api.endpoints import Endpoint
from loxo_api.errors import ErrorKind, LoxoError, StorageError
from loxo_api.exact_json import dumps
from loxo_api.files import FILE_ENDPOINTS, UNFINISHED, changed_at, files_of, store
from loxo_api.pages import Record
from loxo_api.redaction import Redactor
from loxo_api.timestamps import ZONES_HOURS, now, parse_timestamp, shift
from loxoctl import exit_codes
from loxoctl.account import Account
from loxoctl.lists import all_records
from loxoctl.paths import UsageError
from loxoctl.progress import Update, bar
from loxoctl.request_command import hidden, show_pauses

MANIFEST = "loxo-files.jsonl"
# Records that are asked for side by side, and how many wait in memory.
SIDE_BY_SIDE, BATCH = 10, 50
# Records in a row that fail with transient errors or for want of a permission: then the command stops.
OUTAGE = 20
# More records that do not exist than this number and this share are a failure, because their list has just named them.
MANY_GONE, GONE_SHARE = 20, 0.05

# What names a file: its list, its record and its own id.
Key = tuple[str, str, str]


def files(options: argparse.Namespace) -> int:
    """Downloads the files and returns the exit code of the first failure."""
    since = parse_timestamp(options.since) if options.since else None
    if options.since and not since:
        raise UsageError("--since: it is not a time. Write one such as 2026-01-31 or 2026-01-31T08:00:00Z.")
    if since and since > now():
        raise UsageError(f"--since: {since} is in the future, so all files are older. Write an earlier time.")
    if since:
        since = shift(since, hours=-ZONES_HOURS)
    account = Account(read_config(options.config) if options.config else None)
    show_pauses()
    folder = Path(options.to)
    folder.mkdir(parents=True, exist_ok=True)
    with _manifest(folder) as (manifest, known):
        names = dict.fromkeys(options.stream or FILE_ENDPOINTS)
        lists = [Downloads(account, FILE_ENDPOINTS[name], folder, manifest, known, since) for name in names]
        for each in lists:
            each.run()
    errors = [error for each in lists for error in each.errors]
    return exit_codes.of(errors[0]) if errors else exit_codes.OK


@contextmanager
def _manifest(folder: Path) -> Iterator[tuple[BinaryIO, dict[Key, dict[str, Any]]]]:
    """The open list of whole files, and its lines by file. Only one command at a time writes into a directory."""
    with (folder / MANIFEST).open("ab+") as manifest:
        try:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"--to: another command writes into {folder}. Wait until it ends.") from None
        for name in FILE_ENDPOINTS:
            for unfinished in (folder / name).glob(f"*/.{'[0-9a-f]' * 32}{UNFINISHED}"):
                unfinished.unlink()
        manifest.seek(0)
        text = manifest.read()
        if text and not text.endswith(b"\n"):
            manifest.write(b"\n")  # a run was killed within a line
        yield manifest, dict(_lines(text))


def _lines(text: bytes) -> Iterator[tuple[Key, dict[str, Any]]]:
    for line in text.split(b"\n"):
        try:
            entry = json.loads(line)
            yield (str(entry["stream"]), str(entry["parent_id"]), str(entry["id"])), entry
        except (ValueError, KeyError, TypeError):
            continue


class Downloads:
    """The files of one list.

    :param known: the files that earlier runs downloaded.
    :param since: files that changed earlier are left out.
    """

    def __init__(
        self,
        account: Account,
        endpoint: Endpoint,
        folder: Path,
        manifest: BinaryIO,
        known: dict[Key, dict[str, Any]],
        since: str | None,
    ) -> None:
        self._client = account.client
        self._redactor = Redactor(account.config.api_key)
        self._endpoint = endpoint
        self._folder = folder
        self._manifest = manifest
        self._known = known
        self._since = since
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self.errors: list[LoxoError] = []
        self._gone: list[LoxoError] = []
        self._total: int | None = None

    def run(self) -> None:
        """Downloads them, and prints a line for each and a line with their numbers.

        A list that the key may not read stops no other.

        :raises LoxoError: the list cannot be read, nothing can be written, or Loxo is out of order.
        """
        name = self._endpoint.name
        parents = all_records(self._client, self._endpoint.parent, {}, self._note_total)
        with bar(name) as progress, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            try:
                self._download(parents, pool, progress)
            except LoxoError as error:
                if error.status not in (403, 404):
                    raise
                self._fail(str(error), error)
            finally:
                pool.shutdown(cancel_futures=True)
                numbers = {each: self._counts[each] for each in ("downloaded", "unchanged", "older", "failed")}
                self._print({"stream": name, "records": self._counts["records"], **numbers})

    def _note_total(self, done: int, total: int | None) -> None:
        self._total = total

    def _download(self, parents: Iterator[Record], pool: ThreadPoolExecutor, progress: Update) -> None:
        failed_in_a_row = 0
        while some := list(islice(parents, BATCH)):
            for errors in pool.map(self._of_one, some):
                self._counts["records"] += 1
                self.errors += errors
                is_outage = any(error.kind is ErrorKind.TRANSIENT or error.status == 403 for error in errors)
                failed_in_a_row = failed_in_a_row + 1 if is_outage else 0
                if failed_in_a_row >= OUTAGE:
                    raise errors[-1]
                progress(self._counts["records"], self._total)
        records, gone = self._counts["records"], len(self._gone)
        if gone and gone >= min(records, max(MANY_GONE, GONE_SHARE * records)):
            text = f"{gone} of {records} {self._endpoint.parent} that Loxo has just listed do not exist"
            self._fail(f"{text}: {self._gone[0]}", self._gone[0])

    def _fail(self, reason: str, error: LoxoError) -> None:
        """Notes that the list failed as a whole."""
        self.errors.append(error)
        self._tell({"stream": self._endpoint.name, "outcome": "failed", "reason": reason})

    def _tell(self, line: dict[str, Any]) -> None:
        """Counts a file, notes it as whole, and prints its line."""
        with self._lock:
            self._counts[line["outcome"]] += 1
            if line["outcome"] == "downloaded":
                entry = {name: value for name, value in line.items() if name != "outcome"}
                self._manifest.write(dumps(entry) + b"\n")
                self._manifest.flush()
            if line["outcome"] in ("downloaded", "failed"):
                self._print(line)

    def _print(self, line: dict[str, Any]) -> None:
        sys.stdout.buffer.write(dumps(hidden(line, self._redactor)) + b"\n")
        sys.stdout.buffer.flush()

    def _of_one(self, parent: Record) -> list[LoxoError]:
        """Downloads the files of one record, and returns the errors."""
        about = {"stream": self._endpoint.name, "parent_id": parent["id"]}
        endpoint = self._endpoint.of(parent)
        try:
            rows = self._rows(endpoint)
        except LoxoError as error:
            _raise_if_all_fail(error)
            self._tell({**about, "outcome": "failed", "reason": str(error)})
            return [error]
        errors = []
        for row in rows:
            file = {**about, "id": row["id"], "name": row.get("name"), "changed_at": changed_at(row)}
            try:
                self._tell({**file, **self._file(row, file)})
            except LoxoError as error:
                _raise_if_all_fail(error)
                if error.is_not_found and not self._is_listed(endpoint, row):
                    continue
                errors.append(error)
                self._tell({**file, "outcome": "failed", "reason": str(error)})
        return errors

    def _rows(self, endpoint: Endpoint) -> list[Record]:
        """The files of one record; none if it was deleted since its list was read."""
        try:
            record = next(iter(self._client.page(endpoint).records), None)
        except LoxoError as error:
            if not error.is_not_found:
                raise
            self._gone.append(error)
            record = None
        return files_of(endpoint, record) if record else []

    def _is_listed(self, endpoint: Endpoint, file: Record) -> bool:
        """Whether a file that Loxo does not have is still listed, and not deleted since its list was read."""
        try:
            return any(each["id"] == file["id"] for each in self._rows(endpoint))
        except LoxoError:
            return True

    def _file(self, row: Record, file: dict[str, Any]) -> dict[str, Any]:
        """The outcome for one file, and what is on the disk."""
        if self._since and file["changed_at"] and file["changed_at"] < self._since:
            return {"outcome": "older"}
        if self._is_whole(file):
            return {"outcome": "unchanged"}
        stored = store(self._client, row, self._folder / self._endpoint.name / str(file["parent_id"]))
        path = stored.path.relative_to(self._folder).as_posix()
        former = stored.path.with_name(Path(str(self._entry(file).get("path") or path)).name)
        with suppress(OSError):
            if not former.samefile(stored.path):  # the version before has another name
                former.unlink()
        return {"outcome": "downloaded", **stored._asdict(), "path": path}

    def _is_whole(self, file: dict[str, Any]) -> bool:
        """Whether an earlier run downloaded this version of the file, and it is still there."""
        entry = self._entry(file)
        if not entry or any(entry.get(name) != file[name] for name in ("name", "changed_at")):
            return False
        with suppress(OSError):
            return (self._folder / str(entry.get("path"))).stat().st_size == entry.get("size")
        return False

    def _entry(self, file: dict[str, Any]) -> dict[str, Any]:
        """What an earlier run noted of the file."""
        return self._known.get((file["stream"], str(file["parent_id"]), str(file["id"])), {})


def _raise_if_all_fail(error: LoxoError) -> None:
    """:raises LoxoError: no other file can be had either."""
    if isinstance(error, StorageError) or error.status == 401:
        raise error
