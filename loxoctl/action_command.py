"""`loxoctl action`: one of the seven recruiting actions, once or for each line of a batch. JSON goes to stdout."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loxo_api.config import read_config
from loxo_api.exact_json import dumps
from loxo_api.redaction import Redactor
from loxo_api.writing.account import open_writer
from loxo_api.writing.action_inputs import nested
from loxo_api.writing.actions import Actions, run, run_lines
from loxo_api.writing.outcomes import Outcome, Rejection
from loxo_api.writing.preparation import Options
from loxoctl import exit_codes
from loxoctl.account import POLICY
from loxoctl.bodies import pairs
from loxoctl.credentials import account_config
from loxoctl.paths import UsageError
from loxoctl.progress import bar
from loxoctl.request_command import hidden, show_pauses

# The codes of outcomes; of several, the last one here counts.
CODES = {Outcome.REJECTED.value: exit_codes.REFUSED, Outcome.UNKNOWN.value: exit_codes.UNKNOWN}


def action(options: argparse.Namespace) -> int:
    """Carries the action out and prints its result, or one result for each line of a batch."""
    sources = [name for name in ("field", "json", "batch") if getattr(options, name)]
    if len(sources) != 1:
        raise UsageError("The input comes from one of --field, --json and --batch. Give one of them.")
    stage_types = _stage_types(options.stage_activity_type)
    data = {} if options.batch else _input(options)
    lines = _lines(options.batch) if options.batch else []
    total = len(lines) if isinstance(lines, list) else None
    config = account_config(read_config(options.config) if options.config else None)
    show_pauses()
    redactor, outcomes = Redactor(config.api_key), set()
    ledger, allowed = Path(options.ledger) if options.ledger else None, Options(allow_messages=options.allow_messages)
    with open_writer(config, ledger, allowed, POLICY) as writer:
        actions = Actions(writer, stage_types)
        for result in _results(actions, options.name, data, lines, total, is_batch=bool(options.batch)):
            outcomes.add(result["outcome"])
            sys.stdout.buffer.write(dumps(hidden(result, redactor)) + b"\n")
            sys.stdout.buffer.flush()
    return max((CODES.get(outcome, exit_codes.OK) for outcome in outcomes), default=exit_codes.OK)


def _results(
    actions: Actions, name: str, data: Mapping[str, Any], lines: Iterable[str], total: int | None, is_batch: bool
) -> Iterator[dict[str, Any]]:
    if not is_batch:
        yield run(actions, name, data)
        return
    with bar(name) as progress:
        progress(0, total)
        for result in run_lines(actions, name, lines):
            yield result
            progress(result["line"], total)


def _input(options: argparse.Namespace) -> Mapping[str, Any]:
    """The one JSON object that the action takes."""
    if options.field:
        fields = pairs(options.field, "--field")
        if len(dict(fields)) < len(fields):
            raise UsageError("--field: a name is given twice. Use --json for lists.")
        try:
            return nested(dict(fields))
        except Rejection as rejection:
            raise UsageError(f"--field: {rejection}. Give the object or its fields.") from None
    try:
        document = json.loads(_text(options.json, "--json"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--json: it is not JSON ({error}). Correct the document.") from None
    if not isinstance(document, dict):
        raise UsageError("--json: it is not an object. Write {...}; --batch takes several objects, one a line.")
    return document


def _lines(path: str) -> Iterable[str]:
    """The lines of a batch: stdin as it arrives, or all of a file."""
    return sys.stdin if path == "-" else _text(path, "--batch").splitlines()


def _text(path: str, option: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{option}: {path} cannot be read as text. Name another file.") from None


def _stage_types(texts: Iterable[str]) -> dict[int, int]:
    found = pairs(texts, "--stage-activity-type")
    if not all(word.isascii() and word.isdigit() for pair in found for word in pair):
        raise UsageError("--stage-activity-type: write two ids of Loxo, as STAGE=TYPE.")
    return {int(stage): int(type_id) for stage, type_id in found}
