"""A write before it is sent: what its caller means, what is allowed, and the form that it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from loxo_api.writing.encoding import Form, encode, missing_fields
from loxo_api.writing.field_names import to_write_names
from loxo_api.writing.hierarchies import Hierarchies
from loxo_api.writing.ledger import digest
from loxo_api.writing.operations import OPERATIONS, REFUSED, Operation, Verb
from loxo_api.writing.outcomes import Rejection

# What servers read as a folder, or as the end of the name, in a file's name.
_HARMFUL = re.compile(r'[\x00-\x1f\x7f/\\"]')


class File(NamedTuple):
    """A file to send: the field that takes it, its name and its content."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Write:
    """One write as its caller means it.

    :param verb: None creates the record or updates it, whichever it takes.
    :param values: the fields, by their read or write names.
    :param key: the caller's name for this record, the same in each run; empty: its content is its key.
    :param record_id: Loxo's id of the record to update or delete, where it is known.
    :param match: the field that finds the record to update or delete, where its id is not known.
    :param path_ids: the ids in the path, such as `job_id`.
    """

    object: str
    verb: Verb | None
    values: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    record_id: int | None = None
    match: str = ""
    path_ids: Mapping[str, int] = field(default_factory=dict)
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Options:
    """What a caller allows and says of the account.

    :param unique_fields: by object, a field whose value no two records share, so that it finds a record again.
    :param clearable_fields: by object, the fields that an empty value clears.
    """

    allow_deletes: bool = False
    allow_messages: bool = False
    unique_fields: Mapping[str, str] = field(default_factory=dict)
    clearable_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Prepared(NamedTuple):
    write: Write
    operation: Operation
    values: dict[str, Any]
    form: Form
    key: str
    fingerprint: str

    @property
    def files(self) -> list[tuple[str, str, bytes]]:
        root = self.operation.root
        return [(f"{root}[{name}]" if root else name, file, content) for name, file, content in self.write.files]


def check_allowed(write: Write, options: Options) -> None:
    """:raises Rejection: Loxo has no such operation, or the caller has not allowed it."""
    for verb in [write.verb] if write.verb else [Verb.CREATE, Verb.UPDATE]:
        if reason := REFUSED.get((write.object, verb)):
            raise Rejection(reason)
        if (write.object, verb) not in OPERATIONS:
            raise Rejection(f"Loxo has no {verb.value} for {write.object}")
        if verb is Verb.DELETE and not options.allow_deletes:
            raise Rejection("deletions are not allowed: they are permanent in Loxo. Set allow_deletes to allow them")
        if OPERATIONS[write.object, verb].sends_message and not options.allow_messages:
            raise Rejection("messages to people are not allowed. Set allow_messages to allow them")


def prepare(write: Write, verb: Verb, options: Options, hierarchies: Hierarchies) -> Prepared:
    """The form of a creation or an update.

    :raises Rejection: a field is not Loxo's, has the wrong type, or is missing.
    """
    operation = OPERATIONS[write.object, verb]
    files = tuple(file._replace(name=_HARMFUL.sub("_", file.name)) for file in write.files)
    write = replace(write, files=files)
    values = to_write_names(operation, write.values, options.clearable_fields.get(write.object, frozenset()))
    values |= hierarchies.resolved(operation.item_type, values)
    form = encode(operation, values)
    given = {**values, **{file.field: file.name for file in write.files}}
    if verb is Verb.CREATE and (missing := missing_fields(operation, given)):
        raise Rejection(f"{write.object}: {', '.join(missing)} missing, and Loxo saves no record without")
    if not form and not write.files:
        raise Rejection("no field holds a value, so there is nothing to write")
    _check_text(form, write.files)
    fingerprint = digest(sorted(form), [[file.field, file.name, digest(file.content)] for file in write.files])
    if write.path_ids:  # the same file of another person is another content
        fingerprint = digest(fingerprint, dict(write.path_ids))
    key = digest("key", write.key) if write.key else digest("content", fingerprint)
    return Prepared(write, operation, given, form, key, fingerprint)


def _check_text(form: Form, files: tuple[File, ...]) -> None:
    """:raises Rejection: a text is half a character (a lone surrogate), which JSON can hold and UTF-8 cannot."""
    for name, text in [*form, *((file.field, file.name) for file in files)]:
        try:
            f"{name}{text}".encode()
        except UnicodeEncodeError:
            raise Rejection(f"{name!a} holds half a character (a lone surrogate): correct the text") from None


def described(write: Write, options: Options, hierarchies: Hierarchies) -> str:
    """The request that a write would send, without values, for a dry run.

    :raises Rejection: it would be refused before it is sent.
    """
    check_allowed(write, options)
    verb = write.verb or (Verb.UPDATE if write.record_id else Verb.CREATE)
    record_id = "…" if write.record_id is None else write.record_id
    if verb is Verb.DELETE:
        operation = OPERATIONS[write.object, verb]
        return f"{operation.method} {path_of(operation, write, record_id)}"
    prepared = prepare(write, verb, options, hierarchies)
    names = [*dict.fromkeys(name for name, _ in prepared.form), *(name for name, _, _ in prepared.files)]
    return f"{prepared.operation.method} {path_of(prepared.operation, write, record_id)} with {', '.join(names)}"


def path_of(operation: Operation, write: Write, record_id: int | str | None = None) -> str:
    return operation.path.format(id=record_id, **write.path_ids)
