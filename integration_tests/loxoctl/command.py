"""loxoctl as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from sandbox.process import ROOT, Sandbox


def environment(config: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a command that finds this account, or none."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOXO_")}
    named = {f"LOXO_{name.upper()}": value for name, value in (config or {}).items()}
    return {**kept, **named, "PYTHONPATH": str(ROOT)}


def loxoctl(
    account: Sandbox | Mapping[str, str] | None, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    config = account.config if isinstance(account, Sandbox) else account
    done = subprocess.run(
        [sys.executable, "-m", "loxoctl", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env=environment(config),
    )
    if config:
        assert config["api_key"].encode() not in done.stdout + done.stderr
    return done
