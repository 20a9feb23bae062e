"""The rate: it finds the limit, shares every pause, and never stops for ever. Time here is a variable."""

import email.utils
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from loxo_api import rate_limiter as rate
from loxo_api.http_messages import Response
from loxo_api.rate_limiter import RateLimiter, Turn, retry_after


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def answer(status: int, retry: str | None = None, **headers: str) -> Response:
    return Response(status, {**({} if retry is None else {"Retry-After": retry}), **headers}, b"", 0.0)


def paced(seconds: Time) -> RateLimiter:
    return RateLimiter(clock=lambda: seconds.now, sleep=seconds.sleep)


def test_the_start_rate_is_that_of_a_public_client() -> None:
    seconds = Time()
    pace = paced(seconds)
    sent = 0
    while seconds.now < 1:
        pace.wait_for_turn()
        sent += 1
    assert sent <= rate.START_RATE + rate.START_BURST + 1


def test_one_thread_at_a_time_waits_for_the_clock() -> None:
    seconds, sleepers, most, lock = Time(), 0, 0, threading.Lock()

    def sleep(length: float) -> None:
        nonlocal sleepers, most
        with lock:
            sleepers += 1
            most = max(most, sleepers)
        time.sleep(0.001)
        with lock:
            sleepers -= 1
            seconds.sleep(length)

    pace = RateLimiter(clock=lambda: seconds.now, sleep=sleep)
    with ThreadPoolExecutor(10) as pool:
        turns = list(pool.map(lambda _: pace.wait_for_turn(), range(60)))
    assert (len(turns), most) == (60, 1)


def sent_and_refused(pace: RateLimiter, seconds: Time, allowed: int, until: float) -> tuple[int, int]:
    """The result of sending as fast as the rate allows, if so many requests in any one second succeed."""
    recent: list[float] = []
    sent = refused = 0
    while seconds.now < until:
        turn = pace.wait_for_turn()
        sent += 1
        recent = [moment for moment in recent if moment > seconds.now - 1]
        if len(recent) >= allowed:
            refused += 1
            pace.learn(answer(429), turn)
        else:
            recent.append(seconds.now)
            pace.learn(answer(200), turn)
    return sent, refused


@pytest.mark.parametrize("allowed", [2, 10, 40])
def test_it_settles_near_the_limit_with_few_refusals(allowed: int) -> None:
    seconds = Time()
    sent, refused = sent_and_refused(paced(seconds), seconds, allowed, until=120)
    assert sent - refused >= 0.8 * allowed * 120
    assert refused <= 0.06 * sent


def test_the_rate_rises_when_the_limit_ends() -> None:
    seconds = Time()
    pace = paced(seconds)
    sent_and_refused(pace, seconds, allowed=5, until=60)
    sent_and_refused(pace, seconds, allowed=50, until=120)
    sent, refused = sent_and_refused(pace, seconds, allowed=50, until=180)
    assert sent - refused >= 0.8 * 50 * 60


def test_a_requested_pause_is_obeyed() -> None:
    seconds = Time()
    pace = paced(seconds)
    pace.learn(answer(429, "30"), Turn())
    pace.wait_for_turn()
    assert 30 <= seconds.now < 33


def test_a_burst_of_refusals_cuts_the_pace_once() -> None:
    pace = paced(Time())
    for status in [200] * 10 + [429] * 16:
        pace.learn(answer(status), Turn())
    assert pace.rate == pytest.approx((rate.START_RATE + 2 * 10) / 2)


def test_a_429_at_the_start_does_not_keep_the_rate_low() -> None:
    seconds = Time()
    pace = paced(seconds)
    pace.learn(answer(429, "60"), pace.wait_for_turn())
    sent_and_refused(pace, seconds, allowed=20, until=65)
    assert pace.rate > 1.5


def seconds_for(answered: int, refused: Callable[[int], bool]) -> float:
    """The time until so many requests succeed, if Loxo refuses some without a usable pause."""
    seconds = Time()
    pace = paced(seconds)
    sent = 0
    while answered:
        turn = pace.wait_for_turn()
        seconds.sleep(0.02)
        sent += 1
        answered -= not refused(sent)
        pace.learn(answer(429, "soon") if refused(sent) else answer(200), turn)
    return seconds.now


def test_refusals_unrelated_to_the_rate_do_not_keep_it_low() -> None:
    assert seconds_for(53, lambda sent: sent % 5 == 0) < 30
    assert seconds_for(500, lambda sent: sent % 5 == 0) < 300


def test_one_refusal_without_a_usable_pause_is_soon_forgotten() -> None:
    calm = seconds_for(300, lambda sent: False)
    assert seconds_for(300, lambda sent: sent == 3) < calm + 25


def test_the_highest_pace_is_the_limit_that_was_met() -> None:
    seconds = Time()
    pace = paced(seconds)
    assert pace.highest == rate.MAX_RATE
    sent_and_refused(pace, seconds, allowed=10, until=60)
    assert 8 <= pace.highest <= 12


def test_a_long_pause_is_logged_repeatedly(caplog: pytest.LogCaptureFixture) -> None:
    seconds = Time()
    pace = paced(seconds)
    caplog.set_level("INFO", "airbyte")
    pace.learn(answer(429, "100"), Turn())
    pace.wait_for_turn()
    assert len([record for record in caplog.records if "Waiting" in record.message]) >= 3


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "Mon, 99 Foo 2026"])
def test_an_unusable_retry_after_is_ignored(value: str) -> None:
    assert retry_after(answer(429, value)) is None


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after(answer(429, "12")) == 12
    assert retry_after(answer(429, "-5")) == 0
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 55 <= (retry_after(answer(429, date)) or 0) <= 61


def test_a_retry_after_date_uses_the_clock_of_the_server() -> None:
    refused = answer(429, "Sun, 22 Nov 2026 10:00:30 GMT", Date="Sun, 22 Nov 2026 10:00:00 GMT")
    assert retry_after(refused) == 30
