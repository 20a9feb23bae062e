"""The sandbox, for the tests of the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plain_client import SIZES, Client

from sandbox.process import Sandbox


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as box:
        yield box


@pytest.fixture
def box(shared: Sandbox) -> Iterator[Sandbox]:
    """The shared sandbox with untouched data; settings are put back afterwards."""
    before = shared.settings()
    shared.reset_requests()
    yield shared
    shared.set(**before)


@pytest.fixture
def loxo(box: Sandbox) -> Client:
    return Client(box)
