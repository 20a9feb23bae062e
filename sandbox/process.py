"""Runs the sandbox as a child process, for tests and benchmarks.

with Sandbox(people=5000, set={"latency_ms": 200}) as sandbox:
    read(sandbox.config)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class SandboxError(RuntimeError):
    """The sandbox did not start, or it rejected a control request."""


class Sandbox:
    """A server and its control API.

    :param set: settings, as in settings.py.
    :param flags: command line flags: `api_key="x"` is `--api-key x`, `warm=True` is `--warm`.
    """

    def __init__(self, set: dict[str, Any] | None = None, **flags: Any) -> None:
        self._settings, self._flags = set or {}, flags
        self._child: subprocess.Popen[str] | None = None
        self.url, self.agency_slug, self.api_key = "", "", ""

    @property
    def config(self) -> dict[str, Any]:
        """Return the configuration of a client."""
        return {"domain": self.url, "agency_slug": self.agency_slug, "api_key": self.api_key}

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> Sandbox:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *self._arguments()],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            status = self._child.wait()
            raise SandboxError(f"the sandbox exited with status {status} before it was ready; see its error output")
        ready = json.loads(line)
        self.url, self.agency_slug, self.api_key = ready["url"], ready["agency_slug"], ready["api_key"]
        return self

    def stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.terminate()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _arguments(self) -> list[str]:
        arguments: list[str] = []
        for name, value in self._flags.items():
            flag = f"--{name.replace('_', '-')}"
            if value is True:
                arguments.append(flag)
            elif value is not None and value is not False:
                arguments += [flag, str(value)]
        for name, value in self._settings.items():
            arguments += ["--set", f"{name}={json.dumps(value)}"]
        return arguments

    # Control -----------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SandboxError(f"{method} {path}: {error.read().decode()}") from error

    def api(self, path: str) -> Any:
        """Return the response to a GET request for a path of Loxo's API."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        request = urllib.request.Request(f"{self.url}/api/{self.agency_slug}/{path}", headers=headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
            return json.load(response)

    def set(self, **settings: Any) -> dict[str, Any]:
        response: dict[str, Any] = self.call("PATCH", "settings", settings)
        return response

    def settings(self) -> dict[str, Any]:
        response: dict[str, Any] = self.call("GET", "settings")
        return response

    def counts(self) -> dict[str, int]:
        response: dict[str, int] = self.call("GET", "objects")
        return response

    def ids(self, name: str) -> list[int]:
        response: list[int] = self.call("GET", f"objects/{name}/ids")
        return response

    def record(self, name: str, record_id: int) -> dict[str, Any]:
        response: dict[str, Any] = self.call("GET", f"objects/{name}/{record_id}")
        return response

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return all current list items of an object, unaffected by settings."""
        response: list[dict[str, Any]] = self.call("GET", f"objects/{name}/records")
        return response

    def file(self, path: str) -> bytes:
        """Return the content of the file at the path of a download, unaffected by settings."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{self.url}/_sandbox/files/{path}"
        ) as response:
            content: bytes = response.read()
        return content

    def life(self) -> list[dict[str, Any]]:
        """Return the log of background changes (`life_per_second`): n, at, op, object, id and, if any, fields."""
        response: list[dict[str, Any]] = self.call("GET", "life")
        return response

    def writes(self) -> list[dict[str, Any]]:
        """Return the log of writes through Loxo's API: method, path, effect, id, fault and, if any, object."""
        response: list[dict[str, Any]] = self.call("GET", "writes")
        return response

    def create(self, name: str, /, **fields: Any) -> dict[str, Any]:
        response: dict[str, Any] = self.call("POST", f"objects/{name}", fields)
        return response

    def update(self, name: str, record_id: int, /, **fields: Any) -> dict[str, Any]:
        response: dict[str, Any] = self.call("PATCH", f"objects/{name}/{record_id}", fields)
        return response

    def delete(self, name: str, record_id: int) -> None:
        self.call("DELETE", f"objects/{name}/{record_id}")

    def restore(self, name: str, record_id: int) -> dict[str, Any]:
        """Undo the deletion of a record."""
        response: dict[str, Any] = self.call("POST", f"restored/{name}/{record_id}")
        return response

    def merge_people(self, kept_id: int, merged_id: int) -> dict[str, Any]:
        """Merge a person into another one, and return the row of `merges`."""
        response: dict[str, Any] = self.call("POST", "merged_people", {"kept_id": kept_id, "merged_id": merged_id})
        return response

    def move(self, job_id: int, candidate_id: int, stage: int | None = None) -> dict[str, Any]:
        """Move a candidate to a stage, by default the next one."""
        response: dict[str, Any] = self.call(
            "POST", "stage_moves", {"job_id": job_id, "candidate_id": candidate_id, "workflow_stage_id": stage}
        )
        return response

    def at(self, path: str, count: int, *actions: dict[str, Any]) -> None:
        """Carry out `actions` right after the `count`-th next response for `path`; 0 is immediately.

        An action is {"op": "create" | "update" | "delete" | "restore" | "move", ...}, {"op": "set", "settings": {...}}
        or {"op": "answer", "kind": one of settings.RESPONSE_KINDS, "times": 1}, which replaces the next responses.

        :param path: an object such as `people` or `jobs/{id}/candidates`, or one URL's path.
        """
        self.call("POST", "at", {"path": path, "count": count, "actions": list(actions)})

    def requests(self) -> dict[str, Any]:
        response: dict[str, Any] = self.call("GET", "requests")
        return response

    def reset_requests(self) -> None:
        self.call("DELETE", "requests")
