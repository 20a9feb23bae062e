"""For all tests. Airbyte's standard tests take their scenarios through a plugin that pytest wants named at the root."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# PyAirbyte reads these when it is first imported, by whichever test comes first: it would ask Airbyte's registry else.
os.environ.update(AIRBYTE_OFFLINE_MODE="1", DO_NOT_TRACK="1", NO_LIVE_PROGRESS="1")


def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores, because most tests wait for a sandbox's latency, a pause or another process."""
    return 2 * (os.cpu_count() or 1)


pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]

# A slow machine is not a failure: no test has a time limit.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Restores the log, which commands that run inside a test set up for their own process."""
    logger = logging.getLogger("airbyte")
    before = logger.level, logger.propagate, list(logger.handlers)
    yield
    logger.setLevel(before[0])
    logger.propagate, logger.handlers[:] = before[1], before[2]
