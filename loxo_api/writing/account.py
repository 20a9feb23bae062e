"""A writer for an account, with its client and its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.redaction import Redactor
from loxo_api.retry import SYNC, RetryPolicy
from loxo_api.writing.ledger import Ledger
from loxo_api.writing.preparation import Options
from loxo_api.writing.writer import Writer


@contextmanager
def open_writer(
    config: Config, ledger_path: Path | None = None, options: Options | None = None, policy: RetryPolicy = SYNC
) -> Iterator[Writer]:
    """A writer, whose ledger is closed at the end.

    :param ledger_path: a file on a disk that outlasts the run; without one, only what can be searched for is created.
    :raises ConfigError: the ledger cannot be used.
    """
    ledger = Ledger(ledger_path, config.base_url)
    try:
        yield Writer(LoxoClient(config, policy), ledger, Redactor(config.api_key), options)
    finally:
        ledger.close()
