"""Countries, states and cities."""

from __future__ import annotations

from pathlib import Path

from .reference_lists import Row
from .sample_names import LOCALES

COUNTRIES = tuple(
    tuple(line.split("|"))
    for line in (Path(__file__).parent / "countries.txt").read_text(encoding="utf-8").splitlines()
)


def countries() -> list[Row]:
    return [
        {"id": i + 1, "name": name, "code": code, "long_code": long} for i, (code, long, name) in enumerate(COUNTRIES)
    ]


def states(country_rows: list[Row]) -> list[Row]:
    """Return the real states of the countries in LOCALES, and three invented regions of each other country."""
    real_states = {
        locale.country_code: list(dict.fromkeys((state, code) for _, state, code in locale.places))
        for locale in LOCALES
    }
    rows: list[Row] = []
    for country in country_rows:
        for name, code in real_states.get(country["code"], [("North", "N"), ("Central", "C"), ("South", "S")]):
            rows.append({"id": 4000 + len(rows) * 3, "name": name, "code": code, "country_id": country["id"]})
    return rows


def cities(country_rows: list[Row], state_rows: list[Row]) -> list[Row]:
    """Return the cities in LOCALES and some invented towns; the first state has more than one page of cities."""
    country_codes = {country["id"]: country["code"] for country in country_rows}
    real_cities: dict[tuple[str, str], list[str]] = {}
    for locale in LOCALES:
        for city, _, code in locale.places:
            real_cities.setdefault((locale.country_code, code), []).append(city)
    rows: list[Row] = []
    for i, state in enumerate(state_rows):
        names = list(real_cities.get((country_codes[state["country_id"]], state["code"]), []))
        names += [f"{state['name']} {k}" for k in range(1, 120 if i == 0 else 4)]
        rows += [
            {"id": 90_000 + (len(rows) + k) * 2, "name": name, "state_id": state["id"]} for k, name in enumerate(names)
        ]
    return rows
