"""Any request to a Loxo account, and a doctor that examines the account's behaviour, without a connector framework.

As a library:

    import loxoctl

    account = loxoctl.Account({"domain": "app.loxo.co", "agency_slug": "your-agency", "api_key": "your key"})
    job = account.request("GET", "jobs/123")
    for person in account.records("people", {"query": "_exists_:emails"}):
        print(person["name"])

Without a config, the account is that of the environment: LOXO_DOMAIN, LOXO_AGENCY_SLUG and LOXO_API_KEY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loxo_api.errors import LoxoError
    from loxoctl.account import Account, records, request

__all__ = ["Account", "LoxoError", "records", "request"]


def __getattr__(name: str) -> Any:
    """Imports a name at its first use, because `loxoctl --help` needs none of them."""
    if name == "LoxoError":
        from loxo_api.errors import LoxoError

        return LoxoError
    if name in __all__:
        from loxoctl import account

        return getattr(account, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
