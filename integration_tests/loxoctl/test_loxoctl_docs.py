"""The commands and the script of docs/loxoctl.md, and the commands of README.md, run as written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from command import environment

from loxoctl import exit_codes
from loxoctl.cli import EPILOG
from sandbox.process import ROOT, Sandbox

PAGE = (ROOT / "docs/loxoctl.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python) test\n(.*?)^```", PAGE + README, re.MULTILINE | re.DOTALL)


def test_the_blocks_of_the_page_run(tmp_path: Path) -> None:
    command = tmp_path / "bin/loxoctl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m loxoctl "$@"\n')
    command.chmod(0o755)
    (tmp_path / "secrets").mkdir()
    assert len(BLOCKS) == 7
    with Sandbox(people=150, jobs=130, events=150, companies=30) as box:
        (tmp_path / "secrets/config.json").write_text(json.dumps(box.config))
        env = environment(box.config)
        env["PATH"] = f"{command.parent}{os.pathsep}{env['PATH']}"
        for language, block in BLOCKS:
            # The doctor's own pace is for real accounts.
            faster = block.replace("loxoctl doctor", "loxoctl doctor --pace 10000")
            started = ["sh", "-e", "-c", faster] if language == "sh" else [sys.executable, "-c", block]
            done = subprocess.run(started, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "activities.jsonl").read_text().splitlines()) == 150
    assert (tmp_path / "jobs.jsonl").stat().st_size
    assert (tmp_path / "report.md").exists()
    assert list((tmp_path / "files/person_resumes").rglob("*.pdf"))
    assert json.loads((tmp_path / "results.jsonl").read_text())["outcome"] == "written"


def test_the_page_and_the_help_name_every_exit_code() -> None:
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)} == codes
    assert {int(code) for code in re.findall(r"^  (\d+)  ", EPILOG, re.MULTILINE)} == codes - {exit_codes.INTERRUPTED}
