"""A page's records on their way to the output, with the state that becomes true behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loxo_api.pages import Record


class Batch(list[Record]):
    """Records that enter the queue together.

    :param commit: called once the records are in the queue. A state that it emits stands behind them there, so a
        killed sync never loses what its state says is delivered.
    """

    def __init__(self, records: Iterable[Record] = (), commit: Callable[[], None] | None = None) -> None:
        super().__init__(records)
        self.commit = commit
