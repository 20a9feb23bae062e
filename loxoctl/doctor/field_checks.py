"""The shape of records against our schemas: names and JSON types, never values."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from loxo_api.custom_fields import is_custom_field
from loxo_api.pages import Record
from loxo_api.record_schemas import load_schema
from loxoctl.doctor import points
from loxoctl.doctor.context import Context
from loxoctl.doctor.names import plain_name
from loxoctl.doctor.samples import Sample

# Fields that our schemas add, and no account has.
_OURS = "_loxo_"
# Levels of nesting above which readers give up; Loxo's own trees are far below.
DEEP = 100

Types = dict[str, set[str]]


def check_fields(context: Context) -> None:
    """Each sampled object against its schema."""
    for name, sample in context.samples.items():
        if name != sample.endpoint.name or not sample.answer.is_healthy:
            continue
        if not sample.rows:
            for point in (points.NOT_SEEN, points.NOT_DECLARED, points.TYPES):
                context.findings.add_unknown(name, point, "No row was seen", [])
            continue
        _compare(context, name, _nodes(sample) if sample.endpoint.tree else sample.rows)


def _nodes(sample: Sample) -> list[Record]:
    """The nodes of a nested list, as its schema describes them: each with its parent's id, none with its children.

    Files have neither.
    """
    tree, found = sample.endpoint.tree, []
    if sample.endpoint.files:
        return [each for row in sample.rows for each in _listed_in(row, tree) if isinstance(each, dict)]
    rest = [(node, None) for row in sample.rows for node in _listed_in(row, tree)]
    while rest:
        node, parent = rest.pop()
        if isinstance(node, dict):
            found.append({**{key: value for key, value in node.items() if key != tree}, "parent_id": parent})
            rest += [(inner, node.get("id")) for inner in _listed_in(node, tree)]
    return found


def _listed_in(record: Record, key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []


def _compare(context: Context, name: str, rows: list[Record]) -> None:
    seen, declared = seen_types(rows), load_schema(name)
    own = set(context.samples[name].endpoint.parent_keys)
    fields = {key: value for key, value in declared["properties"].items() if not key.startswith(_OURS)}
    missing = sorted(key for key in fields if key not in seen and key not in own)
    extra = sorted(
        {f"{plain_name(key)}: {_listed(kinds)}" for key, kinds in seen.items()
         if key not in fields and not is_custom_field(key)}
    )  # fmt: skip
    context.findings.add(name, points.NOT_SEEN, missing, [])
    context.findings.add(name, points.NOT_DECLARED, extra, [])
    context.findings.add(name, points.TYPES, sorted(disagreements(fields, rows)), [])
    custom = sorted({f"{plain_name(key)}: {_listed(kinds)}" for key, kinds in seen.items() if is_custom_field(key)})
    if custom:
        context.findings.add(name, points.CUSTOM, custom, custom)
    odd = sorted({oddity for row in rows for oddity in oddities(row)})
    context.findings.add(name, points.ODDITIES, ", ".join(odd) or "none seen")


def seen_types(rows: list[Record]) -> Types:
    """The JSON types of each field, by name; a field that is null everywhere has none but null."""
    found: Types = defaultdict(set)
    for row in rows:
        for key, value in row.items():
            found[key].add(json_type(value))
    return found


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _listed(kinds: set[str]) -> str:
    return ", ".join(sorted(kinds - {"null"})) or "null"


def disagreements(fields: Mapping[str, Any], rows: list[Record], above: str = "") -> set[str]:
    """The fields, also those of objects inside, that hold a type that their schema does not name."""
    found = set()
    for key, schema in fields.items():
        values = [row[key] for row in rows if key in row]
        allowed = schema.get("type", [])
        names = {allowed} if isinstance(allowed, str) else set(allowed)
        wrong = {json_type(value) for value in values} - names - ({"integer"} if "number" in names else set())
        if names and (wrong := wrong - {"null"}):
            found.add(f"{above}{key}: declared {_listed(names)}, seen {_listed(wrong)}")
        found |= _inner_disagreements(schema, values, f"{above}{key}")
    return found


def _inner_disagreements(schema: Mapping[str, Any], values: list[Any], name: str) -> set[str]:
    items = schema.get("items")
    if isinstance(items, Mapping):
        inner = list(itertools.chain.from_iterable(value for value in values if isinstance(value, list)))
        return disagreements({"[]": items}, [{"[]": value} for value in inner], f"{name}") if inner else set()
    objects = [value for value in values if isinstance(value, dict)]
    return disagreements(schema.get("properties") or {}, objects, f"{name}.") if objects else set()


def oddities(value: Any, depth: int = 0) -> Iterator[str]:
    """Values that break some readers, in a value and everything inside it."""
    rest = [(value, 0)]
    while rest:
        each, depth = rest.pop()
        if depth > DEEP:
            yield "deep nesting"
            return
        if isinstance(each, int) and not -(1 << 63) <= each < 1 << 64:
            yield "integers beyond 64 bits"
        elif isinstance(each, str):
            if "\0" in each:
                yield "NUL in texts"
            if any("\ud800" <= letter <= "\udfff" for letter in each):
                yield "cut characters"
        elif isinstance(each, (list, dict)):
            inner = each.values() if isinstance(each, dict) else each
            rest += [(one, depth + 1) for one in inner]
