"""What the agency did between two syncs, and a DuckDB file built after each."""

from __future__ import annotations

import pytest

pytest.importorskip("dbt.adapters.duckdb", reason="the models have an environment of their own: .ci/models")

from engines import DuckDb, Engine, twice
from story import Story, told


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return told(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def on_duckdb(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = DuckDb(tmp_path_factory.mktemp("duckdb"))
    twice(engine, story)
    return engine
