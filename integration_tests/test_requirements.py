"""The connector runs with only the packages that the image installs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] != "#"]

# Imports nothing that the image does not install, and says so if it must.
ONLY_THE_IMAGE = """
import sys
from importlib.metadata import packages_distributions
names = lambda found: {name.lower().replace("_", "-").replace(".", "-") for name in found}
installed = names(sys.argv.pop(1).split(",")) | {"airbyte-source-loxo"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in left_out:
            raise ModuleNotFoundError(f"{name} is not in requirements.txt", name=name)
left_out = {module for module, owners in packages_distributions().items() if not names(owners) & installed}
assert "pandas" in left_out and "airbyte_cdk" not in left_out
sys.meta_path.insert(0, Absent())
from source_loxo.run import run
run()
"""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="requirements.txt is for the image's Python")
def test_the_connector_needs_only_packages_of_the_image(tmp_path: Path) -> None:
    def run(*arguments: str) -> list[dict[str, Any]]:
        names = ",".join(requirement.name for requirement in REQUIREMENTS)
        done = subprocess.run(
            [sys.executable, "-c", ONLY_THE_IMAGE, names, *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    def file(name: str, content: Any) -> str:
        (tmp_path / name).write_text(json.dumps(content))
        return str(tmp_path / name)

    with Sandbox(people=120, jobs=5, events=20, companies=5, set={"faults": {"status_503": 0.05}}) as box:
        config = file("config.json", box.config)
        assert run("spec")[-1]["type"] == "SPEC"
        assert run("check", "--config", config)[-1]["connectionStatus"]["status"] == "SUCCEEDED"
        streams = next(line for line in run("discover", "--config", config) if line["type"] == "CATALOG")["catalog"]
        chosen = [
            {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"}
            for stream in streams["streams"]
            for mode in stream["supported_sync_modes"][-1:]
        ]
        lines = run("read", "--config", config, "--catalog", file("catalog.json", {"streams": chosen}))
    records = [line["record"] for line in lines if line["type"] == "RECORD"]
    assert len({record["data"]["id"] for record in records if record["stream"] == "people"}) == 120
