"""The pace: it finds the limit, shares every pause, and never stands still for ever. Time here is a variable."""

import email.utils
import time
from collections.abc import Callable

import pytest

from loxo_api import rate_limiter as rate
from loxo_api.http_messages import Response
from loxo_api.rate_limiter import RateLimiter, retry_after


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def answer(status: int, retry: str | None = None, **headers: str) -> Response:
    return Response(status, {**({} if retry is None else {"Retry-After": retry}), **headers}, b"", 0.0)


def paced(seconds: Time) -> RateLimiter:
    return RateLimiter(clock=lambda: seconds.now, sleep=seconds.sleep)


def test_the_start_is_no_faster_than_public_clients_are_known_to_go() -> None:
    seconds = Time()
    pace = paced(seconds)
    sent = 0
    while seconds.now < 1:
        pace.wait_for_turn()
        sent += 1
    assert sent <= rate.START_RATE + rate.START_BURST + 1


def sent_and_refused(pace: RateLimiter, seconds: Time, allowed: int, until: float) -> tuple[int, int]:
    """What comes of asking as fast as the pace lets, where so many requests in any one second are answered."""
    recent: list[float] = []
    sent = refused = 0
    while seconds.now < until:
        pace.wait_for_turn()
        sent += 1
        recent = [moment for moment in recent if moment > seconds.now - 1]
        if len(recent) >= allowed:
            refused += 1
            pace.learn(answer(429))
        else:
            recent.append(seconds.now)
            pace.learn(answer(200))
    return sent, refused


@pytest.mark.parametrize("allowed", [2, 10, 40])
def test_it_settles_near_the_limit_with_few_refusals(allowed: int) -> None:
    seconds = Time()
    sent, refused = sent_and_refused(paced(seconds), seconds, allowed, until=120)
    assert sent - refused >= 0.8 * allowed * 120
    assert refused <= 0.06 * sent


def test_a_limit_that_no_longer_holds_is_left() -> None:
    seconds = Time()
    pace = paced(seconds)
    sent_and_refused(pace, seconds, allowed=5, until=60)
    sent_and_refused(pace, seconds, allowed=50, until=120)
    sent, refused = sent_and_refused(pace, seconds, allowed=50, until=180)
    assert sent - refused >= 0.8 * 50 * 60


def test_a_pause_that_loxo_asks_for_is_kept() -> None:
    seconds = Time()
    pace = paced(seconds)
    pace.learn(answer(429, "30"))
    pace.wait_for_turn()
    assert 30 <= seconds.now < 33


def test_a_burst_of_refusals_cuts_the_pace_once() -> None:
    pace = paced(Time())
    for status in [200] * 10 + [429] * 16:
        pace.learn(answer(status))
    assert pace.rate == pytest.approx((rate.START_RATE + 2 * 10) / 2)


def test_a_throttle_met_at_the_first_request_is_no_reason_to_crawl_after_it() -> None:
    seconds = Time()
    pace = paced(seconds)
    pace.wait_for_turn()
    pace.learn(answer(429, "60"))
    sent_and_refused(pace, seconds, allowed=20, until=65)
    assert pace.rate > 1.5


def seconds_for(answered: int, refused: Callable[[int], bool]) -> float:
    """How long it takes until so many requests are answered, where Loxo refuses some without a usable pause."""
    seconds = Time()
    pace = paced(seconds)
    sent = 0
    while answered:
        pace.wait_for_turn()
        seconds.sleep(0.02)
        sent += 1
        answered -= not refused(sent)
        pace.learn(answer(429, "soon") if refused(sent) else answer(200))
    return seconds.now


def test_refusals_that_do_not_follow_the_pace_do_not_make_it_crawl() -> None:
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


def test_a_long_pause_is_spoken_of_while_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    seconds = Time()
    pace = paced(seconds)
    caplog.set_level("INFO", "airbyte")
    pace.learn(answer(429, "100"))
    pace.wait_for_turn()
    assert len([record for record in caplog.records if "Waiting" in record.message]) >= 3


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing_is_no_pause(value: str) -> None:
    assert retry_after(answer(429, value)) is None


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after(answer(429, "12")) == 12
    assert retry_after(answer(429, "-5")) == 0
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 55 <= (retry_after(answer(429, date)) or 0) <= 61


def test_a_date_to_retry_after_is_read_by_the_servers_clock() -> None:
    refused = answer(429, "Sun, 22 Nov 2026 10:00:30 GMT", Date="Sun, 22 Nov 2026 10:00:00 GMT")
    assert retry_after(refused) == 30
