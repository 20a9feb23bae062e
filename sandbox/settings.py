"""Everything about the server that can be changed while it runs: what is unknown of Loxo, and what can go wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from . import clock

FAULTS = ("status_500", "status_503", "reset", "truncate", "html", "slow")

CHOICES: dict[str, tuple[str, ...]] = {
    "retry_after": ("none", "seconds", "date"),
    "counters": ("top", "nested"),
    "source_types": ("keyed", "bare"),
    "last_page_cursor": ("present", "null", "absent"),
    "lucene_dates": ("honoured", "ignored", "refused", "half"),
    "date_bounds": ("inclusive", "exclusive"),
    "over_100": ("capped", "rejected"),
    "default_order": ("created_desc", "updated_desc"),
    "deal_detail": ("flat", "wrapped"),
    "webhooks": ("bare", "keyed"),
    "custom_fields": ("a", "b"),
}


class SettingError(ValueError):
    """An unknown setting or a value it cannot take."""


@dataclass
class Settings:
    """Objects are named by their path: `people`, `jobs/{id}/candidates`, or one path such as `jobs/123/candidates`."""

    # The network and the front of the server.
    latency_ms: float = 0
    rate_limit: float = 0  # requests in any one second; 0 = unlimited. Loxo publishes no number
    retry_after: str = "seconds"  # whether Loxo sends it is unknown; loxo-cli reads seconds and HTTP dates
    retry_after_value: float = 1
    faults: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0.0))
    slow_ms: float = 1000  # what a `slow` fault waits
    fault_paths: list[str] = field(default_factory=list)  # empty = every path
    clock_ahead: float = 0  # seconds between the server's clock and the machine's
    echo_key: bool = False  # error bodies repeat the Authorization header

    # Objects that misbehave.
    forbidden: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    repeat_cursor: list[str] = field(default_factory=list)  # scroll_id ignored: the same page again (loxo-cli, live)
    empty_envelope: list[str] = field(default_factory=list)  # 200 `{}`
    error_object: list[str] = field(default_factory=list)  # 200 `{"error": ...}`
    broken_json: list[str] = field(default_factory=list)  # 200, JSON cut in the middle
    redirect: dict[str, str] = field(default_factory=dict)  # object -> URL, answered with 302

    # What is unknown of Loxo, or differs between recordings.
    counters: str = "top"  # Ampersand recorded the top level, the documentation nests under `pagination`
    source_types: str = "keyed"
    webhooks: str = "bare"
    deal_detail: str = "flat"
    last_page_cursor: str = "present"  # Ampersand's recordings: the last page with data still has a scroll_id
    lucene_dates: str = "honoured"  # `half` reads the lower bound of a range and ignores the upper
    date_bounds: str = "inclusive"
    default_order: str = "created_desc"
    over_100: str = "capped"
    default_per_page: int = 25
    fixed_page_size: int = 25  # companies, deals and placements refuse per_page (loxo-cli, live)
    source_types_page: int = 25
    jobs_wall: int = 10_000  # loxo-cli, live: 400 past it
    total_cap: int = 0  # a search engine may stop counting: total_count = min(total, cap); 0 = exact
    custom_fields: str = "a"  # which custom fields the agency has made

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def update(self, changes: dict[str, Any]) -> None:
        """All changes or none. A value replaces the old one; `faults.reset` sets one key of `faults`."""
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            outer, dot, inner = name.partition(".")
            current = checked.get(outer, getattr(self, outer, None))
            checked[outer] = self._checked(
                outer, {**current, inner: value} if dot and isinstance(current, dict) else value
            )
        for name, value in checked.items():
            setattr(self, name, value)
        clock.set_ahead(self.clock_ahead)

    def _checked(self, name: str, value: Any) -> Any:
        if name not in self.__dataclass_fields__:
            raise SettingError(f"unknown setting {name!r}")
        if name in CHOICES and value not in CHOICES[name]:
            raise SettingError(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
        current = getattr(self, name)
        number = isinstance(current, (int, float)) and not isinstance(current, bool)
        if not isinstance(value, (int, float) if number else type(current)):
            raise SettingError(f"{name} cannot be {value!r}")
        unknown = [key for key in value if key not in FAULTS] if isinstance(value, dict) and name == "faults" else []
        if unknown:
            raise SettingError(f"unknown fault {', '.join(sorted(unknown))}; known: {', '.join(FAULTS)}")
        return copy.deepcopy(value)


def from_flag(text: str) -> dict[str, Any]:
    """`name=value` of the command line; the value is JSON where it parses as such."""
    name, _, raw = text.partition("=")
    try:
        return {name: json.loads(raw)}
    except ValueError:
        return {name: raw}
