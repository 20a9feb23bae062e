"""A minimal client of Loxo's API, for tests of the sandbox itself."""

from __future__ import annotations

import calendar
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from sandbox.api.endpoints import ENDPOINTS
from sandbox.process import Sandbox

# The sizes of the agency that the tests of the sandbox read.
SIZES = {"people": 430, "jobs": 60, "companies": 70, "events": 700, "deals": 30, "seed": 3}
# The paths of all lists that are not below another record.
LIST_PATHS = [path for path, endpoint in ENDPOINTS.items() if endpoint.kind == "list" and "{" not in path]

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def seconds(timestamp: str) -> int:
    """Return the seconds since 1970 of the digits of a timestamp, without its time zone."""
    return calendar.timegm(time.strptime(timestamp[:19], "%Y-%m-%dT%H:%M:%S"))


def ids(records: list[Any]) -> list[int]:
    return [record["id"] for record in records]


class Client:
    """Sends one GET request per call, without retries."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def response(
        self, path: str, api_key: str | None = None, slug: str | None = None, /, **params: Any
    ) -> tuple[int, Any, bytes]:
        """Return status, headers and body."""
        query = urllib.parse.urlencode(params, doseq=True)
        url = f"{self.sandbox.url}/api/{slug or self.sandbox.agency_slug}/{path}?{query}"
        headers = {"Authorization": f"Bearer {api_key or self.sandbox.api_key}"}
        try:
            with _OPENER.open(urllib.request.Request(url, headers=headers)) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def status(self, path: str, /, **params: Any) -> int:
        return self.response(path, **params)[0]

    def get(self, path: str, /, **params: Any) -> tuple[int, Any]:
        """Return the status and the decoded body."""
        status, _, body = self.response(path, **params)
        return status, json.loads(body)

    def page(self, path: str, /, **params: Any) -> Any:
        """Return the decoded body of a response with status 200."""
        status, body = self.get(path, **params)
        assert status == 200, body
        return body

    def scroll(self, path: str, records_key: str, /, **params: Any) -> list[Any]:
        """Return all records of a list with `scroll_id`: up to an empty page or one without a cursor."""
        records: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.page(path, **params, **cursor)
            records += page[records_key]
            if not page[records_key] or not page.get("scroll_id"):
                return records
            cursor = {"scroll_id": page["scroll_id"]}
