"""Which streams can be written, in which modes, and what one record of a stream means as a write."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, DestinationSyncMode

from loxo_api.errors import ConfigError
from loxo_api.writing.action_inputs import RESUME_TYPES
from loxo_api.writing.actions import Actions, run
from loxo_api.writing.batch import Task
from loxo_api.writing.operations import OBJECTS, OPERATIONS, Verb
from loxo_api.writing.outcomes import Outcome, Rejection, Result, is_id
from loxo_api.writing.preparation import File, Write
from loxo_api.writing.stages import Stages
from loxo_api.writing.writer import Writer

# Streams that are made of other operations, with the fields that they take.
COMPOSED: Mapping[str, Mapping[str, str]] = {
    "applications": {
        "job_id": "integer",
        "name": "string",
        "email": "string",
        "phone": "string",
        "linkedin": "string",
        "source_type_id": "integer",
        "form_template_id": "integer",
    },
    "notes": {"person_id": "integer", "job_id": "integer", "content": "string", "activity_type_id": "integer"},
    "attachments": {"person_id": "integer", "name": "string", "data": "string", "type": "string"},
    "stage_moves": {"job_id": "integer", "application_id": "integer", "stage_id": "integer"},
}
VERBS: Mapping[DestinationSyncMode, Verb | None] = {
    DestinationSyncMode.append: Verb.CREATE,
    DestinationSyncMode.update: Verb.UPDATE,
    DestinationSyncMode.append_dedup: None,
    DestinationSyncMode.soft_delete: Verb.DELETE,
}


def modes_of(name: str) -> list[DestinationSyncMode]:
    """The sync modes that Loxo has operations for."""
    if name in COMPOSED:
        return [DestinationSyncMode.append]
    needed = {
        DestinationSyncMode.append: [Verb.CREATE],
        DestinationSyncMode.update: [Verb.UPDATE],
        DestinationSyncMode.append_dedup: [Verb.CREATE, Verb.UPDATE],
        DestinationSyncMode.soft_delete: [Verb.DELETE],
    }
    return [mode for mode, verbs in needed.items() if all((name, verb) in OPERATIONS for verb in verbs)]


class Stream:
    """One configured stream.

    The configured primary key is a matching key of Loxo only when a destination object is named (so does Airbyte's
    Kotlin CDK); else it is the source's, and an `id` in it is not Loxo's.

    :raises ConfigError: the stream cannot be written in its mode.
    """

    def __init__(self, configured: ConfiguredAirbyteStream) -> None:
        self.name = configured.stream.name
        self.namespace = configured.stream.namespace
        self.object = configured.destination_object_name or self.name
        self.mode = configured.destination_sync_mode
        is_named = bool(configured.destination_object_name)
        if self.object not in (*OBJECTS, *COMPOSED):
            raise ConfigError(
                f"{self.name}: Loxo has no object '{self.object}' to write. Name the stream or its destination object "
                f"as one of {', '.join((*OBJECTS, *COMPOSED))}."
            )
        if self.mode is DestinationSyncMode.overwrite:
            raise ConfigError(
                f"{self.name}: the mode overwrite would replace all of an agency's {self.object} and is not offered. "
                "Choose append, append_dedup, update or soft_delete."
            )
        offered = [mode.value for mode in modes_of(self.object)]
        if self.mode.value not in offered:
            raise ConfigError(
                f"{self.name}: Loxo has no {self.mode.value} of {self.object}; it has {', '.join(offered)}."
            )
        keys = configured.primary_key or []
        if any(len(path) != 1 for path in keys):
            raise ConfigError(f"{self.name}: a key within an object is not supported. Choose a top-level field.")
        self.key = [path[0] for path in keys]
        if is_named and len(self.key) > 1:
            raise ConfigError(f"{self.name}: Loxo finds a record by one field. Choose one matching key.")
        if self.mode is not DestinationSyncMode.append and not self.key:
            raise ConfigError(f"{self.name}: the mode {self.mode.value} needs a primary key.")
        self.match = self.key[0] if is_named and self.key else ""

    def write(self, record: Mapping[str, Any]) -> Write:
        """What a record means.

        :raises Rejection: it lacks its key.
        """
        verb = VERBS[self.mode]
        operation = OPERATIONS[self.object, Verb.CREATE]
        values = dict(record)
        key = self._key(record)
        record_id = None
        if self.match == "id":
            record_id = _number(record, "id")
        # What only the source knows: its own id, and key columns that are no fields of Loxo.
        for name in {"id", *self.key}:
            if name == "id" or (operation.is_documented and name not in operation.fields and name != self.match):
                values.pop(name, None)
        match = "" if self.match == "id" else self.match
        return Write(self.object, verb, values, key, record_id, match)

    def _key(self, record: Mapping[str, Any]) -> str:
        """The record's name in the ledger; empty where its content has to do."""
        if not self.key:
            return ""
        # A cache may make 5.0 of 5, which is the same key.
        given = [record.get(name) for name in self.key]
        values = [int(value) if isinstance(value, float) and value.is_integer() else value for value in given]
        if any(value is None for value in values):
            raise Rejection(f"the key {', '.join(self.key)} is empty")
        # Loxo's id names the same record from whichever stream; a source's key only within its stream.
        scope = [] if self.match else [self.namespace or "", self.name]
        return json.dumps([*scope, *(f"{name}={value}" for name, value in zip(self.key, values, strict=True))])


class Composer:
    """The streams that are made of other operations."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._actions = Actions(writer)
        self._stages = Stages(writer.client)

    def write(self, stream: Stream, record: Mapping[str, Any]) -> Write | Task:
        """:raises Rejection: the record lacks what its write needs."""
        given = {name: value for name, value in record.items() if value is not None and not name.startswith("_")}
        key = stream._key(record)
        fields = COMPOSED[stream.object]
        unknown = [name for name in given if name not in (*fields, *stream.key)]
        if unknown and stream.object != "applications":
            raise Rejection(f"{stream.object} take no {', '.join(map(repr, unknown))}; they take {', '.join(fields)}")
        for name in stream.key:
            if name not in fields:
                given.pop(name, None)
        if stream.object == "applications":
            job_id = _number(given, "job_id")
            values = {name: value for name, value in given.items() if name != "job_id"}
            return Write("applications", Verb.CREATE, values, key, path_ids={"job_id": job_id})
        if stream.object == "attachments":
            return _attachment(given, key)
        if stream.object == "notes":
            values = {name: given[name] for name in ("person_id", "job_id", "activity_type_id") if name in given}
            values.setdefault("activity_type_id", self._stages.note_type())
            _number(given, "person_id")
            if not given.get("content"):
                raise Rejection("'content' is missing: a note needs a text")
            return Write("person_events", Verb.CREATE, {**values, "notes": given["content"]}, key)
        place = ("stage_moves", str(given.get("job_id")), str(given.get("application_id")))
        return Task({place}, lambda: self._moved({**given, "key": key} if key else given))

    def _moved(self, given: Mapping[str, Any]) -> Result:
        told = run(self._actions, "move-application", given)
        return Result(Outcome(told["outcome"]), told.get("activity_id"), told["reason"], told["was_sent"])


def streams_of(catalog: ConfiguredAirbyteCatalog) -> dict[tuple[str | None, str], Stream]:
    """The catalog's streams by namespace and name.

    :raises ConfigError: one of them cannot be written.
    """
    return {(each.stream.namespace, each.stream.name): Stream(each) for each in catalog.streams}


def _attachment(given: Mapping[str, Any], key: str) -> Write:
    person_id = _number(given, "person_id")
    try:
        content = base64.b64decode(str(given.get("data") or ""), validate=True)
    except ValueError:
        raise Rejection("'data' is not base64") from None
    if not str(given.get("name") or "").strip() or not content:
        raise Rejection("an attachment needs 'name' and 'data' (base64)")
    kind = "resumes" if str(given.get("type") or "").casefold() in RESUME_TYPES else "documents"
    file = File("document", str(given["name"]), content)
    return Write(kind, Verb.CREATE, key=key, path_ids={"person_id": person_id}, files=(file,))


def _number(record: Mapping[str, Any], name: str) -> int:
    text = str(record.get(name)).removesuffix(".0")
    if not text.isdecimal() or len(text) >= 20 or not is_id(int(text)):
        raise Rejection(f"'{name}' is missing or is not a number of Loxo's")
    return int(text)
