"""The destination's config, checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loxo_api.config import Config
from loxo_api.errors import ConfigError
from loxo_api.writing.operations import NOT_SEARCHABLE, OBJECTS
from loxo_api.writing.preparation import Options


@dataclass(frozen=True)
class Settings:
    """:param ledger_path: None keeps the ledger in memory."""

    config: Config
    options: Options
    dry_run: bool
    max_rejected: int
    ledger_path: Path | None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Settings:
        """Checks the form's values.

        :raises ConfigError: names the field and says what to type instead.
        """
        config = Config.parse({name: value for name, value in values.items() if name != "start_date"})
        unique = _by_object(values, "unique_fields", "Unique Fields")
        for name, fields in unique.items():
            if len(fields) > 1:
                raise ConfigError(f"Unique Fields: {name} has {len(fields)}; name the one that is unique by itself.")
            if bad := fields & NOT_SEARCHABLE.get(name, frozenset()):
                raise ConfigError(f"Unique Fields: Loxo does not search {name} by {min(bad)}. Name another field.")
        most = values.get("max_rejected") or 0
        if not isinstance(most, int) or isinstance(most, bool) or most < 0:
            raise ConfigError("Most Rejected Records: write a whole number, 0 or more.")
        path = values.get("ledger_path") or None
        if path is not None and not isinstance(path, str):
            raise ConfigError("Ledger File: write the path of a file.")
        options = Options(
            allow_deletes=_switch(values, "allow_deletes"),
            allow_messages=_switch(values, "allow_messages"),
            unique_fields={name: min(fields) for name, fields in unique.items()},
            clearable_fields=_by_object(values, "clearable_fields", "Fields That May Be Cleared"),
        )
        return cls(config, options, _switch(values, "dry_run"), most, Path(path) if path else None)


def _switch(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name)
    if value not in (None, True, False):
        raise ConfigError(f"{name}: write true or false.")
    return bool(value)


def _by_object(values: Mapping[str, Any], name: str, title: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    given = values.get(name) or []
    for text in given if isinstance(given, list) else [given]:
        first, dot, rest = str(text).partition(".")
        if not dot or not rest or first not in OBJECTS:
            raise ConfigError(f"{title}: write each as object.field, where the object is one of {', '.join(OBJECTS)}.")
        found[first].add(rest)
    return {first: frozenset(fields) for first, fields in found.items()}
