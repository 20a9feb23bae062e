"""Any response, state file or form value leads to the right result or the right error, never to another one."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pendulum
import pytest
import requests
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loxo_api.config import Config
from loxo_api.custom_fields import with_custom_fields
from loxo_api.endpoints import ENDPOINTS, Endpoint
from loxo_api.errors import ContractError, ErrorKind, LoxoError
from loxo_api.pages import Page, decode_page, position
from loxo_api.rate_limiter import retry_after
from loxo_api.record_count import RecordCount
from loxo_api.record_schemas import load_schema
from loxo_api.slices import Slice, declared_range
from loxo_api.timestamps import format_timestamp, http_date, parse_timestamp, shift
from source_loxo.state import STATE_VERSION, ChangeFeedState

KEYS = sorted(
    {
        *(key for row in ENDPOINTS.values() for key in row.records_keys),
        *("id", "scroll_id", "total_count", "total_pages", "pagination", "hierarchies"),
    }
)
# Numbers as orjson gives them: no NaN, but integers of any size that 64 bits hold.
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=5),
    max_leaves=20,
)
rows = st.lists(
    st.fixed_dictionaries({"id": st.integers() | st.text() | anything}, optional={"name": anything}), max_size=4
)
# Bodies that are nearly right find more than bodies that are not.
nearly = st.dictionaries(st.sampled_from(KEYS), rows | anything, max_size=6)
moments = st.datetimes().map(lambda time: f"{time.isoformat(timespec='milliseconds')}Z")
offsets = st.sampled_from(["Z", "+00:00", "+14:00", "-12:00", "-0930", ""])
zoned = st.builds(lambda time, offset: time.isoformat() + offset, st.datetimes(), offsets)
texts = zoned | st.text(max_size=40) | moments | st.from_regex(r"[0-9T:.Z+ P/-]{0,30}", fullmatch=True)


@given(st.sampled_from(list(ENDPOINTS.values())), anything | rows | nearly)
def test_a_body_is_a_page_or_a_contract_error(endpoint: Endpoint, body: Any) -> None:
    try:
        page = decode_page(endpoint, body)
    except ContractError as error:
        assert str(error)
        return
    assert isinstance(page, Page)
    assert page.scroll_id is None or page.scroll_id
    count = RecordCount()
    fresh = count.add(page)  # ids of any kind are distinct
    assert count.delivered == len(fresh) <= len(page.records)


@given(
    anything.map(lambda value: json.dumps(value).encode().hex()) | st.text() | st.from_regex(r"[0-9a-f ]*") | st.none()
)
def test_a_position_is_a_number_or_none(scroll_id: Any) -> None:
    found = position(scroll_id)
    assert found is None or isinstance(found, (int, float))


@pytest.mark.parametrize("depth", [100_000])
def test_a_deeply_nested_position_is_none(depth: int) -> None:
    assert position(("[" * depth).encode().hex()) is None


@given(texts | anything)
@example("0:")
@example("0001-01-01T00:00:00+14:00")
@example("0999-01-01")
@example("2024-13-01T00:00:00.000Z")
@example("\u0662\u0660\u0662\u0664-01-01T00:00:00.000Z")
def test_a_timestamp_is_in_loxos_form_or_none(value: Any) -> None:
    found = parse_timestamp(value)
    if found is not None:
        assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", found)
        assert parse_timestamp(found) == found
        assert format_timestamp(pendulum.instance(datetime.fromisoformat(found.replace("Z", "+00:00")))) == found


@given(
    texts | moments.map(lambda text: text + " GMT") | st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,6} \d\d:\d\d:\d\d .*")
)
def test_a_date_header_is_a_time_or_none(value: str) -> None:
    assume("\n" not in value and "\r" not in value)
    response = requests.Response()
    response.headers["Retry-After"] = value
    seconds = retry_after(response)
    assert seconds is None or 0 <= seconds < float("inf")
    date = http_date(value)
    assert date is None or parse_timestamp(date) == date


FORM = ("domain", "agency_slug", "api_key", "start_date")
typed = (
    st.text(max_size=30)
    | st.sampled_from(["app.loxo.co", "http://127.0.0.1:8080", "http://[::1]:99999", "http://169.254.169.254/", "acme"])
    | st.from_regex(r"(https?://)?[a-z0-9.:@\[\]/-]{0,30}", fullmatch=True)
    | texts
)


@given(st.dictionaries(st.sampled_from(FORM), typed | anything) | st.fixed_dictionaries(dict.fromkeys(FORM, typed)))
def test_a_config_is_valid_or_a_config_error(values: Mapping[str, Any]) -> None:
    try:
        config = Config.parse(values)
    except LoxoError as error:
        assert error.kind is ErrorKind.CONFIG
        assert str(error)
        return
    assert config.base_url.startswith(("https://", "http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
    assert config.api_key not in repr(config) or config.api_key in config.base_url + str(config.start_date) + "Config("


CURRENT = {"version": STATE_VERSION, "kind": "change_feed"}
TIMES = ("updated_at", "since", "full_at")


@example({**CURRENT, "updated_at": "2024"})
@example({**CURRENT, "updated_at": "2024-13-01T00:00:00.000Z"})
@example({**CURRENT, "updated_at": "0001-01-01T00:00:00.000Z"})
@given(
    st.fixed_dictionaries(
        {"version": st.just(STATE_VERSION) | anything, "kind": st.just("change_feed") | anything},
        optional={
            **dict.fromkeys(TIMES, texts | anything),
            "slices": st.lists(anything, max_size=3) | anything,
            "retry": st.lists(anything, max_size=3) | anything,
            "__ab_no_cursor_state_message": anything,
        },
    )
    | st.dictionaries(st.text(), anything)
)
def test_a_state_is_usable_or_starts_over(state: dict[str, Any]) -> None:
    usable = ChangeFeedState.from_json("people", state)
    for name in TIMES:
        if getattr(usable, name) is not None:
            shift(getattr(usable, name), seconds=-60)  # as every sync does with it
    assert all(isinstance(part, Slice) for part in usable.slices)
    assert all(isinstance(keys, dict) for keys in usable.retry)
    usable.to_json()


SLICE = tuple(Slice.__dataclass_fields__)


@example({"start": "abc"})
@example({"delivered": -5})
@given(
    anything
    | st.dictionaries(st.sampled_from(SLICE), texts | anything, max_size=6)
    | st.builds(lambda **values: values, start=moments, end=moments, delivered=st.integers(), done=st.booleans())
)
def test_a_stored_slice_is_a_slice_or_none(stored: Any) -> None:
    part = Slice.from_json(stored)
    if part is not None:
        assert Slice.from_json(part.to_json()) == part
        assert part.delivered >= 0
        declared_range(ENDPOINTS["person_events"])(part.start, part.end)


@given(
    st.sampled_from(sorted(ENDPOINTS)),
    st.lists(
        st.fixed_dictionaries(
            {"key": st.text() | st.sampled_from(["id", "custom_text_1", "custom_hierarchy_2"])},
            optional={"name": anything, "dynamic_field_type": anything | st.fixed_dictionaries({"name": anything})},
        ),
        max_size=4,
    ),
)
def test_custom_fields_only_add_columns(stream: str, definitions: list[dict[str, Any]]) -> None:
    schema = load_schema(stream)
    widened = with_custom_fields(schema, definitions)
    assert widened["properties"].items() >= schema["properties"].items()
    assert set(widened["properties"]) == {*schema["properties"], *(each["key"] for each in definitions)}
    json.dumps(widened)
