"""The finding on a point, and its meaning for the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(Enum):
    """Whether the connector handles the account's side. The values are part of reports."""

    AS_ASSUMED = "as_assumed"
    HANDLED = "handled"  # the other side of an assumption, which the connector reads completely all the same
    NOT_HANDLED = "not_handled"
    UNKNOWN = "unknown"  # the account does not show it


@dataclass(frozen=True)
class Point:
    """A point on which accounts may differ.

    :param assumed: the side that the connector assumes; empty if it reads every side the same way.
    :param handled: other sides that are read completely, by the beginning of their names, and why.
    :param not_handled: sides that are not, in the same way, and the remedy.
    :param otherwise: why every side that is not named is handled; empty if such a side is not handled.
    :param how: how the side is determined.
    """

    name: str
    how: str
    assumed: str = ""
    handled: Mapping[str, str] = field(default_factory=dict)
    not_handled: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of a report. `account` is a text, a number or a list of texts, never a value of the account's data."""

    subject: str
    point: str
    account: Any
    assumed: Any
    verdict: Verdict
    how: str

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "verdict": self.verdict.value}


@dataclass
class Findings:
    """All findings of an examination, in the order of the checks."""

    rows: list[Finding] = field(default_factory=list)
    is_complete: bool = True

    def add(self, subject: str, point: Point, side: Any, assumed: Any = None) -> None:
        """Adds the account's side.

        :param assumed: the assumption for this subject, where it is not the same for all.
        """
        wanted = point.assumed if assumed is None else assumed
        verdict, why = _judged(point, side, wanted)
        how = f"{point.how}. {why}." if why else f"{point.how}."
        self.rows.append(Finding(subject, point.name, side, wanted, verdict, how))

    def add_unknown(self, subject: str, point: Point, why: str, assumed: Any = None) -> None:
        """Adds that the account does not show it."""
        wanted = point.assumed if assumed is None else assumed
        self.rows.append(Finding(subject, point.name, None, wanted, Verdict.UNKNOWN, f"{point.how}. {why}."))

    def add_failed(self, subject: str, point: Point, why: str, assumed: Any = None) -> None:
        """Adds that it could not be examined; another examination may show it."""
        self.is_complete = False
        self.add_unknown(subject, point, why, assumed)

    def side(self, subject: str, point: Point) -> Any:
        """The finding, or None."""
        found = [row.account for row in self.rows if (row.subject, row.point) == (subject, point.name)]
        return found[-1] if found else None

    @property
    def not_handled(self) -> list[Finding]:
        return [row for row in self.rows if row.verdict is Verdict.NOT_HANDLED]


def _judged(point: Point, side: Any, assumed: Any) -> tuple[Verdict, str]:
    if assumed in ("", side):
        return Verdict.AS_ASSUMED, ""
    sides = {key: (Verdict.HANDLED, why) for key, why in point.handled.items()}
    sides |= {key: (Verdict.NOT_HANDLED, why) for key, why in point.not_handled.items()}
    # A side is named by its beginning; the most exact name counts.
    for key in sorted(sides, key=len, reverse=True):
        if str(side).startswith(key):
            return sides[key]
    if point.otherwise:
        return Verdict.HANDLED, point.otherwise
    return Verdict.NOT_HANDLED, "The connector does not know this side: please report it"
