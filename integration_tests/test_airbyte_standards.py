"""Airbyte's own standard tests, in this process, with a running sandbox as the account.

They also come with tests of the connector's image; those carry the marker `image_tests` and need Docker.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from sandbox.process import ROOT, Sandbox
from source_loxo import SourceLoxo

# Airbyte will enforce these checks of the catalog one day; here they are enforced now.
pytestmark = pytest.mark.filterwarnings("error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning")

SANDBOX = Path("sandbox.json")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(people=120, jobs=60, events=150) as sandbox:
        yield sandbox


class TestStandards(SourceTestSuiteBase):
    connector = SourceLoxo

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return ROOT

    @classmethod
    def get_scenarios(cls) -> list[ConnectorTestScenario]:
        """Those of acceptance-test-config.yml, with a config that is filled in when the sandbox runs."""
        return [
            scenario.model_copy(update={"config_path": SANDBOX, "config_dict": {}})
            if scenario.requires_creds
            else scenario
            for scenario in super().get_scenarios()
        ]

    @pytest.fixture(autouse=True)
    def running_sandbox(self, request: pytest.FixtureRequest, sandbox: Sandbox) -> None:
        if "scenario" in request.fixturenames:
            scenario = request.getfixturevalue("scenario")
            if scenario.config_path == SANDBOX:
                scenario.config_dict.update(sandbox.config)
