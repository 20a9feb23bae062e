"""One write: the ledger, the request, and where its answer was lost the look-up, up to an outcome.

What decides whether a request may be sent again:

| what happened | creation | update | deletion |
|---|---|---|---|
| status 429, or no connection | again | again | again |
| server error, cut or foreign answer | looked for; again if proven absent | again, unless it appends | again |
| the process was killed after the intent | looked for; again if proven absent | again, unless it appends | again |

Absence is hard to prove, because a search may lag behind writes (how long is not known of Loxo). It is believed when a
creation that was sent *later* is found by the same look-up. Where there is none, it is believed after
`SEARCH_LAG_SECONDS`, if the look-up finds another record that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loxo_api.errors import LoxoError
from loxo_api.pages import Record
from loxo_api.retry import Replay
from loxo_api.writing import ledger as ledgers
from loxo_api.writing.changes import MAX_SENDS, Changes, is_of_the_run, reason_of
from loxo_api.writing.ledger import Entry, digest
from loxo_api.writing.lookups import NotConclusive, differences, is_since
from loxo_api.writing.operations import OPERATIONS, Lookup, Verb
from loxo_api.writing.outcomes import LostAnswer, Outcome, Rejection, Result, read_answer
from loxo_api.writing.preparation import Prepared, Write, check_allowed, described, path_of

# A creation that no look-up finds after this time does not exist, unless a later one shows that the search still lags.
SEARCH_LAG_SECONDS = 30.0
# A request that we gave up may still be on its way for a moment.
SETTLE_SECONDS = 2.0
# A search that lags longer than this proves nothing in this run.
LONGEST_LAG_SECONDS = 120.0
# Loxo ignores these when a person is created, and takes them in an update (loxo-mcp-server, live).
IGNORED_ON_CREATION: Mapping[str, frozenset[str]] = {
    "people": frozenset({"all_raw_tags", "person_type_id", "source_type_id"})
}


class Writer(Changes):
    """Writes to one account. Safe to share between threads, as long as writes of one record come one after another."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lost_at: dict[tuple[str, str], float] = {}
        self._waits_since: dict[tuple[str, str], float] = {}
        self._sends: Counter[tuple[str, str]] = Counter()
        self._witnesses: dict[str, tuple[float, Prepared, int]] = {}

    # The two ways in ---------------------------------------------------------------------------------------------

    def write_and_wait(self, write: Write) -> Result:
        """Writes, and waits until the outcome is final."""
        while (result := self.write(write)).retry_in is not None:
            self._sleep(result.retry_in)
        return result

    def write(self, write: Write) -> Result:
        """Writes without waiting for a search index; `retry_in` is the time until the same call may find out more.

        :raises LoxoError: nothing was written, and the next write would fail likewise (the key, the network).
        """
        try:
            check_allowed(write, self._options)
            if write.verb is Verb.DELETE:
                return self._delete(write)
            if write.verb is Verb.UPDATE:
                return self._update(write, self._known_id(write))
            return self._create(write)
        except Rejection as rejection:
            return Result(Outcome.REJECTED, reason=str(rejection), was_sent=False)
        except NotConclusive as error:
            # Before anything is sent: the record to change was not found and not proven absent.
            return Result(Outcome.REJECTED, reason=f"nothing was sent: {error}", was_sent=False)

    def described(self, write: Write) -> str:
        """The request that a write would send, without values, for a dry run.

        :raises Rejection: it would be refused before it is sent.
        """
        return described(write, self._options, self._hierarchies)

    def identities(self, write: Write) -> set[tuple[str, ...]]:
        """The identities of a write's record. Two writes that share one must not run at once."""
        found: set[tuple[str, ...]] = {(write.object, "key", write.key or digest(dict(write.values)))}
        if write.record_id is not None:
            found.add((write.object, "id", str(write.record_id)))
        operation = OPERATIONS.get((write.object, Verb.CREATE))
        if operation:
            values = {**write.values, **{file.field: file.name for file in write.files}}
            alike = self._lookups.likeness(operation, values, write.path_ids)
            found |= {(write.object, *each) for each in alike}
        return found

    # Creations ---------------------------------------------------------------------------------------------------

    def _create(self, write: Write) -> Result:
        prepared = self._prepared(write, Verb.CREATE) if write.verb else self._prepared_for_either(write)
        entry = self._ledger.find(write.object, prepared.key)
        if entry and entry.record_id is not None and entry.verb != "delete":
            return self._again(prepared, entry)
        if entry and entry.status == ledgers.SENT and entry.verb == "create":
            return self._resolve(prepared, entry)
        if write.record_id is not None:
            return self._update(write, write.record_id, prepared.key)
        if write.verb is None and (found := self._one(prepared)):
            return self._update(write, found, prepared.key)
        if prepared.operation.verb is not Verb.CREATE:
            prepared = self._prepared(write, Verb.CREATE)
        if not self._ledger.is_durable and (result := self._found_before(prepared)):
            return result
        return self._send(prepared, None)

    def _prepared_for_either(self, write: Write) -> Prepared:
        """A record to create or to update: what a creation lacks, an update need not have."""
        try:
            return self._prepared(write, Verb.CREATE)
        except Rejection:
            return self._prepared(write, Verb.UPDATE)

    def _again(self, prepared: Prepared, entry: Entry) -> Result:
        """The record is in the ledger with Loxo's id."""
        is_same = entry.fingerprint == prepared.fingerprint
        if is_same and entry.status == ledgers.WRITTEN:
            return Result(Outcome.WRITTEN, entry.record_id, was_sent=False)
        if prepared.write.verb is Verb.CREATE and not is_same:
            raise Rejection(
                "a record with this key was created before with other content: update it instead (append_dedup)"
            )
        if is_same and entry.verb == "finish" and entry.record_id is not None:
            return self._finish(prepared, entry.record_id)
        if entry.verb == "create" and prepared.write.verb is Verb.CREATE:
            raise Rejection(
                f"Loxo answered this creation with errors and the id {entry.record_id}: look at it in Loxo, and update "
                "it (append_dedup)"
            )
        return self._update(prepared.write, entry.record_id, prepared.key)

    def _one(self, prepared: Prepared) -> int | None:
        """The record to update in place of a creation, by what this run wrote or by a look-up."""
        operation, values = OPERATIONS[prepared.write.object, Verb.CREATE], prepared.values
        keys = self._lookups.keys(operation, values)
        for name, value in keys:
            if known := self._ids_by_key.get((operation.object, name, value)):
                return known
        if not keys:
            return None
        found = self._lookups.find(operation, values, prepared.write.path_ids, self._loxo_now())
        return self._only(operation, found, keys[0][0])

    def _found_before(self, prepared: Prepared) -> Result | None:
        """Without a ledger on a disk, only a look-up finds the writes of an earlier run."""
        operation, write = prepared.operation, prepared.write
        if not self._lookups.can_find(operation, prepared.values, write.path_ids):
            raise Rejection(
                f"{operation.object} cannot be created without a ledger: this record has nothing to search for, so an "
                "interrupted run would create it twice. Set ledger_path, or name a unique field"
            )
        if not operation.is_repeatable:
            raise Rejection(f"{operation.object} cannot be created without a ledger, as Loxo may not show them")
        if write.verb is None and self._lookups.keys(operation, prepared.values):
            return None  # it was looked for already
        found = self._lookups.find(operation, prepared.values, write.path_ids, self._loxo_now())
        differing: list[str] = []
        for record in found:
            is_named = bool(self._lookups.keys(operation, prepared.values))
            if not is_named and self._ledger.is_of_another(operation.object, record["id"], prepared.key):
                continue  # another record of this run, such as a note with the same text
            if operation.lookup is Lookup.FILE and not self._has_content(prepared, record):
                continue  # another file with this name
            differing = differences(operation, record, prepared.values)
            if not differing:
                self._ledger.intend(write.object, prepared.key, "create", prepared.fingerprint, None, self._loxo_now())
                self._ledger.settle(write.object, prepared.key, ledgers.WRITTEN, record["id"])
                return Result(Outcome.WRITTEN, record["id"], was_sent=False, answer=record)
        if differing:
            raise Rejection(
                f"Loxo has another record with this key in {operation.object}, of which {', '.join(differing)} differ: "
                "update it (append_dedup)"
            )
        return None

    def _has_content(self, prepared: Prepared, record: Record) -> bool:
        return self._lookups.has_content(
            prepared.operation, prepared.write.path_ids, record, prepared.write.files[0].content
        )

    def _send(self, prepared: Prepared, earlier: Entry | None) -> Result:
        """Sends a creation once.

        :param earlier: the intent of a request for the same record that was lost.
        """
        write, operation = prepared.write, prepared.operation
        place = (write.object, prepared.key)
        sent_at = self._loxo_now()
        started_at = earlier.started_at if earlier else sent_at
        self._sends[place] += 1
        before = self._ledger.find(*place)
        self._ledger.intend(write.object, prepared.key, "create", prepared.fingerprint, None, started_at)
        try:
            response = self.client.request(
                operation.method, path_of(operation, write), None, prepared.form, prepared.files, Replay.UNSAFE
            )
            record_id, answer = read_answer(operation, response, self._redactor)
        except Rejection as rejection:
            # With an id and errors, the record may exist: a later run does not create it again.
            return self._rejected(prepared, str(rejection), rejection.record_id)
        except LostAnswer:
            return self._lost(prepared)
        except LoxoError as error:
            if error.may_have_effect:
                return self._lost(prepared)
            if is_of_the_run(error):
                if not earlier:
                    self._ledger.put_back(write.object, prepared.key, before)
                raise
            return self._rejected(prepared, reason_of(error))
        assert record_id is not None
        if self._lookups.can_find(operation, prepared.values, write.path_ids):
            self._witnesses[write.object] = (sent_at, prepared, record_id)
        return self._created(prepared, record_id, answer)

    def _lost(self, prepared: Prepared) -> Result:
        place = (prepared.write.object, prepared.key)
        self._lost_at[place] = self._loxo_now()
        entry = self._ledger.find(*place)
        assert entry is not None
        return self._resolve(prepared, entry)

    def _created(self, prepared: Prepared, record_id: int, answer: Any) -> Result:
        write, operation = prepared.write, prepared.operation
        for name, value in self._lookups.keys(operation, prepared.values):
            self._ids_by_key[operation.object, name, value] = record_id
        if IGNORED_ON_CREATION.get(write.object, frozenset()) & set(prepared.values):
            return replace(self._finish(prepared, record_id), answer=answer)
        self._ledger.settle(write.object, prepared.key, ledgers.WRITTEN, record_id)
        return Result(Outcome.WRITTEN, record_id, answer=answer)

    def _finish(self, prepared: Prepared, record_id: int) -> Result:
        """Sends what Loxo ignores in a creation; under its own verb in the ledger, so a killed run goes on here."""
        write, later = prepared.write, IGNORED_ON_CREATION[prepared.write.object] & set(prepared.values)
        values = {name: prepared.values[name] for name in sorted(later)}
        second = self._prepared(replace(write, values=values, files=()), Verb.UPDATE)
        second = second._replace(key=prepared.key, fingerprint=prepared.fingerprint)
        result = self._change(second, record_id, "finish")
        if result.outcome is Outcome.REJECTED:
            reason = f"created with id {record_id}, but without {', '.join(sorted(later))}: {result.reason}"
            return replace(result, record_id=record_id, reason=reason)
        return result

    # Lost answers ------------------------------------------------------------------------------------------------

    def _resolve(self, prepared: Prepared, entry: Entry) -> Result:
        """A creation that was sent and not answered: found, or proven absent and sent again, or unknown."""
        write, operation = prepared.write, prepared.operation
        if not self._lookups.can_find(operation, prepared.values, write.path_ids):
            return self._unknown(prepared, entry, "Loxo offers no way to look for it")
        try:
            found, older = self._new_records(prepared, entry)
        except NotConclusive as error:
            return self._later(prepared, entry, f"a look-up proves nothing: {error}")
        if len(found) > 1:
            return self._unknown(prepared, entry, f"{len(found)} new records fit it")
        if found:
            return self._adopted(prepared, entry, found[0])
        if entry.fingerprint != prepared.fingerprint:
            # What it held is not known any more, so a look-up by what it holds now does not prove its absence.
            return self._unknown(prepared, entry, "it had other content, by which it cannot be looked for any more")
        if write.verb is None and older:
            return self._update(write, self._only(operation, older, "key"), prepared.key)
        if not self._is_absence_believed(prepared, entry):
            return self._later(prepared, entry, "no look-up finds it, and a search may lag")
        if not operation.is_repeatable:
            return self._unknown(prepared, entry, f"no look-up finds it, and {operation.object} are never sent twice")
        if self._sends[write.object, prepared.key] >= MAX_SENDS:
            return self._unknown(prepared, entry, f"its answer was lost {MAX_SENDS} times; no look-up finds it")
        return self._send(prepared, entry)

    def _adopted(self, prepared: Prepared, entry: Entry, record: Record) -> Result:
        """The record that a lost request created; it holds what that request held."""
        if entry.fingerprint == prepared.fingerprint:
            return self._created(prepared, record["id"], record)
        self._ledger.settle(prepared.write.object, prepared.key, ledgers.WRITTEN, record["id"])
        settled = self._ledger.find(prepared.write.object, prepared.key)
        assert settled is not None
        return self._again(prepared, settled)

    def _new_records(self, prepared: Prepared, entry: Entry) -> tuple[list[Record], list[Record]]:
        """The records that the lost request may have created, and those that were there before it."""
        operation = prepared.operation
        new: list[Record] = []
        old: list[Record] = []
        hits = self._lookups.find(operation, prepared.values, prepared.write.path_ids, entry.started_at)
        for record in hits:
            # An application has its person's id, and a person may apply to several jobs.
            if operation.lookup is not Lookup.APPLICATION and self._ledger.is_of_another(
                operation.object, record["id"], prepared.key
            ):
                continue
            # An activity's time can be set by its writer, and was compared then.
            is_dated = operation.object == "person_events" and prepared.values.get("created_at")
            is_new = True if is_dated else is_since(self._lookups.created_at(operation, record), entry.started_at)
            if is_new is None:
                raise NotConclusive("a record fits, and does not say when it was created")
            (new if is_new else old).append(record)
        return new, old

    def _is_absence_believed(self, prepared: Prepared, entry: Entry) -> bool:
        lost_at = self._lost_at.get((prepared.write.object, prepared.key), entry.started_at)
        elapsed = self._loxo_now() - lost_at
        if elapsed < SETTLE_SECONDS:
            return False
        sent_at, witness, record_id = self._witnesses.get(prepared.write.object, (0.0, prepared, 0))
        if sent_at <= lost_at:
            return elapsed >= SEARCH_LAG_SECONDS and self._lookups.finds_known_records(
                prepared.operation, prepared.values
            )
        try:
            found = self._lookups.find(witness.operation, witness.values, witness.write.path_ids, sent_at)
        except NotConclusive:
            return False
        return any(record["id"] == record_id for record in found)

    def _later(self, prepared: Prepared, entry: Entry, reason: str) -> Result:
        """Unknown for now; a later look-up may find out more, but not for ever."""
        now = self._loxo_now()
        waited = now - self._waits_since.setdefault((prepared.write.object, prepared.key), now)
        if waited > LONGEST_LAG_SECONDS:
            return self._unknown(prepared, entry, reason)
        return Result(Outcome.UNKNOWN, reason=reason, retry_in=min(5.0, max(0.5, waited / 2)))
