"""The table of operations agrees with what is known of Loxo, and with the schemas of what is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loxo_api.writing.field_names import PAIRS
from loxo_api.writing.operations import OBJECTS, OPERATIONS, REFUSED, Kind, Lookup, Verb

SCHEMAS = Path(__file__).resolve().parents[3] / "loxo_api/schemas"


def read_fields(name: str) -> set[str]:
    found: set[str] = set()
    for file in (f"{name}.json", f"{name}_details.json"):
        if (SCHEMAS / file).exists():
            found |= set(json.loads((SCHEMAS / file).read_text())["properties"])
    return found


def test_every_cell_of_the_eleven_objects_is_accounted_for() -> None:
    cells = {(name, verb) for name in OBJECTS for verb in Verb}
    offered = {cell for cell in cells if cell in OPERATIONS}
    undocumented = {cell for cell in offered if not OPERATIONS[cell].is_documented}
    assert len(cells) == 33
    assert (len(offered - undocumented), len(undocumented), len(REFUSED)) == (18, 10, 5)
    assert offered | set(REFUSED) == cells


@pytest.mark.parametrize("name", PAIRS)
def test_both_names_of_a_field_exist(name: str) -> None:
    fields = set(OPERATIONS[name, Verb.CREATE].fields)
    for read, pair in PAIRS[name].items():
        assert read in read_fields(name), read
        assert pair.write in fields, pair.write


# Written under a name that no schema of a read record has: Loxo returns them elsewhere or not at all.
WRITE_ONLY = {
    "companies": {"owner_email"},
    "deals": {"owner_email"},
    "jobs": {
        "active",
        "company_id",
        "country_id",
        "job_category_ids",
        "job_status_id",
        "job_type_id",
        "owner_emails",
        "raw_company_name",
        "state_id",
    },
    "people": {
        "company",
        "data_sources",
        "diversity_type_ids",
        "document",
        "email",
        "person_global_status_id",
        "person_type_id",
        "phone",
        "profile_picture",
        "resume",
        "source_type_id",
        "title",
        "website",
    },
    "person_events": {"dragged_and_dropped"},
    "sms": {"block_override"},
}


@pytest.mark.parametrize("name", [name for name in OBJECTS if OPERATIONS[name, Verb.CREATE].is_documented])
def test_every_written_field_is_read_or_known_as_write_only(name: str) -> None:
    assert set(OPERATIONS[name, Verb.CREATE].fields) - read_fields(name) == WRITE_ONLY.get(name, set())


def test_no_creation_is_repeatable_without_a_look_up() -> None:
    for (name, verb), operation in OPERATIONS.items():
        if verb is Verb.CREATE:
            assert operation.lookup is not Lookup.NONE, name
            assert set(operation.required) <= set(operation.fields), name
    assert [name for (name, _), row in OPERATIONS.items() if not row.is_repeatable] == ["sms", "applications"]


def test_only_messages_are_marked_as_messages() -> None:
    assert [name for (name, _), row in OPERATIONS.items() if row.sends_message] == ["sms"]


def test_an_update_takes_what_a_creation_takes() -> None:
    for (name, verb), operation in OPERATIONS.items():
        if verb is Verb.UPDATE:
            assert set(OPERATIONS[name, Verb.CREATE].fields) <= set(operation.fields), name
            assert all(operation.fields[field] in Kind for field in operation.appends), name
