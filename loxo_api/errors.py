"""The error types of the Loxo API. Each connector translates them once, at its boundary to Airbyte."""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class ErrorKind(Enum):
    """The cause of an error. The values are the failure types of the Airbyte protocol."""

    CONFIG = "config_error"  # the user: a wrong key, slug or domain, a missing permission
    TRANSIENT = "transient_error"  # time: throttling, server errors, timeouts
    SYSTEM = "system_error"  # the connector's authors: a response that breaks the contract


class LoxoError(Exception):
    """A request or a read that failed.

    :param message: the failed stream or request, the reason, and the remedy.
    :param status: the HTTP status, or 0 if there was no response.
    :param retryable: whether the same request may succeed a little later.
    :param may_have_effect: whether Loxo may have carried out the request although it failed here.
    :param words: the error text in Loxo's response, without the API key.
    """

    def __init__(
        self,
        message: str,
        kind: ErrorKind,
        status: int = 0,
        retryable: bool = False,
        may_have_effect: bool = False,
        words: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retryable = retryable
        self.may_have_effect = may_have_effect
        self.words = words

    @property
    def is_not_found(self) -> bool:
        """Whether Loxo itself, and not a proxy, reports that the object does not exist."""
        return self.status == 404 and not self.retryable


class ConfigError(LoxoError):
    """An error in the configuration."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorKind.CONFIG)


class ContractError(LoxoError):
    """A response that does not have the documented shape; the message names the difference."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorKind.SYSTEM)


class StorageError(LoxoError):
    """A file of Loxo that cannot be written to this machine's disk."""

    def __init__(self, folder: Path, error: OSError) -> None:
        reason = error.strerror or error
        super().__init__(f"no file can be written into {folder}: {reason}. Make room or allow it.", ErrorKind.TRANSIENT)
