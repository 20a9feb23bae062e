"""The options of the agency's own hierarchies: written by id, named by people."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS
from loxo_api.writing.encoding import unresolved_options
from loxo_api.writing.outcomes import Rejection


class Hierarchies:
    """Finds options of one account, each field's once."""

    def __init__(self, client: LoxoClient) -> None:
        self._client = client
        self._options: dict[tuple[str, str], dict[str, set[int]]] = {}
        self._lock = threading.Lock()

    def resolved(self, item_type: str, values: Mapping[str, Any]) -> dict[str, list[int]]:
        """The fields with hierarchies, each with the ids of its options.

        :raises Rejection: a name is not an option, or is the name of several.
        """
        return {
            name: [self._option(item_type, name, option) for option in options]
            for name, options in unresolved_options(values).items()
        }

    def _option(self, item_type: str, field: str, option: Any) -> int:
        value = option.get("id") if isinstance(option, Mapping) else option
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if not isinstance(value, str):
            raise Rejection(f"'{field}' holds something that is neither an option's id nor its name")
        found = self._names(item_type, field).get(value.strip().casefold(), set())
        if len(found) != 1:
            count = "no option" if not found else f"{len(found)} options"
            raise Rejection(f"'{field}' has {count} of that name in Loxo: take the option's id")
        return next(iter(found))

    def _names(self, item_type: str, field: str) -> dict[str, set[int]]:
        with self._lock:
            if (item_type, field) not in self._options:
                rows = self._client.page(ENDPOINTS["dynamic_fields"]).records
                wanted = [row for row in rows if row.get("key") == field and row.get("item_type") == item_type]
                if not wanted:
                    raise Rejection(f"the agency has no field '{field}' for this object")
                names: dict[str, set[int]] = {}
                page = self._client.page(
                    ENDPOINTS["dynamic_field_hierarchies"].of(wanted[0]),
                )
                for record in page.records:
                    for node in _nodes(record.get("hierarchies")):
                        names.setdefault(str(node.get("name", "")).strip().casefold(), set()).add(node["id"])
                self._options[item_type, field] = names
            return self._options[item_type, field]


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    for node in tree if isinstance(tree, list) else []:
        yield node
        yield from _nodes(node.get("hierarchies"))
