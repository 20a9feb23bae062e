"""The folder dbt_loxo alone, without this repository, is a dbt package, and dbt makes its documentation."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import MARTS, PROJECT, TEN, DuckDb

pytestmark = pytest.mark.models


def test_a_project_installs_the_folder_and_documents_every_model(tmp_path: Path) -> None:
    built = shutil.ignore_patterns("target", "logs", "dbt_packages", ".user.yml")
    shutil.copytree(PROJECT, tmp_path / "copied" / "dbt_loxo", ignore=built)
    project = tmp_path / "project"
    project.mkdir()
    (project / "packages.yml").write_text("packages: [{local: ../copied/dbt_loxo}]")
    (project / "dbt_project.yml").write_text("name: ours\nversion: 1.0.0\nprofile: loxo\n")
    engine = DuckDb(tmp_path / "engine")
    engine.project = project
    engine.write_profile()
    dbt = [str(Path(sys.executable).with_name("dbt")), "deps", "--project-dir", str(project)]
    subprocess.run([*dbt, "--profiles-dir", str(engine.folder)], check=True, capture_output=True, cwd=tmp_path)
    engine.dbt("docs", "generate")
    assert (engine.folder / "target" / "index.html").exists()
    nodes = json.loads((engine.folder / "target" / "manifest.json").read_text())["nodes"]
    for model in (*TEN, *MARTS):
        assert nodes[f"model.loxo.loxo__{model}"]["description"], model
