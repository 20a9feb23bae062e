"""One request rate for all streams. Loxo publishes no limit, so the rate rises until a 429 and then falls.

The source of the numbers: the only public client that spaces its requests sends 4 a second, and most requests of a
client that sent 16 at once were refused. So the rate starts at 4 and rises with each response. At a 429 it falls to the
number of responses in the second before, and from then on no second has more requests than that. Each 429 costs a
pause, so a higher rate is tried only after a calm minute, and after twice the time when the same limit is met again.
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
# By how much each response raises the rate until a limit is known.
RATE_STEP = 2.0
# Seconds without a 429 before a higher rate is tried, and the longest; fewer where few responses showed the limit.
CALM_SECONDS, LONGEST_CALM_SECONDS, SHORT_CALM_SECONDS = 60.0, 240.0, 10.0
# The share of the shortest response time that a response needs, at least, for its way back; and the seconds that a
# request needs, at most, to reach Loxo.
WAY_BACK, WAY_THERE_SECONDS = 0.8, 0.2
# How often a request that waits for the window looks again, because responses show earlier arrivals.
LOOK_SECONDS = 0.02
# The pause after a 429 without a usable Retry-After.
DEFAULT_PAUSE_SECONDS = 0.5
# After VAIN_CUTS cuts in a row with fewer than FEW responses between them, a lower rate does not help.
FEW, VAIN_CUTS = 10, 3
# A longer pause ends the stream, because a platform's worker must not sleep for hours.
MAX_PAUSE_SECONDS = 300
# How often a pausing sync reports that it is alive.
REMINDER_SECONDS = 20.0


class Turn:
    """The turn of one request. Until `until`, it counts in the second in which it reached Loxo."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = 0.0


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
        # Held by the thread that waits for the next turn: if all of them slept, each turn would wake every one.
        self._queue = threading.Lock()
        self._tokens = START_BURST
        self._filled_at = clock()
        self._paused_until = self._filled_at  # also when the last pause ended
        self._reminded_at = self._filled_at
        self._limit = math.inf
        self._calm = SHORT_CALM_SECONDS
        self._turns: list[Turn] = []
        self._latency = math.inf
        self._since_cut = FEW  # answers
        self._vain_cuts = 0
        self._answered: deque[float] = deque(maxlen=int(MAX_RATE))  # when they arrived

    @property
    def highest(self) -> float:
        """The limit in requests per second if a 429 showed one, else the maximum rate."""
        return min(self._limit, MAX_RATE)

    def wait_for_turn(self) -> Turn:
        """Returns when a request may be sent."""
        turn = Turn()
        with self._queue:
            while seconds := self._seconds_to_wait(turn):
                self._sleep(seconds)
        return turn

    def learn(self, response: Response, turn: Turn) -> None:
        """Adapts the rate to the response to the request of a turn. A pause that Loxo requests applies to all streams.

        A request without a response needs no call.
        """
        arrived = self._arrival(response.seconds, turn)
        if response.status_code == 429:
            pause = retry_after(response)
            self._slow_down(DEFAULT_PAUSE_SECONDS if pause is None else min(pause, MAX_PAUSE_SECONDS), arrived)
        elif response.status_code < 400:
            self._speed_up(arrived)

    def _seconds_to_wait(self, turn: Turn) -> float:
        """Takes a token for a turn and returns 0, or returns the seconds until the next try."""
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
            self._turns = [each for each in self._turns if each.until > now]
            if self._limit < math.inf and len(self._turns) >= max(1, int(self._limit)):
                return max(0.001, min(LOOK_SECONDS, min(each.until for each in self._turns) - now))
            self._tokens -= 1
            turn.until = now + WAY_THERE_SECONDS + 1
            self._turns.append(turn)
            return 0.0

    def _arrival(self, seconds: float, turn: Turn) -> float:
        """When the request of a response reached Loxo at the latest: the way back takes a share of the time."""
        with self._lock:
            self._latency = min(self._latency, seconds)
            arrived = self._clock() - WAY_BACK * self._latency
            turn.until = min(turn.until, arrived + 1)
            return arrived

    def _speed_up(self, arrived: float) -> None:
        """Each response raises the rate until a limit is known, and slowly beyond a limit after a calm time."""
        with self._lock:
            now = self._clock()
            self._answered.append(arrived)
            self._since_cut += 1
            if self._limit == math.inf:
                self.rate = min(MAX_RATE, self.rate + RATE_STEP)
            elif now < self._paused_until:  # it was accepted beside the request that was refused
                self._limit = self.rate = max(self._limit, self._accepted(arrived))
            elif now > self._paused_until + self._calm:
                self._limit = self.rate = min(MAX_RATE, self._limit + 0.2)

    def _accepted(self, until: float) -> float:
        """How many requests Loxo has accepted in the second before this time."""
        return sum(until - 1 < arrived <= until for arrived in self._answered)

    def _slow_down(self, pause: float, arrived: float) -> None:
        """Cuts the rate once for a burst of refusals."""
        with self._lock:
            now = self._clock()
            if now >= self._paused_until:
                self._cut(now, arrived)
                self._reminded_at = now
                logger.info(f"Loxo throttles: all streams wait {pause:.1f} s, then {self.rate:.1f} requests a second.")
            self._paused_until = max(self._paused_until, now + pause)
            self._tokens, self._filled_at = 0.0, self._paused_until

    def _cut(self, now: float, arrived: float) -> None:
        # An account's limit does not fall because requests are slow, so these refusals have another reason.
        self._vain_cuts = self._vain_cuts + 1 if self._since_cut < FEW else 0
        self._since_cut = 0
        if self._vain_cuts >= VAIN_CUTS:
            self._vain_cuts, self._limit, self.rate = 0, math.inf, max(self.rate, START_RATE)
            return
        accepted = self._accepted(arrived)
        is_seen = accepted > FEW
        # Few responses do not justify a very low rate within a second after a pause.
        floor = self.rate / (8 if is_seen or now - self._paused_until >= 1 else 2)
        before, self._limit = self._limit, min(self.rate, max(MIN_RATE, floor, accepted))
        is_trial = now > self._paused_until + self._calm
        if is_trial and 0.7 * before < self._limit < 1.3 * before:
            self._calm = min(LONGEST_CALM_SECONDS, 2 * self._calm)
        elif is_trial or before == math.inf:
            self._calm = CALM_SECONDS if is_seen else SHORT_CALM_SECONDS
        self.rate = self._limit


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
