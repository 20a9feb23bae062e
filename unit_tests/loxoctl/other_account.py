"""A second stand-in of Loxo, with the same rules as the sandbox and nothing else in common.

Every text, number and key in its records is invented here and nowhere else, so a trace of one in a report is a leak.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.http_messages import Request, Response
from loxoctl.lists import known_endpoint

CONFIG = {"domain": "quokka.loxo.example", "agency_slug": "quokka-partners", "api_key": "only-for-this-test"}
PAGE, ROWS = 20, 47
FIRST_ID = 8_675_309
# Texts that could leak into a report: names of fields too can contain a user's data.
PRIVATE_KEYS = ("Quokka Wombat", "quokka@wombat.example", "+49 30 8675309", "quokka8675309")
EXTRA = {"quokka_score": 8_675_309.5, **dict.fromkeys(PRIVATE_KEYS, "quokka")}


class OtherAccount:
    """Responds like Loxo: bare lists, position cursors, page numbers, 422 for undeclared parameters.

    :param refused: parameters that this account refuses, by object, although they are declared.
    """

    def __init__(self, refused: Mapping[str, str] = MappingProxyType({})) -> None:
        self.requests: list[Request] = []
        self._refused = refused

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        endpoint = known_endpoint(request.path)
        if endpoint is None:
            return _response({"status": 404, "error": "Not Found: quokka"}, 404)
        params = dict(request.params or {})
        if "scroll_id" in params and not re.fullmatch(r"(5B)(3\d)+5D", params["scroll_id"], re.IGNORECASE):
            return _response({"errors": ["Invalid scroll_id"]}, 400)
        if unknown := sorted(set(params) - (declared(endpoint) - {self._refused.get(endpoint.name)})):
            return _response({"errors": [f"Invalid parameters: [:{', :'.join(unknown)}] quokka"]}, 422)
        return _response(_document(endpoint, params, request.path))


Change = Callable[[Request, Any], Any]


class ChangedAccount(OtherAccount):
    """The same account with other responses.

    :param change: returns the document instead of this one, or a whole response, or raises.
    """

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def send(self, request: Request) -> Response:
        response = super().send(request)
        changed = self._change(request, json.loads(response.body))
        return changed if isinstance(changed, Response) else response._replace(body=json.dumps(changed).encode())


def rows_of(document: Any) -> list[dict[str, Any]]:
    """The records in a response, to be changed in place."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or "errors" in document:
        return []
    return next((value for value in document.values() if isinstance(value, list)), [document])


def declared(endpoint: Endpoint) -> set[str]:
    """The parameters that an endpoint takes."""
    found = {*endpoint.filters, *(name for name, _ in endpoint.splits)}
    found |= {endpoint.steady_sort, endpoint.newest_first_sort, endpoint.created_after, endpoint.created_before}
    found |= {"query"} if endpoint.query else set()
    found |= {"per_page"} if endpoint.per_page else set()
    position = {Paging.SCROLL: "scroll_id", Paging.PAGE: "page", Paging.AFTER_ID: "after_id"}.get(endpoint.paging, "")
    return found | {position} | ({"workflow_id"} if endpoint.name == "workflow_stages" else set())


def _response(document: Any, status: int = 200) -> Response:
    headers = {"Content-Type": "application/json", "Date": "Mon, 02 Nov 2026 10:00:00 GMT", "X-Quokka": "wombat"}
    return Response(status, headers, json.dumps(document).encode(), 0.01)


def records(endpoint: Endpoint) -> list[dict[str, Any]]:
    # The list people is the longest, and the only one of its length: equal counts look like a cap.
    others = PAGE + 1 + list(ENDPOINTS).index(endpoint.name) % (ROWS - PAGE - 1)
    count = 3 if not endpoint.counted else ROWS if endpoint.name == "people" else others
    return [
        {
            "id": FIRST_ID + number,
            "name": f"Quokka Wombat {number}",
            "key": "moved_to_quokka",
            "created_at": f"2019-03-{number % 27 + 1:02}T07:{number:02}:13.379Z",
            "updated_at": f"2020-04-{number % 27 + 1:02}T08:{number:02}:14.731Z",
            "custom_text_86753": "quokka secret",
            "item_type": "Quokka",
            "workflow_id": FIRST_ID,
            "status": {"id": 86_753, "name": "Quokka open"},
            **EXTRA,
        }
        for number in range(count, 0, -1)
    ]


def _document(endpoint: Endpoint, params: dict[str, Any], path: str) -> Any:
    if endpoint.paging is Paging.RECORD:
        gone = path.endswith("/0")
        return None if gone else records(ENDPOINTS[endpoint.parent])[0]
    rows = list(_chosen(endpoint, params))
    size = min(100, int(params.get("per_page", PAGE)))
    if endpoint.paging is Paging.SCROLL:
        return _scrolled(endpoint, rows, params, size)
    if endpoint.paging is Paging.PAGE:
        first = (int(params.get("page", 1)) - 1) * size
        counters = {"current_page": first // size + 1, "total_pages": -(-len(rows) // size), "per_page": size}
        return {**counters, "total_count": len(rows), endpoint.records_keys[0]: rows[first : first + size]}
    if endpoint.paging is Paging.AFTER_ID:
        rows = [row for row in rows if row["id"] > int(params.get("after_id", 0))]
    return {endpoint.records_keys[0]: rows} if endpoint.records_keys and not endpoint.bare_allowed else rows


def _chosen(endpoint: Endpoint, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows within the declared date filters, in the requested order. `query` is ignored."""
    rows = records(endpoint)
    for name in (endpoint.steady_sort, endpoint.newest_first_sort):
        if name and name in params:
            rows.sort(key=lambda row: row[name.removesuffix("_sort")], reverse=params[name] == "desc")
            break
    low, high = params.get(endpoint.created_after, ""), params.get(endpoint.created_before, "9")
    return (row for row in rows if low <= row["created_at"] <= high)


def _scrolled(endpoint: Endpoint, rows: list[dict[str, Any]], params: dict[str, Any], size: int) -> Any:
    first = int(bytes.fromhex(params["scroll_id"]).decode().strip("[]") or 0) if "scroll_id" in params else 0
    page = rows[first : first + size]
    cursor = f"[{first + len(page)}]".encode().hex() if page else None
    return {"scroll_id": cursor, "total_count": len(rows), endpoint.records_keys[0]: page}
