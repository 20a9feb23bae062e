"""Values of an account are decoded and encoded without a change."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loxo_api.exact_json import dumps, loads

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**63, 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    # Two surrogates in a row are one character in JSON, so the high ones suffice.
    | st.text(st.characters(min_codepoint=0xD7FF, max_codepoint=0xDBFF)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=15,
)


# Documents as texts: numbers in every form, blanks at every place, and texts that look like numbers.
BLANKS = st.text(" \t\r\n", max_size=2)
LONG = st.integers(2**64, 2**80).map(str)
NUMBERS = (
    LONG
    | LONG.map("-{}".format)
    | st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
)
STRINGS = st.text('0123456789[]{}:,."\\-eE \n\u00e9').map(json.dumps)
DOCUMENTS = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(st.tuples(BLANKS, inner, BLANKS).map("".join), max_size=3).map(lambda values: f"[{','.join(values)}]")
        | st.lists(
            st.tuples(BLANKS, STRINGS, BLANKS, st.just(":"), BLANKS, inner, BLANKS).map("".join), max_size=3
        ).map(lambda fields: f"{{{','.join(fields)}}}")
    ),
    max_leaves=10,
)


@given(st.tuples(BLANKS, DOCUMENTS, BLANKS).map("".join))
def test_any_text_of_a_document_has_the_values_and_types_of_the_standard_library(text: str) -> None:
    assert repr(loads(text.encode())) == repr(json.loads(text))


@given(ANYTHING, st.sampled_from([None, 1]))
def test_a_document_is_decoded_and_encoded_exactly(value: Any, indent: int | None) -> None:
    once = loads(json.dumps(value, indent=indent).encode())
    assert once == value
    assert json.loads(dumps(once)) == value


@pytest.mark.parametrize("depth", [254, 300, 900, 1024])
def test_a_decoded_document_of_any_depth_can_be_encoded(depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    assert dumps(loads(body)) == body


def test_threads_encode_deep_documents_at_the_same_time() -> None:
    bodies = [b"[" * 1000 + str(number).encode() + b"]" * 1000 for number in range(200)]
    documents, limit, interval = [loads(body) for body in bodies], sys.getrecursionlimit(), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(dumps, documents)) == bodies
    finally:
        sys.setswitchinterval(interval)
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"NaN", b"[1e400]", b"\xff", b'["\\ud8"]', b"[" * 5000, b"9" * 5000, b'["\\ud800", NaN]'),
        *(b"[18446744073709551616, Infinity]", b"[18446744073709551616, 1e400]", b'["\\ud800", ' + b"[" * 5000),
    ],
)
def test_a_document_that_would_change_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=""):
        loads(body)
