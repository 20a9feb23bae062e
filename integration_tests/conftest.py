"""Sandboxes and connectors for the tests that go over real HTTP."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import Sandbox
from tools.connector import Connector


@pytest.fixture(scope="session", autouse=True)
def short_waits() -> Iterator[None]:
    """The connector runs in forks of the tests, which wait a second at most before they repeat a request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loxo_api.retry.LONGEST_WAIT", 1.0)
        yield


@pytest.fixture
def start_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes that end with the test."""
    with ExitStack() as stack:
        yield lambda **flags: stack.enter_context(Sandbox(**flags))


@pytest.fixture
def small(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """An account of a few pages of everything."""
    return start_sandbox(people=250, jobs=130, events=320, companies=60)


@pytest.fixture
def connect(tmp_path: Path) -> Callable[..., Connector]:
    """A connector for a sandbox; keywords override its config."""

    def connected(sandbox: Sandbox, **config: Any) -> Connector:
        return Connector({**sandbox.config, **config}, tmp_path)

    return connected


@pytest.fixture
def interruptible() -> Iterator[None]:
    """The processes of the test do not ignore SIGINT, which they otherwise do if pytest is a background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
