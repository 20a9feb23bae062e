"""Writes the declared columns of the raw tables for the dbt package: python -m tools.model_columns

dbt reads no JSON schema, so `dbt_loxo/macros/declared_columns.sql` repeats the names and kinds of
`loxo_api/schemas`; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "dbt_loxo" / "macros" / "declared_columns.sql"
# The streams that a model reads.
STREAMS = [
    "activity_types",
    "companies",
    "compensation_types",
    "countries",
    "currencies",
    "deals",
    "dynamic_fields",
    "email_types",
    "form_templates_details",
    "job_candidates",
    "job_owner_types",
    "jobs",
    "jobs_details",
    "merges",
    "people",
    "person_events",
    "phone_types",
    "placements",
    "question_types",
    "users",
    "workflow_stages",
    "workflows",
]
# Columns that an account may have beyond the schemas, and that the models read if they exist: see docs/loxo.md.
BEYOND = {
    "form_templates_details": {"questions": "json"},
    "deleted_records": {
        "object": "text",
        "record_id": "text",
        "noticed_at": "timestamp",
        "merged_into_id": "text",
        "restored_at": "timestamp",
    },
}
KINDS = {"integer": "integer", "number": "number", "boolean": "boolean", "object": "json", "array": "json"}
FORMATS = {"date-time": "timestamp", "date": "date"}


def kind(schema: dict[str, Any]) -> str:
    """The kind of a column, which determines its type in every destination."""
    types = (
        [name for name in schema["type"] if name != "null"] if isinstance(schema["type"], list) else [schema["type"]]
    )
    # A number or a text: destinations store the text.
    return FORMATS.get(schema.get("format", "")) or (KINDS.get(types[0], "text") if len(types) == 1 else "text")


def columns(stream: str) -> dict[str, str]:
    path = ROOT / "loxo_api" / "schemas" / f"{stream}.json"
    properties = json.loads(path.read_text(encoding="utf-8"))["properties"] if path.exists() else {}
    return {**{name: kind(schema) for name, schema in properties.items()}, **BEYOND.get(stream, {})}


def text() -> str:
    """The macro's file."""
    lines = [
        "{# Made by `python -m tools.model_columns` from loxo_api/schemas. #}",
        "{% macro loxo_declared(stream) %}",
    ]
    lines.append("  {%- set streams = {")
    for stream in sorted({*STREAMS, *BEYOND}):
        lines.append(f'    "{stream}": {{')
        lines += [f'      "{name}": "{of}",' for name, of in columns(stream).items()]
        lines.append("    },")
    lines += ["  } -%}", "  {{ return(streams[stream]) }}", "{% endmacro %}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
