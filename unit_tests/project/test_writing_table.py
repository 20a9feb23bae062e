"""docs/writing.md names a test for each operation and each action."""

from __future__ import annotations

import re
from pathlib import Path

from loxo_api.writing.actions import ACTIONS
from loxo_api.writing.operations import OBJECTS, OPERATIONS, Verb

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/writing.md").read_text(encoding="utf-8")


def test_every_named_test_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", PAGE))
    assert len(named) > 5
    for name, function in named:
        (path,) = [*ROOT.glob(f"unit_tests/**/{name}"), *ROOT.glob(f"integration_tests/**/{name}")]
        assert f"def {function or 'test_'}" in path.read_text(encoding="utf-8"), f"{name}::{function}"


def test_every_operation_and_every_action_has_a_row() -> None:
    rows = {cells[0].strip(" `"): cells for line in PAGE.splitlines() if (cells := line.strip("| ").split("|"))}
    for name in OBJECTS:
        for verb, cell in zip((Verb.CREATE, Verb.UPDATE, Verb.DELETE), rows[name][1:], strict=False):
            operation = OPERATIONS.get((name, verb))
            told = "refused by name" if not operation else "yes" if operation.is_documented else "undocumented"
            assert cell.strip() == told, (name, verb)
    assert all(f"| `{name}` |" in PAGE for name in ACTIONS)
