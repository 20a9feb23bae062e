"""Which failed requests are sent again, and how often."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, TypeVar

import tenacity

from loxo_api.errors import LoxoError
from loxo_api.rate_limiter import MAX_PAUSE_SECONDS

logger = logging.getLogger("airbyte")

T = TypeVar("T")

# Seconds before the first repetition, at most, and before any; they double in between.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

# Seconds after which a request is not sent again: the longest pause, twice.
MAX_SECONDS = 2 * MAX_PAUSE_SECONDS


class RetryPolicy(NamedTuple):
    """How often a request is sent again.

    :param retries: how many times a request is sent again after a transient error.
    :param max_pause: the longest `Retry-After`, in seconds, that is waited for.
    :param is_interactive: whether a person waits for the result, with the connection form at hand.
    """

    retries: int
    max_pause: float
    is_interactive: bool = False


# With pauses of up to 30 seconds, a request that fails takes about 90 seconds.
SYNC = RetryPolicy(retries=8, max_pause=MAX_PAUSE_SECONDS)
INTERACTIVE = RetryPolicy(retries=1, max_pause=5, is_interactive=True)


class Replay(Enum):
    """Whether a request may be sent again after a transient error."""

    SAFE = "safe"  # the request reads, or has the same effect twice
    UNSAFE = "unsafe"  # only if the first request had no effect: no connection, or status 429


def retrying(policy: RetryPolicy, replay: Replay, send: Callable[[], T]) -> T:
    """Calls `send` until it succeeds, fails for good, or the policy is exhausted.

    :raises LoxoError: the last error.
    """
    return _retrying(policy, replay)(send)


@functools.cache
def _retrying(policy: RetryPolicy, replay: Replay) -> tenacity.Retrying:
    def is_allowed(error: BaseException) -> bool:
        if not isinstance(error, LoxoError) or not error.retryable:
            return False
        return replay is Replay.SAFE or not error.may_have_effect

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_allowed),
        # The jitter keeps streams that failed together from coming back together.
        wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
        stop=tenacity.stop_after_attempt(1 + policy.retries) | tenacity.stop_after_delay(MAX_SECONDS),
        before_sleep=_log_retry,
        reraise=True,
    )


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    seconds = state.next_action.sleep if state.next_action else 0
    logger.info(f"{error} Attempt {state.attempt_number} failed; the next one starts in {seconds:.1f} s.")
