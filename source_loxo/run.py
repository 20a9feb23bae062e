"""Entry point of the `source-loxo` command. It prints whole lines, and the process always ends.

The CDK's `launch` prints through a buffer, so a SIGTERM cuts the last line in two; `loxo_api.output` does not.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER, is_platform_debug_log_enabled
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification, Type
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor

from loxo_api.output import WholeLines, end
from source_loxo.batch import RecordsMessage, encoded_record
from source_loxo.errors import UserError
from source_loxo.source import SourceLoxo, parsed

NAME = "source-loxo"
# Records are written together, because each write releases the interpreter lock. A pipe holds 64 kB.
TOGETHER_BYTES = 60_000
# New objects between two collections: rare enough to be cheap, often enough that failed requests do not pile up.
GARBAGE_OBJECTS = 10_000


class Entrypoint(AirbyteEntrypoint):
    """The CDK's entrypoint with our validation messages instead of those of the JSON schema."""

    source: SourceLoxo

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        parsed(config)

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        if isinstance(message, RecordsMessage):
            stream_message_count[HashableStreamDescriptor(message.stream)] += len(message.lines)
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def run() -> None:
    """Runs the Airbyte command given on the command line."""
    if sys.stdout is None:
        end(NAME, "the standard output is closed, so no message can be printed.")
    out = WholeLines(sys.stdout.fileno(), NAME)
    arguments = _arguments()
    out.end_on_signals(is_sync=arguments.command == "read")
    out.end_without_reader()
    print_through(out)  # before the entrypoint, because it logs
    entrypoint = Entrypoint(SourceLoxo(groups_records=True))
    _collect_rarely()
    try:
        if arguments.command == "read":
            _write_all(_read(entrypoint, arguments), out)
        else:
            for line in entrypoint.run(arguments):
                out.write_line(line.encode())
    except Exception as error:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            os._exit(1)


def _collect_rarely() -> None:
    """Limits the garbage collector, which takes a fifth of a read's time (measured): records contain no cycles."""
    gc.freeze()  # the modules stay until the end of the process
    gc.set_threshold(GARBAGE_OBJECTS, 10, 10)


def _arguments() -> argparse.Namespace:
    """The parsed command line. Without a command, it prints the usage and exits, as for other mistakes."""
    arguments = AirbyteEntrypoint.parse_args(sys.argv[1:])
    if not arguments.command:
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
            AirbyteEntrypoint.parse_args(["--help"])
        sys.exit(2)
    return arguments


def print_through(out: WholeLines) -> None:
    """Sends prints and logs through one stream; the CDK's log handler belongs to the root logger."""
    sys.stdout = out
    # It logs invalid headers, which can repeat the key.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is PRINT_BUFFER:
            out.write(PRINT_BUFFER.buffer.getvalue())  # its own flush bypasses `out`, and fails on a full disk
            handler.stream = out
            handler.addFilter(_adds_information)


def _adds_information(record: logging.LogRecord) -> bool:
    """Whether a log line adds to the error messages of the streams."""
    is_reported = record.exc_info and isinstance(record.exc_info[1], UserError)
    # The CDK's count of records misses the grouped ones; each stream logs its own.
    return not is_reported and not str(record.msg).startswith(("During the sync, the following streams", "Read "))


def _read(entrypoint: Entrypoint, arguments: argparse.Namespace) -> Iterator[AirbyteMessage]:
    """Reads as `AirbyteEntrypoint.run` does, but yields the messages themselves instead of text."""
    debug = arguments.debug or is_platform_debug_log_enabled()
    for logger in (entrypoint.logger, logging.getLogger("airbyte")):
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
    source = entrypoint.source
    config = source.configure(source.read_config(arguments.config), "")
    catalog, state = source.read_catalog(arguments.catalog), source.read_state(arguments.state)
    try:
        yield from entrypoint.read(source.spec(entrypoint.logger), config, catalog, state)
    finally:
        yield from source.message_repository.consume_queue()


def _write_all(messages: Iterator[AirbyteMessage], out: WholeLines) -> None:
    """Writes messages in their order. Records are collected; any other message flushes them and itself."""
    lines: list[bytes] = []
    size = 0
    try:
        for message in messages:
            for line in _encoded(message):
                if size + len(line) > TOGETHER_BYTES:
                    out.write_lines(lines)
                    lines, size = [], 0
                lines.append(line)
                size += len(line) + 1
            if message.type is not Type.RECORD:
                out.write_lines(lines)
                lines, size = [], 0
    finally:
        out.write_lines(lines)


def _encoded(message: AirbyteMessage) -> Iterable[bytes]:
    """A message as lines of JSON, as the CDK prints them; records are encoded by our own function."""
    if isinstance(message, RecordsMessage):
        return message.lines
    if record := message.record:
        return [encoded_record(record.stream, record.data, record.emitted_at, record.file_reference)]
    return [AirbyteEntrypoint.airbyte_message_to_string(message).encode()]
