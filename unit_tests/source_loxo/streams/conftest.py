"""Fixtures for the tests of the kinds of streams."""

import pytest


@pytest.fixture(autouse=True)
def _still_clock(set_clock: object) -> None:
    """The clock is stopped unless a test moves it."""
