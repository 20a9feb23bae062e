"""Records that were not written: in the log by position and reason, and in a file beside the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from loxo_api.errors import ConfigError
from loxo_api.timestamps import now

# Shorter values occur in any sentence.
_SHORTEST, _SHORTEST_NUMBER = 3, 7


class RejectedFile:
    """One line for each, appended to `<ledger>.rejected.jsonl`; without a ledger file there is none."""

    def __init__(self, ledger_path: Path | None) -> None:
        self._path = ledger_path.with_name(f"{ledger_path.name}.rejected.jsonl") if ledger_path else None

    def add(self, stream: str, position: int, outcome: str, reason: str) -> None:
        if self._path:
            row = {"at": now(), "stream": stream, "record": position, "outcome": outcome, "reason": reason}
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
            except (OSError, ValueError) as error:
                raise ConfigError(
                    f"Ledger: the file of rejected records {self._path} cannot be written to: {error}. Make room on "
                    "its disk, or allow it; the next sync goes on from the last state."
                ) from None


def without_values(reason: str, record: Mapping[str, Any]) -> str:
    """A reason in which Loxo's words do not repeat what the record holds."""
    values = {str(value).strip() for value in _values(record)}
    for value in sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True):
        reason = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", reason, flags=re.IGNORECASE)
        digits = re.sub(r"[\s().+-]", "", value)
        if digits.isdecimal() and len(digits) >= _SHORTEST_NUMBER:
            # Loxo may quote a telephone number in another form.
            reason = re.sub(r"\+?" + r"[\s().-]*".join(digits) + r"(?!\d)", "…", reason)
    return " ".join(reason.split()).rstrip(".")


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    elif value is not None and not isinstance(value, bool):
        yield value
