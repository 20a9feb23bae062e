"""Date ranges are used only where Loxo's own counts prove them, also on an account that changes meanwhile."""

from collections.abc import Mapping
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.pages import COUNT_CAP, Page
from loxo_api.slices import PROOF_TRIES, query_range, range_works

EVENTS = ENDPOINTS["person_events"]


class Counts:
    """A client that states totals: of the whole list, one after the other, and of its halves.

    :param whole: the totals of the whole list in the order of the requests; the last one stays.
    :param halves: the totals of the earlier and the later half.
    :param impossible: the total of a range that must be empty.
    """

    def __init__(self, whole: list[int], halves: tuple[int, int], impossible: int = 0) -> None:
        self.whole, self.halves, self.impossible = whole, halves, impossible
        self.asked_for_the_whole = 0

    def page(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Page:
        query = params.get("query", "")
        if not query:
            self.asked_for_the_whole += 1
            return Page([], total_count=self.whole[min(self.asked_for_the_whole, len(self.whole)) - 1])
        if "1900" in query:
            return Page([], total_count=self.impossible)
        return Page([], total_count=self.halves[0] if "[*" in query else self.halves[1])


def works(client: Any) -> bool:
    return range_works(client, EVENTS, query_range("updated_at"))


def test_two_halves_that_add_up_to_the_whole_prove_a_range() -> None:
    assert works(Counts([100], (60, 40)))


@pytest.mark.parametrize("halves", [(60, 39), (100, 100), (0, 0)], ids=["short", "ignored", "empty"])
def test_halves_that_do_not_add_up_disprove_a_range(halves: tuple[int, int]) -> None:
    assert not works(Counts([100], halves))


def test_a_range_that_holds_the_impossible_is_not_used() -> None:
    assert not works(Counts([100], (60, 40), impossible=100))


@pytest.mark.parametrize("whole", [[100, 101], [101, 99], [100, 103, 103]], ids=["row made", "row deleted", "moves on"])
def test_a_proof_is_repeated_while_the_total_moves(whole: list[int]) -> None:
    """A record created between the requests hid 20 of 20 edits of old activities in three successful syncs."""
    client = Counts(whole, (60, whole[-1] - 60))
    assert works(client)
    assert client.asked_for_the_whole > 1


def test_a_proof_ends_on_an_account_that_never_rests() -> None:
    client = Counts([100 * each for each in range(1, 50)], (1, 2))
    works(client)
    assert client.asked_for_the_whole <= PROOF_TRIES + 1


def test_a_capped_total_is_a_lower_bound() -> None:
    assert works(Counts([COUNT_CAP], (COUNT_CAP, 2000)))


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_range_is_not_used(status: int) -> None:
    class Refuses(Counts):
        def page(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Page:
            if "query" in params:
                raise LoxoError("no", ErrorKind.SYSTEM, status)
            return super().page(endpoint, params)

    assert not works(Refuses([100], (60, 40)))


def test_an_outage_during_the_proof_is_not_taken_for_a_refusal() -> None:
    class Fails(Counts):
        def page(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Page:
            raise LoxoError("no", ErrorKind.TRANSIENT, 503, retryable=True)

    with pytest.raises(LoxoError):
        works(Fails([100], (60, 40)))
