"""Destinations for the tests of writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from connector import Destination

from sandbox.process import Sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(people=40, jobs=12, companies=12, events=120, deals=5) as started:
        yield started


@pytest.fixture
def connect(box: Sandbox, tmp_path: Path) -> Callable[..., Destination]:
    """A destination for the sandbox; keywords override its config."""
    return lambda **config: Destination(box, tmp_path, **config)
