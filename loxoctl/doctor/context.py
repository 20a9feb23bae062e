"""Shared by the checks: the requests, the samples, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loxo_api.endpoints import Endpoint
from loxoctl.doctor.findings import Findings, Point
from loxoctl.doctor.samples import Sample, Samples, take
from loxoctl.doctor.survey import Answer, Survey

# The subject of findings on the whole account.
ACCOUNT = "account"


class NothingShownError(Exception):
    """A request about a list that can be read failed, so that the point in question stays unknown."""


@dataclass
class Context:
    """One examination.

    `overfull` holds the lists of which a page had more rows than its count, and their counts; `takes_sizes` is whether
    a list that refused a large page took a small one; `has_moved` is whether a count differs between two pages.
    """

    survey: Survey
    samples: Samples = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    overfull: dict[str, int] = field(default_factory=dict)
    takes_sizes: bool = False
    has_moved: bool = False

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The response to a request.

        :raises NothingShownError: it is that of a failure, which shows nothing of the account's behaviour.
        """
        answer = self.survey.get(path, params)
        if answer.shows_nothing:
            raise NothingShownError(answer.kind)
        return answer

    def page(self, endpoint: Endpoint, params: Mapping[str, Any] | None = None) -> Sample:
        """A page of a list.

        :raises NothingShownError: as above.
        """
        return self.noted(take(endpoint, self.get(endpoint.path, {**endpoint.filters, **(params or {})})))

    @contextmanager
    def deciding(self, subject: str, point: Point, assumed: Any = None) -> Iterator[None]:
        """Adds that the point is unknown if a request within fails."""
        try:
            yield
        except NothingShownError as failure:
            self.findings.add_failed(subject, point, f"A request failed ({failure})", assumed)

    def noted(self, sample: Sample) -> Sample:
        """Remembers whether the page has more rows than the count that it states."""
        if sample.total is not None and len(sample.rows) > sample.total:
            self.overfull[sample.endpoint.name] = sample.total
        return sample

    def readable(self, name: str) -> Sample | None:
        """The first page of a list, if it has rows."""
        sample = self.samples.get(name)
        return sample if sample and sample.rows and sample.answer.is_healthy else None


def size_of(endpoint: Endpoint, rows: int) -> dict[str, int]:
    """The parameter for pages of so many rows, where it is declared."""
    return {"per_page": rows} if endpoint.per_page else {}
