"""README.md says what the code says. `python unit_tests/test_readme.py` writes its table of streams anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging  # noqa: E402
from unit_tests.test_reference_links import OPERATIONS  # noqa: E402

README = ROOT / "README.md"
NOT_YET_STREAMS = {"campaigns", "webhooks"}
TABLE = re.compile(r"(<!-- streams: [^\n]* -->\n).*?(<!-- end of streams -->)", re.DOTALL)
KINDS = {
    Paging.SCROLL: "Long lists with a cursor; Loxo counts them",
    Paging.PAGE: "Long lists by page number; Loxo counts them",
    Paging.AFTER_ID: "A list continued by id",
    Paging.WHOLE: "Short lists, one request each",
}


def line(kind: str, rows: list[Endpoint]) -> str:
    return f"| {kind} ({len(rows)}) | {', '.join(f'`{row.name}`' for row in rows)} |"


def table() -> str:
    """The streams by kind, as Markdown."""
    lines = ["| Kind | Streams |", "|---|---|"]
    for paging, kind in KINDS.items():
        lines.append(line(kind, [row for row in ENDPOINTS.values() if row.paging is paging and not row.parent]))
    children = [row for row in ENDPOINTS.values() if row.parent]
    lines.append(line("Below others, a request for each record", [row for row in children if not row.is_costly]))
    lines.append(line("The same, below lists that are long everywhere", [row for row in children if row.is_costly]))
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    return TABLE.sub(lambda found: f"{found[1]}{table()}{found[2]}", text)


def test_the_table_of_streams_is_that_of_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    assert TABLE.search(text)
    assert with_table(text) == text, "run: python unit_tests/test_readme.py"


def test_every_list_of_the_published_api_is_a_stream_as_the_readme_says() -> None:
    lists = {path for path, operation in OPERATIONS.items() if operation.endswith(":index") and "/" not in path}
    missing = lists - {row.path for row in ENDPOINTS.values()} - NOT_YET_STREAMS
    assert missing == {"job_listing_config"}
    assert "`job_listing_config`" in README.read_text(encoding="utf-8")


def test_links_inside_the_repository_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", README.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
