"""Runs the destination as Airbyte does: its own process, messages on its standard input, lines on its output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "destination_loxo"]


@dataclass
class Output:
    exit_code: int
    text: str
    messages: list[dict[str, Any]]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["state"] for message in self.messages if message["type"] == "STATE"]

    @property
    def logs(self) -> str:
        return "\n".join(message["log"]["message"] for message in self.messages if message["type"] == "LOG")

    @property
    def error(self) -> str:
        errors = [message["trace"]["error"] for message in self.messages if message["type"] == "TRACE"]
        return errors[-1]["message"] if errors else ""

    def counts(self, stream: str) -> dict[str, int]:
        """What the last line about a stream counts."""
        line = next(line for line in reversed(self.logs.splitlines()) if line.startswith(f"{stream}: "))
        pairs = (part.split() for part in line.removeprefix(f"{stream}: ").rstrip(".").split(", "))
        return {name: int(number) for number, name in pairs}


class Destination:
    """One account's destination; `folder` holds its files and its ledger."""

    def __init__(self, box: Sandbox, folder: Path, **config: Any) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.db"
        settings = {**box.config, "ledger_path": str(self.ledger), **config}
        self.config = self._file("config", {name: value for name, value in settings.items() if value is not None})

    def _file(self, name: str, content: Any) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)

    def run(self, *words: str, stdin: str = "") -> Output:
        done = subprocess.run(
            [*COMMAND, *words], input=stdin, capture_output=True, text=True, cwd=ROOT, check=False, encoding="utf-8"
        )
        return parse(done.returncode, done.stdout, done.stderr)

    def check(self) -> Output:
        return self.run("check", "--config", self.config)

    def discover(self) -> Output:
        return self.run("discover", "--config", self.config)

    def write_arguments(self, streams: Iterable[Mapping[str, Any]]) -> list[str]:
        catalog = self._file("catalog", {"streams": list(streams)})
        return ["write", "--config", self.config, "--catalog", catalog]

    def write(self, streams: Iterable[Mapping[str, Any]], lines: Iterable[Any]) -> Output:
        return self.run(*self.write_arguments(streams), stdin=text_of(lines))

    def started(self, streams: Iterable[Mapping[str, Any]]) -> subprocess.Popen[str]:
        """A write that waits for its input."""
        return subprocess.Popen(
            [*COMMAND, *self.write_arguments(streams)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            encoding="utf-8",
        )


def parse(exit_code: int, stdout: str, stderr: str) -> Output:
    """Every printed line must be a whole message."""
    return Output(exit_code, stdout + stderr, [json.loads(line) for line in stdout.splitlines()])


def stream(name: str, mode: str = "append", key: Iterable[str] = (), object_name: str = "") -> dict[str, Any]:
    """A configured stream."""
    configured: dict[str, Any] = {
        "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh",
        "destination_sync_mode": mode,
        "primary_key": [[field] for field in key],
    }
    return {**configured, "destination_object_name": object_name} if object_name else configured


def record(name: str, /, **data: Any) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": name, "data": data, "emitted_at": 1}}


def state(name: str, number: int) -> dict[str, Any]:
    """A state as the platform passes it on, with its own id."""
    inner = {"stream_descriptor": {"name": name}, "stream_state": {"at": number}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": inner, "id": number}}


def text_of(lines: Iterable[Any]) -> str:
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
