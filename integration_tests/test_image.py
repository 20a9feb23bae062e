"""The image, run as Airbyte runs it, against the sandbox on this machine's loopback. Run by `.ci/image`.

Every container has a read-only root, no capabilities and no way to gain any: what Airbyte's Kubernetes deployment
gives a connector, and less.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import Sandbox
from tools.connector import ROOT, Output, parse

pytestmark = pytest.mark.image

IMAGE = os.environ.get("SOURCE_LOXO_IMAGE", "airbyte/source-loxo:dev")
BASE = os.environ.get("SOURCE_LOXO_BASE", "")
LOCKED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
NO_NETWORK = "--network=none"
PEOPLE = 200_000
READ_SECONDS = 600


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a figure to the log."""

    def printed(text: str) -> None:
        with capfd.disabled():
            print(f"\nimage: {text}", end="", flush=True)

    return printed


@pytest.fixture
def secrets(tmp_path: Path) -> Callable[..., str]:
    """Mounts JSON files, readable by the image's own user, at /secrets."""

    def mounted(**files: Any) -> str:
        folder = tmp_path / "secrets"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / f"{name}.json").write_text(json.dumps(content))
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        return f"--volume={folder}:/secrets:ro"

    return mounted


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextlib.contextmanager
def container(options: tuple[str, ...], *command: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A locked-down container and its name; gone afterwards, also after a failure."""
    name = f"source-loxo-{os.getpid()}-{time.monotonic_ns()}"
    line = ["docker", "run", "--rm", "--name", name, *LOCKED, *options, IMAGE, *command]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield name, child
        finally:
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False, timeout=60)


def run(options: tuple[str, ...], *command: str) -> Output:
    with container(options, *command) as (_, child):
        stdout, stderr = child.communicate(timeout=120)
    return parse(child.returncode, stdout, stderr)


def in_full(*streams: dict[str, Any]) -> dict[str, Any]:
    return {
        "streams": [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for stream in streams
        ]
    }


def seconds(*command: str, entrypoint: str = "python") -> float:
    """The fastest of three starts."""
    taken = []
    for _ in range(3):
        start = time.monotonic()
        docker("run", "--rm", *LOCKED, NO_NETWORK, f"--entrypoint={entrypoint}", IMAGE, *command)
        taken.append(time.monotonic() - start)
    return min(taken)


def test_the_image_is_small_and_starts_quickly(say: Callable[[str], None]) -> None:
    megabytes = int(docker("image", "inspect", "--format={{.Size}}", IMAGE)) / 1e6
    base = int(docker("image", "inspect", "--format={{.Size}}", BASE)) / 1e6 if BASE else 0.0
    empty, spec = seconds(entrypoint="true"), seconds("/airbyte/integration_code/main.py", "spec")
    say(f"{megabytes:.0f} MB, of which {base:.0f} are {BASE or 'unknown to be the base'}")
    say(f"{spec:.1f} s for spec, of which {empty:.1f} for an empty container")
    assert megabytes - base < 120 or not base


def test_the_image_says_what_it_is() -> None:
    facts = json.loads(docker("image", "inspect", IMAGE))[0]["Config"]
    assert facts["Labels"]["io.airbyte.name"] == "airbyte/source-loxo"
    assert f'version="{facts["Labels"]["io.airbyte.version"]}"' in (ROOT / "setup.py").read_text()
    assert facts["User"] == "airbyte"
    assert facts["Entrypoint"] == ["python", "/airbyte/integration_code/main.py"]
    assert f"AIRBYTE_ENTRYPOINT={' '.join(facts['Entrypoint'])}" in facts["Env"]


def test_the_image_holds_no_more_than_the_connector() -> None:
    listed = docker("run", "--rm", "--entrypoint=ls", IMAGE, "-A", "/airbyte/integration_code").split()
    assert sorted(listed) == ["main.py", "requirements.txt", "setup.py"]


def summary(done: Output) -> str:
    kinds = Counter(message["type"] for message in done.messages)
    return f"exit code {done.exit_code}, {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"


def test_spec_needs_no_network_and_the_form_is_the_packages(say: Callable[[str], None]) -> None:
    done = run((NO_NETWORK,), "spec")
    say(f"spec, without network: {summary(done)}")
    assert done.exit_code == 0
    assert done.of("SPEC")[0]["connectionSpecification"]["required"] == ["domain", "agency_slug", "api_key"]


def test_check_without_network_fails_with_a_message(secrets: Callable[..., str], small: Sandbox) -> None:
    done = run((NO_NETWORK, secrets(config=small.config)), "check", "--config", "/secrets/config.json")
    assert done.of("CONNECTION_STATUS")[0]["status"] == "FAILED"


def test_check_discover_and_read_of_a_whole_account(
    secrets: Callable[..., str], small: Sandbox, say: Callable[[str], None]
) -> None:
    host, volume = "--network=host", secrets(config=small.config)
    checked = run((host, volume), "check", "--config", "/secrets/config.json")
    say(f"check: {summary(checked)}")
    assert checked.of("CONNECTION_STATUS") == [{"status": "SUCCEEDED"}]

    discovered = run((host, volume), "discover", "--config", "/secrets/config.json")
    say(f"discover: {summary(discovered)}")
    streams = discovered.of("CATALOG")[0]["streams"]
    lists = {path.stem for path in (ROOT / "loxo_api/schemas").iterdir()}
    assert {stream["name"] for stream in streams} == lists | {"deleted_records"}

    secrets(catalog=in_full(*streams))
    done = run((host, volume), "read", "--config", "/secrets/config.json", "--catalog", "/secrets/catalog.json")
    say(f"read: {summary(done)}; {Counter(done.statuses.values())['COMPLETE']} of {len(streams)} streams complete")
    assert done.exit_code == 0, done.logs[-2000:]
    assert set(done.statuses.values()) == {"COMPLETE"}
    assert sorted(done.ids("people")) == sorted(small.ids("people"))
    assert small.api_key not in done.text


def test_200_000_people_fit_in_256_megabytes(
    secrets: Callable[..., str], start_sandbox: Callable[..., Sandbox], say: Callable[[str], None]
) -> None:
    box = start_sandbox(people=PEOPLE, jobs=1, events=1, companies=1)
    people = {"name": "people", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    volume = secrets(config=box.config, catalog=in_full(people))
    options = ("--network=host", "--memory=256m", "--memory-swap=256m", volume)
    start, records, last = time.monotonic(), 0, ""
    with container(options, "read", "--config", "/secrets/config.json", "--catalog", "/secrets/catalog.json") as (
        name,
        child,
    ):
        watch = PeakMemory(name)
        watch.start()
        stop = threading.Timer(READ_SECONDS, child.kill)
        stop.start()
        assert child.stdout and child.stderr
        for line in child.stdout:
            if line.startswith('{"type":"RECORD"'):
                records += 1
            else:
                last = line
        stop.cancel()
        child.wait(60)
        errors = child.stderr.read()
    taken = time.monotonic() - start
    say(f"{records} people in {taken:.0f} s, peak {watch.megabytes:.0f} MB resident, of 256 MB allowed")
    assert child.returncode == 0, last + errors
    assert records == PEOPLE


class PeakMemory(threading.Thread):
    """Asks the kernel, from inside the container, for the most memory its first process ever held."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self._command = ["docker", "exec", name, "grep", "VmHWM", "/proc/1/status"]
        self.megabytes = 0.0

    def run(self) -> None:
        for _ in range(READ_SECONDS):
            time.sleep(1)
            told = subprocess.run(self._command, capture_output=True, text=True, check=False, timeout=60)
            if told.returncode == 0:
                self.megabytes = int(told.stdout.split()[1]) * 1024 / 1e6
            elif self.megabytes:
                return  # the container has ended
