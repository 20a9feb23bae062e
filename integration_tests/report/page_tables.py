"""The tables and numbers of a page, as a program reads them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path


class PageTables(HTMLParser):
    """:ivar rows: the table of each chart, without its head.
    :ivar values: the numbers at the top, by label.
    :ivar tags: the names of all elements.
    """

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.values: dict[str, str] = {}
        self.tags: set[str] = set()
        self._section, self._label, self._open = "", "", ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "section":
            self._section = dict(attributes)["id"] or ""
            self.rows[self._section] = []
        elif tag == "tr" and self._section:
            self.rows[self._section].append([])
        elif tag == "td":
            self.rows[self._section][-1].append("")
        if tag in ("td", "dt", "dd"):
            self._open = tag
            if tag == "dt":
                self._label = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""
        if tag == "thead":
            self.rows[self._section].clear()

    def handle_data(self, data: str) -> None:
        if self._open == "td":
            self.rows[self._section][-1][-1] += data
        elif self._open == "dt":
            self._label += data
        elif self._open == "dd":
            self.values[self._label] = self.values.get(self._label, "") + data

    def table(self, chart: str) -> dict[str, list[str]]:
        """The rows of a chart by their first cell."""
        return {row[0]: row[1:] for row in self.rows[chart]}
