"""Values as the fields of a form: urlencoded, or multipart with a file, never JSON.

JSON works for some clients of Loxo and answers 422 to others; urlencoded worked for all that used it. Names follow
Rails: `person[emails][][value]`. A list repeats its name; Loxo silently drops a text with commas in its place
(loxo-mcp-server).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from loxo_api.timestamps import parse_timestamp
from loxo_api.writing.field_names import ROW_FIELDS
from loxo_api.writing.operations import Kind, Operation
from loxo_api.writing.outcomes import Rejection

Form = list[tuple[str, str]]

# How the keys of the agency's own hierarchies begin.
_HIERARCHY = "custom_hierarchy_"


def encode(operation: Operation, values: Mapping[str, Any]) -> Form:
    """The form of a body, from values under their write names; None clears a field.

    :raises Rejection: a value has not the type that Loxo declares. The text names the field and not the value.
    """
    form: Form = []
    for name, value in values.items():
        kind = operation.fields.get(name, Kind.ANY)
        if kind is Kind.FILE:
            raise Rejection(f"'{name}' is a file: send it as an attachment")
        key = f"{operation.root}[{name}]" if operation.root else name
        form += _field(operation, name, key, kind, value)
    return form


def _field(operation: Operation, name: str, key: str, kind: Kind, value: Any) -> Form:
    if value is None:
        # An empty text is how a form clears a field. Not proven of Loxo.
        is_list = kind in (Kind.TEXTS, Kind.INTEGERS, Kind.ROWS) or name.startswith(_HIERARCHY)
        return [(f"{key}[]" if is_list else key, "")]
    if kind in (Kind.TEXTS, Kind.INTEGERS):
        one = Kind.TEXT if kind is Kind.TEXTS else Kind.INTEGER
        return [(f"{key}[]", _scalar(name, one, item)) for item in _items(name, kind, value)]
    if kind is Kind.ROWS:
        return _rows(name, key, _checked_rows(operation, name, value))
    if kind is Kind.ANY:
        return _any(name, key, value)
    return [(key, _scalar(name, kind, value))]


def _items(name: str, kind: Kind, value: Any) -> list[Any]:
    if isinstance(value, str) and kind is Kind.TEXTS:
        # Tags are read as one text with commas, and written as a list.
        return [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, list):
        raise Rejection(f"'{name}' is not a list")
    return value


def _checked_rows(operation: Operation, name: str, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise Rejection(f"'{name}' is not a list of objects")
    known = ROW_FIELDS.get(operation.object, {}).get(name)
    return [
        {part: inner for part, inner in row.items() if inner is not None and (known is None or part in known)}
        for row in value
    ]


def _rows(name: str, key: str, rows: Sequence[Mapping[str, Any]]) -> Form:
    """Rows as Rails reads them: a field that the current row has already begins the next row.

    So each row begins with a field that all rows have; else a field of one row would become part of the row before.
    """
    if not all(rows):
        raise Rejection(f"'{name}' holds a row without a field that Loxo takes")
    shared = [part for part in rows[0] if all(part in row for row in rows)] if rows else []
    if rows and not shared:
        raise Rejection(f"the rows of '{name}' have no field in common, so a form cannot tell them apart")
    form: Form = []
    for row in rows:
        for part in (shared[0], *(part for part in row if part != shared[0])):
            form += _any(name, f"{key}[][{part}]", row[part])
    return form


def _any(name: str, key: str, value: Any) -> Form:
    """A value of a field whose type is not documented."""
    if isinstance(value, Mapping):
        return [pair for part, inner in value.items() for pair in _any(name, f"{key}[{part}]", inner)]
    if isinstance(value, list):
        if value and all(isinstance(item, Mapping) for item in value):
            return _rows(name, key, value)
        if any(isinstance(item, (Mapping, list)) for item in value):
            raise Rejection(f"'{name}' is a list of different things, which a form cannot hold")
        return [(f"{key}[]", _plain(item)) for item in value]
    return [(key, _plain(value))]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _decimal(Decimal(repr(value)))
    return "" if value is None else str(value)


def _scalar(name: str, kind: Kind, value: Any) -> str:
    """One value of a declared type; a cache may have made a text of it."""
    if isinstance(value, (Mapping, list)):
        raise Rejection(f"'{name}' is not a single value")
    if kind is Kind.BOOLEAN:
        text = str(value).lower()
        if text not in ("true", "false"):
            raise Rejection(f"'{name}' is neither true nor false")
        return text
    if kind is Kind.TIME:
        moment = parse_timestamp(value)
        if moment is None:
            raise Rejection(f"'{name}' is not a time: write it as YYYY-MM-DDTHH:MM:SSZ")
        return moment
    if kind in (Kind.INTEGER, Kind.NUMBER):
        number = _number(name, value)
        if kind is Kind.INTEGER and number != number.to_integral_value():
            raise Rejection(f"'{name}' is not a whole number")
        return _decimal(number)
    return _plain(value)


def _number(name: str, value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(repr(value) if isinstance(value, float) else str(value).strip())
        if number.is_finite() and abs(number.adjusted()) < 100:
            return number
    except (InvalidOperation, ValueError):
        pass
    raise Rejection(f"'{name}' is not a number")


def _decimal(number: Decimal) -> str:
    """Exact, without an exponent and without the zeros that a cache adds (PyAirbyte writes nine decimals)."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def missing_fields(operation: Operation, values: Mapping[str, Any]) -> list[str]:
    """The required fields that a creation lacks."""
    given = {name for name, value in values.items() if value is not None}
    missing = [name for name in operation.required if name not in given]
    if operation.any_of and not given & set(operation.any_of):
        missing.append(" or ".join(operation.any_of))
    return missing


def unresolved_options(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The options of the agency's own hierarchies, by field: ids, names, or the objects that Loxo returns."""
    return {
        name: value if isinstance(value, list) else [value]
        for name, value in values.items()
        if name.startswith(_HIERARCHY) and value is not None
    }
