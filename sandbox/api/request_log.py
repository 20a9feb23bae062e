"""Counts and logs requests, for tests that check the requests of a client."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

MAX_ENTRIES = 20_000


class RequestLog:
    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        self.total, self.max_in_flight = 0, self.in_flight
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.entries: deque[list[Any]] = deque(maxlen=MAX_ENTRIES)

    def start_request(self) -> None:
        self.total += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end_request(self, path: str, query: str, status: str) -> None:
        self.in_flight -= 1
        self.by_path[path] += 1
        self.by_status[status] += 1
        self.entries.append([f"{path}?{query}" if query else path, status])

    def as_dict(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "by_path": dict(self.by_path),
            "by_status": dict(self.by_status),
            "max_in_flight": self.max_in_flight,
            "log": list(self.entries),
        }
