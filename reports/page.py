"""The page: the template filled with the charts and their tables."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from reports.drawing import WIDTHS, svg
from reports.facts import Facts


def page(facts: Facts) -> str:
    """One HTML page that asks nothing of any network. What comes from the account is escaped."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    environment.filters["shown"] = shown
    # The drawing escapes the account's words itself.
    environment.globals["pictures"] = lambda chart: {form: Markup(svg(chart, form)) for form in WIDTHS}
    environment.globals["is_number"] = lambda value: isinstance(value, (int, float, Decimal))
    written = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    return environment.get_template("page.html").render(facts=facts, written=written)


def shown(value: Any) -> str:
    """A value in a table: exact, with thousands, and without zeros behind the point."""
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
