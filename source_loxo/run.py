"""Entry point of the `source-loxo` command: whole lines out, also when the process is told to stop.

The CDK's own `launch` prints through a buffer, so a SIGTERM cuts the last line in two, and records of ours would be
mixed with lines that the log handlers write past it. Here every line goes to the file descriptor in one piece under
one lock, and who is told to stop waits for that lock before it ends the process.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading

from airbyte_cdk.entrypoint import AirbyteEntrypoint

from source_loxo.source import SourceLoxo

# How long a started line may take to be read by the other side before we leave without it.
GRACE_SECONDS = 5.0


class WholeLines(io.TextIOBase):
    """A text stream that writes only whole lines, each in one piece, from any thread.

    A line of up to 4 kB is atomic on a pipe; a longer one can be cut only if the reader has stalled for good.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = threading.local()
        self.lock = threading.Lock()

    def write(self, text: str) -> int:
        begun = getattr(self._begun, "text", "") + text
        lines, newline, self._begun.text = begun.rpartition("\n")
        if newline:
            self._write_whole((lines + newline).encode())
        return len(text)

    def _write_whole(self, data: bytes) -> None:
        with self.lock:
            while data:
                data = data[os.write(self._descriptor, data) :]

    def writable(self) -> bool:
        return True


def run() -> None:
    """Runs the Airbyte command given on the command line."""
    entrypoint = AirbyteEntrypoint(SourceLoxo())
    arguments = entrypoint.parse_args(sys.argv[1:])
    out = WholeLines(sys.stdout.fileno())
    sys.stdout = out
    for handler in logging.getLogger("airbyte").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(out)
    _end_on_sigterm(out)
    for message in entrypoint.run(arguments):
        out.write(f"{message}\n")


def _end_on_sigterm(out: WholeLines) -> None:
    """Leaves between two lines. The workers may wait in a full queue for ever, so nothing is asked of them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        signal.sigwait({signal.SIGTERM})
        out.lock.acquire(timeout=GRACE_SECONDS)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=wait, name="sigterm", daemon=True).start()
