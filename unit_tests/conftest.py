"""Fixtures for the tests of streams: a stopped clock, and slices of a few records."""

from collections.abc import Callable

import pendulum
import pytest
from fake_client import NOW


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the clock of the connector and of the account; it begins at NOW."""

    def set_to(timestamp: str) -> None:
        time = pendulum.parse(timestamp)
        monkeypatch.setattr("pendulum.now", lambda tz=None: time)

    set_to(NOW)
    return set_to


@pytest.fixture(autouse=True)
def each_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emits the state behind each page, however fast the pages come."""
    monkeypatch.setattr("source_loxo.cursors.SECONDS_TO_PROGRESS", 0)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of about ten records, so that a short list is read in several."""
    for name, value in {
        "source_loxo.streams.sliced.WORTH_SLICING": 20,
        "source_loxo.streams.sliced.LARGEST_SLICE": 20,
        "loxo_api.slices.SMALLEST_SLICE": 10,
        "loxo_api.slices.LARGEST_SLICE": 10,
        "source_loxo.reconciliation.SLICE_SIZES": (10, 5),
    }.items():
        monkeypatch.setattr(name, value)


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """The total that means "at least", and the result limit of a numbered list."""
    cap = 40
    for name in ("record_count", "slices", "pagination.scroll", "pagination.page_number"):
        monkeypatch.setattr(f"loxo_api.{name}.COUNT_CAP", cap)
    monkeypatch.setattr("source_loxo.reconciliation.COUNT_CAP", cap)
    return cap
