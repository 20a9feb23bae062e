"""One pace for all streams. Loxo publishes no limit, so it is found: faster until a 429, then slower.

Where the numbers come from: the only public client that spaces the starts of its requests sends 4 a second, and one
that sent 16 at once was refused nearly all of them; so we start there and rise with every answer. At a 429 we fall
just below what Loxo answered in the second before it, feel our way around that limit, and leave it quickly once it no
longer holds, as TCP's CUBIC does.
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

# Requests a second, and how many may be sent at once in the beginning.
START_RATE = 4.0
START_BURST = 2.0
MIN_RATE = 0.5
MAX_RATE = 200.0
# Where Loxo does not say how long to pause after a 429.
DEFAULT_PAUSE_SECONDS = 0.5
# Refused again after fewer answers than FEW, so many times in a row: then asking more slowly is not what helps.
FEW, VAIN_CUTS = 10, 3
# Longer than this a pause ends the stream: a platform's worker is not for sleeping in.
MAX_PAUSE_SECONDS = 300
# Nobody should wonder whether a pausing sync still lives.
REMINDER_SECONDS = 20.0


class RateLimiter:
    """A token bucket shared by all threads, whose rate follows Loxo's answers.

    :param clock: seconds that never go back.
    :param sleep: waits so many seconds.
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
        """The pace, in requests a second, that Loxo's limit allows if it was met, else the highest there is."""
        return min(self._limit, MAX_RATE)

    def wait_for_turn(self) -> None:
        """Returns when a request may be sent."""
        while seconds := self._seconds_to_wait():
            self._sleep(seconds)

    def learn(self, response: Response) -> None:
        """Takes an answer into account; a pause that Loxo asks for holds for all streams."""
        if response.status_code == 429:
            pause = retry_after(response)
            self._slow_down(DEFAULT_PAUSE_SECONDS if pause is None else min(pause, MAX_PAUSE_SECONDS))
        elif response.status_code < 400:
            self._speed_up()

    def _seconds_to_wait(self) -> float:
        """Takes a request from the budget and returns 0, or says when to ask again."""
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
        """Each answer allows so many more a second: 2 at first, 0.01 near a limit, 0.5 beyond it."""
        with self._lock:
            self._answered.append(self._clock())
            self._since_cut += 1
            step = 2.0 if self._limit == math.inf else 0.01 if self.rate < 1.05 * self._limit else 0.5
            self.rate = min(MAX_RATE, self.rate + step)

    def _slow_down(self, pause: float) -> None:
        """One cut for the whole burst that met the limit."""
        with self._lock:
            now = self._clock()
            if now >= self._paused_until:
                self._cut(now)
                self._reminded_at = now
                logger.info(f"Loxo throttles: all streams wait {pause:.1f} s, then {self.rate:.1f} requests a second.")
            self._paused_until = max(self._paused_until, now + pause)
            self._tokens, self._filled_at = 0.0, self._paused_until

    def _cut(self, now: float) -> None:
        # The limit of an account is no lower for being asked slowly: these refusals have another reason.
        self._vain_cuts = self._vain_cuts + 1 if self._since_cut < FEW else 0
        self._since_cut = 0
        if self._vain_cuts >= VAIN_CUTS:
            self._vain_cuts, self._limit, self.rate = 0, math.inf, max(self.rate, START_RATE)
            return
        in_the_last_second = sum(answered > now - 1 for answered in self._answered)
        # Few answers are no reason to crawl while that second is not over yet, or where an older throttle just ends.
        floor = self.rate / (8 if now - self._paused_until >= 1 else 2)
        self._limit = min(self.rate, max(MIN_RATE, floor, in_the_last_second))
        self.rate = max(MIN_RATE, 0.9 * self._limit)


def retry_after(response: Response) -> float | None:
    """Seconds that Loxo asks to wait, from a number or an HTTP date; None if it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            # By the server's own clock, where it tells: ours may be an hour off.
            until, now = _http_seconds(value), response.headers.get("Date")
            seconds = until - (_http_seconds(now) if now else time.time())
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _http_seconds(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp()
