"""JSON becomes the bracketed fields of a form; parameters, fields and files are parsed as typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loxoctl.bodies import attached, by_name, form_fields, json_object, pairs
from loxoctl.paths import UsageError


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ('{"person": {"name": "Ada"}}', [("person[name]", "Ada")]),
        ('{"job": {"owner_emails": ["a@x.example", "b@x.example"]}}',
         [("job[owner_emails][]", "a@x.example"), ("job[owner_emails][]", "b@x.example")]),
        ('{"person": {"emails": [{"value": "a"}]}}', [("person[emails][][value]", "a")]),
        ('{"email": "a", "blocked": true, "fee": null}', [("email", "a"), ("blocked", "true"), ("fee", "")]),
        ('{"person": {"list_ids": []}}', [("person[list_ids][]", "")]),
        ('{"deal": {"amount": 12345678901234567890.10}}', [("deal[amount]", "12345678901234567890.10")]),
        ("{}", []),
    ],
)  # fmt: skip
def test_an_object_becomes_form_fields(document: str, fields: list[tuple[str, str]]) -> None:
    assert form_fields(json_object(document)) == fields


@pytest.mark.parametrize(
    "document", ["[1]", '"text"', "3", '{"a": {}}', '{"a": [[1]]}', '{"a]": 1}', '{"": 1}', '{"a\\nb": 1}', "{", ""]
)
def test_values_that_no_form_can_represent_are_refused(document: str) -> None:
    with pytest.raises(UsageError, match="--json"):
        form_fields(json_object(document))


def test_values_keep_their_equals_signs_and_names_may_repeat() -> None:
    found = by_name(pairs(["query=a=b", "job_ids[]=1", "job_ids[]=2"], "--param"))
    assert found == {"query": "a=b", "job_ids[]": ["1", "2"]}


@pytest.mark.parametrize("text", ["name", "=value", "na\nme=value"])
def test_a_pair_without_a_plain_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--param"):
        pairs([text], "--param")


def test_a_file_is_attached_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "cv.pdf").write_bytes(b"%PDF")
    assert attached([f"document=@{tmp_path / 'cv.pdf'}"]) == [("document", "cv.pdf", b"%PDF")]


@pytest.mark.parametrize("text", ["document=cv.pdf", "document=@/no/such/file"])
def test_a_file_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--file"):
        attached([text])


def test_a_python_mapping_is_accepted_too() -> None:
    document: dict[str, Any] = {"person": {"ids": (1, 2), "salary": 1.5}}
    assert form_fields(document) == [("person[ids][]", "1"), ("person[ids][]", "2"), ("person[salary]", "1.5")]
