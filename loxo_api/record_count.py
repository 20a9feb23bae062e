"""Record counts: the distinct ids of a read, compared with the totals on Loxo's pages.

A total is valid only at the time of its page. So a pass over a list is proven complete if all pages have the same total
and the pass has exactly that many distinct ids. A pass whose total changes proves nothing, because deletions can hide a
shortfall.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pyroaring import BitMap64

from loxo_api.endpoints import Endpoint
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import COUNT_CAP, Page, Record


class IdSet:
    """A set of record ids in about two bytes each. Safe to share between threads."""

    def __init__(self) -> None:
        self._numbers = BitMap64()
        self._others: set[object] = set()
        self._lock = threading.Lock()

    def add(self, records: Iterable[Record]) -> list[Record]:
        """Adds the records' ids and returns the records that were not in the set, each once."""
        fresh = []
        with self._lock:
            for record in records:
                key: Any = record["id"]
                try:
                    if key not in self._numbers:
                        self._numbers.add(key)
                        fresh.append(record)
                except (OverflowError, TypeError):  # a text, or beyond 64 bits
                    if key not in self._others:
                        self._others.add(key)
                        fresh.append(record)
        return fresh

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)


@dataclass
class RecordCount:
    """The record count of one pass over a list.

    :param before: the number of distinct ids that an interrupted attempt at the same pass delivered.
    :param first_total: the total on the first page; None before it, or if pages have no total.
    :param moved: whether totals differ between pages.
    :param fell: whether a total was lower than the previous one.
    """

    before: int = 0
    first_total: int | None = None
    moved: bool = False
    fell: bool = False
    last_total: int | None = None
    _ids: IdSet = field(default_factory=IdSet)

    def add(self, page: Page) -> list[Record]:
        """Counts a page and returns the records that are new in this pass."""
        if page.total_count is not None:
            if self.first_total is None:
                self.first_total = page.total_count
            previous = self.first_total if self.last_total is None else self.last_total
            self.moved = self.moved or page.total_count != previous
            self.fell = self.fell or page.total_count < previous
            self.last_total = page.total_count
        return self._ids.add(page.records)

    @property
    def delivered(self) -> int:
        return self.before + len(self._ids)

    @property
    def missing(self) -> int:
        """The number of records in the last total beyond those delivered. A total at the cap means "at least"."""
        return max(0, (self.last_total or 0) - self.delivered)

    @property
    def is_proven(self) -> bool:
        """Whether the pass is proven complete."""
        return self.last_total is not None and not self.moved and self._equals_total

    @property
    def only_grew(self) -> bool:
        """Whether the totals only rose and the last one equals the distinct ids."""
        return self.last_total is not None and not self.fell and self._equals_total

    @property
    def _equals_total(self) -> bool:
        return self.last_total == self.delivered and self.last_total != COUNT_CAP


def shortfall(endpoint: Endpoint, delivered: int, total: int) -> LoxoError:
    """The error for records that Loxo counts but does not return."""
    return LoxoError(
        f"{endpoint.name}: {total - delivered} records are missing: Loxo claims {total}, its pages hold {delivered}. "
        "The records that were read are delivered. Sync again: the missing part is read again. Report this if it "
        "persists.",
        ErrorKind.SYSTEM,
    )
