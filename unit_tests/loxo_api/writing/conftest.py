"""Writers without a network, which share a ledger as runs one after another do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_account import Account

from loxo_api.writing.ledger import Ledger
from loxo_api.writing.preparation import Options


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def account(tmp_path: Path) -> Callable[..., Account]:
    """Accounts that share one ledger, as runs one after another do; keywords are options."""
    opened: list[Ledger] = []

    def started(durable: bool = True, **options: Any) -> Account:
        for ledger in opened:
            ledger.close()
        opened.append(Ledger(tmp_path / "ledger.db" if durable else None, "https://app.loxo.co/api/acme"))
        return Account(opened[-1], Options(**options))

    return started
