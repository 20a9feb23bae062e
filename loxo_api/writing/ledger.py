"""What was sent to Loxo and what became of it: a SQLite file, so that a killed run goes on without writing twice.

Loxo has no idempotency key. So the intent is stored before a request and the outcome after it; an intent without an
outcome is a request whose answer was lost. Keys and contents are stored as digests: the file holds no person's data.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loxo_api.errors import ConfigError

_TABLE = """
create table if not exists writes (
    account text not null,
    object text not null,
    key text not null,
    verb text not null,
    fingerprint text not null,
    status text not null,
    record_id integer,
    started_at real not null,
    told integer not null default 0,
    primary key (account, object, key)
) without rowid;
create index if not exists by_record on writes (account, object, record_id);
"""
_VERSION = 1
SENT, WRITTEN, REJECTED = "sent", "written", "rejected"


class Entry(NamedTuple):
    """One write as the ledger has it.

    :param fingerprint: the digest of what was sent.
    :param status: sent (no outcome yet), written or rejected.
    :param record_id: Loxo's id, as soon as it is known.
    :param started_at: when it was sent first, by Loxo's clock, in seconds since 1970.
    :param told: whether it was reported as unknown before.
    """

    verb: str
    fingerprint: str
    status: str
    record_id: int | None
    started_at: float
    told: bool


def digest(*parts: Any) -> str:
    """A digest of values that JSON can hold, and of bytes."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode()
        hashed.update(b"%d:" % len(data) + data)
    return hashed.hexdigest()


class Ledger:
    """The writes of one account. Safe to share between threads, not between processes: the file is locked.

    :param path: the file; without one the ledger lives in memory and ends with the process.
    :param account: the account's address; one file can hold several accounts.
    :raises ConfigError: the file cannot be opened or written to, or another process uses it; so do all methods.
    """

    def __init__(self, path: Path | None, account: str) -> None:
        self.is_durable = path is not None
        # Another case of the same slug must not make every record a new one.
        self._path, self._account = path, account.casefold()
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                path or ":memory:", timeout=1, isolation_level=None, check_same_thread=False
            )
            # Two runs of one ledger would each miss what the other sends.
            self._database.execute("pragma locking_mode = exclusive")
            if path is not None:
                self._database.execute("pragma journal_mode = wal")
                self._database.execute("pragma synchronous = full")
            self._database.executescript(_TABLE)
            # A damaged page may be met only after requests were sent.
            if (found := self._database.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            version = self._database.execute("pragma user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise ConfigError(
                    f"Ledger: {path} is of version {version}, which this version cannot use. Name another file."
                )
            self._database.execute(f"pragma user_version = {_VERSION}")
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._unusable(error) from None

    def find(self, name: str, key: str) -> Entry | None:
        """The write of an object under a caller's key."""
        row = self._one(
            "select verb, fingerprint, status, record_id, started_at, told from writes "
            "where account = ? and object = ? and key = ?",
            (self._account, name, key),
        )
        return Entry._make((*row[:5], bool(row[5]))) if row else None

    def is_of_another(self, name: str, record_id: int, key: str) -> bool:
        """Whether a record is known under another key, so that it cannot be the one under this key."""
        return (
            self._one(
                "select 1 from writes where account = ? and object = ? and record_id = ? and key <> ?",
                (self._account, name, record_id, key),
            )
            is not None
        )

    def intend(self, name: str, key: str, verb: str, fingerprint: str, record_id: int | None, now: float) -> None:
        """Stores that a request is about to be sent. What was known of the key is replaced, but for Loxo's id."""
        self._run(
            "insert into writes values (?, ?, ?, ?, ?, ?, ?, ?, 0) on conflict (account, object, key) do update set "
            "verb = excluded.verb, fingerprint = excluded.fingerprint, status = excluded.status, told = 0, "
            "record_id = case excluded.verb when 'create' then null else coalesce(excluded.record_id, record_id) end, "
            "started_at = excluded.started_at",
            (self._account, name, key, verb, fingerprint, SENT, record_id, now),
        )

    def settle(self, name: str, key: str, status: str, record_id: int | None) -> None:
        """Stores the outcome of a request."""
        self._run(
            "update writes set status = ?, record_id = coalesce(?, record_id) "
            "where account = ? and object = ? and key = ?",
            (status, record_id, self._account, name, key),
        )

    def put_back(self, name: str, key: str, entry: Entry | None) -> None:
        """Takes an intent back whose request had no effect.

        :param entry: what the ledger had before it.
        """
        if entry is None:
            self.forget(name, key)
            return
        self._run(
            "update writes set verb = ?, fingerprint = ?, status = ?, record_id = ?, started_at = ?, told = ? "
            "where account = ? and object = ? and key = ?",
            (*entry, self._account, name, key),
        )

    def tell(self, name: str, key: str) -> None:
        """Stores that the write was reported as unknown."""
        self._run("update writes set told = 1 where account = ? and object = ? and key = ?", (self._account, name, key))

    def forget(self, name: str, key: str) -> None:
        """Removes a write, so that the next one under its key is sent: for an unknown one that a person has checked."""
        self._run("delete from writes where account = ? and object = ? and key = ?", (self._account, name, key))

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _one(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        try:
            with self._lock:
                row: tuple[Any, ...] | None = self._database.execute(sql, values).fetchone()
                return row
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _run(self, sql: str, values: Sequence[Any]) -> None:
        try:
            with self._lock:
                self._database.execute(sql, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> ConfigError:
        return ConfigError(
            f"Ledger: {self._path} cannot be used: {error}. Check that no other run uses it, that its disk has room, "
            "that it and its folder can be written to, and that it is a ledger."
        )
