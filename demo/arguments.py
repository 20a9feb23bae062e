"""The command line of the demo, and a parser that reports an error in one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def count(text: str) -> int:
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m demo",
        description="A whole Loxo account, or the sandbox, into a DuckDB file.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=Path, help="config file of a real account; without it, the sandbox is read")
    parser.add_argument("--people", type=count, help="how many people the sandbox has")
    parser.add_argument("--database", type=Path, help="DuckDB file to write; one per account in .demo/ by default")
    parser.add_argument(
        "--everything", action="store_true", help="also the streams that cost a request for each person or activity"
    )
    given = parser.parse_args(words)
    if given.config and given.people is not None:
        parser.error("--people is for the sandbox; the size of an account is its own")
    return given
