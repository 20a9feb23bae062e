"""The plainest possible reader of the public API, for tests of the sandbox itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from sandbox.process import Sandbox

# The account that the tests of the sandbox read.
SIZES = {"people": 430, "jobs": 60, "companies": 70, "events": 700, "deals": 30, "seed": 3}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


class Client:
    """One GET per call; nothing is retried or hidden."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    def raw(self, path: str, key: str | None = None, slug: str | None = None, /, **params: Any) -> tuple[int, Any, Any]:
        query = urllib.parse.urlencode(params, doseq=True)
        request = urllib.request.Request(f"{self.box.url}/api/{slug or self.box.agency_slug}/{path}?{query}")
        request.add_header("Authorization", f"Bearer {key or self.box.api_key}")
        try:
            with DIRECT.open(request) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path: str, /, **params: Any) -> tuple[int, Any]:
        status, _, body = self.raw(path, **params)
        return status, json.loads(body)

    def page(self, path: str, /, **params: Any) -> Any:
        status, body = self.get(path, **params)
        assert status == 200, body
        return body

    def walk(self, path: str, key: str, /, **params: Any) -> list[Any]:
        """A scrolled list to its end: an empty page or no cursor."""
        rows: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.page(path, **params, **cursor)
            rows += page[key]
            if not page[key] or not page.get("scroll_id"):
                return rows
            cursor = {"scroll_id": page["scroll_id"]}
