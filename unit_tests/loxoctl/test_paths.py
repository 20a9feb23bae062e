"""No path leaves the account or injects anything into a request."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from loxoctl.paths import UsageError, checked_method, checked_path

BASE = "https://app.loxo.co/api/acme"

ATTACKS = [
    "",
    "/",
    "..",
    "../other/people",
    "people/../../other/people",
    "people/..",
    "./people",
    "people/./1",
    "people/...",
    "people..",
    ".hidden",
    "%2e%2e/other",
    "people/%2e%2e/%2e%2e/other",
    "people%2f..%2fother",
    "people/%252e%252e/other",
    "%5c..%5cother",
    "//evil.example/people",
    "/\\evil.example",
    "\\\\evil.example\\people",
    "people\\..\\..\\other",
    "https://evil.example/people",
    "HTTPS:evil.example",
    "javascript:alert(1)",
    "people//1",
    "people//",
    "@evil.example/people",
    "user:pass@evil.example",
    "people?api_key=x",
    "people?x=1#y",
    "people#fragment",
    "people;/../other",
    "people&per_page=1",
    "people 1",
    "people\t1",
    "people\r\nX-Evil: 1",
    "people\n",
    "people\x00",
    "people\x7f",
    "\ufeffpeople",
    "p\u0435ople",  # a Cyrillic letter
    "people/\uff0e\uff0e/other",  # full-width dots
    "people\u2215..\u2215other",  # a division slash
    "people/\u0661",  # an Arabic digit
    "{agency_slug}/people",
]


@pytest.mark.parametrize("path", ATTACKS, ids=repr)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="PATH"):
        checked_path(path)


def test_the_refusal_does_not_repeat_the_path() -> None:
    with pytest.raises(UsageError) as caught:
        checked_path("https://app.loxo.co/api/acme/people?key=sandbox-key")
    assert "sandbox-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("people", "people"),
        ("/people", "people"),
        ("people/123/", "people/123"),
        ("scorecards/scorecard_types", "scorecards/scorecard_types"),
        ("people/12/documents/34/download", "people/12/documents/34/download"),
        ("people/12.json", "people/12.json"),
    ],
)
def test_a_path_of_loxo_is_accepted(path: str, found: str) -> None:
    assert checked_path(path) == found


@given(st.text(st.sampled_from("ab./\\%?#@:;2eE5cF \n\t\u2215\uff0e"), max_size=14))
def test_every_accepted_path_stays_below_the_slug(path: str) -> None:
    try:
        found = checked_path(path)
    except UsageError:
        return
    sent = requests.Request("GET", f"{BASE}/{found}").prepare().url or ""
    parts = urlsplit(sent)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "app.loxo.co", "", "")
    assert parts.path.startswith("/api/acme/")
    assert not {"", ".", ".."} & set(parts.path.split("/")[1:])
    assert "%" not in parts.path and "\\" not in parts.path


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "GET\r\nX: 1", "", "get post"])
def test_an_unknown_method_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match="METHOD"):
        checked_method(method)


def test_methods_may_be_in_lower_case() -> None:
    assert checked_method("patch") == "PATCH"
