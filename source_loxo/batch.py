"""The records of a page, on their way to the queue and behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessageFileReference, Type

from loxo_api.exact_json import dumps
from loxo_api.pages import Record


class StagedRecord(dict[str, Any]):
    """A record with its file in the staging directory.

    :param digest: names this version of the file.
    :param dated: the time of its last change or of its parent's creation, the later one; empty if Loxo names none.
    """

    def __init__(self, record: Record, reference: AirbyteRecordMessageFileReference, digest: str, dated: str) -> None:
        super().__init__(record)
        self.reference = reference
        self.digest = digest
        self.dated = dated


class Batch(list[Record]):
    """Records that enter the queue together.

    :param commit: called when the records are in the queue. A state that it emits follows them there, so a killed sync
        never loses records that its state covers.
    :param stream_name: the stream of the records, which the queue needs.
    """

    def __init__(
        self, records: Iterable[Record] = (), commit: Callable[[], None] | None = None, stream_name: str = ""
    ) -> None:
        super().__init__(records)
        self.commit = commit
        self.stream_name = stream_name


class RecordsMessage(AirbyteMessage):
    """Records of one stream as one message, encoded.

    The CDK handles each message in five nested generators, which costs more than to decode and to encode a record.
    """

    def __init__(self, stream: str, records: Iterable[Record]) -> None:
        super().__init__(Type.RECORD)
        self.stream = stream
        emitted_at = int(time.time() * 1000)
        self.lines = [encoded_record(stream, data, emitted_at) for data in records]


def encoded_record(
    stream: str, data: Any, emitted_at: int, file: AirbyteRecordMessageFileReference | None = None
) -> bytes:
    """A record message as a line of JSON. Unlike the CDK's, it keeps top-level nulls."""
    record = {"stream": stream, "data": data, "emitted_at": emitted_at}
    return dumps({"type": "RECORD", "record": {**record, "file_reference": asdict(file)} if file else record})
