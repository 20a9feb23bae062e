"""Names that a report may contain: those of fields, never a value."""

from __future__ import annotations

import re

# Loxo's field names are words with underscores. A key of another form may be a value that a client used as a key.
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_CUSTOM = re.compile(r"(custom_[a-z_]+?)_?\d+")
_LONGEST = 50
UNNAMED = "(a name that is not in plain words)"


def plain_name(name: str) -> str:
    """The name of a field; custom fields without their numbers."""
    if custom := _CUSTOM.fullmatch(name):
        return f"{custom[1]}_N"
    return name if len(name) <= _LONGEST and _PLAIN.fullmatch(name) and not _is_id(name) else UNNAMED


def _is_id(name: str) -> bool:
    """Whether a name is mostly a number or a random text."""
    return sum(letter.isdigit() for letter in name) > 3
