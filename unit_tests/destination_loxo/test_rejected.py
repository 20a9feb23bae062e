"""Loxo's words about a refused record are logged without what the record holds."""

from __future__ import annotations

import pytest

from destination_loxo.rejected import without_values


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Phone +15550100 is invalid.", "Phone … is invalid"),
        ("Phone 1 555-0100 is invalid", "Phone … is invalid"),
        ("ADA@NEW.EXAMPLE is taken", "… is taken"),
        ("status 422 of 155501007", "status 422 of 155501007"),
    ],
)
def test_a_value_is_left_out_in_whichever_form_it_is_quoted(reason: str, told: str) -> None:
    assert without_values(reason, {"phone": "+1 (555) 0100", "email": "ada@new.example"}) == told
