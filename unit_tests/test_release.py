"""What a release promises: one version everywhere, valid metadata, an image with all that the connector imports."""

from __future__ import annotations

import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from packaging.requirements import Requirement

from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ConfigError
from sandbox.process import Sandbox

ROOT = Path(__file__).resolve().parent.parent
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETUP = (ROOT / "setup.py").read_text()
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


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"nothing like {pattern}"
    return match[1]


def test_the_metadata_is_valid_by_airbytes_own_schema() -> None:
    definition = pytest.importorskip("airbyte_connector_models.metadata.v0.connector_metadata_definition_v0")
    definition.ConnectorMetadataDefinitionV0.model_validate(yaml.safe_load((ROOT / "metadata.yaml").read_text()))


def test_the_version_is_the_same_everywhere() -> None:
    version = found(r'^    version="(.+?)"', SETUP)
    assert METADATA["dockerImageTag"] == version
    assert found(r'^LABEL io\.airbyte\.version="(.+?)"', DOCKERFILE) == version


@pytest.mark.parametrize(
    ("path", "newest"),
    [("CHANGELOG.md", r"^## \[?v?(\d+\.\d+\.\d+)"), ("docs/loxo.md", r"^\|\s*(\d+\.\d+\.\d+)\s*\|")],
)
def test_the_newest_change_described_is_this_version(path: str, newest: str) -> None:
    if not (ROOT / path).exists():
        pytest.skip(f"no {path}")
    assert found(newest, (ROOT / path).read_text()) == METADATA["dockerImageTag"]


def test_the_metadata_agrees_with_the_package() -> None:
    assert found(r'^    name="(.+?)"', SETUP) == METADATA["remoteRegistries"]["pypi"]["packageName"]
    assert found(r'^    license="(.+?)"', SETUP) == METADATA["license"]
    assert found(r"^ARG BASE_IMAGE=(.+)$", DOCKERFILE) == METADATA["connectorBuildOptions"]["baseImage"]
    assert found(r'^LABEL io\.airbyte\.name="(.+?)"', DOCKERFILE) == METADATA["dockerRepository"]
    spec = yaml.safe_load(pkgutil.get_data("source_loxo", "spec.yaml") or "")
    assert spec["documentationUrl"] == METADATA["documentationUrl"]
    assert set(METADATA["suggestedStreams"]["streams"]) <= set(ENDPOINTS)


def test_the_icon_is_a_square_drawing() -> None:
    icon = ElementTree.parse(ROOT / METADATA["icon"]).getroot()
    assert icon.tag.endswith("svg")
    _, _, width, height = icon.attrib["viewBox"].split()
    assert width == height


def test_the_sample_config_is_accepted_and_the_invalid_one_refused_before_any_request() -> None:
    Config.parse(json.loads((ROOT / "integration_tests/sample_config.json").read_text()))
    with pytest.raises(ConfigError, match="Agency Slug"):
        Config.parse(json.loads((ROOT / "integration_tests/invalid_config.json").read_text()))


def test_the_image_installs_what_the_package_asks_for() -> None:
    block = found(r"(?s)^RUNTIME = \[\n(.*?)^\]", SETUP)
    pinned = {requirement.name: requirement for requirement in REQUIREMENTS}
    for text in re.findall(r'^    "(.+?)"', block, re.MULTILINE):
        asked = Requirement(text)
        version = str(pinned[asked.name].specifier).removeprefix("==")
        assert version in asked.specifier, f"{text}, but the image has {version}; run .ci/lock"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="requirements.txt is for the image's Python")
def test_the_connector_needs_nothing_that_the_image_leaves_out(tmp_path: Path) -> None:
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
