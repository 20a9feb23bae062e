"""How a server may read a date that bounds a range, and the reading that explains an account's responses.

No source shows whether Loxo includes a bound, how finely it reads one, and whether it keeps the zone that is sent. All
combinations are hypotheses; each question is the one that splits those left most evenly, until one is left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
# Zones lie this far apart, between these offsets from UTC in hours.
_QUARTER = HOUR // 4
_WEST, _EAST = -12, 14


@dataclass(frozen=True)
class Reading:
    """One way to read bounds. `zone` is the offset in milliseconds of the zone that replaces the one sent."""

    inclusive: bool = True
    precision: str = "exact"  # exact | minutes | days | midnights (a last day is cut at its beginning)
    zone: int = 0

    def includes(self, record: int, bound: int, is_end: bool) -> bool:
        """Whether a range that ends (or begins) at the bound holds a record of that time; in ms since 1970."""
        read = self._read(bound, is_end)
        if is_end:
            return record < read or (self.inclusive and record == read)
        return record > read or (self.inclusive and record == read)

    def _read(self, bound: int, is_end: bool) -> int:
        unit = {"exact": 1, "minutes": MINUTE}.get(self.precision, DAY)
        read = bound // unit * unit
        if is_end and self.precision == "days":
            read += DAY - 1
        return read - self.zone


PLAIN = Reading()
READINGS = tuple(
    Reading(inclusive, precision, quarters * _QUARTER)
    for inclusive, precision, quarters in product(
        (True, False), ("exact", "minutes", "days", "midnights"), range(_WEST * 4, _EAST * 4 + 1)
    )
)

# Ten answers distinguish all readings; some questions may have none.
QUESTIONS = 20

# Asks whether a range that ends (or begins) so many milliseconds from the record holds it; None if that is unknown.
Ask = Callable[[int, bool], "bool | None"]


def explained(record: int, ask: Ask) -> list[Reading]:
    """The readings that explain the answers about a record of this time; empty if none does."""
    left = frozenset(range(len(READINGS)))
    holding = _holding(record)
    for _ in range(QUESTIONS):
        if len(left) < 2:
            break
        question = min(holding, key=lambda each: abs(len(left) - 2 * len(left & holding[each])))
        holds = holding.pop(question)
        if not left & holds or left <= holds:
            break  # no question distinguishes the rest
        held = ask(*question)
        if held is not None:
            left = left & holds if held else left - holds
    return [READINGS[index] for index in left]


def _holding(record: int) -> dict[tuple[int, bool], frozenset[int]]:
    """For each question, the readings by which the range holds the record.

    The later a range ends, or the earlier it begins, the more it holds; so each reading has one offset at which its
    answer changes.
    """
    offsets, holding = _offsets(), {}
    for is_end in (False, True):
        changes = [_change(reading, record, offsets, is_end) for reading in READINGS]
        for place, offset in enumerate(offsets):
            held = (index for index, change in enumerate(changes) if (place >= change) == is_end)
            holding[offset, is_end] = frozenset(held)
    return holding


def _change(reading: Reading, record: int, offsets: list[int], is_end: bool) -> int:
    """The place of the first offset at which a range that ends (or begins) there holds (or no longer holds) it."""
    places = range(len(offsets))
    return bisect_left(places, True, key=lambda at: reading.includes(record, record + offsets[at], is_end) == is_end)


def _offsets() -> list[int]:
    """Distances from a record's time: around each quarter of an hour, as zones differ by these, and a minute later."""
    sides = (-SECOND, 0, SECOND, MINUTE + SECOND)
    return [quarter * _QUARTER + side for quarter in range(-26 * 4, 26 * 4 + 1) for side in sides]


def common(readings: Iterable[Reading]) -> dict[str, object]:
    """The properties that all readings share."""
    seen: dict[str, set[object]] = defaultdict(set)
    for reading in readings:
        for name, value in vars(reading).items():
            seen[name].add(value)
    return {name: values.pop() for name, values in seen.items() if len(values) == 1}
