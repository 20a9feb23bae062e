"""The diagram of the streams and their references: `python -m tools.erd` writes erd.dot, erd.svg and erd.md.

The endpoints and the schemas are the source, except for references that names do not show: the three tables below. A
field that ends like a reference and is in none of them is an error, so a new one has to be decided.
The SVG needs Graphviz (Debian: graphviz); it carries the hash of the dot it was rendered from.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from loxo_api.endpoints import ENDPOINTS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SCHEMAS: Mapping[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "loxo_api/schemas").glob("*.json"))
}

# The stream that a field refers to, by the field's name, or by the name of the object or list that holds the id.
TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "activity_type": "activity_types",
        "activity_type_id": "activity_types",
        "address_type_id": "address_types",
        "addresses": "company_addresses",
        "apply_form_template_id": "form_templates",
        "bill_rate_currency_id": "currencies",
        "bonus_payment_type_id": "bonus_payment_types",
        "bonus_type_id": "bonus_types",
        "candidate_id": "job_candidates",
        "candidates": "job_candidates",
        "categories": "job_categories",
        "category": "job_categories",
        "company": "companies",
        "company_global_status": "company_global_statuses",
        "company_global_status_id": "company_global_statuses",
        "company_id": "companies",
        "company_type": "company_types",
        "company_type_id": "company_types",
        "compensation_currency_id": "currencies",
        "counts": "workflow_stages",
        "country_id": "countries",
        "created_by_id": "users",
        "dynamic_field_id": "dynamic_fields",
        "education_type_id": "education_types",
        "email_type_id": "email_types",
        "equity_type_id": "equity_types",
        "fee_currency_id": "currencies",
        "fee_type": "fee_types",
        "fee_type_id": "fee_types",
        "form_template_id": "form_templates",
        "interviewer_id": "users",
        "job": "jobs",
        "job_contact_type_id": "job_contact_types",
        "job_id": "jobs",
        "job_owner_type_id": "job_owner_types",
        "job_type": "job_types",
        "latest_person_event": "person_events",
        "list_ids": "person_lists",
        "owned_by_id": "users",
        "owner": "users",
        "pay_rate_currency_id": "currencies",
        "person": "people",
        "person_global_status": "person_global_statuses",
        "person_id": "people",
        "person_list_id": "person_lists",
        "person_types": "person_types",
        "phone_type_id": "phone_types",
        "person_event_id": "person_events",
        "resumes": "person_resumes",
        "recommendation": "scorecard_recommendation_types",
        "salary_currency_id": "currencies",
        "seniority_levels": "seniority_levels",
        "social_profile_type_id": "social_profile_types",
        "social_profiles": "person_social_profiles",
        "source_type": "source_types",
        "state_id": "country_states",
        "status": "job_statuses",
        "updated_by_id": "users",
        "user_id": "users",
        "workflow_stage_id": "workflow_stages",
    }
)

# The same for a field that has another target in one stream, or whose target follows from its place only.
TARGETS_IN_ONE_STREAM: Mapping[str, str] = MappingProxyType(
    {
        "company_people.id": "people",
        "deals.workflow_id": "deal_workflows",
        "deals_details.workflow_id": "deal_workflows",
        "dynamic_field_hierarchies.parent_id": "dynamic_field_hierarchies",
        "workflow_stages.workflow_id": "workflows",
    }
)

# Ids that lead to no stream, by the same names.
NO_TARGET: Mapping[str, str] = MappingProxyType(
    {
        "agency": "the agency itself is not a stream",
        "agency_id": "the agency itself is not a stream",
        "bill_rate_type_id": "no source names the list it is from",
        "contacts": "an entry of its record; no stream lists it",
        "current_pipeline_stage": "the stages of deals are not a stream",
        "documents": "an entry of its record; the stream of its documents lists it with the same id",
        "dynamic_field_type": "no stream lists the data types",
        "education_profiles": "an entry of its record; no stream lists it",
        "emails": "an entry of its record; no stream lists it",
        "item_id": "a record of any kind, given by item_type",
        "job_profiles": "an entry of its record; no stream lists it",
        "merged_item_id": "a record of any kind, given by item_type",
        "owners": "an entry of its record; no stream lists it",
        "pay_rate_type_id": "no source names the list it is from",
        "phones": "an entry of its record; no stream lists it",
        "pipeline_stage_id": "the stages of deals are not a stream",
        "pipeline_stages": "the stages of deals are not a stream",
        "salary_type_id": "no source names the list it is from",
        "target_salary_type_id": "no source names the list it is from",
    }
)


@dataclass(frozen=True)
class Reference:
    """A field, written as a path (`contacts[].person_id`), and the key it holds."""

    stream: str
    field: str
    target: str
    key: str


def all_fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The path of every field that a schema declares, with `[]` for the entries of a list."""
    for name, field in schema.get("properties", {}).items():
        inside = f"{path}{name}{'[]' if 'items' in field else ''}"
        yield inside
        yield from all_fields(field, f"{inside}.")
        yield from all_fields(field.get("items", {}), f"{inside}.")


def name_of(path: str) -> str:
    """The name in the tables of a field that holds an id: `status` for `status.id`."""
    return path.removesuffix(".id").rpartition(".")[2].removesuffix("[]")


def is_id(path: str) -> bool:
    return path.endswith(".id") or name_of(path).endswith(("_id", "_ids"))


def target_of(stream: str, path: str) -> str | None:
    name = name_of(path)
    found = TARGETS_IN_ONE_STREAM.get(f"{stream}.{path}") or TARGETS.get(name)
    if not found and is_id(path) and name not in NO_TARGET:
        raise LookupError(f"tools/erd.py lacks the target of {stream}.{path}. Add it to one of the three tables")
    return found if is_id(path) or path == "id" else None


def declared(stream: str) -> list[Reference]:
    """The references of a stream's own columns: a nested record that has a stream has its references there."""
    parent, parent_keys = ENDPOINTS[stream].parent, ENDPOINTS[stream].parent_keys
    found: list[Reference] = []
    nested: list[str] = []
    order = list(all_fields(SCHEMAS[stream]))
    for path in sorted(order, key=lambda path: (not path.endswith(".id"), path.count("."))):
        target = parent if path in parent_keys else target_of(stream, path)
        if target and not path.startswith(tuple(nested)):
            found.append(Reference(stream, path, target, parent_keys.get(path, "id")))
            if path.endswith(".id"):
                nested.append(path.removesuffix("id"))
    return sorted(found, key=lambda one: order.index(one.field))


def same_record(stream: str) -> str:
    """The stream that holds the same records in another form, or nothing."""
    return next((one.target for one in declared(stream) if one.field == "id"), "")


def references(stream: str) -> list[Reference]:
    """Without those that the same record has in the stream it is listed in."""
    listed = same_record(stream)
    known = {one.field for one in declared(listed)} if listed else set()
    return [one for one in declared(stream) if one.field == "id" or one.field not in known]


def by_target(stream: str) -> dict[str, list[Reference]]:
    grouped: dict[str, list[Reference]] = {}
    for one in references(stream):
        grouped.setdefault(one.target, []).append(one)
    return grouped


# Of the header, the border and the arrows that arrive; lists that only give names to ids are grey.
COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "companies": "#15803d",
        "deals": "#334155",
        "job_candidates": "#be123c",
        "jobs": "#b45309",
        "people": "#1d4ed8",
        "person_events": "#0f766e",
        "placements": "#334155",
        "users": "#7e22ce",
        "workflow_stages": "#a16207",
    }
)
OTHER = "#64748b"
LINE = '<br align="left"/>'


def box(stream: str) -> str:
    """An HTML-like label: the name, the primary key, then a line for each stream referred to."""
    key = ENDPOINTS[stream].primary_key
    cells = [("key", [f"<b>{', '.join(key)}</b>"])]
    for target, found in by_target(stream).items():
        cells.append((target, [one.field for one in found if one.field not in key]))
    rows = [
        f'<tr><td align="left" balign="left" port="{port}">{LINE.join(fields)}</td></tr>'
        for port, fields in cells
        if fields
    ]
    colour = COLOURS.get(stream, OTHER)
    return (
        f'<<table border="1" color="{colour}" cellborder="0" cellspacing="0" cellpadding="3" bgcolor="white">'
        f'<tr><td bgcolor="{colour}"><font color="white"><b>{stream}</b></font></td></tr>{"".join(rows)}</table>>'
    )


def arrow(stream: str, target: str, found: list[Reference]) -> str:
    """From the field's line to the key it holds."""
    key = ENDPOINTS[stream].primary_key
    port = "key" if all(one.field in key for one in found) else target
    ends = "e", "w"
    style = [f'color="{COLOURS.get(target, OTHER)}"', f"penwidth={1.5 if target in COLOURS else 0.8}"]
    if target == same_record(stream):
        style.append("weight=8")
    elif same_record(stream) and target in COLOURS:
        style.append("constraint=false")  # the full record stays beside its list
        ends = ends if target in ("companies", "users") else ("w", "e")
    return f"  {stream}:{port}:{ends[0]} -> {target}:key:{ends[1]} [{', '.join(style)}]"


def drawn() -> list[str]:
    """The streams that refer to another or are referred to."""
    return sorted({one for stream in ENDPOINTS if by_target(stream) for one in (stream, *by_target(stream))})


def dot() -> str:
    return "\n".join(
        [
            "digraph streams {",
            "  graph [rankdir=LR, bgcolor=white, nodesep=0.2, ranksep=1.2, pad=0.2]",
            '  node [shape=plain, fontname="Helvetica,Arial,sans-serif", fontsize=11]',
            "  edge [arrowsize=0.7]",
            *(f"  {stream} [label={box(stream)}]" for stream in drawn()),
            *(arrow(stream, *one) for stream in drawn() for one in by_target(stream).items()),
            "}",
            "",
        ]
    )


def hash_of(text: str) -> str:
    return f"<!-- of the dot with sha256 {hashlib.sha256(text.encode()).hexdigest()} -->\n"


def svg(text: str) -> str:
    """The picture, with the hash of the dot at its end."""
    drawing = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, check=True, encoding="utf-8").stdout
    return drawing + hash_of(text)


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def markdown() -> str:
    rows = [
        f"| `{stream}` | {code(one.field for one in found)} | {code(f'{target}.{one}' for one in keys)} |"
        for stream in drawn()
        for target, found in by_target(stream).items()
        for keys in [dict.fromkeys(one.key for one in found)]
    ]
    own = [f"| `{row.name}` | `{row.item_type}` |" for row in ENDPOINTS.values() if row.item_type]
    left_out = [f"| `{name}` | {reason} |" for name, reason in NO_TARGET.items()]
    alone = code(sorted(set(ENDPOINTS) - set(drawn())))
    return PAGE.format(references="\n".join(rows), own="\n".join(own), left_out="\n".join(left_out), alone=alone)


PAGE = """\
<!-- Written by `python -m tools.erd`; do not edit. -->

# References between the streams

![Each stream with its keys, and an arrow for each reference](erd.svg)

Each box is a stream: its primary key in bold, then the fields that refer to other streams. An arrow leads from a field
to the key it holds; its colour is that of the stream it leads to.

- `[]` means the entries of a list: `contacts[].person_id` is in each entry of `contacts`.
- A stream with the same records as another (`people_details` of `people`, `company_people` too) shows only references
  that the other does not have: the rest of their references are the same.
- The same applies to records inside records: `person` in `job_candidates` has the references of `people`.
- A reference may have no target: the record may have been deleted, or created after its stream was read.

Not in the picture, because no declared field leads to or from them: {alone}.

## References

| Stream | Field | Holds |
|---|---|---|
{references}

## Custom fields

The `custom_...` fields of these streams are defined in `dynamic_fields`, under this `item_type`.

| Stream | `item_type` |
|---|---|
{own}

## Ids without a stream

| Field | Reason |
|---|---|
{left_out}
"""


def main() -> None:
    text = dot()
    (DOCS / "erd.dot").write_text(text, encoding="utf-8")
    (DOCS / "erd.md").write_text(markdown(), encoding="utf-8")
    (DOCS / "erd.svg").write_text(svg(text), encoding="utf-8")


if __name__ == "__main__":
    main()
