"""Entry point of the `source-loxo` command. It prints whole lines, and the process always ends.

The CDK's `launch` prints through a buffer, so a SIGTERM cuts the last line in two, and log handlers write between the
records. Here every line goes to the file descriptor in one piece under one lock, and a signal ends the process between
two lines. Workers can block for ever on a full queue, and the interpreter waits for them at its end; so a failure ends
the process without them.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import io
import logging
import os
import select
import signal
import stat
import struct
import sys
import termios
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER, is_platform_debug_log_enabled
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessageFileReference, ConnectorSpecification, Type
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor

from loxo_api.exact_json import dumps
from source_loxo.batch import RecordsMessage
from source_loxo.errors import UserError
from source_loxo.source import SourceLoxo, parsed

# Seconds that a reader has to take a line in progress before a signal ends the process.
GRACE_SECONDS = 5.0
# Records are written together, because each write releases the interpreter lock. A pipe holds 64 kB.
TOGETHER_BYTES = 60_000


class WholeLines(io.TextIOBase):
    """A text stream that writes only whole lines, each in one piece, from any thread.

    A pipe takes up to 4 kB atomically; a longer line can be cut if the reader never reads again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._begun = threading.local()
        self.lock = threading.Lock()

    def write(self, text: str) -> int:
        begun = getattr(self._begun, "text", "") + text
        lines, newline, self._begun.text = begun.rpartition("\n")
        if newline:
            self.write_line(lines.encode("utf-8", "replace"))
        return len(text)

    def write_line(self, line: bytes) -> None:
        """Writes one line, given without its newline."""
        self.write_lines([line])

    def write_lines(self, lines: list[bytes]) -> None:
        """Writes lines in one call where that cannot cut one: into an empty pipe, or into a file."""
        data = [line + b"\n" for line in lines]
        with self.lock:
            for piece in data if self._is_waiting() else [b"".join(data)]:
                self._write(piece)

    def _is_waiting(self) -> bool:
        """Whether a pipe holds unread data."""
        return self._is_pipe and struct.unpack("i", fcntl.ioctl(self._descriptor, termios.FIONREAD, b"    "))[0] > 0

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                self._room.poll()
            except OSError as error:
                _end(1, f"the output cannot be written: {error.strerror}. The next sync continues from the last state.")

    def writable(self) -> bool:
        return True


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
            stream_message_count[HashableStreamDescriptor(message.stream)] += len(message.records)
            return message
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def run() -> None:
    """Runs the Airbyte command given on the command line."""
    if sys.stdout is None:
        _end(1, "the standard output is closed, so no message can be printed.")
    out = WholeLines(sys.stdout.fileno())
    arguments = _arguments()
    _end_on_signals(out, is_sync=arguments.command == "read")
    _end_without_reader(sys.stdout.fileno())
    print_through(out)  # before the entrypoint, because it logs
    entrypoint = Entrypoint(SourceLoxo(groups_records=True))
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


def _encoded(message: AirbyteMessage) -> Iterator[bytes]:
    """A message as lines of JSON, as the CDK prints them. Records are encoded faster and keep top-level nulls."""
    if isinstance(message, RecordsMessage):
        for data in message.records:
            yield _encoded_record(message.stream, data, message.emitted_at)
    elif message.record:
        yield _encoded_record(
            message.record.stream, message.record.data, message.record.emitted_at, message.record.file_reference
        )
    else:
        yield AirbyteEntrypoint.airbyte_message_to_string(message).encode()


def _encoded_record(
    stream: str, data: Any, emitted_at: int, file: AirbyteRecordMessageFileReference | None = None
) -> bytes:
    record = {"stream": stream, "data": data, "emitted_at": emitted_at}
    return dumps({"type": "RECORD", "record": {**record, "file_reference": asdict(file)} if file else record})


def _end_on_signals(out: WholeLines, is_sync: bool) -> None:
    """Ends the process between two lines. The workers can block for ever, so they are not joined."""
    signals = {signal.SIGTERM}
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # it is ignored in a background job
        signals.add(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait() -> None:
        number = signal.sigwait(signals)
        out.lock.acquire(timeout=GRACE_SECONDS)
        if is_sync:
            _say(f"stopped by {signal.Signals(number).name}. The next sync continues from the last state.")
        # A caller expects the status of a process that the signal ended: PyAirbyte sends SIGTERM as soon as it has the
        # spec, and reports any other status as a failure.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
        os._exit(128 + number)  # the first process of a container is not ended by a signal of its own

    threading.Thread(target=wait, name="signals", daemon=True).start()


def _end_without_reader(descriptor: int) -> None:
    """Ends the process when the reader of a pipe is gone, also while nothing is printed, as during a long pause."""
    closed = select.poll()
    closed.register(descriptor, 0)  # errors only

    def wait() -> None:
        closed.poll()
        _end(1, "the output cannot be written: its reader is gone. The next sync continues from the last state.")

    threading.Thread(target=wait, name="reader", daemon=True).start()


def _say(text: str) -> None:
    """Writes one message to stderr if stderr accepts it."""
    with contextlib.suppress(OSError, ValueError):
        if select.select([], [2], [], 1)[1]:
            os.write(2, f"source-loxo: {text}\n".encode())


def _end(code: int, text: str) -> NoReturn:
    """Ends the process at once, with one message."""
    _say(text)
    os._exit(code)
