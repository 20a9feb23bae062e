"""`pip install '.[models]'` alone, and the folder dbt_loxo alone, build the models and make their documentation."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import MARTS, PROJECT, TEN, DuckDb, Engine
from raw_tables import RawTables
from story import Story

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that has the extra `models` and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / "bin"
    # uv installs in seconds where pip takes minutes, so it is tried first.
    for install in (
        ["uv", "pip", "install", "--quiet", "--python", str(programs / "python")],
        [str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check"],
    ):
        if shutil.which(install[0]):
            subprocess.run([*install, f"{PROJECT.parent}[models]"], check=True)
            break
    return programs


def test_a_project_installs_the_folder_builds_and_documents_every_model(
    fresh: Path, story: Story, on_duckdb: Engine, tmp_path: Path
) -> None:
    built = shutil.ignore_patterns("target", "logs", "dbt_packages", ".user.yml")
    shutil.copytree(PROJECT, tmp_path / "copied" / "dbt_loxo", ignore=built)
    project = tmp_path / "project"
    project.mkdir()
    (project / "packages.yml").write_text("packages: [{local: ../copied/dbt_loxo}]")
    (project / "dbt_project.yml").write_text("name: ours\nversion: 1.0.0\nprofile: loxo\n")
    engine = DuckDb(tmp_path / "engine")
    engine.project = project
    engine.program = fresh / "dbt"
    engine.write_profile()
    dbt = [str(engine.program), "deps", "--project-dir", str(project)]
    subprocess.run([*dbt, "--profiles-dir", str(engine.folder)], check=True, capture_output=True, cwd=tmp_path)
    tables = RawTables(story.catalog)
    tables.replace(story.second)
    engine.load(tables)
    said = engine.dbt("build")
    assert "WARN 3 relationships_loxo__job_hiring_team_members_user_id" in said, "a user deleted before the first build"
    # This file was made by PyAirbyte's version of DuckDB, which still reads it.
    alive = [row["id"] for row in on_duckdb.rows("loxo__applications") if row["remote_deleted_at"] is None]
    assert sorted(row["id"] for row in engine.rows("loxo__applications")) == sorted(alive)
    engine.dbt("docs", "generate")
    assert (engine.folder / "target" / "index.html").exists()
    nodes = json.loads((engine.folder / "target" / "manifest.json").read_text())["nodes"]
    for model in (*TEN, *MARTS):
        assert nodes[f"model.loxo.loxo__{model}"]["description"], model
