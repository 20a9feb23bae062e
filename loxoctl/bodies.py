"""The content of a request: query parameters, and the fields and files of its form.

Loxo documents its bodies as forms with bracketed names (`person[name]`, `job[owner_emails][]`), and returned 422 for
JSON to one client. So JSON is never sent: an object becomes the fields of such a form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loxoctl.paths import UsageError

Fields = list[tuple[str, str]]
File = tuple[str, str, bytes]


def form_fields(value: Any, name: str = "") -> Fields:
    """The bracketed fields of a form that are equivalent to a JSON object.

    `{"person": {"name": "Ada", "list_ids": [1, 2]}}` is `person[name]=Ada`, `person[list_ids][]=1`,
    `person[list_ids][]=2`. An empty list and null become an empty text, true and false the same text.

    :raises UsageError: no form can represent it.
    """
    if not name and not isinstance(value, Mapping):
        raise UsageError("--json: the document is not an object, so its values have no names. Put it into an object.")
    return list(_fields(value, name))


def _fields(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if name and not value:
            raise UsageError(f"--json: '{name}' is an empty object, which a form cannot represent. Leave it out.")
        for key, inner in value.items():
            if not key or any(character in "[]" or not character.isprintable() for character in key):
                raise UsageError("--json: a key is empty or contains brackets or control characters. Rename it.")
            yield from _fields(inner, f"{name}[{key}]" if name else key)
    elif isinstance(value, (list, tuple)):
        if any(isinstance(inner, (list, tuple)) for inner in value):
            raise UsageError(
                f"--json: '{name}' contains a list in a list, which a form cannot represent. Make it one list."
            )
        for inner in value or [""]:
            yield from _fields(inner, f"{name}[]")
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def json_object(text: str) -> Any:
    """The document of `--json`. Numbers keep their text, so that none is rounded.

    :raises UsageError: it is not JSON.
    """
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--json: the document is not JSON ({error}). Correct it.") from None


def pairs(texts: Iterable[str], option: str) -> Fields:
    """The names and values of `NAME=VALUE` texts.

    :raises UsageError: a text has no name.
    """
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not name.isprintable():
            raise UsageError(f"{option}: write NAME=VALUE, such as {option} per_page=50.")
        found.append((name, value))
    return found


def attached(texts: Iterable[str]) -> list[File]:
    """The files of `NAME=@PATH` texts.

    :raises UsageError: a file cannot be read.
    """
    files = []
    for name, value in pairs(texts, "--file"):
        if not value.startswith("@"):
            raise UsageError("--file: write NAME=@PATH, such as --file document=@cv.pdf.")
        path = Path(value[1:])
        try:
            files.append((name, path.name, path.read_bytes()))
        except OSError as error:
            raise UsageError(f"--file: {path} cannot be read ({error.strerror}). Name another file.") from None
    return files


def by_name(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Query parameters by name; one that is given more than once has a list."""
    grouped: dict[str, list[Any]] = {}
    for name, value in fields:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
