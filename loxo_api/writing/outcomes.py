"""What became of a write: written, rejected or unknown. Only Loxo's own confirmation counts as written.

A status of 200 confirms nothing: Loxo answers 200 with `id: null` for a record that it did not save (loxo-cli, live).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeGuard

from loxo_api.exact_json import loads
from loxo_api.http_messages import Response
from loxo_api.redaction import Redactor
from loxo_api.writing.operations import Operation, Verb


class Outcome(Enum):
    WRITTEN = "written"
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # the response was lost, and no look-up shows whether the write took effect


@dataclass(frozen=True)
class Result:
    """The outcome of one write.

    :param record_id: the id that Loxo gave, or that the write names.
    :param reason: why it was rejected or is unknown; Loxo's words in it may repeat values of the record.
    :param was_sent: False where nothing had to be sent, as the ledger holds the same write as written.
    :param retry_in: seconds after which the same call may find out more; None if the outcome is final.
    :param was_told: whether an earlier run reported the write as unknown.
    :param answer: the record in Loxo's answer, if there was one.
    """

    outcome: Outcome
    record_id: int | None = None
    reason: str = ""
    was_sent: bool = True
    retry_in: float | None = None
    was_told: bool = False
    answer: Any = None


class Rejection(Exception):
    """A write that was refused: here before it was sent, or by Loxo. The text says why.

    :param record_id: the id that Loxo names all the same, so that the record may exist.
    """

    def __init__(self, text: str, record_id: int | None = None) -> None:
        super().__init__(text)
        self.record_id = record_id


class LostAnswer(Exception):
    """No usable answer: Loxo may have carried out the write.

    :param is_foreign: whether the answer is not Loxo's, so that another attempt may get Loxo's.
    """

    def __init__(self, message: str, is_foreign: bool = False) -> None:
        super().__init__(message)
        self.is_foreign = is_foreign


def read_answer(operation: Operation, response: Response, redactor: Redactor) -> tuple[int | None, Any]:
    """The id and the record that Loxo's answer confirms.

    :raises Rejection: Loxo says that it did not save the record.
    :raises LostAnswer: the answer has a shape that confirms nothing.
    """
    if operation.verb is Verb.DELETE and not response.body.strip():
        return None, None  # a deletion is 200 (Ampersand); nothing is known of its body
    try:
        document = loads(response.body)
    except ValueError:
        raise LostAnswer("the answer is not JSON", is_foreign=True) from None
    if not isinstance(document, dict):
        if operation.verb is Verb.DELETE:
            return None, None
        raise LostAnswer("the answer is not an object")
    record = document.get(operation.answer_key, document)
    errors = document.get("errors") or document.get("error")
    if not errors and isinstance(record, dict):
        errors = record.get("errors")
    found = record.get("id") if isinstance(record, dict) else None
    record_id = found if is_id(found) else None
    if errors:
        raise Rejection(redactor.words(response.body) or "Loxo reports errors and does not say which", record_id)
    if operation.verb is Verb.DELETE:
        return None, document
    if record is None or (isinstance(record, dict) and "id" in record and found is None):
        raise Rejection("Loxo did not save the record and does not say why: check the required and the custom fields")
    if record_id is None:
        raise LostAnswer("the answer names no id")
    return record_id, record


def is_id(value: Any) -> TypeGuard[int]:
    """Whether a value can be an id of Loxo; the ledger stores 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
