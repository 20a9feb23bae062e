"""`loxoctl doctor` as a process: its output, its files and its exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from command import environment, loxoctl
from examined import SIZES

import loxo_api
from loxo_api.endpoints import ENDPOINTS
from loxoctl.doctor.report import HEADING
from sandbox.agency.agency import Sizes
from sandbox.process import ROOT, Sandbox

FAST = ("--pace", "10000")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as box:
        yield box


def test_a_readable_account_exits_0_and_writes_two_files(box: Sandbox, tmp_path: Path) -> None:
    box.reset_requests()
    done = loxoctl(box, "doctor", *FAST, "--report", str(tmp_path / "report.json"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    report, sent = json.loads((tmp_path / "report.json").read_text()), box.requests()["total"]
    assert report["requests"] == sent
    last = done.stdout.decode().splitlines()[-1]
    assert last.startswith("Nothing was found that the connector cannot read; ")
    assert last.endswith(f" points are unknown. {sent} requests, all of them GET.")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("report.json", "report.md")} == {0o600}
    assert (tmp_path / "report.md").read_text().startswith("# Behaviour of a Loxo account")
    assert_nothing_of_the_account(box, (tmp_path / "report.json").read_text() + (tmp_path / "report.md").read_text())


def assert_nothing_of_the_account(box: Sandbox, report: str) -> None:
    """No text of the account's data is in a report, unless our own files have the word too."""
    own = [*(ROOT / "loxoctl").rglob("*.py"), *Path(loxo_api.__file__).parent.rglob("*.[pj]*")]
    vocabulary = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in own if path.is_file())
    # Names that `Endpoint` derives from its rows, such as those of full records.
    vocabulary += " ".join(ENDPOINTS)
    looked_at = 0
    for name in box.counts():
        for text in {text for record in box.records(name) for text in texts(record)}:
            looked_at += 1
            assert text not in report or text in vocabulary, text
    assert looked_at > 3000
    for secret in (box.agency_slug, box.url, box.api_key):
        assert secret not in report


def texts(value: Any) -> Iterator[str]:
    """All texts in a record, and its numbers that could be ids; shorter ones prove nothing."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif len(text := str(value)) > 3 and not isinstance(value, bool) and value is not None:
        yield text


def test_an_unhandled_side_exits_1_and_is_named(box: Sandbox) -> None:
    box.set(forbidden=["deals"], repeat_cursor=["people"])
    done = loxoctl(box, "doctor", *FAST)
    box.set(forbidden=[], repeat_cursor=[])
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith(b"The connector cannot read all of this account: deals (status), people (cursor).")


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_sent(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "notes.md").write_text("mine")
    box.reset_requests()
    for name, code in (("missing/report.json", 7), ("folder.json", 2), ("notes.json", 2)):
        done = loxoctl(box, "doctor", *FAST, "--report", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (code, b""), name
    assert box.requests()["total"] == 0
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"folder.json", "notes.md"}


@pytest.mark.usefixtures("interruptible")
def test_a_report_replaces_an_earlier_one_and_an_interrupted_one_leaves_nothing(box: Sandbox, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}")
    (tmp_path / "report.md").write_text(f"{HEADING}\n")
    command = [sys.executable, "-m", "loxoctl", "doctor", "--report", str(report)]
    running = subprocess.Popen(command, env=environment(box.config), stderr=subprocess.DEVNULL)
    box.reset_requests()
    while not box.requests()["total"]:
        pass
    running.send_signal(signal.SIGINT)
    assert running.wait() == 130
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md"}
    assert report.read_text() == "{}"
    assert loxoctl(box, "doctor", *FAST, "--report", str(report)).returncode == 0
    assert json.loads(report.read_text())["findings"]


def test_an_account_without_any_readable_list_cannot_be_examined(box: Sandbox) -> None:
    box.set(answers={endpoint.path: "cut_json" for endpoint in ENDPOINTS.values()})
    done = loxoctl(box, "doctor", *FAST)
    box.set(answers={})
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"None of the account's" in done.stderr


def test_a_wrong_key_ends_at_the_first_request(box: Sandbox) -> None:
    box.reset_requests()
    done = loxoctl({**box.config, "api_key": "no-such-key"}, "doctor", *FAST)
    assert (done.returncode, done.stdout) == (3, b"")
    assert box.requests()["total"] == 1


def test_an_account_that_cannot_be_reached_ends_at_once() -> None:
    config = {"domain": "http://127.0.0.1:9", "agency_slug": "acme", "api_key": "sandbox-key"}
    assert loxoctl(config, "doctor", *FAST).returncode == 4


@pytest.mark.parametrize("arguments", [("--pace", "0"), ("--pace", "fast"), ("--report", "summary.md")])
def test_invalid_options_are_refused(box: Sandbox, arguments: tuple[str, ...]) -> None:
    assert loxoctl(box, "doctor", *arguments).returncode == 2


def test_the_sandbox_has_the_fields_and_the_sizes_of_a_report(box: Sandbox, tmp_path: Path) -> None:
    findings = [
        {"subject": "sms", "point": "fields seen and not declared", "account": ["mood: string", "weight: number"]},
        {"subject": "deals_details", "point": "fields seen and not declared", "account": ["margin: object"]},
        {"subject": "people", "point": "records, order of magnitude", "account": 100},
        {"subject": "deals", "point": "records, order of magnitude", "account": 10},
    ]
    (tmp_path / "report.json").write_text(json.dumps({"format": 1, "findings": findings}))
    with Sandbox(like=tmp_path / "report.json", deals=5) as like:
        row = like.records("sms")[0]
        assert (row["mood"], row["weight"]) == ("text", 1.5)
        deal = like.ids("deals")[0]
        assert like.api(f"deals/{deal}")["margin"] == {}
        assert "margin" not in like.records("deals")[0]
        assert like.counts()["people"] == 300
        assert like.counts()["deals"] == 5  # what is named counts for more


@pytest.mark.parametrize("content", ["", "[]", '{"findings": 3}', '{"format": 2, "findings": []}'])
def test_the_sandbox_refuses_an_invalid_report(tmp_path: Path, content: str) -> None:

    (tmp_path / "report.json").write_text(content)
    done = subprocess.run([sys.executable, "-m", "sandbox", "--like", str(tmp_path / "report.json")],
                          capture_output=True, text=True, check=False, cwd=ROOT)  # fmt: skip
    assert done.returncode == 2
    assert "--like" in done.stderr


def test_an_empty_account_has_unknown_findings() -> None:
    empty = dict.fromkeys((size.name for size in fields(Sizes)), 0)
    with Sandbox(**empty) as box:
        done = loxoctl(box, "doctor", *FAST)
    assert done.returncode == 0, done.stderr
    assert b"date bounds: Whether ranges that begin or end" in done.stdout
    assert b"No list shows that it honours its date filters" in done.stdout
