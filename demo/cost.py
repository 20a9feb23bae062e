"""The cost of the streams that are left out by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.sync import DemoError
from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import LoxoError
from loxo_api.rate_limiter import START_RATE
from loxo_api.retry import INTERACTIVE


def cost(config: Mapping[str, Any]) -> str:
    """The number of requests of the costly streams, and their duration at the start rate.

    :raises DemoError: the account cannot be read.
    """
    costly = [endpoint for endpoint in ENDPOINTS.values() if endpoint.is_costly]
    lists = {row.parent: sum(other.parent == row.parent for other in costly) for row in costly}
    try:
        client = LoxoClient(Config.parse(config), INTERACTIVE)
        # The parents that are children themselves, such as states, cannot be counted without reading them all.
        counts = {
            name: client.page(ENDPOINTS[name], {"per_page": 1}).total_count or 0
            for name in lists
            if not ENDPOINTS[name].parent
        }
    except LoxoError as error:
        raise DemoError(str(error)) from None
    requests = sum(count * lists[name] for name, count in counts.items())
    parts = [f"{lists[name]} for each of {count:,} {name}" for name, count in counts.items()]
    parts += [f"{lists[name]} for each of the {name}" for name in lists if name not in counts]
    return (
        f"--everything costs at least {requests:,} more requests: {', '.join(parts)}. At {START_RATE:g} requests a "
        f"second, the pace it starts with, that takes {duration(requests / START_RATE)}; less where Loxo allows more."
    )


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < 120 else f"about {round(minutes / 60)} h"
