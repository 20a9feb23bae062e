"""The rate limit, the Retry-After header, and faults that strike a random share of requests."""

from __future__ import annotations

import time
from collections import deque
from email.utils import formatdate

from ..hashing import hash64
from ..settings import DOWNLOAD_FAULT_KINDS, FAULT_KINDS, Settings
from ..timestamps import now_ms

MAX_CONSECUTIVE_FAULTS = 2  # for one URL, so that three attempts of any client are enough


class RateLimiter:
    """Allows at most `rate_limit` requests in any one second."""

    def __init__(self) -> None:
        self.recent: deque[float] = deque()

    def is_exceeded(self, settings: Settings) -> bool:
        if not settings.rate_limit:
            return False
        now = time.monotonic()
        while self.recent and self.recent[0] <= now - 1:
            self.recent.popleft()
        if len(self.recent) >= settings.rate_limit:
            return True
        self.recent.append(now)
        return False


def retry_after_header(settings: Settings) -> dict[str, str]:
    """Return the header in the form that is set; loxo-cli reads seconds and HTTP dates, Loxo's form is not known."""
    if settings.retry_after == "seconds":
        return {"Retry-After": f"{settings.retry_after_value:g}"}
    if settings.retry_after == "unusable":
        return {"Retry-After": "soon"}
    if settings.retry_after == "date":
        return {"Retry-After": formatdate(now_ms() / 1000 + settings.retry_after_value, usegmt=True)}
    return {}


class RandomFaults:
    """Selects a fault by the number of the request, so that equal runs have equal faults."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.consecutive: dict[str, int] = {}  # by URL

    def choose(
        self, settings: Settings, request_number: int, path: str, url: str, is_download: bool = False
    ) -> str | None:
        if settings.fault_paths and path not in settings.fault_paths:
            return None
        position = hash64(self.seed * 65_537 + request_number) / (1 << 64)
        has_own = is_download and settings.download_faults
        shares = settings.download_faults if has_own else settings.faults
        for kind in DOWNLOAD_FAULT_KINDS if has_own else FAULT_KINDS:
            position -= shares.get(kind, 0)
            if position < 0:
                return self._limit_consecutive(kind, url)
        self.consecutive.pop(url, None)
        return None

    def _limit_consecutive(self, kind: str, url: str) -> str | None:
        if kind == "slow":
            return kind
        count = self.consecutive.get(url, 0)
        if count >= MAX_CONSECUTIVE_FAULTS:
            self.consecutive.pop(url)
            return None
        self.consecutive[url] = count + 1
        return kind
