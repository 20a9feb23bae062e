"""How many records the account has, for the lists that Loxo counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from demo.report import Stream
from loxo_api.client import LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS, Paging
from loxo_api.errors import LoxoError
from loxo_api.retry import INTERACTIVE

COUNTED = (Paging.SCROLL, Paging.PAGE)


def add_totals(config: Mapping[str, Any], streams: Iterable[Stream]) -> None:
    """Asks for the count of each list: what a later sync claims is the number of changes."""
    client = LoxoClient(Config.parse(config), INTERACTIVE)
    for stream in streams:
        endpoint = ENDPOINTS.get(stream.name)
        if not stream.read or not endpoint or endpoint.parent or endpoint.paging not in COUNTED:
            continue
        try:
            stream.total = client.page(endpoint, {"per_page": 1} if endpoint.per_page else {}).total_count
        except LoxoError:
            continue
