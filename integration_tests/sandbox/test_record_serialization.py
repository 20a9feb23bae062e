"""Time formats, odd values and custom ranges in records."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import Client, seconds

from sandbox.process import Sandbox


def test_timestamps_can_be_local_or_without_a_zone(client: Client, sandbox: Sandbox) -> None:
    utc = client.page("sms")["sms"][0]["created_at"]
    sandbox.set(record_times="no_zone")
    assert client.page("sms")["sms"][0]["created_at"] == utc[:-1]
    sandbox.set(record_times="agency", agency_offset_hours=5.5)
    local = client.page("sms")["sms"][0]["created_at"]
    assert local.endswith("+05:30") and seconds(local) == seconds(utc) + 19_800
    sandbox.set(record_times="agency_no_zone", agency_offset_hours=-3)
    assert client.page("sms")["sms"][0]["created_at"][:19] != utc[:19]


def nesting_depth(value: Any) -> int:
    levels = 0
    while isinstance(value, dict) and value:
        value, levels = next(iter(value.values())), levels + 1
    return levels


@pytest.mark.parametrize(
    ("kind", "is_odd"),
    [
        ("nested", lambda value: nesting_depth(value) == 300),
        ("big_integers", lambda value: isinstance(value, int) and value > 1 << 64),
        ("surrogates", lambda value: isinstance(value, str) and "\ud83d" in value),
        ("nul", lambda value: isinstance(value, str) and "\x00" in value),
    ],
)
def test_every_fifth_record_can_have_an_odd_value(client: Client, sandbox: Sandbox, kind: str, is_odd: Any) -> None:
    def has_odd_value(record: dict[str, Any]) -> bool:
        return any(is_odd(value) for value in record.values())

    sandbox.set(odd_records={"people": kind})
    people = client.scroll("people", "people", per_page=100)
    odd_ids = [person["id"] for person in people if has_odd_value(person)]
    assert len(odd_ids) == 86
    assert has_odd_value(client.page(f"people/{odd_ids[0]}"))
    assert not any(map(has_odd_value, client.page("sms")["sms"]))


def test_custom_ranges_are_objects_or_arrays(client: Client, sandbox: Sandbox) -> None:
    keys = ("custom_numeric_range_1", "custom_date_range_1")

    def types() -> set[str]:
        jobs = client.page("jobs", per_page=100)["results"]
        return {type(job[key]).__name__ for job in jobs for key in keys if job.get(key)}

    assert types() == {"dict"}
    sandbox.set(custom_ranges="array")
    assert types() == {"list"}
    jobs = client.page("jobs", per_page=100)["results"]
    job_id = next(job["id"] for job in jobs if job.get(keys[0]))
    assert isinstance(client.page(f"jobs/{job_id}")[keys[0]], list)
