"""The checks of the account as a whole that need no requests."""

from __future__ import annotations

import pytest

from loxoctl.doctor.account_checks import retry_after_form


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (None, "none"),
        ("", "none"),
        ("  ", "none"),
        ("30", "seconds"),
        ("Mon, 02 Nov 2026 10:00:00 GMT", "date"),
        ("soon", "unusable"),
        ("-1", "unusable"),
        ("1.5", "unusable"),
    ],
)
def test_the_form_of_retry_after_is_named(header: str | None, form: str) -> None:
    assert retry_after_form({} if header is None else {"Retry-After": header}) == form
