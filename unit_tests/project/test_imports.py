"""The import contracts in pyproject.toml cover every package of the repository. `make lint` checks the contracts."""

from __future__ import annotations

from importlinter import api

from tools.documentation import ROOT

SETTINGS = api.read_configuration(str(ROOT / "pyproject.toml"))
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
CONTRACTS = {contract["name"].split(";")[0]: contract for contract in SETTINGS["contracts_options"]}


def test_every_package_has_a_layer() -> None:
    assert set(SETTINGS["session_options"]["root_packages"]) == PACKAGES
    layers = CONTRACTS["Packages import only from lower layers"]["layers"]
    assert {name for layer in layers for name in layer.replace("|", ":").split(" : ")} == PACKAGES


def test_every_package_is_barred_from_the_tests() -> None:
    assert set(CONTRACTS["No package imports the tests"]["source_modules"]) == PACKAGES


def test_each_test_file_has_a_name_of_its_own() -> None:
    """pytest imports tests by their file name, so two files with the same name cannot run together."""
    names = [path.name for folder in ("unit_tests", "integration_tests") for path in (ROOT / folder).rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
