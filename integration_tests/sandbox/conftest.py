"""Fixtures for the tests of the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plain_client import SIZES, Client

from sandbox.process import Sandbox


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox whose data stays as generated; its settings are restored after each test."""
    settings = shared_sandbox.settings()
    shared_sandbox.reset_requests()
    yield shared_sandbox
    shared_sandbox.set(**settings)


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for a test that changes the data."""
    with Sandbox(**SIZES) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)
