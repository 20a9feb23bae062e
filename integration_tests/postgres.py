"""A PostgreSQL server of our own on a loopback port, in a folder of its own, for as long as a test needs it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

PASSWORD = "only-for-this-test"
START_SECONDS = 60


def binaries() -> Path | None:
    """The folder of initdb and postgres, which is not on the path on Debian."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(found) if (folder / "postgres").exists()), None)


def _owner() -> str | None:
    """The user of the server, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Postgres:
    """with Postgres() as server: connect(**server.address)"""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self.address: dict[str, Any] = {}

    def __enter__(self) -> Postgres:
        folder = binaries()
        assert folder, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        try:
            self._start(folder)
        except BaseException:
            self._stop()  # __exit__ is not called when __enter__ fails
            raise
        return self

    def _start(self, folder: Path) -> None:
        self._folder = tempfile.mkdtemp(prefix="loxo-pg-")
        owner, data, secret = _owner(), Path(self._folder, "data"), Path(self._folder, "password")
        secret.write_text(PASSWORD)
        if owner:
            shutil.chown(self._folder, owner)
            shutil.chown(secret, owner)
        initdb = [str(folder / "initdb"), "-D", str(data), "-U", "loxo", "-A", "scram-sha-256", "--pwfile", str(secret)]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--no-locale", "--no-sync"], check=True, capture_output=True, user=owner, cwd="/"
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with Path(self._folder, "log").open("wb") as log:
            self._child = subprocess.Popen(
                [str(folder / "postgres"), "-D", str(data), *options], stdout=log, stderr=log, user=owner, cwd="/"
            )
        self.address = {"host": "127.0.0.1", "port": port, "user": "loxo", "password": PASSWORD, "dbname": "postgres"}
        self._wait()

    def _wait(self) -> None:
        import psycopg

        assert self._child
        for _ in range(START_SECONDS * 10):
            try:
                psycopg.connect(**self.address).close()
                return
            except psycopg.OperationalError:
                assert self._child.poll() is None, Path(self._folder, "log").read_text()
                time.sleep(0.1)
        raise AssertionError(Path(self._folder, "log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._child:
            # SIGINT ends its connections, but where the tests run in the background a server that has only just started
            # ignores it; SIGTERM ends that one.
            self._child.send_signal(signal.SIGTERM)
            self._child.send_signal(signal.SIGINT)
            self._child.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
