"""A full refresh of a scrolled list, which a later attempt at the same sync resumes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from source_loxo.batch import Batch
from source_loxo.state import FullRefreshState
from source_loxo.streams.base import Read
from source_loxo.streams.sliced import SlicedRead

logger = logging.getLogger("airbyte")


class FullRefresh(SlicedRead):
    """Reads all records in slices.

    Some clients pass every state back for ever (PyAirbyte, older platforms); their second sync would read nothing, or
    the missing half of another sync. So a state is valid only for the sync or generation that wrote it, and never for
    the ids 0 and 1, because PyAirbyte always sends 1.

    :param sync_id: the `sync_id` of the configured stream; `generation_id` likewise.
    """

    def __init__(self, *args: Any, sync_id: int | None, generation_id: int | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sync_id = sync_id
        self._generation_id = generation_id

    def partitions(self) -> Iterator[Read]:
        memory: FullRefreshState = self.cursor.memory  # type: ignore[assignment]
        if not self._is_same_sync(memory):
            if memory.slices or memory.complete:
                logger.info(f"{self.endpoint.name}: the stored state belongs to another sync; reading from the start.")
            memory.slices, memory.complete, memory.retry = [], False, []
        memory.sync_id, memory.generation_id = self._sync_id, self._generation_id
        if memory.complete:
            logger.info(f"{self.endpoint.name}: an earlier attempt of this sync has read it completely.")
            return
        yield from super().partitions()

    def _is_same_sync(self, memory: FullRefreshState) -> bool:
        pairs = ((self._sync_id, memory.sync_id), (self._generation_id, memory.generation_id))
        return any(mine not in (None, 0, 1) and mine == stored for mine, stored in pairs)

    def finish(self) -> Iterator[Batch]:
        yield Batch(commit=self._complete)

    def _complete(self) -> None:
        memory: FullRefreshState = self.cursor.memory  # type: ignore[assignment]
        with self.cursor.lock:
            memory.slices, memory.complete = [], True
            self.cursor.checkpoint()
