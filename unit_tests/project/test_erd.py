"""The diagram matches the streams. `python -m tools.erd` draws it again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS
from tools import erd

AGAIN = "run: python -m tools.erd (the SVG needs Graphviz)"
INTEGER = ("integer", ["null", "integer"])
LINK = re.compile(r"\blinks? to (\w+)")
REFERENCES = [one for stream in ENDPOINTS for one in erd.declared(stream)]


def described(stream: str, path: str) -> str:
    """The description of the field at a path."""
    part: dict[str, Any] = erd.SCHEMAS[stream]
    for name in path.split("."):
        part = part.get("items", part)["properties"][name.removesuffix("[]")]
    return str(part["description"])


FIELDS = {
    (stream, path): described(stream, path) for stream, schema in erd.SCHEMAS.items() for path in erd.all_fields(schema)
}


def checked_in(name: str) -> str:
    return (erd.DOCS / name).read_text(encoding="utf-8")


def test_the_diagram_matches_the_code() -> None:
    assert checked_in("erd.dot") == erd.dot(), AGAIN
    assert checked_in("erd.md") == erd.markdown(), AGAIN


def test_the_picture_was_rendered_from_the_diagram() -> None:
    assert checked_in("erd.svg").endswith(erd.hash_of(erd.dot())), AGAIN


def test_a_reference_holds_a_key_of_a_stream() -> None:
    assert [one for one in REFERENCES if one.key not in ENDPOINTS[one.target].primary_key] == []


def test_a_field_described_as_a_link_is_a_reference() -> None:
    links = {path: found[1] for path, text in FIELDS.items() if (found := LINK.search(text))}
    assert len(links) > 100
    assert {path: erd.target_of(*path) for path in links} == links


def test_an_undecided_id_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"people\.unheard_of_id"):
        erd.target_of("people", "unheard_of_id")


def test_no_entry_of_the_tables_is_unused() -> None:
    names = {erd.name_of(path) for _, path in FIELDS if erd.is_id(path)}
    assert set(erd.TARGETS) | set(erd.NO_TARGET) == names - {"workflow_id", "parent_id"}
    assert not set(erd.TARGETS) & set(erd.NO_TARGET)
    assert set(erd.TARGETS_IN_ONE_STREAM) <= {f"{stream}.{path}" for stream, path in FIELDS}


@pytest.mark.parametrize("stream", ENDPOINTS)
def test_every_key_is_a_declared_integer(stream: str) -> None:
    row = ENDPOINTS[stream]
    for name in {*row.primary_key, *row.parent_keys}:
        assert erd.SCHEMAS[stream]["properties"][name]["type"] in INTEGER, name
    for name in row.parent_keys.values():
        assert erd.SCHEMAS[row.parent]["properties"][name]["type"] in INTEGER, name
