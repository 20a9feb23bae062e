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
