"""Bars, as SVG: CPU seconds where there is no latency, wall seconds where there is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from .measure import median

PANELS = (
    ("people", "cpu", "{rows:,} people, no latency: CPU seconds"),
    ("slow_people", "wall", "{rows:,} people at 200 ms: wall seconds"),
    ("lists", "wall", "All 55 lists of an agency at 200 ms: wall seconds"),
)
WIDTH, LABEL, BAR, TITLE = 760, 190, 22, 40


def bars(results: Mapping[str, Any]) -> str:
    """The plot of the measured scenarios."""
    parts, top = [], 0
    for work, measure, title in PANELS:
        if work not in results:
            continue
        figures = {name: median(costs, measure) for name, costs in results[work]["runs"].items()}
        rows = {name: min(each["delivered"] for each in costs) for name, costs in results[work]["runs"].items()}
        existing = results[work]["existing"]
        parts.append(_text(8, top + 26, title.format(rows=existing), "font-weight='bold'"))
        longest = max(figures.values())
        for number, (name, figure) in enumerate(sorted(figures.items(), key=lambda pair: pair[1])):
            y = top + TITLE + number * BAR
            length = figure / longest * (WIDTH - LABEL - 150)
            colour = "#1f6feb" if name.startswith("source-loxo") else "#8c959f"
            short = "" if rows[name] == existing else f", {rows[name]:,} of {existing:,} records"
            parts.append(_text(LABEL - 6, y + 14, name, "text-anchor='end'"))
            parts.append(f"<rect x='{LABEL}' y='{y + 2}' width='{length:.0f}' height='{BAR - 6}' fill='{colour}'/>")
            parts.append(_text(LABEL + length + 6, y + 14, f"{figure:.1f}{short}"))
        top += TITLE + len(figures) * BAR + 10
    style = "font-family='sans-serif' font-size='13' fill='#24292f'"
    frame = f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{top + 8}' {style}>"
    return "\n".join([frame, "<rect width='100%' height='100%' fill='white'/>", *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {more}>{escape(text)}</text>"
