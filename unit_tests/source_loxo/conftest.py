"""For the tests of streams: a clock that stands still, and slices of a few records."""

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


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of about ten records, so that a short list is read in several."""
    for name, value in {
        "streams.sliced.WORTH_SLICING": 20,
        "streams.sliced.LARGEST_SLICE": 20,
        "slices.SMALLEST_SLICE": 10,
        "slices.LARGEST_SLICE": 10,
        "reconciliation.SLICE_SIZES": (10, 5),
    }.items():
        monkeypatch.setattr(f"source_loxo.{name}", value)


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """The total that means "at least", and the result limit of a numbered list."""
    cap = 40
    for name in ("record_count", "slices", "reconciliation", "pagination.scroll", "pagination.page_number"):
        monkeypatch.setattr(f"source_loxo.{name}.COUNT_CAP", cap)
    monkeypatch.setattr("source_loxo.streams.jobs.COUNT_CAP", cap)
    return cap
