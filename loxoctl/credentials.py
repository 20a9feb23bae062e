"""Which account is meant: the connector's config file, or the environment. The key is never an argument.

Arguments are readable by everybody on the machine, and the shell remembers them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from loxo_api.config import Config
from loxo_api.errors import ConfigError

# The variable of a field is its name in capitals, after this.
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
            f"No account is named: the environment lacks {', '.join(missing)}. Set what is missing, or name a config "
            "file with --config."
        )
    return Config.parse(found)
