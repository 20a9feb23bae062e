"""`query`: the part of Lucene's syntax that public callers of Loxo use, and date ranges, which nobody has proven.

person_id:(1 OR 2)   current_title:"Product Manager"   _exists_:emails   NOT _exists_:skills   *:*
created_at:[2024-01-01 TO 2024-02-01}   updated_at:{2024-01-01T00:00:00Z TO *]   name:müll*   free words
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .clock import bound, parse

Values = Callable[[str], list[Any]]
Test = Callable[[Values], bool]
ReadDate = Callable[[str, bool], "int | None"]
OR_LIMIT = 25  # 26 conditions are refused (seen live by the Lignum group's scripts)
DATES = ("created_at", "updated_at", "opened_at", "filled_at", "published_at", "closes_at", "start_date", "end_date")
FIELDS = {"skills": "skillsets", "company_name": "company.name"}  # the index has other names than the response
FREE_TEXT = ("name", "title", "current_title", "current_company", "location", "skillsets", "notes", "all_raw_tags")

_TOKEN = re.compile(
    r"""
    (?P<range>[\[{][^\]}]*\s+TO\s+[^\]}]*[\]}]) | (?P<open>\() | (?P<close>\)) | (?P<quoted>"(?:[^"\\]|\\.)*") |
    (?P<field>[\w.*]+):(?=\S) | (?P<word>[^\s()\[\]{}"]+) | (?P<space>\s+)
""",
    re.VERBOSE,
)


class QueryError(ValueError):
    """What the search engine would refuse."""


class Query:
    """A compiled query. `bounds` holds the created_at range that every match must lie in, to spare a full scan."""

    def __init__(self, text: str, dates: str = "honoured", read: ReadDate = bound) -> None:
        if len(re.findall(r"\bOR\b", text)) >= OR_LIMIT:
            raise QueryError('Too many "OR" conditions in query')
        self.dates, self.read = dates, read
        self.tokens = [(match.lastgroup, match.group(match.lastgroup or 0)) for match in _matches(text)]
        self.at = 0
        self.bounds: dict[str, tuple[int | None, int | None]] = {}
        self.plain = True  # nothing but top-level date ranges, so `bounds` says it all
        self.depth = 0
        self.test = self._either() if self.tokens else _always
        if self.at < len(self.tokens):
            raise QueryError("Failed to parse query")

    def matches(self, values: Values) -> bool:
        return self.test(values)

    # Grammar: either := both (OR both)*; both := one ((AND)? one)*; one := NOT one | ( either ) | field:value | value

    def _peek(self) -> tuple[str | None, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, "")

    def _next(self) -> tuple[str | None, str]:
        token = self._peek()
        self.at += 1
        return token

    def _either(self, field: str | None = None) -> Test:
        parts = [self._both(field)]
        while self._peek() == ("word", "OR"):
            self._next()
            self.bounds, self.plain = {}, False
            parts.append(self._both(field))
            self.bounds = {}
        return parts[0] if len(parts) == 1 else lambda values: any(part(values) for part in parts)

    def _both(self, field: str | None) -> Test:
        required: list[Test] = []
        loose: list[Test] = []
        joined = False
        while self._peek()[0] not in (None, "close") and self._peek() != ("word", "OR"):
            if self._peek() == ("word", "AND"):
                self._next()
                joined = True
                continue
            bare = self._peek()[0] in ("word", "quoted") and self._peek()[1] not in ("NOT",)
            (loose if bare and not joined and field is None else required).append(self._one(field))
        if not required and not loose:
            raise QueryError("Failed to parse query")
        if required:  # optional words beside a required clause only rank
            return required[0] if len(required) == 1 else lambda values: all(part(values) for part in required)
        return lambda values: any(part(values) for part in loose)  # unquoted words are OR-ed (loxo-mcp-server)

    def _one(self, field: str | None) -> Test:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT") or (kind == "word" and text in ("-", "!")):
            kept, self.plain = dict(self.bounds), False
            inner = self._one(field)
            self.bounds = kept
            return lambda values: not inner(values)
        if kind == "open":
            self.depth += 1
            inner = self._either(field)
            if self._next()[0] != "close":
                raise QueryError("Failed to parse query")
            self.depth -= 1
            return inner
        if kind == "field":
            return self._field(text)
        if kind == "range":
            return self._range(field or "*", text)
        if kind in ("word", "quoted"):
            self.plain = False
            return _term(field, text)
        raise QueryError("Failed to parse query")

    def _field(self, name: str) -> Test:
        if self._peek()[0] == "word" and name in ("_exists_", "*"):
            target = FIELDS.get(self._peek()[1], self._next()[1])
            if name == "*":
                return _always
            self.plain = False
            return lambda values: any(value not in (None, "", []) for value in values(target))
        return self._one(FIELDS.get(name, name))

    def _range(self, field: str, text: str) -> Test:
        low_text, high_text = (side.strip() for side in re.split(r"\s+TO\s+", text[1:-1], maxsplit=1))
        open_low, open_high = text[0] == "{", text[-1] == "}"
        if field in DATES:
            return self._date_range(field, low_text, high_text, open_low, open_high)
        self.plain = False
        low, high = _number(low_text), _number(high_text)

        def within(value: Any) -> bool:
            number = _number(str(value))
            return number is not None and _above(number, low, open_low) and _above(-number, _minus(high), open_high)

        return lambda values: any(within(value) for value in values(field))

    def _date_range(self, field: str, low_text: str, high_text: str, open_low: bool, open_high: bool) -> Test:
        if self.dates == "refused":
            raise QueryError("Failed to parse query: date ranges are not supported")
        low, high = self._date(low_text, False), self._date(high_text, True)
        low = low + 1 if low is not None and open_low else low
        high = high - 1 if high is not None and open_high else high
        if self.dates == "ignored":
            return _always
        if self.dates == "half":
            high = None
        if field in ("created_at", "updated_at") and field not in self.bounds:
            self.bounds[field] = (low, high)
        else:
            self.plain = False

        def within(value: Any) -> bool:
            moment = value if isinstance(value, int) else parse(str(value))
            return moment is not None and (low is None or moment >= low) and (high is None or moment <= high)

        return lambda values: any(within(value) for value in values(field))

    def _date(self, text: str, upper: bool) -> int | None:
        if text == "*":
            return None
        moment = self.read(text, upper)
        if moment is None:
            raise QueryError(f"Failed to parse date field [{text}]")
        return moment


def _matches(text: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise QueryError("Failed to parse query")
        at = match.end()
        if match.lastgroup != "space":
            found.append(match)
    return found


def _always(values: Values) -> bool:
    return True


def _term(field: str | None, text: str) -> Test:
    wanted = text[1:-1] if text.startswith('"') else text
    if wanted == "*":
        return _always if field is None else lambda values: any(value is not None for value in values(field))
    phrase = re.escape(wanted.lower()).replace(r"\*", r"\w*").replace(r"\?", r"\w")
    pattern = re.compile(rf"(?<!\w){phrase}(?!\w)")

    def hit(value: Any) -> bool:
        if isinstance(value, dict):  # an e-mail or a phone number
            value = value.get("value")
        if value is None:
            return False
        if isinstance(value, bool):
            return wanted == str(value).lower()
        return wanted == str(value) or (isinstance(value, str) and pattern.search(value.lower()) is not None)

    fields = (field,) if field and field != "*" else FREE_TEXT
    return lambda values: any(hit(value) for name in fields for value in values(name))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _above(value: float, low: float | None, strictly: bool) -> bool:
    return low is None or (value > low if strictly else value >= low)
