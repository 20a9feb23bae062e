"""The standard output of a command: whole lines, from any thread; and an end of the process, whatever happens.

A SIGTERM must not cut a line in two, and log handlers write between the messages. So every line goes to the file
descriptor in one piece under one lock, and a signal ends the process between two lines. Threads can block for ever on a
full queue or on a read, and the interpreter waits for them at its end; so the process ends without them.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import signal
import stat
import struct
import termios
import threading
from typing import NoReturn

# Seconds that a reader has to take a line in progress before a signal ends the process.
GRACE_SECONDS = 5.0


class WholeLines(io.TextIOBase):
    """A text stream that writes only whole lines, each in one piece, from any thread.

    A pipe takes up to 4 kB atomically; a longer line can be cut if the reader never reads again.

    :param program: the command's name, for what is said on stderr.
    """

    def __init__(self, descriptor: int, program: str) -> None:
        self._descriptor = descriptor
        self._program = program
        self._is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._begun = threading.local()
        self._lock = threading.Lock()

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
        with self._lock:
            for piece in [[line] for line in lines] if self._is_waiting() else [lines]:
                self._write(b"\n".join([*piece, b""]))

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
                self._cannot_write(f"{error.strerror}")

    def writable(self) -> bool:
        return True

    def end_on_signals(self, is_sync: bool) -> None:
        """Ends the process between two lines. Must be called before other threads start.

        :param is_sync: whether the next sync continues, so that the end is worth a word.
        """
        signals = {signal.SIGTERM}
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # it is ignored in a background job
            signals.add(signal.SIGINT)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)

        def wait() -> None:
            number = signal.sigwait(signals)
            self._lock.acquire(timeout=GRACE_SECONDS)
            if is_sync:
                name = signal.Signals(number).name
                _say(self._program, f"stopped by {name}. The next sync continues from the last state.")
            # A caller expects the status of a process that the signal ended: PyAirbyte sends SIGTERM as soon as it has
            # the spec, and reports any other status as a failure.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            os.kill(os.getpid(), number)
            os._exit(128 + number)  # the first process of a container is not ended by a signal of its own

        threading.Thread(target=wait, name="signals", daemon=True).start()

    def end_without_reader(self) -> None:
        """Ends the process when the reader of a pipe is gone, also while nothing is printed, as during a long pause."""
        closed = select.poll()
        closed.register(self._descriptor, 0)  # errors only

        def wait() -> None:
            closed.poll()
            self._cannot_write("its reader is gone")

        threading.Thread(target=wait, name="reader", daemon=True).start()

    def _cannot_write(self, why: str) -> NoReturn:
        end(self._program, f"the output cannot be written: {why}. The next sync continues from the last state.")


def end(program: str, text: str) -> NoReturn:
    """Ends the process at once, with one message on stderr."""
    _say(program, text)
    os._exit(1)


def _say(program: str, text: str) -> None:
    """Writes one message to stderr if stderr accepts it."""
    with contextlib.suppress(OSError, ValueError):
        if select.select([], [2], [], 1)[1]:
            os.write(2, f"{program}: {text}\n".encode())
