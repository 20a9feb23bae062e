"""A coverage-guided fuzzer of decoders and paginators: python -m tools.fuzz -runs=200000 -seed=1 [libFuzzer flags]

Needs atheris. Each new kind of failure is printed once as FINDING, with its input, and the run goes on.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["loxo_api", "source_loxo"]):
    from loxo_api.config import Config
    from loxo_api.custom_fields import with_custom_fields
    from loxo_api.endpoints import ENDPOINTS
    from loxo_api.errors import ContractError, ErrorKind, LoxoError
    from loxo_api.http_messages import Response
    from loxo_api.pages import decode_page, position
    from loxo_api.pagination import scroll as scroll_module
    from loxo_api.rate_limiter import retry_after
    from loxo_api.record_count import RecordCount
    from loxo_api.slices import Slice
    from loxo_api.timestamps import http_date, parse_timestamp
    from source_loxo.state import STATE_VERSION, ChangeFeedState

import contextlib
import logging

from tools.paginators import PAGINATORS, Server

ROWS = list(ENDPOINTS.values())
WORDS = sorted(
    {key for row in ROWS for key in row.records_keys}
    | {"id", "key", "name", "scroll_id", "total_count", "total_pages", "pagination", "dynamic_field_type"}
    | {"version", "windows", "updated_at", "created_at", "since", "start", "end", "top", "delivered", "done"}
)
TEXTS = ("2024-01-01T00:00:00.000Z", "2024-02-30", "0001-01-01T00:00:00+14:00", "5b313730345d", "custom_text_1", "")


def value(given: Any, depth: int = 0) -> Any:
    """A JSON value made of the fuzzer's bytes."""
    kind = given.ConsumeIntInRange(0, 9 if depth < 4 else 6)
    if kind > 7:
        return {_word(given): value(given, depth + 1) for _ in range(given.ConsumeIntInRange(0, 5))}
    if kind == 7:
        return [value(given, depth + 1) for _ in range(given.ConsumeIntInRange(0, 3))]
    simple = (None, True, False, given.ConsumeInt(9), given.ConsumeRegularFloat(), _text(given), 1)
    return simple[kind]


def _word(given: Any) -> str:
    number = given.ConsumeIntInRange(0, len(WORDS))
    return WORDS[number] if number < len(WORDS) else _text(given)


def _text(given: Any) -> str:
    number = given.ConsumeIntInRange(0, len(TEXTS))
    return TEXTS[number] if number < len(TEXTS) else str(given.ConsumeUnicodeNoSurrogates(30))


def page(given: Any) -> None:
    row, body = ROWS[given.ConsumeIntInRange(0, len(ROWS) - 1)], value(given)
    if row.records_keys and given.ConsumeBool():
        body = {
            row.records_keys[0]: [value(given), value(given)],
            "scroll_id": value(given),
            "total_count": value(given),
        }
    with contextlib.suppress(ContractError):
        RecordCount().add(decode_page(row, body))


# Repeated records are accepted up to the count cap; a smaller cap suffices to see whether paging ends.
scroll_module.COUNT_CAP = 100


def paging(given: Any) -> None:
    answers = []
    for _ in range(given.ConsumeIntInRange(1, 4)):
        rows = [
            {"id": given.ConsumeIntInRange(0, 5), "updated_at": _text(given)} for _ in range(given.ConsumeInt(1) % 4)
        ]
        # A server that counts endless records keeps any reader busy, so the counts here are small.
        claimed = given.PickValueInList([None, *range(9)])
        body = {"people": rows, "scroll_id": given.PickValueInList([None, "a", "b"]), "total_count": claimed}
        with contextlib.suppress(ContractError):
            answers.append(decode_page(ENDPOINTS["people"], {**body, "total_pages": given.ConsumeIntInRange(0, 9)}))
    if answers:
        with contextlib.suppress(LoxoError):
            for _ in given.PickValueInList(list(PAGINATORS.values()))(Server(answers)):
                pass


def cursor(given: Any) -> None:
    position(json.dumps(value(given)).encode().hex())
    position(given.ConsumeUnicodeNoSurrogates(100))


def time(given: Any) -> None:
    found = parse_timestamp(_text(given) + _text(given))
    assert found is None or len(found) == 24, "not in Loxo's form"


def header(given: Any) -> None:
    text = _text(given)
    assert (retry_after(Response(429, {"Retry-After": text}, b"", 0)) or 0) >= 0
    http_date(text)


def config(given: Any) -> None:
    domain = given.PickValueInList(["app.loxo.co", "http://127.0.0.1:", "https://", "http://[::1]:"]) + _text(given)
    slug, date = value(given), value(given)
    try:
        Config.parse({"domain": domain, "agency_slug": slug, "api_key": "k" + _text(given), "start_date": date})
    except LoxoError as error:
        assert error.kind is ErrorKind.CONFIG


def state(given: Any) -> None:
    Slice.from_json(value(given))
    slices = [value(given), {_word(given): value(given), _word(given): value(given)}]
    stored = {"version": STATE_VERSION, "kind": "change_feed", _word(given): value(given), "slices": slices}
    ChangeFeedState.from_json("people", stored).to_json()


def fields(given: Any) -> None:
    field = {"key": _text(given), "name": value(given), "dynamic_field_type": value(given)}
    with_custom_fields({"properties": {}}, [field])


TARGETS: tuple[Callable[[Any], None], ...] = (page, paging, cursor, time, header, config, state, fields)
_found: set[tuple[str, str, str]] = set()


def one(data: bytes) -> None:
    given = atheris.FuzzedDataProvider(data)
    target = TARGETS[given.ConsumeIntInRange(0, len(TARGETS) - 1)]
    try:
        target(given)
    except Exception as error:
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "source_loxo" in frame.filename]
        kind = (target.__name__, type(error).__name__, ours[-1].name if ours else "")
        if kind not in _found:
            _found.add(kind)
            print(f"FINDING {json.dumps(kind)} {error!s:.80} input {data[:200]!r}", flush=True)


if __name__ == "__main__":
    logging.disable()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
