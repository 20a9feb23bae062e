"""Draws a chart as SVG, in the page's colours, once for wide and once for narrow screens."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import vl_convert

from reports.facts import Chart

WIDTHS = {"wide": 540, "narrow": 310}
# Colours are the page's variables, so that one picture is both light and dark.
INK, SOFT = "var(--ink)", "var(--line)"
CONFIG: dict[str, dict[str, Any]] = {
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": SOFT,
        "tickColor": SOFT,
        "gridColor": SOFT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "axisY": {"titleAnchor": "end", "titleAlign": "left", "titleAngle": 0, "titleY": -12, "titleX": 0, "grid": False},
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "orient": "bottom",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "columnPadding": 28,
    },
    "text": {"fontSize": 11},
}


def svg(chart: Chart, form: str) -> str:
    """The picture of a chart's rows, without its title, which is the page's."""
    width = WIDTHS[form]
    spec = {
        **chart.spec,
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        # The browser's letters may be wider than those that are measured here.
        "padding": {"left": 14, "right": 8, "top": 4, "bottom": 4},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [{name: _plain(value) for name, value in row.items()} for row in chart.drawn_rows]},
        "config": {
            **CONFIG,
            "background": "transparent",
            "font": "sans-serif",
            "legend": {**CONFIG["legend"], "direction": "horizontal" if form == "wide" else "vertical"},
            "axis": {**CONFIG["axis"], "labelLimit": width // 3},
        },
    }
    text: str = vl_convert.vegalite_to_svg(spec)
    # Ids are those of one picture; the page has many.
    return re.sub(r'(\bid="|url\(#)(?=clip\d|gradient_)', rf"\g<1>{chart.name}-{form}-", text)


def _plain(value: Any) -> Any:
    """A value as JSON: a picture needs no exact decimals, the table beside it has them."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value
