"""Custom fields: their definitions (`dynamic_fields`), the trees of their hierarchies, and the values on records.

A sandbox has one of two sets of custom fields, "a" or "b" (see the setting `custom_fields`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .reference_lists import Row, SerialIds
from .sample_texts import PERSON_SUMMARY

# Item type -> (key, label, field type).
CustomFields = Mapping[str, tuple[tuple[str, str, str], ...]]

# Item types reuse each other's keys (loxo-cli, live).
CUSTOM_FIELD_SETS: Mapping[str, CustomFields] = {
    "a": {
        "Person": (
            ("custom_text_1", "Notice period", "Text"),
            ("custom_text_2", "Right to work", "Enumeration"),
            ("custom_text_5", "Summary", "Text"),
            ("custom_hierarchy_1", "Industry", "Hierarchy"),
        ),
        "Company": (("custom_text_1", "Account tier", "Enumeration"), ("custom_hierarchy_1", "Sector", "Hierarchy")),
        "Job": (
            ("custom_text_1", "Cost centre", "Text"),
            ("custom_text_4", "Reason for vacancy", "Text"),
            ("custom_numeric_range_1", "Team size", "Numeric Range"),
            ("custom_date_range_1", "Interview window", "Date Range"),
        ),
        "Deal": (("custom_text_1", "Competitor", "Text"),),
        "Placement": (("custom_text_1", "Purchase order", "Text"),),
    },
    "b": {
        "Person": (
            ("custom_text_3", "Security clearance", "Enumeration"),
            ("custom_text_8", "Summary", "Text"),
            ("custom_hierarchy_4", "Function", "Hierarchy"),
        ),
        "Company": (("custom_text_9", "Kundennummer", "Text"), ("custom_hierarchy_4", "Markt", "Hierarchy")),
        "Job": (("custom_text_1", "Requisition", "Text"), ("custom_hierarchy_4", "Function", "Hierarchy")),
        "Deal": (),
        "Placement": (("custom_text_2", "Invoice number", "Text"),),
    },
}
# One built-in field of each item type: its key on the records, and its label.
BUILT_IN_FIELDS = {
    "Person": ("name", "Name"),
    "Company": ("name", "Name"),
    "Job": ("title", "Title"),
    "Deal": ("name", "Name"),
    "Placement": ("start_date", "Start date"),
}
FIELD_TYPE_IDS = {"Text": 1, "Enumeration": 2, "Hierarchy": 3, "Numeric Range": 4, "Date Range": 5}
# No public recording has a range with a value: its structure is a guess (see the setting `custom_ranges`).
RANGE_VALUES = {"Numeric Range": {"min": 3, "max": 12}, "Date Range": {"start": "2026-03-02", "end": "2026-03-20"}}
TEXT_VALUES = ("Immediate", "4 weeks", "三个月", "Tier 1", "CC-4711", "Niveau « B »", "вільний")
HIERARCHY = {
    "Technology": ("Software", "Hardware"),
    "Industry": ("Automotive", "Chemicals", "Bau & Immobilien"),
    "Health": ("Hospitals", "Pharma"),
}


def possible_values(label: str, field_type: str) -> tuple[Any, ...]:
    """Return the values of a custom field; none for a hierarchy, because its values are leaves of the tree."""
    if field_type == "Hierarchy":
        return ()
    if field_type in RANGE_VALUES:
        return (RANGE_VALUES[field_type],)
    return (PERSON_SUMMARY,) if label == "Summary" else TEXT_VALUES


def hierarchies(seed: int) -> list[Row]:
    next_id = SerialIds(seed, "hierarchies")
    return [
        {
            "id": next_id(),
            "name": branch,
            "hierarchies": [{"id": next_id(), "name": leaf, "hierarchies": []} for leaf in leaves],
        }
        for branch, leaves in HIERARCHY.items()
    ]


def dynamic_fields(seed: int, custom_fields: CustomFields) -> list[Row]:
    """Return the definitions of each item type: the built-in field, then the custom fields."""
    next_id = SerialIds(seed, "dynamic_fields")
    rows = []
    for item_type, fields in custom_fields.items():
        for key, label, field_type in ((*BUILT_IN_FIELDS[item_type], "Text"), *fields):
            rows.append(
                {
                    "id": next_id(),
                    "name": label,
                    "key": key,
                    "item_type": item_type,
                    "dynamic_field_type": {"id": FIELD_TYPE_IDS[field_type], "name": field_type},
                    "built_in": not key.startswith("custom_"),
                    "key_for_inline_edit": f"{item_type.lower()}[{key}]",
                }
            )
    return rows
