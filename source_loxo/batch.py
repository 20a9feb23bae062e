"""The records of a page together with the commit of the state behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loxo_api.pages import Record


class Batch(list[Record]):
    """Records that enter the queue together.

    :param commit: called when the records are in the queue. A state that it emits follows them there, so a killed sync
        never loses records that its state covers.
    """

    def __init__(self, records: Iterable[Record] = (), commit: Callable[[], None] | None = None) -> None:
        super().__init__(records)
        self.commit = commit
