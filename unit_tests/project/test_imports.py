"""Products never import each other, the API package imports no product, and the sandbox imports none of them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "loxo_api": {"airbyte_cdk", "source_loxo", "destination_loxo", "sandbox"},
    "source_loxo": {"destination_loxo", "sandbox"},
    "destination_loxo": {"source_loxo", "sandbox"},
    "sandbox": {"loxo_api", "airbyte_cdk", "source_loxo", "destination_loxo"},
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_no_package_that_it_must_not(package: str) -> None:
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    assert not found & FORBIDDEN[package]
