"""The README's commands: demo, report, a day of work, demo, report. The page's numbers are those of the account."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vl_convert", reason="the report has an environment of its own: .ci/report")

import duckdb
import yaml
from browser import SEEN, WIDTHS, offline, opened
from page_tables import PageTables

from sandbox.process import ROOT, Sandbox

pytestmark = pytest.mark.report

PICTURE = ROOT / "docs/report.png"
PEOPLE = 300
OBJECTS = ("candidates", "workflow_stages", "placements", "people", "users", "jobs")


@dataclass
class Life:
    """The page after two syncs, and the account itself at that time."""

    page: Path
    outputs: list[str]
    records: dict[str, list[dict[str, Any]]]
    counts: dict[str, int]
    changes: list[dict[str, Any]]
    tables: PageTables


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    database = tmp_path_factory.mktemp("a first look") / "the agency's file.duckdb"
    name = f"DATABASE={database}"
    outputs = [make("demo", f"PEOPLE={PEOPLE}", name), make("report", name), make("demo", name), make("report", name)]
    with duckdb.connect(str(database), read_only=True) as db:
        runs = db.execute("SELECT began, ended FROM _demo_runs ORDER BY began").fetchall()
    days = ",".join(f"{ended}/{began}" for (_, ended), (began, _) in pairwise(runs))
    with Sandbox(people=PEOPLE, now=runs[0][0], workdays=days) as box:
        records, counts, changes = {each: box.records(each) for each in OBJECTS}, box.counts(), box.life()
    page = database.with_suffix(".html")
    return Life(page, outputs, records, counts, changes, PageTables(page))


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_the_applications_of_each_stage_are_those_of_the_account(life: Life) -> None:
    names = {stage["id"]: stage["name"] for stage in life.records["workflow_stages"]}
    expected = Counter(names[each["workflow_stage_id"]] for each in life.records["candidates"])
    shown = {stage: number(row[2]) for stage, row in life.tables.table("funnel").items()}
    assert {stage: count for stage, count in shown.items() if count} == expected
    assert number(life.tables.values["Hired"]) == expected["Hired"]


def test_placements_and_fees_of_each_month_are_those_of_the_account(life: Life) -> None:
    fees: dict[str, Decimal] = defaultdict(Decimal)
    placements: Counter[str] = Counter()
    for each in life.records["placements"]:
        placements[each["created_at"][:7]] += 1
        fees[each["created_at"][:7]] += Decimal(each["fee"])
    assert len(fees) > 3
    shown = {month: number(row[0]) for month, row in life.tables.table("fees").items()}
    assert {month: fee for month, fee in shown.items() if fee} == fees
    counted = {month: int(row[0]) for month, row in life.tables.table("placements").items()}
    assert {month: count for month, count in counted.items() if count} == placements


def test_each_counted_stream_is_delivered_whole(life: Life) -> None:
    rows = {stream: row for stream, row in life.tables.table("completeness").items() if row[1] != "-"}
    assert {"people", "jobs", "placements", "person_events", "companies"} <= set(rows)
    for stream, (delivered, total, share, _, _) in rows.items():
        of = life.counts[stream] if stream in life.counts else int(number(total))
        assert (number(delivered), number(total), share) == (of, of, "100"), stream


def test_the_changes_are_those_that_the_account_made(life: Life) -> None:
    shown = {(model, change): int(count) for model, change, count in life.tables.rows["changes"]}
    made = Counter((each["op"], each["object"]) for each in life.changes)
    assert shown["Jobs", "New"] == made["create", "jobs"]
    assert shown["People", "New"] == made["create", "people"]
    assert shown["People", "Deleted"] == made["delete", "people"] + made["merge", "people"]
    assert shown.get(("Jobs", "Deleted"), 0) == made["delete", "jobs"]
    assert shown["Applications", "New"] >= made["create", "candidates"] - 2
    assert not any(model == "Users" for model, _ in shown)
    assert f"{made['create', 'jobs']} jobs" in life.outputs[2]
    assert re.search(r"Deletions noticed: .*\d people", life.outputs[2])


def test_no_name_of_a_person_is_in_the_page(life: Life) -> None:
    text = life.page.read_text(encoding="utf-8")
    people = {each["name"] for each in (*life.records["people"], *life.records["users"])}
    assert len(people) > 200
    assert [name for name in people if name in text] == []
    assert "Recruiter 1" in text
    assert "@" not in re.sub(r"@media", "", text)


def test_the_page_is_small_and_has_no_script(life: Life) -> None:
    assert life.page.stat().st_size < 1_000_000
    assert not {"script", "link", "img", "iframe"} & life.tables.tags
    assert not re.search(r"(src|href)=|url\((?!#)", life.page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with offline(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


def axis_titles(name: str) -> set[str]:
    """The titles of both axes in a chart's file."""
    [path] = (ROOT / "reports/charts").glob(f"*_{name}.yml")
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
    axes = [each.get("encoding", {}).get(axis, {}) for each in (spec, *spec.get("layer", [])) for axis in "xy"]
    titles = {axis["title"] for axis in axes if "title" in axis}
    assert len(titles) == 2
    return titles


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", WIDTHS)
def test_every_chart_is_drawn_and_readable(life: Life, driver: Any, screen: str, scheme: str) -> None:
    opened(driver, life.page, WIDTHS[screen], scheme)
    seen = driver.execute_script(SEEN)
    assert len(seen) == 9
    for name, chart in seen.items():
        assert chart["title"] and chart["marks"] and not chart["reason"], name
        assert chart["cut"] == [], name
        assert axis_titles(name) <= set(chart["words"]), name
    assert seen["funnel"]["colour"] == {"light": "rgb(52, 104, 176)", "dark": "rgb(120, 169, 240)"}[scheme]
    assert driver.execute_script("return document.documentElement.scrollWidth") <= WIDTHS[screen]
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert driver.get_log("browser") == []


def test_the_picture_of_the_readme(life: Life, driver: Any) -> None:
    opened(driver, life.page, WIDTHS["desktop"], "light", height=1640)
    if not PICTURE.exists():
        PICTURE.write_bytes(driver.get_screenshot_as_png())
    assert PICTURE.stat().st_size < 300_000
