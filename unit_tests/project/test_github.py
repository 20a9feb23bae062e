"""The files in .github follow their published schemas; the workflow runs the project's scripts on supported Pythons."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from check_jsonschema import main
from click.testing import CliRunner

from tools.documentation import ROOT

GITHUB = ROOT / ".github"
WORKFLOW = yaml.safe_load((GITHUB / "workflows/tests.yml").read_text(encoding="utf-8"))
SCHEMAS = {
    "github-workflows": "workflows/*.yml",
    "dependabot": "dependabot.yml",
    "github-issue-forms": "ISSUE_TEMPLATE/*.yml",
}


def matrix(job: str) -> dict[str, list[str]]:
    return WORKFLOW["jobs"][job]["strategy"]["matrix"]  # type: ignore[no-any-return]


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_follows_its_published_schema(schema: str) -> None:
    paths = [str(path) for path in GITHUB.glob(SCHEMAS[schema])]
    assert paths
    checked = CliRunner().invoke(main, ["--builtin-schema", f"vendor.{schema}", *paths])
    assert checked.exit_code == 0, checked.output


def test_the_workflow_tests_every_supported_python() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    supported = re.findall(r'"(3\.\d+)"', setup.split("PYTHONS = ")[1].splitlines()[0])
    assert matrix("pythons")["python"] == supported
    assert f"set -- {' '.join(supported)}\n" in (ROOT / ".ci/pythons").read_text(encoding="utf-8")


def test_the_workflow_runs_scripts_that_exist() -> None:
    named = [
        name for job in WORKFLOW["jobs"].values() for text in commands(job) for name in re.findall(r"\.ci/(\w+)", text)
    ]
    for name in [*named, *matrix("scripts")["script"]]:
        assert (ROOT / ".ci" / name).exists(), name
    assert "make test" in commands(WORKFLOW["jobs"]["tests"])
