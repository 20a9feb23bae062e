"""loxoctl depends on loxo_api alone, and imports no module before a command needs it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import loxoctl

PACKAGE = Path(loxoctl.__file__).parent
FOREIGN = {"airbyte_cdk", "source_loxo", "sandbox", "demo", "tools", "tests"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_no_product_is_imported(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
    assert not imported & FOREIGN


def test_help_loads_no_http_library() -> None:
    script = (
        "import sys, loxoctl.cli\n"
        "try: loxoctl.cli.run(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'requests', 'pendulum', 'loxo_api.client', 'rich', 'airbyte_cdk'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_library_is_loaded_when_it_is_used() -> None:
    assert callable(loxoctl.records)
    assert issubclass(loxoctl.LoxoError, Exception)
    with pytest.raises(AttributeError, match="nothing"):
        _ = loxoctl.nothing
