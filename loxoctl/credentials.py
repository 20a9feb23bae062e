"""The account of the connector's config file or of the environment. The key is never an argument.

Every user of the machine can read arguments, and the shell stores them in its history.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from loxo_api.config import Config
from loxo_api.errors import ConfigError

# The prefix of the variable of a field, whose name follows in capitals.
PREFIX = "LOXO_"
FIELDS = ("domain", "agency_slug", "api_key")


def account_config(values: Mapping[str, Any] | None = None) -> Config:
    """The account of these values, or of the environment.

    :raises ConfigError: a value is missing or cannot be right.
    """
    if values is not None:
        return Config.parse(values)
    found = {field: os.environ.get(PREFIX + field.upper(), "") for field in FIELDS}
    missing = [PREFIX + field.upper() for field in FIELDS if not found[field]]
    if missing:
        raise ConfigError(
            f"No account is named: the environment lacks {', '.join(missing)}. Set the missing ones, or pass a config "
            "file with --config."
        )
    return Config.parse(found)
