"""A short burst that stops at the first 429. Only if the user asks for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from loxo_api.http_messages import Request
from loxo_api.transport import NO_RESPONSE
from loxoctl.doctor import points
from loxoctl.doctor.context import ACCOUNT, Context

# A short list without personal data.
PATH = "currencies"
# Requests in one second of a step; each step is faster, and a step without a 429 is followed by the next one.
STEPS = (5, 10, 20, 40)
WORKERS = 8


def check_rate(context: Context) -> None:
    """Adds the pace, in requests a second, at which no request was refused, and that at which one was."""
    allowed = 0.0
    for step in STEPS:
        pace, end = _step(context, step)
        if end:
            context.findings.add(ACCOUNT, points.RATE, f"{_rounded(allowed)}, {end} at {_rounded(pace)} a second", "")
            return
        allowed = max(allowed, pace)
    context.findings.add(ACCOUNT, points.RATE, f"{_rounded(allowed)}, no 429 up to there", "")


def _step(context: Context, requests: int) -> tuple[float, str]:
    """Sends a number of requests within a second.

    Returns the pace, and the response that ended the step or an empty text.
    """
    began = time.monotonic()
    ends: list[str] = []

    def send(number: int) -> None:
        time.sleep(max(0.0, began + number / requests - time.monotonic()))
        if ends:
            return
        try:
            if context.survey.wire.send_now(Request("GET", PATH)).status_code == 429:
                ends.append("429")
        except NO_RESPONSE:
            ends.append("no complete answer")

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(send, range(requests)))
    return requests / max(1.0, time.monotonic() - began), ends[0] if ends else ""


def _rounded(pace: float) -> str:
    return f"{pace:.0f}"
