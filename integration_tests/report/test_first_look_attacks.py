"""Accounts that a page may break on: empty, tiny, hostile names, huge fees, missing tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vl_convert", reason="the report has an environment of its own: .ci/report")

import duckdb
from browser import SEEN, WIDTHS, offline, opened
from page_tables import PageTables
from raw_tables import RawTables

from reports.facts import facts
from reports.page import page
from sandbox.process import ROOT, Sandbox
from tools.connector import Connector
from tools.model_columns import STREAMS

pytestmark = pytest.mark.report

HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>\"'&{{7*7}} ${x}"
HUGE = "12345678901234567890123456.78"


def report(database: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reports", str(database)],
        cwd=database.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def synced(box: Sandbox, database: Path) -> None:
    """The streams of the models, as a program other than the demo writes them."""
    connector = Connector(box.config, database.parent)
    catalog = {name: stream for name, stream in connector.discover().items() if name in STREAMS}
    read = connector.read(STREAMS)
    assert read.exit_code == 0, read.errors
    tables = RawTables(catalog)
    tables.rows = {name: [] for name in catalog}
    tables.replace(read.of("RECORD"))
    with duckdb.connect(str(database)) as connection:
        tables.into_duckdb(connection, "main")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with offline(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("hostile") / "models.duckdb"  # as the schema is called
    with Sandbox(people=30, jobs=1, events=60, companies=1, deals=1) as box:
        for name in ("users", "workflow_stages", "source_types"):
            for record_id in box.ids(name):
                box.update(name, record_id, name=f"{HOSTILE}{record_id}")
        for record_id in box.ids("people"):
            box.update("people", record_id, source_type={"id": 1, "name": HOSTILE})
        for record_id in box.ids("jobs"):
            box.update("jobs", record_id, title=HOSTILE)
        for fee in (HUGE, HUGE, "-0.01", None):
            box.create("placements", fee=fee)
        synced(box, database)
    with duckdb.connect(str(database)) as db:
        db.execute("UPDATE placements SET created_at = NULL WHERE fee = '-0.01'")
    done = report(database)
    assert done.returncode == 0, done.stdout + done.stderr
    return database


def test_a_hostile_name_stays_a_word(hostile: Path, driver: Any) -> None:
    target = hostile.with_suffix(".html")
    assert not {"script", "img"} & PageTables(target).tags
    opened(driver, target, WIDTHS["desktop"], "light")
    assert "broken" not in driver.title
    assert not driver.find_elements("css selector", "script, img")
    words = " ".join(driver.execute_script(SEEN)["funnel"]["words"])
    assert "</script>" in words
    assert any(stage.startswith(HOSTILE) for stage in PageTables(target).table("funnel"))
    assert driver.execute_script("return document.documentElement.scrollWidth") <= WIDTHS["desktop"]
    assert driver.get_log("browser") == []


def test_a_hostile_name_of_a_recruiter_is_shown_when_asked_for(hostile: Path) -> None:
    text = page(facts(hostile, names=True))
    assert "Recruiter 1" not in text
    assert "&lt;/script&gt;" in text
    assert "<script" not in text


def test_huge_fees_are_exact_and_a_placement_without_a_date_is_counted(hostile: Path) -> None:
    fees = PageTables(hostile.with_suffix(".html")).table("fees")
    assert fees.pop("no date") == ["-0.01", "1"]
    assert "24,691,357,802,469,135,780,246,913.56" in [row[0] for row in fees.values()]


def test_a_missing_table_is_named(hostile: Path, tmp_path: Path) -> None:
    database = tmp_path / "copy.duckdb"
    database.write_bytes(hostile.read_bytes())
    with duckdb.connect(str(database)) as db:
        db.execute("DROP TABLE placements; DELETE FROM models.loxo__placements")
    charts = {chart.name: chart for chart in facts(database, names=False).charts}
    assert "this file has no table placements" in charts["placements"].reason
    assert "this file has no table placements" in charts["fees"].reason
    assert not charts["funnel"].reason


def test_an_empty_account_gives_reasons_instead_of_charts(tmp_path: Path, driver: Any) -> None:
    database = tmp_path / "empty.duckdb"
    with Sandbox(people=0, jobs=0, events=0, companies=0, deals=0, merges=0) as box:
        synced(box, database)
    done = report(database)
    assert done.returncode == 0, done.stdout + done.stderr
    opened(driver, database.with_suffix(".html"), WIDTHS["phone"], "dark")
    for name, chart in driver.execute_script(SEEN).items():
        assert chart["reason"].startswith("Nothing to draw: "), name
        assert not chart["marks"]
    assert driver.get_log("browser") == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b"", "holds no tables of source-loxo"), (b"text " * 999, "cannot be opened")],
    ids=["no file", "no tables", "no database"],
)
def test_a_file_without_tables_gets_a_sentence(tmp_path: Path, content: bytes | None, words: str) -> None:
    database = tmp_path / "some file.duckdb"
    if content:
        database.write_bytes(content)
    elif content is not None:
        duckdb.connect(str(database)).close()
    done = report(database)
    assert done.returncode == 1
    assert words in done.stderr
    assert not re.search("Traceback", done.stderr)
