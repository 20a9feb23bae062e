"""The goals, each with its measurement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .measure import median
from .scenarios import AIOHTTP, ORJSON, ORJSON_PACED, OURS, REQUESTS

Goal = tuple[str, str, str]


def goals(results: Mapping[str, Any]) -> Iterator[Goal]:
    """Each goal, its measurement, and whether it is met."""
    if "people" in results and "start_up" in results:
        yield from _cpu(results["people"], results["start_up"])
    if "lists" in results and "commands" in results:
        importing = median(results["commands"]["runs"]["import airbyte_cdk.entrypoint"], "wall")
        runs = results["lists"]["runs"]
        allowed, took = importing + 1.3 * median(runs[AIOHTTP], "wall"), median(runs[OURS], "wall")
        yield (
            "All lists at 200 ms: import of the CDK + 1.3 x aiohttp, wall",
            f"{took:.1f} s of {allowed:.1f} s",
            _met(took <= allowed),
        )
    if "slow_people" in results:
        runs = results["slow_people"]["runs"]
        share = median(runs[OURS], "wall") / median(runs[REQUESTS], "wall")
        yield (
            "People at 200 ms with ranges: at most 1/6 of one scroll, wall",
            f"1/{1 / share:.1f}",
            _met(share <= 1 / 6),
        )
    if "second_sync" in results:
        result = results["second_sync"]
        asked, all_again = result["second"]["requests"], result["all again"]
        text = f"{asked} requests for {result['changed']} changes; reading all again takes {all_again} and more"
        yield "Second sync: requests proportional to what changed", text, _met(asked < all_again / 4)
    if "memory" in results:
        peak = results["memory"]["runs"][OURS][0]["peak_mb"]
        rows = results["memory"]["existing"]
        yield f"Peak memory of {rows:,} people under 150 MB", f"{peak:.0f} MB", _met(peak < 150)
    if "limits" in results:
        for title, cost in results["limits"]["cases"].items():
            whole = f"{cost['delivered']:,} of {cost['existing']:,} records, {cost['peak_mb']:.0f} MB"
            met = cost["peak_mb"] < 256 and cost["delivered"] == cost["existing"]
            yield f"Peak memory of {title} under 256 MB", whole, _met(met)
    if "writes" in results:
        pace = results["writes"]["pace"]
        share = (pace["requests"] - pace["refused"]) / pace["seconds"] / pace["allowed"]
        yield f"{pace['writes']:,} writes: at least 0.95 of the server's limit", f"{share:.3f}", _met(share >= 0.95)


def _cpu(people: Mapping[str, Any], start: Mapping[str, Any]) -> Iterator[Goal]:
    rows = people["existing"]

    def of(name: str) -> float:
        """The microseconds of CPU of a record."""
        seconds = median(people["runs"][name], "cpu") - median(start["runs"][name], "cpu")
        return seconds / float(rows) * 1e6

    def beside(name: str) -> tuple[float, str]:
        ratio = of(OURS) / of(name)
        return ratio, f"{ratio:.2f} ({of(OURS):.0f} µs a record, {of(name):.0f} µs)"

    ratio, text = beside(REQUESTS)
    yield f"{rows:,} people, CPU beyond start-up: at most 0.7 x requests + json", text, _met(ratio <= 0.7)
    if ORJSON in people["runs"] and ORJSON in start["runs"]:
        ratio, text = beside(ORJSON)
        yield "The same: at most 1.3 x requests + orjson", text, _met(ratio <= 1.3)
        yield (
            "The same beside requests + orjson at no higher request rate",
            beside(ORJSON_PACED)[1],
            "no goal",
        )
    limit = people["limit_us"]
    text = f"{of(OURS) / limit:.1f} x (requests + json {of(REQUESTS) / limit:.1f} x)"
    yield f"The physical limit, decode + encode + write alone: {limit:.1f} µs a record", text, "no goal"


def _met(yes: bool) -> str:
    return "yes" if yes else "**no**"
