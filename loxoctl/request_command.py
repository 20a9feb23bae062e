"""`loxoctl request`: one request, or a whole list. Only JSON is written to stdout."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from loxo_api.config import read_config
from loxo_api.exact_json import dumps
from loxo_api.http_messages import Response
from loxo_api.redaction import HIDDEN, Redactor
from loxoctl import exit_codes
from loxoctl.account import Account, document
from loxoctl.bodies import Fields, attached, by_name, form_fields, json_object, pairs
from loxoctl.paths import UsageError, checked_method, checked_path
from loxoctl.progress import bar


class OutputError(Exception):
    """A response that cannot be written to its destination."""


def request(options: argparse.Namespace) -> int:
    """Sends the request of the options and writes the response."""
    checked_path(options.path)
    if options.all and checked_method(options.method) != "GET":
        raise UsageError("--all: a list is read with GET. Leave --all out or use GET.")
    params = by_name(pairs(options.param, "--param"))
    form, files = _form(options), attached(options.file)
    if options.all and (form or files):
        raise UsageError("--all: a GET has no body. Leave --field, --json and --file out.")
    account = Account(read_config(options.config) if options.config else None)
    show_pauses()
    with destination(options.out) as target:
        if options.all:
            _write_all(account, options.path, params, target)
        else:
            response = account.respond(options.method, options.path, params, form, files=files)
            _write(account, response, target, options.out)
    return exit_codes.OK


def _form(options: argparse.Namespace) -> Fields:
    """The fields of the body, in the order of the command line's options."""
    fields = pairs(options.field, "--field")
    if options.json is None:
        return fields
    try:
        text = sys.stdin.read() if options.json == "-" else Path(options.json).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"--json: {options.json} cannot be read as text. Name another file.") from None
    return fields + form_fields(json_object(text))


def show_pauses() -> None:
    """Shows on stderr why a command waits: retries, and pauses that Loxo asks for."""
    logger = logging.getLogger("airbyte")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("loxoctl: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _write_all(account: Account, path: str, params: dict[str, Any], target: BinaryIO) -> None:
    redactor = Redactor(account.config.api_key)
    with bar(path) as progress:
        for record in account.records(path, params, progress):
            target.write(dumps(hidden(record, redactor)) + b"\n")
    target.flush()


def _write(account: Account, response: Response, target: BinaryIO, out: str | None) -> None:
    answer = document(response)
    if out not in (None, "-"):
        target.write(response.body)
    elif not isinstance(answer, bytes):
        target.write(dumps(hidden(answer, Redactor(account.config.api_key))) + b"\n")
    elif out == "-" and not sys.stdout.isatty():
        target.write(answer)
    else:
        raise OutputError(
            f"the response is not JSON but {len(answer)} other bytes, which are not printed. Loxo carried out the "
            "request; name a file for the next response with --out."
        )
    target.flush()


def hidden(value: Any, redactor: Redactor) -> Any:
    """The value, with asterisks for each text that shows the key: an echoed key is not printed."""
    return _hidden(value, redactor) if redactor.shows_key(dumps(value).decode("utf-8", "replace")) else value


def _hidden(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, list):
        return [_hidden(inner, redactor) for inner in value]
    if isinstance(value, dict):
        return {redactor.text(name): _hidden(inner, redactor) for name, inner in value.items()}
    return HIDDEN if redactor.shows_key(str(value)) else value


@contextmanager
def destination(path: str | None) -> Iterator[BinaryIO]:
    """The destination of a result. A file is tried before anything is sent, and appears when it is complete.

    It is readable for its owner only.
    """
    if path in (None, "-"):
        yield sys.stdout.buffer
        return
    final = Path(path or "")
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if final.exists() and not final.is_file():  # a device or a pipe, such as /dev/null, must not be replaced
        with final.open("wb") as device:
            yield device
        return
    handle, name = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(final)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
