"""A server on loopback for tests that decide about each byte of a connection."""

from __future__ import annotations

import socket
import threading


class Listener:
    """Passes each connection to `handle`, one after the other, until it is closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.handle(connection)

    def handle(self, connection: socket.socket) -> None:
        """Answers a connection and closes it."""
        raise NotImplementedError

    def close(self) -> None:
        self._socket.close()
