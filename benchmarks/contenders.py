"""The contenders: the connector, the floors, and three tools by others, each in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.rate_limiter import MAX_RATE, RATE_STEP, START_RATE

from .children.low_code import manifest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENVIRONMENTS = ROOT / ".venv-bench"

# Peers and the pinned versions they are installed at; the low-code manifest runs on the connector's own CDK version.
PEERS = {
    "dlt": ["dlt==1.31.0", f"duckdb=={version('duckdb')}"],
    "loxo-cli": ["loxo-cli==0.8.0"],
    "low-code": [f"airbyte-cdk=={version('airbyte-cdk')}"],
}
# A floor with this suffix sends its requests no faster than the connector may.
PACED = ", paced"
LISTS = [row for row in ENDPOINTS.values() if not row.parent]


def install_peers() -> None:
    """Makes each peer's environment, once."""
    for name, requirements in PEERS.items():
        python = peer(name)
        stamp = ENVIRONMENTS / name / "installed"
        if stamp.exists() and stamp.read_text() == " ".join(requirements):
            continue
        print(f"installing {' '.join(requirements)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENTS / name)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        stamp.write_text(" ".join(requirements))


def peer(name: str) -> str:
    return str(ENVIRONMENTS / name / "bin" / "python")


@dataclass(frozen=True)
class Job:
    """The lists to read.

    :param mode: for the connector alone, which is the only one that knows more than one.
    """

    config: Mapping[str, Any]
    lists: tuple[str, ...]
    mode: str = "full_refresh"
    state: Any = None


def command(contender: str, job: Job, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment variables of a contender."""
    if contender == "source-loxo":
        return [sys.executable, str(ROOT / "main.py"), *_airbyte_arguments(job, folder, job.config)], {}
    if contender == "low-code":
        config = {**job.config, "__injected_declarative_manifest": manifest([facts(name) for name in job.lists])}
        return [
            str(ENVIRONMENTS / "low-code" / "bin" / "source-declarative-manifest"),
            *_airbyte_arguments(job, folder, config),
        ], {}
    if contender == "loxo-cli":
        settings = {
            "LOXO_BASE_URL": f"{job.config['domain']}/api",
            "LOXO_API_SLUG": job.config["agency_slug"],
            "LOXO_API_KEY": job.config["api_key"],
            "XDG_CONFIG_HOME": str(folder),
        }
        return [peer("loxo-cli"), "-m", "loxo_cli", "--json", "--quiet", job.lists[0], "list", "--all"], settings
    task = _write(
        folder,
        "task",
        {
            **job.config,
            "lists": [facts(name) for name in job.lists],
            "files": str(folder / "files"),
            "pace": (START_RATE, RATE_STEP, MAX_RATE) if contender.endswith(PACED) else None,
        },
    )
    if contender == "requests + json":
        return [sys.executable, str(HERE / "children" / "floor_requests.py"), task], {}
    if contender.removesuffix(PACED) == "requests + orjson":
        return [sys.executable, str(HERE / "children" / "floor_orjson.py"), task], {}
    if contender == "aiohttp + orjson":
        return [sys.executable, str(HERE / "children" / "floor_aiohttp.py"), task], {}
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder), "DATA_WRITER__DISABLE_COMPRESSION": "1"}
    program = [peer("dlt"), str(HERE / "children" / "dlt_reader.py"), task]
    if contender == "dlt, parallelised":
        return [*program, "parallel"], {**quiet, "EXTRACT__WORKERS": "16"}
    if contender == "dlt":
        return program, quiet
    if contender == "dlt → DuckDB":
        return [*program, "parallel", "duckdb"], {**quiet, "EXTRACT__WORKERS": "16"}
    if contender == "source-loxo → DuckDB":
        return [sys.executable, str(HERE / "children" / "pyairbyte_reader.py"), task], {}
    raise ValueError(contender)


def facts(name: str) -> dict[str, Any]:
    """The facts about a list that a reader by others needs."""
    row: Endpoint = ENDPOINTS[name]
    styles = {Paging.WHOLE: "whole", Paging.SCROLL: "scroll", Paging.PAGE: "page", Paging.AFTER_ID: "after_id"}
    return {
        "name": name,
        "path": row.path,
        "style": styles[row.paging],
        "key": row.records_keys[0] if row.records_keys else "",
        "params": {**row.filters, **({"per_page": row.per_page} if row.per_page else {})},
    }


def _airbyte_arguments(job: Job, folder: Path, config: Mapping[str, Any]) -> list[str]:
    streams = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
            "sync_mode": job.mode if ENDPOINTS[name].cursor_field else "full_refresh",
            "destination_sync_mode": "append",
        }
        for name in job.lists
    ]
    arguments = [
        "--config",
        _write(folder, "config", config),
        "--catalog",
        _write(folder, "catalog", {"streams": streams}),
    ]
    state = ["--state", _write(folder, "state", job.state)] if job.state else []
    return ["read", *arguments, *state]


def _write(folder: Path, name: str, content: Any) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return str(path)
