"""An update whose answer names no id: what a reading confirms, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_account import Account, answer

from loxo_api.writing.operations import Verb
from loxo_api.writing.outcomes import Outcome
from loxo_api.writing.preparation import Write

Start = Callable[..., Account]
CHANGE: dict[str, Any] = {
    "city": "Ulm",
    "salary": "50000.500000000",
    "current_title": "CTO",
    "emails": [{"value": "a@x.example"}],
}
SHOWN = {
    "id": 5,
    "city": "Ulm",
    "salary": 50000.5,
    "current_title": "CTO",
    "emails": [{"id": 1, "value": "a@x.example"}],
}


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (SHOWN, Outcome.WRITTEN),
        ({"person": SHOWN}, Outcome.WRITTEN),
        ({**SHOWN, "city": "Bonn"}, Outcome.UNKNOWN),
        ({**SHOWN, "emails": []}, Outcome.UNKNOWN),
        ({**SHOWN, "id": 6}, Outcome.UNKNOWN),
        (None, Outcome.UNKNOWN),
        ({"errors": ["no"]}, Outcome.UNKNOWN),
    ],
    ids=["shown", "wrapped", "another-value", "missing-row", "merged", "deleted", "unreadable"],
)
def test_an_update_without_an_id_in_the_answer_is_confirmed_by_a_reading_only(
    account: Start, record: Any, outcome: Outcome
) -> None:
    here = account()
    here.answers = [answer({"errors": []})]
    here.lists["people/5"] = record
    assert here.writer.write(Write("people", Verb.UPDATE, CHANGE, record_id=5)).outcome is outcome
    assert len(here.writes) == 1


def test_a_reading_that_lags_is_repeated_and_not_for_ever(account: Start) -> None:
    here = account()
    here.answers = [answer({})]
    shown_from = here.clock.now + 3
    here.lists["people/5"] = lambda request: {**SHOWN, "city": "Ulm" if here.clock.now >= shown_from else "Bonn"}
    assert here.writer.write(Write("people", Verb.UPDATE, CHANGE, record_id=5)).outcome is Outcome.WRITTEN
    here.lists["people/6"] = {**SHOWN, "id": 6, "city": "Bonn"}
    assert here.writer.write(Write("people", Verb.UPDATE, CHANGE, record_id=6)).outcome is Outcome.UNKNOWN
    assert len(here.reads) < 12


def test_what_an_update_adds_to_a_list_is_not_confirmed_by_a_reading(account: Start) -> None:
    here = account()
    here.answers = [answer({})]
    here.lists["people/5"] = {"id": 5, "raw_tags": ["a"]}
    write = Write("people", Verb.UPDATE, {"raw_tags": ["a"]}, record_id=5)
    assert here.writer.write(write).outcome is Outcome.UNKNOWN
