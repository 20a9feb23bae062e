"""The exit codes, which a script can rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loxo_api.errors import LoxoError

OK = 0
NOT_HANDLED = 1  # doctor only: the connector cannot read this account completely
USAGE = 2  # the command line is wrong, or its path leaves the account; nothing was sent
CONFIG = 3  # the key, the slug, the domain or a permission
TRANSIENT = 4  # throttling, server errors, no connection: the same command may work later; doctor: not complete
CONTRACT = 5  # a response that breaks the contract of Loxo's API, or fewer records than Loxo counts
REFUSED = 6  # Loxo refused the request, such as an unknown id or parameter, or an action was rejected
OUTPUT = 7  # the result cannot be written
UNKNOWN = 8  # action only: Loxo's response was lost, and nothing shows whether the action was carried out
INTERRUPTED = 130  # Ctrl-C


def of(error: LoxoError) -> int:
    """The exit code of an error, by the party that can correct it."""
    from loxo_api.errors import ErrorKind, StorageError

    if isinstance(error, StorageError):
        return OUTPUT
    if error.kind is ErrorKind.TRANSIENT:
        return TRANSIENT
    if 400 <= error.status < 500 and error.status not in (401, 403, 408, 429) and not error.retryable:
        return REFUSED
    return CONFIG if error.kind is ErrorKind.CONFIG else CONTRACT
