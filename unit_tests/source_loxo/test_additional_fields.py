"""No field is lost, no deselected field returns, and the log names the fields that the schema lacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from source_loxo.additional_fields import (
    ADDITIONAL_FIELDS,
    CHECKED_RECORDS,
    COLUMNS_KEYWORD,
    AdditionalFields,
    with_additional_fields,
)

DECLARED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": ["null", "string"]},
        "fee": {"type": ["null", "number"]},
        "updated_at": {"type": ["null", "string"], "format": "date-time"},
    },
}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO, "airbyte")
    return lambda: [record.getMessage() for record in caplog.records]


def discovered(*seen: str) -> dict[str, Any]:
    """The schema that discover returns, with columns that only this account has."""
    columns = {name: {"type": ["null", "string"]} for name in seen}
    return with_additional_fields({**DECLARED, "properties": {**DECLARED["properties"], **columns}})


def selected(schema: dict[str, Any], *deselected: str) -> dict[str, Any]:
    """The schema as Airbyte passes it to a read: without the deselected columns, the others unchanged."""
    kept = {name: field for name, field in schema["properties"].items() if name not in deselected}
    return {**schema, "properties": kept}


def fields(configured: dict[str, Any]) -> AdditionalFields:
    return AdditionalFields("people", DECLARED, configured)


def test_the_column_is_a_nullable_object_that_lists_the_others() -> None:
    column = discovered("zodiac")["properties"][ADDITIONAL_FIELDS]
    assert column["type"] == ["null", "object"]
    assert column["description"]
    assert column[COLUMNS_KEYWORD] == ["fee", "id", "name", "updated_at", "zodiac"]
    assert ADDITIONAL_FIELDS not in DECLARED["properties"]


def test_an_unnamed_field_moves_into_the_column() -> None:
    record = {"id": 1, "name": "a", "zodiac": {"sign": "leo"}, "pets": [1, None]}
    given = dict(record)
    assert fields(discovered()).apply([given, {"id": 2}]) == [
        {"id": 1, "name": "a", ADDITIONAL_FIELDS: {"zodiac": {"sign": "leo"}, "pets": [1, None]}},
        {"id": 2},
    ]
    assert given == record  # others may hold the same record


def test_records_without_unnamed_fields_are_unchanged() -> None:
    records: list[dict[str, Any]] = [{"id": 1, "name": "a", "zodiac": "leo"}, {"id": 2, "name": None}]
    assert fields(discovered("zodiac")).apply(records) is records


def test_a_null_does_not_move_into_the_column(lines: Callable[[], list[str]]) -> None:
    additional = fields(discovered())
    assert additional.apply([{"id": 1, "zodiac": None}]) == [{"id": 1, "zodiac": None}]
    additional.report()
    assert lines() == []


def test_false_zero_and_the_empty_text_are_values() -> None:
    extra = {"a": False, "b": 0, "c": "", "d": []}
    assert fields(discovered()).apply([{"id": 1, **extra}]) == [{"id": 1, ADDITIONAL_FIELDS: extra}]


def test_a_field_of_the_columns_name_is_not_overwritten() -> None:
    record = {"id": 1, ADDITIONAL_FIELDS: "Loxo's own", "zodiac": "leo"}
    (moved,) = fields(discovered()).apply([record])
    assert moved == {"id": 1, ADDITIONAL_FIELDS: {ADDITIONAL_FIELDS: "Loxo's own", "zodiac": "leo"}}


@pytest.mark.parametrize("column", ["name", "zodiac", "custom_text_1"])
def test_a_deselected_column_does_not_return(column: str, lines: Callable[[], list[str]]) -> None:
    """A declared field, one that discover has seen, and a custom field."""
    additional = fields(selected(discovered("zodiac", "custom_text_1"), column))
    records = [{"id": 1, column: "private"}]
    assert additional.apply(records) is records
    additional.report()
    assert lines() == []


def test_a_new_custom_field_moves_into_the_column() -> None:
    additional = fields(selected(discovered("custom_text_1"), "custom_text_1"))
    (moved,) = additional.apply([{"id": 1, "custom_text_1": "private", "custom_text_2": "new"}])
    assert moved[ADDITIONAL_FIELDS] == {"custom_text_2": "new"}


def test_a_custom_field_stays_out_if_the_column_has_no_list(lines: Callable[[], list[str]]) -> None:
    """A catalog from elsewhere: the field may be new, or deselected."""
    by_hand = {"properties": {"id": {"type": "integer"}, ADDITIONAL_FIELDS: {"type": ["null", "object"]}}}
    additional = fields(by_hand)
    (moved,) = additional.apply([{"id": 1, "custom_text_1": "private", "zodiac": "leo"}])
    assert moved[ADDITIONAL_FIELDS] == {"zodiac": "leo"}
    additional.report()
    (line,) = lines()
    assert "custom_text_1" in line
    assert "Refresh the connection's schema" in line
    assert "private" not in line


def test_records_pass_unchanged_where_the_column_is_not_selected(lines: Callable[[], list[str]]) -> None:
    additional = fields(selected(discovered(), ADDITIONAL_FIELDS))
    records = [{"id": 1, "zodiac": "leo"}]
    assert additional.apply(records) == records
    additional.report()
    (line,) = lines()
    assert "zodiac" in line
    assert ADDITIONAL_FIELDS not in line


@pytest.mark.parametrize("configured", [{}, {"properties": {}}, {"properties": None}])
def test_records_are_unchanged_if_the_catalog_names_no_columns(
    configured: dict[str, Any], lines: Callable[[], list[str]]
) -> None:
    additional = fields(configured)
    records = [{"id": 1, "zodiac": "leo", "custom_text_1": "x"}]
    assert additional.apply(records) is records
    additional.report()
    assert lines() == []


def test_one_log_line_names_the_new_fields_without_values(lines: Callable[[], list[str]]) -> None:
    additional = fields(discovered())
    for page in range(3):
        additional.apply([{"id": page, "zodiac": "secret", "a\nb": "secret"}])
    assert lines() == []
    additional.report()
    (line,) = lines()
    assert line.startswith("people: ")
    assert "a\\nb, zodiac" in line
    assert "Refresh the connection's schema" in line
    assert "secret" not in line


def test_keys_that_are_data_do_not_fill_the_log(lines: Callable[[], list[str]]) -> None:
    additional = fields(discovered())
    for page in range(1000):
        additional.apply([{"id": page, f"key_{page}" + "x" * 1000: 1}])
    additional.report()
    assert len(lines()[0]) < 10_000
    assert "and more" in lines()[0]


def test_many_threads_move_the_same_fields_as_one() -> None:
    additional = fields(discovered())
    pages = [[{"id": page * 10 + row, f"extra_{page % 7}": row} for row in range(10)] for page in range(200)]
    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(additional.apply, pages))
    assert moved == [fields(discovered()).apply(page) for page in pages]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("name", 7, "an integer"),
        ("name", {"a": 1}, "an object"),
        ("fee", "7.50", "text"),
        ("fee", True, "a boolean"),
        ("id", None, "null"),
        ("updated_at", "yesterday", "text that is not of the format date-time"),
    ],
)
def test_a_value_of_another_type_is_logged_once_per_field(
    field: str, value: Any, kind: str, lines: Callable[[], list[str]]
) -> None:
    additional = fields(discovered())
    right = {"id": 1, "name": "a", "fee": 1, "updated_at": "2026-01-01T00:00:00.000Z"}
    for _ in range(3):
        additional.apply([right, {**right, field: value}])
    (line,) = lines()
    assert f"'{field}'" in line
    assert kind in line
    assert "yesterday" not in line
    assert "7" not in line


def test_the_configured_type_has_precedence(lines: Callable[[], list[str]]) -> None:
    """The destination created the column with this type."""
    chosen = discovered("zodiac")
    chosen["properties"]["fee"] = {"type": ["null", "string"]}
    fields(chosen).apply([{"id": 1, "fee": "7.50", "zodiac": 7}])
    (line,) = lines()
    assert "'zodiac'" in line


def test_after_the_first_records_one_of_each_list_is_checked(lines: Callable[[], list[str]]) -> None:
    additional = fields(discovered())
    additional.apply([{"id": number} for number in range(CHECKED_RECORDS)])
    additional.apply([{"id": 1}, {"id": "late"}])
    assert lines() == []
    additional.apply([{"id": "late"}])
    assert len(lines()) == 1


@pytest.mark.parametrize("field", [{}, True, 7, {"type": 7}, {"type": []}, {"type": [None]}, {"oneOf": []}])
def test_a_property_without_plain_types_is_not_checked(field: Any, lines: Callable[[], list[str]]) -> None:
    additional = fields({"properties": {"name": field, ADDITIONAL_FIELDS: field}})
    assert additional.apply([{"id": 1, "name": object()}])
    assert lines() == []
