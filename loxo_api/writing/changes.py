"""Updates and deletions: both may be sent twice, unless an update adds to a list.

An update counts as written when the answer names the record's id, or when a later reading shows the written values.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import Record
from loxo_api.redaction import HIDDEN, Redactor
from loxo_api.retry import Replay
from loxo_api.timestamps import to_seconds
from loxo_api.writing import ledger as ledgers
from loxo_api.writing.encoding import Form
from loxo_api.writing.hierarchies import Hierarchies
from loxo_api.writing.ledger import Entry, Ledger, digest
from loxo_api.writing.lookups import Lookups
from loxo_api.writing.operations import OPERATIONS, Operation, Verb
from loxo_api.writing.outcomes import LostAnswer, Outcome, Rejection, Result, read_answer
from loxo_api.writing.preparation import Options, Prepared, Write, path_of, prepare
from loxo_api.writing.read_back import is_shown

# How often a creation or a deletion is sent in one run; an update is sent again by the client.
MAX_SENDS = 6


class Changes:
    """Changes and deletes records of one account.

    :param now: seconds since 1970.
    :param sleep: waits so many seconds.
    """

    def __init__(
        self,
        client: LoxoClient,
        ledger: Ledger,
        redactor: Redactor,
        options: Options | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self._ledger = ledger
        self._redactor = redactor
        self._options = options or Options()
        self._lookups = Lookups(client, self._options.unique_fields)
        self._hierarchies = Hierarchies(client)
        self._now, self._sleep = now, sleep
        self._offset: float | None = None
        self._asking = threading.Lock()
        # Reads may lag behind writes, so what this run wrote it remembers.
        self._ids_by_key: dict[tuple[str, str, str], int] = {}

    def _known_id(self, write: Write) -> int | None:
        """The id of the record to change: given, in the ledger, or found by the key that the caller names."""
        if write.record_id is not None:
            return write.record_id
        key = digest("key", write.key) if write.key else ""
        entry = self._ledger.find(write.object, key)
        if entry and entry.record_id is not None:
            return entry.record_id
        operation = OPERATIONS[write.object, Verb.CREATE]
        keys = self._lookups.keys(operation, write.values, write.match)
        if not keys:
            raise Rejection(
                f"no key finds the record in Loxo: give its id, or a field that is searched for in {write.object}"
            )
        name, value = keys[0]
        found = self._lookups.find(operation, write.values, write.path_ids, self._loxo_now(), name)
        record_id = self._ids_by_key.get((write.object, name, value)) or self._only(operation, found, name)
        if record_id is None:
            raise Rejection(f"Loxo has no such record in {write.object}, by '{name}'")
        return record_id

    def _update(self, write: Write, record_id: int | None, key: str = "") -> Result:
        prepared = self._prepared(write, Verb.UPDATE)
        prepared = prepared._replace(key=key or (prepared.key if write.key else digest("id", record_id)))
        entry = self._ledger.find(write.object, prepared.key)
        if entry and entry.fingerprint == prepared.fingerprint and entry.verb == "update":
            if entry.status == ledgers.WRITTEN:
                return Result(Outcome.WRITTEN, entry.record_id, was_sent=False)
            if entry.status == ledgers.SENT and (appends := self._appended(prepared)):
                return self._unknown(prepared, entry, f"sent again, it would add to {', '.join(appends)} twice")
        return self._change(prepared, record_id, "update")

    def _change(self, prepared: Prepared, record_id: int | None, verb: str) -> Result:
        """Sends an update.

        :param verb: the ledger's name for it.
        """
        name, key, operation = prepared.write.object, prepared.key, prepared.operation
        before = self._ledger.find(name, key)
        self._ledger.intend(name, key, verb, prepared.fingerprint, record_id, self._loxo_now())
        form = [("id", str(record_id)), *prepared.form] if "id" in operation.fields else prepared.form
        path = path_of(operation, prepared.write, record_id)
        replay = Replay.UNSAFE if self._appended(prepared) else Replay.SAFE
        try:
            result = self._updated(prepared, path, form, record_id, replay)
        except Rejection as rejection:
            return self._rejected(prepared, str(rejection))
        except LostAnswer as lost:
            reason = str(lost)
        except LoxoError as error:
            if not error.may_have_effect:
                if is_of_the_run(error):
                    self._ledger.put_back(name, key, before)
                    raise
                return self._rejected(prepared, reason_of(error))
            reason = "Loxo did not answer"
        else:
            self._ledger.settle(name, key, ledgers.WRITTEN, record_id)
            return result
        if is_shown(self.client, operation, path, record_id, prepared.values, self._sleep):
            self._ledger.settle(name, key, ledgers.WRITTEN, record_id)
            return Result(Outcome.WRITTEN, record_id)
        entry = self._ledger.find(name, key)
        assert entry is not None
        reason += "" if replay is Replay.UNSAFE else "; a later run sends it again"
        return self._unknown(prepared, entry, reason)

    def _appended(self, prepared: Prepared) -> list[str]:
        """The fields that are added to each time they are sent."""
        return sorted(prepared.operation.appends & set(prepared.values))

    def _updated(self, prepared: Prepared, path: str, form: Form, record_id: int | None, replay: Replay) -> Result:
        operation = prepared.operation
        attempt = 0
        while True:
            response = self.client.request(operation.method, path, None, form, prepared.files, replay)
            try:
                found, answer = read_answer(operation, response, self._redactor)
            except LostAnswer as lost:
                attempt += 1
                if replay is Replay.UNSAFE or attempt >= MAX_SENDS or not lost.is_foreign:
                    raise
                self._sleep(min(30.0, 0.5 * 2**attempt))
                continue
            if found != record_id:
                raise LostAnswer("Loxo answered with another record's id, so the record may have been merged")
            return Result(Outcome.WRITTEN, record_id, answer=answer)

    def _delete(self, write: Write) -> Result:
        operation = OPERATIONS[write.object, Verb.DELETE]
        record_id = self._known_id(write)
        key = digest("key", write.key) if write.key else digest("id", record_id)
        entry = self._ledger.find(write.object, key)
        if entry and entry.verb == "delete" and entry.status == ledgers.WRITTEN:
            return Result(Outcome.WRITTEN, record_id, was_sent=False)
        was_lost = bool(entry and entry.verb == "delete" and entry.status == ledgers.SENT)
        self._ledger.intend(write.object, key, "delete", "", record_id, self._loxo_now())
        reason = ""
        for attempt in range(MAX_SENDS):
            try:
                response = self.client.request(
                    operation.method, path_of(operation, write, record_id), replay=Replay.UNSAFE
                )
                read_answer(operation, response, self._redactor)
            except Rejection as rejection:
                reason = str(rejection)
                break
            except (LostAnswer, LoxoError) as error:
                if isinstance(error, LoxoError) and not error.may_have_effect:
                    if is_of_the_run(error):
                        if not was_lost:
                            self._ledger.put_back(write.object, key, entry)
                        raise
                    if not (error.is_not_found and was_lost):
                        reason = reason_of(error)
                        break
                    # Our own deletion, whose answer was lost.
                else:
                    was_lost = True
                    self._sleep(min(30.0, 0.5 * 2**attempt))
                    continue
            self._ledger.settle(write.object, key, ledgers.WRITTEN, record_id)
            return Result(Outcome.WRITTEN, record_id)
        else:
            self._ledger.tell(write.object, key)
            told = bool(entry and entry.told)
            return Result(Outcome.UNKNOWN, record_id, "every answer was lost; a later run deletes again", was_told=told)
        self._ledger.settle(write.object, key, ledgers.REJECTED, None)
        return Result(Outcome.REJECTED, record_id, reason)

    def _prepared(self, write: Write, verb: Verb) -> Prepared:
        return prepare(write, verb, self._options, self._hierarchies)

    def _only(self, operation: Operation, found: list[Record], name: str) -> int | None:
        ids = {record["id"] for record in found}
        if len(ids) > 1:
            raise Rejection(f"{len(ids)} {operation.object} in Loxo share this '{name}': merge them, or name the id")
        return next(iter(ids), None)

    def _rejected(self, prepared: Prepared, reason: str, record_id: int | None = None) -> Result:
        self._ledger.settle(prepared.write.object, prepared.key, ledgers.REJECTED, record_id)
        return Result(Outcome.REJECTED, record_id, reason)

    def _unknown(self, prepared: Prepared, entry: Entry, reason: str) -> Result:
        self._ledger.tell(prepared.write.object, prepared.key)
        return Result(Outcome.UNKNOWN, reason=f"the answer was lost; {reason}", was_told=entry.told)

    def _loxo_now(self) -> float:
        """The time by Loxo's clock: what it writes into `created_at` is compared with it."""
        with self._asking:
            if self._offset is None:
                served_at = self.client.page(ENDPOINTS["person_types"]).served_at
                self._offset = to_seconds(served_at) - self._now() if served_at else 0.0
        return self._now() + self._offset


def is_of_the_run(error: LoxoError) -> bool:
    """Whether the next write would fail in the same way: the key, the address, the network or the throttle."""
    return error.kind is not ErrorKind.SYSTEM and not error.is_not_found


def reason_of(error: LoxoError) -> str:
    """Why Loxo refused a write: in its words, where they can be shown."""
    return error.words if error.words not in ("", HIDDEN) else str(error)
