"""Lists that every sync reads completely, in one partition."""

from __future__ import annotations

from collections.abc import Iterator

from loxo_api.endpoints import Paging
from loxo_api.pagination.page_number import exact
from loxo_api.pagination.scroll import after_id, whole
from loxo_api.record_count import IdSet, RecordCount
from source_loxo.batch import Batch
from source_loxo.streams.base import Read, StreamRead


class Unsliced(StreamRead):
    """A bare list, a list by id, or a numbered list that hardly changes."""

    def partitions(self) -> Iterator[Read]:
        yield self._read

    def _read(self) -> Iterator[Batch]:
        count, ids, total = RecordCount(), IdSet(), None
        if self.endpoint.paging is Paging.PAGE:
            pages = exact(self.client, self.endpoint, {})
        elif self.endpoint.paging is Paging.AFTER_ID:
            pages = after_id(self.client, self.endpoint, count)
        else:
            pages = whole(self.client, self.endpoint, count)
        for number, page in enumerate(pages):
            total = page.total_count if page.total_count is not None else total
            if number == 0:
                self.reports_total(total)
            yield Batch(ids.add(page.records))
        self.log_count(len(ids), total)
