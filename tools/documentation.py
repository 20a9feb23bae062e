"""Writes the parts of README.md and of the pages in docs/ that repeat the code: python -m tools.documentation

A part is between `<!-- NAME: written by tools/documentation.py -->` and `<!-- end of NAME -->`; in a script, the same
lines are comments of the shell. The capabilities of the streams come from the output of `discover` in
integration_tests/configured_catalog.json (tools/examples.py writes it, test_examples.py checks it); the rest comes from
endpoints.py and the schemas. unit_tests/project/test_docs.py fails when this must run again.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from source_loxo.streams.created_at import LOOKBACK_DAYS
from source_loxo.streams.deleted_records import DELETED_RECORDS, swept_objects
from source_loxo.streams.factory import STREAMS
from source_loxo.streams.jobs import FULL_PASS_DAYS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGE = ROOT / "docs/loxo.md"
SCRIPT = ROOT / "docs/orchestrator.md"
CATALOG = ROOT / "integration_tests/configured_catalog.json"
SCHEMAS = ROOT / "loxo_api/schemas"

KINDS = {
    Paging.SCROLL: "Long lists with a cursor; Loxo counts them",
    Paging.PAGE: "Long lists by page number; Loxo counts them",
    Paging.AFTER_ID: "A list continued by id",
    Paging.WHOLE: "Short lists, one request each",
}
RANGES = "[date ranges](#date-ranges) work"

# Airbyte's name for a schema's type, format and airbyte_type, and the remark in the table.
TYPES: dict[tuple[str, str, str], tuple[str, str]] = {
    ("string", "", ""): ("string", ""),
    ("string", "date-time", "timestamp_with_timezone"): ("timestamp with timezone", "Loxo sends UTC"),
    ("string", "date", ""): ("date", ""),
    ("integer", "", ""): ("integer", "ids, counts"),
    ("number", "", ""): ("number", ""),
    ("number, string", "", ""): ("number or string", "Loxo sends both; destinations store text"),
    ("boolean", "", ""): ("boolean", ""),
    ("object", "", ""): ("object", "with fields that the schema does not name"),
    ("array", "", ""): ("array", ""),
}


def catalog() -> list[dict[str, Any]]:
    """The streams as `discover` prints them, without their schemas."""
    return [each["stream"] for each in json.loads(CATALOG.read_text(encoding="utf-8"))["streams"]]


def streams() -> str:
    lines = ["| Stream | Loxo's endpoint | Primary key | Cursor | Sync modes | Notes |", "|---|---|---|---|---|---|"]
    for stream in sorted(catalog(), key=lambda each: _rank(STREAMS[each["name"]])):
        endpoint = STREAMS[stream["name"]]
        key = ", ".join(".".join(part) for part in stream["source_defined_primary_key"])
        cursor = ".".join(stream.get("default_cursor_field") or ["-"])
        modes = ", ".join(mode.replace("_", " ") for mode in stream["supported_sync_modes"])
        link = f"[{endpoint.path}]({endpoint.documentation_url})" if endpoint.path else "[none](#deleted-records)"
        lines.append(f"| `{endpoint.name}` | {link} | {key} | {cursor} | {modes} | {' '.join(notes(endpoint))} |")
    return "\n".join(lines)


def _rank(endpoint: Endpoint) -> tuple[bool, bool, str]:
    """Lists that grow come first, then what hangs on them, then lists of choices."""
    return endpoint.paging is Paging.WHOLE and not endpoint.parent, bool(endpoint.parent), endpoint.name


def starts(endpoint: Endpoint) -> bool:
    """Whether Start Date applies: a child is read along its parent."""
    return bool(endpoint.created_after) or (bool(endpoint.parent) and starts(ENDPOINTS[endpoint.parent]))


def notes(endpoint: Endpoint) -> Iterator[str]:
    """The cost of a stream, and its limits."""
    if endpoint is DELETED_RECORDS:
        yield f"Reads the ids of {len(swept_objects())} objects, as many requests as a full refresh of all of them."
        return
    if endpoint.parent:
        yield f"One request or more for each record of `{endpoint.parent}`, whose list is read too."
        if endpoint.name == "job_candidates":
            yield f"Later syncs: jobs that changed or that new activities name; all every {FULL_PASS_DAYS} days."
        elif endpoint.cursor_field:
            weekly = f"; all every {FULL_PASS_DAYS} days" if endpoint.changes_silently else ""
            yield f"Later syncs: for the records of `{endpoint.parent}` that a later sync of it reads{weekly}."
    elif endpoint.paging is Paging.WHOLE:
        yield "One request."
    elif endpoint.per_page:
        yield f"One request per {endpoint.per_page} records."
    else:
        yield "One request per page; Loxo sets the page's size."
    if not endpoint.parent:
        yield from _later_syncs(endpoint)
    if starts(endpoint):
        yield "Start Date applies."


def _later_syncs(endpoint: Endpoint) -> Iterator[str]:
    if not endpoint.cursor_field:
        return
    if endpoint.newest_first_sort:
        yield "Later syncs: only the pages with changes, newest first."
    elif endpoint.created_after:
        yield f"Later syncs: records created since {LOOKBACK_DAYS} days before the last record."
        seen = f"are read where {RANGES}; else they are not seen" if endpoint.query else "are not seen"
        yield f"Edits of older records {seen}."
    else:
        yield f"Later syncs: only changed records where {RANGES}; else all pages are read."
    if endpoint.splits:
        yield "More than 10,000 are read in parts."


def start_date() -> str:
    limited = [f"`{row.name}`" for row in ENDPOINTS.values() if starts(row)]
    return (
        f"Start Date leaves out the records of {', '.join(limited[:-1])} and {limited[-1]} whose `created_at` is\n"
        "before it. They are delivered where `created_at` is the Start Date or later. **All other streams are always\n"
        "whole.**"
    )


def types() -> str:
    found = {each for path in SCHEMAS.glob("*.json") for each in _types(json.loads(path.read_text(encoding="utf-8")))}
    lines = ["| In Loxo's JSON | Airbyte type | Remark |", "|---|---|---|"]
    for kind, (airbyte, remark) in TYPES.items():
        if kind in found:
            lines.append(f"| {', '.join(filter(None, [kind[0], kind[1]]))} | {airbyte} | {remark} |")
    unknown = found - set(TYPES)
    assert not unknown, f"TYPES lacks {unknown}"
    return "\n".join(lines)


def _types(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    named = schema.get("type", [])
    kinds = [named] if isinstance(named, str) else [each for each in named if each != "null"]
    yield ", ".join(kinds), schema.get("format", ""), schema.get("airbyte_type", "")
    for inner in (schema.get("properties") or {}).values():
        yield from _types(inner)
    if isinstance(schema.get("items"), dict):
        yield from _types(schema["items"])


def costly() -> str:
    """The streams that a user has to select, for a script that has only the output of discover."""
    names = [*(name for name, endpoint in ENDPOINTS.items() if endpoint.is_costly), DELETED_RECORDS.name]
    lines = textwrap.wrap(" ".join(names), 100)
    return 'costly="{}"'.format(" \\\n".join(lines))


def kinds() -> str:
    """The streams by kind."""

    def line(kind: str, rows: list[Endpoint]) -> str:
        return f"| {kind} ({len(rows)}) | {', '.join(f'`{row.name}`' for row in rows)} |"

    lines = ["| Kind | Streams |", "|---|---|"]
    for paging, kind in KINDS.items():
        lines.append(line(kind, [row for row in ENDPOINTS.values() if row.paging is paging and not row.parent]))
    lines.append(line("Not listed by Loxo: found by comparison", [DELETED_RECORDS]))
    children = [row for row in ENDPOINTS.values() if row.parent]
    lines.append(line("Below others, a request for each record", [row for row in children if not row.is_costly]))
    lines.append(
        line("The same, below lists that are long in every account", [row for row in children if row.is_costly])
    )
    return "\n".join(lines)


Part = Callable[[], str]
PARTS: dict[Path, dict[str, Part]] = {
    README: {"streams": kinds},
    PAGE: {"streams": streams, "start date": start_date, "types": types},
    SCRIPT: {"costly": costly},
}


def generated(page: Path) -> str:
    """The page with its generated parts written again."""
    text = page.read_text(encoding="utf-8")
    for name, part in PARTS[page].items():
        pattern = rf"((<!-- |# ){name}: written by tools/documentation\.py( -->)?\n).*?((<!-- |# )end of {name}( -->)?)"
        found = re.search(pattern, text, re.DOTALL)
        assert found, f"{page.name} has no part '{name}'"
        blank = "\n" if found[2] == "<!-- " else ""
        text = f"{text[: found.start()]}{found[1]}{blank}{part()}\n{blank}{found[4]}{text[found.end() :]}"
    return text


if __name__ == "__main__":
    for page in PARTS:
        page.write_text(generated(page), encoding="utf-8")
