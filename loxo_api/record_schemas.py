"""The JSON schemas of Loxo's records, one file in `schemas/` for each row of `endpoints.py`."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Mapping
from typing import Any

from loxo_api.exact_json import loads


@functools.cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The schema of an endpoint's records, read once from the package."""
    schema: Mapping[str, Any] = loads(pkgutil.get_data("loxo_api", f"schemas/{name}.json") or b"")
    return schema
