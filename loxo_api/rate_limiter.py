"""One request rate for all streams. Loxo publishes no limit, so the rate rises until a 429 and then falls.

The source of the numbers: the only public client that spaces its requests sends 4 a second, and most requests of a
client that sent 16 at once were refused. So the rate starts at 4 and rises with each response. At a 429 it falls just
below the number of responses in the second before, approaches that limit slowly, and leaves it quickly once the limit
no longer holds, as TCP CUBIC does.
"""

from __future__ import annotations

import email.utils
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable

from loxo_api.http_messages import Response

logger = logging.getLogger("airbyte")

# Requests per second, and the size of the first burst.
START_RATE = 4.0
START_BURST = 2.0
MIN_RATE = 0.5
MAX_RATE = 200.0
# The pause after a 429 without a usable Retry-After.
DEFAULT_PAUSE_SECONDS = 0.5
# After VAIN_CUTS cuts in a row with fewer than FEW responses between them, a lower rate does not help.
FEW, VAIN_CUTS = 10, 3
# A longer pause ends the stream, because a platform's worker must not sleep for hours.
MAX_PAUSE_SECONDS = 300
# How often a pausing sync reports that it is alive.
REMINDER_SECONDS = 20.0


class RateLimiter:
    """A token bucket shared by all threads, whose rate follows the responses.

    :param clock: returns monotonic seconds.
    :param sleep: waits for a number of seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.rate = START_RATE
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = START_BURST
        self._filled_at = clock()
        self._paused_until = self._filled_at  # also when the last pause ended
        self._reminded_at = self._filled_at
        self._limit = math.inf
        self._since_cut = FEW  # answers
        self._vain_cuts = 0
        self._answered: deque[float] = deque(maxlen=int(MAX_RATE))  # when

    @property
    def highest(self) -> float:
        """The limit in requests per second if a 429 showed one, else the maximum rate."""
        return min(self._limit, MAX_RATE)

    def wait_for_turn(self) -> None:
        """Returns when a request may be sent."""
        while seconds := self._seconds_to_wait():
            self._sleep(seconds)

    def learn(self, response: Response) -> None:
        """Adapts the rate to a response. A pause that Loxo asks for applies to all streams."""
        if response.status_code == 429:
            pause = retry_after(response)
            self._slow_down(DEFAULT_PAUSE_SECONDS if pause is None else min(pause, MAX_PAUSE_SECONDS))
        elif response.status_code < 400:
            self._speed_up()

    def _seconds_to_wait(self) -> float:
        """Takes a token and returns 0, or returns the seconds until the next try."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                if now - self._reminded_at >= REMINDER_SECONDS:
                    self._reminded_at = now
                    logger.info(f"Waiting for Loxo's throttle to end: {self._paused_until - now:.0f} s to go.")
                return min(self._paused_until - now, REMINDER_SECONDS)
            self._tokens = min(max(1.0, self.rate), self._tokens + (now - self._filled_at) * self.rate)
            self._filled_at = now
            if self._tokens < 1:
                return max(0.001, (1 - self._tokens) / self.rate)
            self._tokens -= 1
            return 0.0

    def _speed_up(self) -> None:
        """Each response raises the rate: by 2 at first, by 0.01 near a limit, by 0.5 beyond it."""
        with self._lock:
            self._answered.append(self._clock())
            self._since_cut += 1
            step = 2.0 if self._limit == math.inf else 0.01 if self.rate < 1.05 * self._limit else 0.5
            self.rate = min(MAX_RATE, self.rate + step)

    def _slow_down(self, pause: float) -> None:
        """Cuts the rate once for a burst of refusals."""
        with self._lock:
            now = self._clock()
            if now >= self._paused_until:
                self._cut(now)
                self._reminded_at = now
                logger.info(f"Loxo throttles: all streams wait {pause:.1f} s, then {self.rate:.1f} requests a second.")
            self._paused_until = max(self._paused_until, now + pause)
            self._tokens, self._filled_at = 0.0, self._paused_until

    def _cut(self, now: float) -> None:
        # An account's limit does not fall because requests are slow, so these refusals have another reason.
        self._vain_cuts = self._vain_cuts + 1 if self._since_cut < FEW else 0
        self._since_cut = 0
        if self._vain_cuts >= VAIN_CUTS:
            self._vain_cuts, self._limit, self.rate = 0, math.inf, max(self.rate, START_RATE)
            return
        in_the_last_second = sum(answered > now - 1 for answered in self._answered)
        # Few responses do not justify a very low rate within a second after a pause.
        floor = self.rate / (8 if now - self._paused_until >= 1 else 2)
        self._limit = min(self.rate, max(MIN_RATE, floor, in_the_last_second))
        self.rate = max(MIN_RATE, 0.9 * self._limit)


def retry_after(response: Response) -> float | None:
    """The seconds in a Retry-After header, given as a number or an HTTP date; None without a usable value."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            # By the server's clock if the response has a Date, because ours may be an hour off.
            until, now = _http_seconds(value), response.headers.get("Date")
            seconds = until - (_http_seconds(now) if now else time.time())
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _http_seconds(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp()
