"""What goes wrong between a client and a server: bursts refused, errors, cut and broken bodies."""

from __future__ import annotations

import time
from collections import deque
from email.utils import formatdate

from .clock import mix, now_ms
from .settings import FAULTS, Settings

IN_A_ROW = 2  # one URL never fails more often than this, so any client that retries three times gets through


class RateLimit:
    """At most `rate_limit` requests in any one second."""

    def __init__(self) -> None:
        self.recent: deque[float] = deque()

    def exceeded(self, settings: Settings) -> bool:
        if not settings.rate_limit:
            return False
        now = time.monotonic()
        while self.recent and self.recent[0] <= now - 1:
            self.recent.popleft()
        if len(self.recent) >= settings.rate_limit:
            return True
        self.recent.append(now)
        return False


def retry_after(settings: Settings) -> dict[str, str]:
    """loxo-cli reads seconds and HTTP dates; whether Loxo sends either is unknown."""
    if settings.retry_after == "seconds":
        return {"Retry-After": f"{settings.retry_after_value:g}"}
    if settings.retry_after == "unusable":
        return {"Retry-After": "soon"}
    if settings.retry_after == "date":
        return {"Retry-After": formatdate(now_ms() / 1000 + settings.retry_after_value, usegmt=True)}
    return {}


class Faults:
    """Chooses a fault by request number, so the same run fails in the same places."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rows: dict[str, int] = {}

    def choose(self, settings: Settings, request_number: int, path: str, url: str) -> str | None:
        if settings.fault_paths and path not in settings.fault_paths:
            return None
        chance = mix(self.seed * 65_537 + request_number) / (1 << 64)
        for name in FAULTS:
            chance -= settings.faults.get(name, 0)
            if chance < 0:
                return self._allowed(name, url)
        self.rows.pop(url, None)
        return None

    def _allowed(self, name: str, url: str) -> str | None:
        if name == "slow":
            return name
        failed = self.rows.get(url, 0)
        if failed >= IN_A_ROW:
            self.rows.pop(url)
            return None
        self.rows[url] = failed + 1
        return name
