"""Runs the connector as its users do: its own process, its four commands, its printed lines."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from source_loxo.run import run

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Output:
    """What one run printed."""

    exit_code: int
    text: str
    messages: list[dict[str, Any]] = field(repr=False)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of all messages of a type, such as `RECORD`."""
        key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return [message[key] for message in self.messages if message["type"] == kind]

    @property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        streams = defaultdict(list)
        for record in self.of("RECORD"):
            streams[record["stream"]].append(record["data"])
        return streams

    def ids(self, stream: str) -> list[Any]:
        return [record["id"] for record in self.records[stream]]

    @property
    def statuses(self) -> dict[str, str]:
        """The last status of each stream."""
        return {
            trace["stream_status"]["stream_descriptor"]["name"]: trace["stream_status"]["status"]
            for trace in self.of("TRACE")
            if trace["type"] == "STREAM_STATUS"
        }

    @property
    def errors(self) -> dict[str, dict[str, Any]]:
        """The error traces by stream; the last, of no stream, under the empty name."""
        return {
            (trace["error"].get("stream_descriptor") or {}).get("name", ""): trace["error"]
            for trace in self.of("TRACE")
            if trace["type"] == "ERROR"
        }

    @property
    def logs(self) -> str:
        return "\n".join(log["message"] for log in self.of("LOG"))

    @property
    def state(self) -> list[dict[str, Any]]:
        """The last state of each stream, as the platform would hand it back."""
        return last_states(self.messages)

    def stream_state(self, stream: str) -> dict[str, Any]:
        states = {state["stream"]["stream_descriptor"]["name"]: state for state in self.state}
        content: dict[str, Any] = states[stream]["stream"]["stream_state"]
        return content


class Connector:
    """One account's connector; `folder` holds the files that the commands read."""

    def __init__(self, config: Mapping[str, Any], folder: Path) -> None:
        self.folder = folder
        self._config = self._file("config", config)
        self._catalog: dict[str, dict[str, Any]] = {}

    def _file(self, name: str, content: Any) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "main.py"), *arguments]

    def run(self, *arguments: str) -> Output:
        """Runs a command in a fork of this process, which spares each run the seconds of its imports."""
        with tempfile.TemporaryFile() as errors:
            child, lines = _fork(arguments, errors.fileno())
            stdout = lines.read()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            errors.seek(0)
            return parse(code, stdout, errors.read().decode())

    def killed(self, *arguments: str, after: int) -> list[dict[str, Any]]:
        """Kills a command without warning when it has printed so many records; returns its whole lines' messages."""
        child, lines = _fork(arguments, 2)
        messages: list[dict[str, Any]] = []
        for line in lines:
            if not line.endswith("\n"):
                break  # the line at which it died
            messages.append(json.loads(line))
            after -= messages[-1]["type"] == "RECORD"
            if after == 0:
                os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return messages

    def check(self) -> Output:
        return self.run("check", "--config", self._config)

    @property
    def discover_arguments(self) -> list[str]:
        return ["discover", "--config", self._config]

    def discover(self) -> dict[str, dict[str, Any]]:
        """The catalog's streams by name, asked for once."""
        if not self._catalog:
            catalog = self.run(*self.discover_arguments).of("CATALOG")[0]
            self._catalog = {stream["name"]: stream for stream in catalog["streams"]}
        return self._catalog

    def read_arguments(
        self,
        streams: Iterable[str] | None = None,
        mode: str = "full_refresh",
        state: Any = None,
        sync_id: int | None = None,
        include_files: bool = False,
    ) -> list[str]:
        """Arguments of a read of the named streams, or of all; a stream that cannot do the mode is read in full."""
        known = self.discover()
        chosen = []
        for name in known if streams is None else streams:
            stream = known.get(name, {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]})
            mode_here = mode if mode in stream["supported_sync_modes"] else "full_refresh"
            configured: dict[str, Any] = {"stream": stream, "sync_mode": mode_here, "destination_sync_mode": "append"}
            configured |= {"include_files": True} if include_files else {}
            chosen.append(configured if sync_id is None else {**configured, "sync_id": sync_id})
        arguments = ["read", "--config", self._config, "--catalog", self._file("catalog", {"streams": chosen})]
        return arguments if state is None else [*arguments, "--state", self._file("state", state)]

    def read(self, streams: Iterable[str] | None = None, **options: Any) -> Output:
        return self.run(*self.read_arguments(streams, **options))


def _fork(arguments: Iterable[str], errors: int) -> tuple[int, TextIO]:
    """A child that is the connector: its process id and what it prints."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, os.fdopen(reading, encoding="utf-8")
    os.dup2(writing, 1)
    os.dup2(errors, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    sys.argv = ["source-loxo", *arguments]
    code = 0
    try:
        run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    sys.stderr.flush()
    os._exit(code)


def last_states(messages: Iterable[dict[str, Any]], before: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The last state of each stream, as a platform would hand it back after these messages."""
    states = {state["stream"]["stream_descriptor"]["name"]: state for state in before}
    for message in messages:
        if message["type"] == "STATE":
            states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
    return list(states.values())


def parse(exit_code: int, stdout: str, stderr: str = "") -> Output:
    """Every printed line must be a whole message."""
    return Output(exit_code, stdout + stderr, [json.loads(line) for line in stdout.splitlines()])
