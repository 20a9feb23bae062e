"""The `query` parameter: the part of Lucene's syntax that public clients of Loxo use, and date ranges.

No source proves that Loxo honours date ranges (see the setting `lucene_dates`).

person_id:(1 OR 2)   current_title:"Product Manager"   _exists_:emails   NOT _exists_:skills   *:*
created_at:[2024-01-01 TO 2024-02-01}   updated_at:{2024-01-01T00:00:00Z TO *]   name:müll*   free words
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..timestamps import parse_bound, parse_timestamp

Values = Callable[[str], list[Any]]  # all values of a field
Test = Callable[[Values], bool]
ParseBound = Callable[[str, bool], "int | None"]
OR_LIMIT = 25  # 26 conditions are rejected (Lignum group's scripts, live)
DATE_FIELDS = (
    "created_at",
    "updated_at",
    "opened_at",
    "filled_at",
    "published_at",
    "closes_at",
    "start_date",
    "end_date",
)
INDEX_FIELDS = {"skills": "skillsets", "company_name": "company.name"}  # names in the index -> in the response
FREE_TEXT_FIELDS = (
    "name",
    "title",
    "current_title",
    "current_company",
    "location",
    "skillsets",
    "notes",
    "all_raw_tags",
)

_TOKEN = re.compile(
    r"""
    (?P<range>[\[{][^\]}]*\s+TO\s+[^\]}]*[\]}]) | (?P<open>\() | (?P<close>\)) | (?P<quoted>"(?:[^"\\]|\\.)*") |
    (?P<field>[\w.*]+):(?=\S) | (?P<word>[^\s()\[\]{}"]+) | (?P<space>\s+)
""",
    re.VERBOSE,
)


class QueryError(ValueError):
    """The search engine would reject the query."""


class Query:
    """A parsed query.

    `bounds` holds date ranges that every match is in, so that a sorted table needs no full scan.
    """

    def __init__(self, text: str, dates: str = "honoured", parse: ParseBound = parse_bound) -> None:
        if len(re.findall(r"\bOR\b", text)) >= OR_LIMIT:
            raise QueryError('Too many "OR" conditions in query')
        self.dates, self.parse = dates, parse
        self.tokens = [(match.lastgroup, match.group(match.lastgroup or 0)) for match in _tokenize(text)]
        self.position = 0
        self.bounds: dict[str, tuple[int | None, int | None]] = {}
        self.is_only_bounds = True  # whether the query has nothing but the date ranges in `bounds`
        self.test = self._alternatives() if self.tokens else _always
        if self.position < len(self.tokens):
            raise QueryError("Failed to parse query")

    def matches(self, values: Values) -> bool:
        return self.test(values)

    # alternatives := conjunction (OR conjunction)*       conjunction := clause (AND? clause)*
    # clause := NOT clause | ( alternatives ) | field:value | value

    def _peek(self) -> tuple[str | None, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else (None, "")

    def _next(self) -> tuple[str | None, str]:
        token = self._peek()
        self.position += 1
        return token

    def _alternatives(self, field: str | None = None) -> Test:
        parts = [self._conjunction(field)]
        while self._peek() == ("word", "OR"):
            self._next()
            self.bounds, self.is_only_bounds = {}, False
            parts.append(self._conjunction(field))
            self.bounds = {}
        return parts[0] if len(parts) == 1 else lambda values: any(part(values) for part in parts)

    def _conjunction(self, field: str | None) -> Test:
        required: list[Test] = []
        optional: list[Test] = []
        follows_and = False
        while self._peek()[0] not in (None, "close") and self._peek() != ("word", "OR"):
            if self._peek() == ("word", "AND"):
                self._next()
                follows_and = True
                continue
            is_word = self._peek()[0] in ("word", "quoted") and self._peek()[1] not in ("NOT",)
            (optional if is_word and not follows_and and field is None else required).append(self._clause(field))
        if not required and not optional:
            raise QueryError("Failed to parse query")
        if required:  # beside a required clause, optional words only affect the ranking
            return required[0] if len(required) == 1 else lambda values: all(part(values) for part in required)
        # Words without AND are alternatives (loxo-mcp-server).
        return lambda values: any(part(values) for part in optional)

    def _clause(self, field: str | None) -> Test:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT") or (kind == "word" and text in ("-", "!")):
            outer_bounds, self.is_only_bounds = dict(self.bounds), False
            inner = self._clause(field)
            self.bounds = outer_bounds
            return lambda values: not inner(values)
        if kind == "open":
            inner = self._alternatives(field)
            if self._next()[0] != "close":
                raise QueryError("Failed to parse query")
            return inner
        if kind == "field":
            return self._field(text)
        if kind == "range":
            return self._range(field or "*", text)
        if kind in ("word", "quoted"):
            self.is_only_bounds = False
            return _term(field, text)
        raise QueryError("Failed to parse query")

    def _field(self, name: str) -> Test:
        if self._peek()[0] == "word" and name in ("_exists_", "*"):
            target = INDEX_FIELDS.get(self._peek()[1], self._next()[1])
            if name == "*":
                return _always
            self.is_only_bounds = False
            return lambda values: any(value not in (None, "", []) for value in values(target))
        return self._clause(INDEX_FIELDS.get(name, name))

    def _range(self, field: str, text: str) -> Test:
        low_text, high_text = (side.strip() for side in re.split(r"\s+TO\s+", text[1:-1], maxsplit=1))
        open_low, open_high = text[0] == "{", text[-1] == "}"
        if field in DATE_FIELDS:
            return self._date_range(field, low_text, high_text, open_low, open_high)
        self.is_only_bounds = False
        low, high = _parse_number(low_text), _parse_number(high_text)

        def within(value: Any) -> bool:
            number = _parse_number(str(value))
            return (
                number is not None
                and _is_above(number, low, open_low)
                and _is_above(-number, _negative(high), open_high)
            )

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
            self.is_only_bounds = False

        def within(value: Any) -> bool:
            ms = value if isinstance(value, int) else parse_timestamp(str(value))
            return ms is not None and (low is None or ms >= low) and (high is None or ms <= high)

        return lambda values: any(within(value) for value in values(field))

    def _date(self, text: str, is_upper: bool) -> int | None:
        if text == "*":
            return None
        ms = self.parse(text, is_upper)
        if ms is None:
            raise QueryError(f"Failed to parse date field [{text}]")
        return ms


def _tokenize(text: str) -> list[re.Match[str]]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise QueryError("Failed to parse query")
        position = match.end()
        if match.lastgroup != "space":
            tokens.append(match)
    return tokens


def _always(values: Values) -> bool:
    return True


def _term(field: str | None, text: str) -> Test:
    phrase = text[1:-1] if text.startswith('"') else text
    if phrase == "*":
        return _always if field is None else lambda values: any(value is not None for value in values(field))
    escaped = re.escape(phrase.lower()).replace(r"\*", r"\w*").replace(r"\?", r"\w")
    pattern = re.compile(rf"(?<!\w){escaped}(?!\w)")

    def matches(value: Any) -> bool:
        if isinstance(value, dict):  # an e-mail address or a phone number
            value = value.get("value")
        if value is None:
            return False
        if isinstance(value, bool):
            return phrase == str(value).lower()
        return phrase == str(value) or (isinstance(value, str) and pattern.search(value.lower()) is not None)

    fields = (field,) if field and field != "*" else FREE_TEXT_FIELDS
    return lambda values: any(matches(value) for name in fields for value in values(name))


def _parse_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _is_above(value: float, low: float | None, is_strict: bool) -> bool:
    return low is None or (value > low if is_strict else value >= low)
