"""The packed ids of a state: unpacking restores them, and an id takes at most three bytes."""

import json
import random
from collections.abc import Iterator

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


@pytest.mark.parametrize("gap", [1, 10, 100, 1000, 40_000])
def test_an_id_takes_at_most_three_bytes(gap: int) -> None:
    """The ids of an account have gaps: those of deleted records, or of other agencies if Loxo numbers them together."""
    chance = random.Random(gap)
    number, found = 80_000_000, set()
    for _ in range(20_000):
        number += chance.randint(1, 2 * gap)
        found.add(("", str(number)))
    assert bytes_an_id(found) <= 3


@pytest.mark.parametrize("gap", [1, 10, 100])
def test_an_id_with_its_parent_takes_at_most_three_bytes(gap: int) -> None:
    chance = random.Random(gap)

    def candidates() -> Iterator[Key]:
        number = 80_000_000
        for _ in range(20_000):
            number += chance.randint(1, 2 * gap)
            yield str(600_000 + number // (40 * gap) + 7 * chance.randint(0, 50)), str(number)  # the jobs of a season

    assert bytes_an_id(set(candidates()), has_parent=True) <= 3


@pytest.mark.parametrize(
    "stored",
    [None, [], {}, {"packed": 5}, {"packed": "x"}, {"packed": ""}, {"packed": "eJwDAAAAAAE=", "others": [1]}],
)
def test_malformed_ids_are_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="the stored ids are malformed"):
        RecordIds.from_json(stored, has_parent=False)
