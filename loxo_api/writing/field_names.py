"""The names under which Loxo returns a record, and those under which it takes one: they differ.

A record is read with `status: {id, name}` and written with `job_status_id`. One table has all of these pairs, and both
names are accepted. A field that Loxo sets itself is refused by name: a value that is dropped silently counts as lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from loxo_api.custom_fields import is_custom_field
from loxo_api.writing.operations import Operation
from loxo_api.writing.outcomes import Rejection


class Pair(NamedTuple):
    """A field that is written under another name than it is read, or as a part of what is read.

    :param write: the name in the body.
    :param part: the part of the object, or of each row of the list, that is written; empty for the whole value.
    :param is_list: whether each row of a list gives a value; else a list may have one row only.
    """

    write: str
    part: str = ""
    is_list: bool = False


PAIRS: Mapping[str, Mapping[str, Pair]] = {
    "people": {
        "current_title": Pair("title"),
        "current_company": Pair("company"),
        "person_types": Pair("person_type_id", "id"),
        "person_global_status": Pair("person_global_status_id", "id"),
        "source_type": Pair("source_type_id", "id"),
        "diversity_types": Pair("diversity_type_ids", "id", is_list=True),
    },
    "companies": {
        "company_type": Pair("company_type_id", "id"),
        "company_global_status": Pair("company_global_status_id", "id"),
        "emails": Pair("emails", "value", is_list=True),
        "phones": Pair("phones", "value", is_list=True),
    },
    "jobs": {
        "company": Pair("company_id", "id"),
        "status": Pair("job_status_id", "id"),
        "job_type": Pair("job_type_id", "id"),
        "owners": Pair("owner_emails", "email", is_list=True),
        "categories": Pair("job_category_ids", "id", is_list=True),
    },
    "deals": {
        "company": Pair("company_id", "id"),
        "person": Pair("person_id", "id"),
        "job": Pair("job_id", "id"),
        "owner": Pair("owner_email", "email"),
        "current_pipeline_stage": Pair("pipeline_stage_id", "id"),
    },
    "person_events": {"activity_type": Pair("activity_type_id", "id")},
}

# What Loxo takes in the rows of a list (1.2.5); rows are read with more.
ROW_FIELDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "people": {
        "emails": frozenset({"value", "email_type_id", "position"}),
        "phones": frozenset({"value", "phone_type_id", "position"}),
        "data_sources": frozenset({"source_id", "source_type_id"}),
        "candidates": frozenset({"job_id", "activity_type_id"}),
    },
    "companies": {
        "addresses": frozenset(
            {"id", "_destroy", "line1", "line2", "line3", "city", "state_code", "zip", "country_code"}
        )
    },
}

# Names of the machinery around a record, never of Loxo: PyAirbyte's columns, and source-loxo's.
_FOREIGN = ("_airbyte_", "_loxo_", "_ab_")


def to_write_names(operation: Operation, record: Mapping[str, Any], clearable: frozenset[str]) -> dict[str, Any]:
    """The fields of a record under their write names; what is empty changes nothing and is left out.

    :param clearable: the fields, by either name, for which an empty value is meant.
    :raises Rejection: a field is one that Loxo does not take, or two fields contradict each other.
    """
    pairs = PAIRS.get(operation.object, {})
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    refused = []
    for name, value in record.items():
        if name.startswith(_FOREIGN):
            continue
        pair = pairs.get(name)
        target = pair.write if pair else name
        if _is_empty(value):
            # Caches send null for every column that a row did not have (PyAirbyte), so null says nothing.
            if not clearable & {name, target}:
                continue
            value = None
        elif pair and pair.part:
            value = _part(name, pair, value)
        if operation.is_documented and target not in operation.fields and not is_custom_field(name):
            refused.append(name)
            continue
        if target in found and found[target] != value:
            raise Rejection(f"'{origins[target]}' and '{name}' are the same field of Loxo and differ: send one of them")
        found[target], origins[target] = value, name
    if refused:
        raise Rejection(
            f"Loxo takes no {', '.join(repr(name) for name in refused)} in {operation.object} "
            f"({operation.verb.value}): leave out what Loxo sets itself, and see the fields that it takes"
        )
    return found


def _part(name: str, pair: Pair, value: Any) -> Any:
    """The part of an object, or of each row of a list, that Loxo takes; a plain value is that part already."""
    rows = value if isinstance(value, list) else [value]
    parts = [row.get(pair.part) if isinstance(row, Mapping) else row for row in rows]
    if any(part in (None, "") for part in parts):
        raise Rejection(f"'{name}' has no '{pair.part}'")
    if pair.is_list:
        return parts
    if len(parts) != 1:
        raise Rejection(f"'{name}' holds {len(parts)} values, and Loxo takes one: send '{pair.write}'")
    return parts[0]


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
