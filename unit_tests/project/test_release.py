"""Properties of a release: one version everywhere, valid metadata, an image with all imported packages."""

from __future__ import annotations

import json
import pkgutil
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from packaging.requirements import Requirement

from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETUP = (ROOT / "setup.py").read_text()
REQUIREMENTS = [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] != "#"]


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


def test_the_destinations_image_has_the_same_version() -> None:
    dockerfile = ROOT / "destination_loxo/Dockerfile"
    if not dockerfile.exists():
        pytest.skip("the package is installed without its Dockerfile")
    assert found(r'^LABEL io\.airbyte\.version="(.+?)"', dockerfile.read_text()) == METADATA["dockerImageTag"]


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
    assert found(r'^    license_expression="(.+?)"', SETUP) == METADATA["license"]
    assert found(r"^ARG BASE_IMAGE=(.+)$", DOCKERFILE) == METADATA["connectorBuildOptions"]["baseImage"]
    assert found(r'^LABEL io\.airbyte\.name="(.+?)"', DOCKERFILE) == METADATA["dockerRepository"]
    assert found(r'^        "Documentation": "(.+?)"', SETUP) == METADATA["documentationUrl"]
    spec = yaml.safe_load(pkgutil.get_data("source_loxo", "spec.yaml") or "")
    assert spec["documentationUrl"] == METADATA["documentationUrl"]
    assert set(METADATA["suggestedStreams"]["streams"]) <= set(ENDPOINTS)


@pytest.mark.parametrize("path", ["Dockerfile", "destination_loxo/Dockerfile"])
def test_each_image_holds_every_package_and_so_every_command(path: str) -> None:
    if not (ROOT / path).exists():
        pytest.skip("the package is installed without its Dockerfile")
    packages = set(re.findall(r'"(\w+)"', found(r"^PACKAGES = \((.+)\)", SETUP)))
    copied = set(re.findall(r"^COPY (\w+) \./\1$", (ROOT / path).read_text(), re.MULTILINE))
    sent = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == packages
    assert sent == packages
    assert {target.split(".")[0] for target in re.findall(r'"[\w-]+=([\w.]+):run"', SETUP)} <= packages


def test_the_icon_is_a_square_drawing() -> None:
    icon = ElementTree.parse(ROOT / METADATA["icon"]).getroot()
    assert icon.tag.endswith("svg")
    _, _, width, height = icon.attrib["viewBox"].split()
    assert width == height


def test_the_sample_config_is_valid_and_the_invalid_one_refused() -> None:
    Config.parse(json.loads((ROOT / "integration_tests/sample_config.json").read_text()))
    with pytest.raises(ConfigError, match="Agency Slug"):
        Config.parse(json.loads((ROOT / "integration_tests/invalid_config.json").read_text()))


def test_the_image_installs_the_packages_of_setup_py() -> None:
    block = found(r"(?s)^RUNTIME = \[\n(.*?)^\]", SETUP)
    pinned = {requirement.name: requirement for requirement in REQUIREMENTS}
    for text in re.findall(r'^    "(.+?)"', block, re.MULTILINE):
        asked = Requirement(text)
        version = str(pinned[asked.name].specifier).removeprefix("==")
        assert version in asked.specifier, f"{text}, but the image has {version}; run .ci/lock"
