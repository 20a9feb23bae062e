"""The account's history between two syncs, and a DuckDB file built after each.

The imports are in the fixtures: a conftest must not skip, which would end the whole run, and the models' packages are
in an environment of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from engines import Engine
    from story import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    from story import told

    return told(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def on_duckdb(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    from engines import DuckDb, twice

    engine = DuckDb(tmp_path_factory.mktemp("duckdb"))
    twice(engine, story)
    return engine
