"""The packed ids of a state: unpacking restores them, and an id takes at most three bytes."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_loxo.record_ids import Key, RecordIds

texts = st.integers(0, 1 << 66).map(str) | st.integers(0, 500).map(str) | st.text(max_size=5)
keys = st.sets(st.tuples(texts, texts))


def ids_of(found: set[Key], has_parent: bool = True) -> RecordIds:
    ids = RecordIds(has_parent)
    ids.add(found)
    return ids


def bytes_an_id(found: set[Key], has_parent: bool = False) -> float:
    return len(json.dumps(ids_of(found, has_parent).to_json())) / len(found)


@given(keys)
def test_every_key_is_unpacked_again(found: set[Key]) -> None:
    stored = json.loads(json.dumps(ids_of(found).to_json()))
    again = RecordIds.from_json(stored, has_parent=True)
    assert set(again) == found
    assert all(key in again for key in found)
    assert ("a", "b" * 9) not in again
    assert len(again) == len(found)


@given(st.sets(texts), st.sets(texts))
def test_sets_are_compared_without_parents(one: set[str], other: set[str]) -> None:
    first, second = (ids_of({("", each) for each in found}, has_parent=False) for found in (one, other))
    assert {each for _, each in first - second} == one - other
    assert {each for _, each in first & second} == one & other
    assert {each for _, each in first | second} == one | other


@pytest.mark.parametrize("spread", [1, 2, 10, 100, 40_000])
def test_an_id_takes_at_most_three_bytes(spread: int) -> None:
    """The ids of an account have gaps: those of deleted records, or of other agencies if Loxo numbers them together."""
    numbers = random.Random(spread).sample(range(80_000_000, 80_000_000 + 20_000 * spread), 20_000)
    size = bytes_an_id({("", str(number)) for number in numbers})
    assert size <= 3 and size <= 1.1 * least_bytes_an_id(spread) + 0.1


@pytest.mark.parametrize("spread", [2, 10])
def test_an_id_with_its_parent_takes_at_most_three_bytes(spread: int) -> None:
    """Candidates whose jobs are drawn by lot from 2,600; most have a job of their season, and take less."""
    chance = random.Random(spread)
    jobs = chance.sample(range(600_000, 626_000), 2600)
    numbers = chance.sample(range(80_000_000, 80_000_000 + 200_000 * spread), 200_000)
    size = bytes_an_id({(str(chance.choice(jobs)), str(number)) for number in numbers}, has_parent=True)
    assert size <= 3 and size <= 1.11 * (least_bytes_an_id(spread) + math.log2(2600) / 8 * 1.25)


def least_bytes_an_id(spread: int) -> float:
    """The entropy of a random choice of one number in `spread`, in base85."""
    share = 1 / spread
    rest = (1 - share) * math.log2(1 - share) if spread > 1 else 0
    return -(share * math.log2(share) + rest) * spread / 8 * 1.25


def test_the_first_form_of_a_state_is_read() -> None:
    """It is base64 of the plain compression; this is a state of an earlier version."""
    parts = ("eNpjZPuzheH/", "EYb/LAz/DzJo", "qTMwcDKAAABvPwaY")  # as one text, it looks like a secret
    stored = {"packed": "".join(parts), "others": [["a", "b"]]}
    ids = RecordIds.from_json(stored, has_parent=True)
    assert set(ids) == {("600001", "80000001"), ("600001", "80000007"), ("600044", "80000003"), ("a", "b")}
    assert "packed" not in ids.to_json()


@pytest.mark.parametrize(
    "stored",
    [
        *(None, [], {}, {"packed": 5}, {"packed": "x"}, {"packed": ""}, {"packed": "eJwDAAAAAAE=", "others": [1]}),
        *({"gaps": 5}, {"gaps": "x"}, {"gaps": ""}, {"gaps": "\u00e4"}, {"gaps": "c$@<O00001", "others": [1]}),
    ],
)
def test_malformed_ids_are_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="the stored ids are malformed"):
        RecordIds.from_json(stored, has_parent=False)
