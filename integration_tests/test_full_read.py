"""The whole account, every id of it, over real HTTP, with each possible behaviour of Loxo and with every fault."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from loxo_api.endpoints import ENDPOINTS
from sandbox.process import Sandbox
from tools.connector import ROOT, Connector, Output, parse

# The 54 objects that Loxo lists, and merges; the streams below them are tried in test_children.py.
LISTS = [row.name for row in ENDPOINTS.values() if not row.parent]
Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]


def assert_complete(output: Output, sandbox: Sandbox, streams: Any = LISTS) -> None:
    for stream in streams:
        assert sorted(output.ids(stream)) == sorted(sandbox.ids(stream)), stream
        assert output.statuses[stream] == "COMPLETE"
    assert output.exit_code == 0


def discovered(connector: Connector) -> Connector:
    """The connector when it has discovered, so that planned events hit the read and not the samples."""
    connector.discover()
    return connector


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}


@pytest.fixture(scope="module")
def whole_read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Sandbox(people=5000, jobs=300, events=3000) as sandbox:
        yield sandbox, Connector(sandbox.config, tmp_path_factory.mktemp("whole")).read(LISTS)


def test_every_id_of_every_list_is_delivered_once(whole_read: Any) -> None:
    sandbox, output = whole_read
    assert set(output.statuses) == set(LISTS)
    assert_complete(output, sandbox)


def test_records_pass_through_unchanged(whole_read: Any) -> None:
    sandbox, output = whole_read
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    for path, key, query in (
        ("people", "people", "per_page=100&created_at_sort=asc"),
        ("jobs", "results", "per_page=100&page=2&updated_at_sort=asc"),
        ("placements", "placements", ""),
    ):
        sent = requests.get(f"{sandbox.url}/api/{sandbox.agency_slug}/{path}?{query}", headers=headers).json()[key]
        delivered = {record["id"]: record for record in output.records[path]}
        assert sent == [delivered[row["id"]] for row in sent]


def test_each_counted_stream_logs_and_estimates_its_records(whole_read: Any) -> None:
    sandbox, output = whole_read
    assert "people: 5000 records delivered, Loxo claims 5000;" in output.logs
    estimates = {
        trace["estimate"]["name"]: trace["estimate"]["row_estimate"]
        for trace in output.of("TRACE")
        if trace["type"] == "ESTIMATE"
    }
    counted = [row.name for row in ENDPOINTS.values() if row.counted and not row.parent]
    assert estimates == {name: len(sandbox.ids(name)) for name in counted}


def test_only_declared_parameters_are_sent_except_one_trial(whole_read: Any) -> None:
    sandbox, _ = whole_read
    # discover and read each try a page size on companies, where public clients disagree.
    assert sandbox.requests()["by_status"].get("422", 0) <= 2


@pytest.mark.parametrize(
    "settings",
    [
        {"faults": {"status_500": 0.1, "status_503": 0.05}},
        {"faults": {"reset": 0.1, "truncate": 0.1}},
        {"faults": {"html": 0.15}},
        {"rate_limit": 20, "retry_after": "none"},
        {"rate_limit": 20, "retry_after": "seconds"},
        {"rate_limit": 20, "retry_after": "date"},
        {"counters": "nested", "source_types": "bare", "last_page_cursor": "null"},
        {"last_page_cursor": "absent", "default_order": "updated_desc"},
        {"lucene_dates": "refused", "over_100": "rejected", "date_bounds": "exclusive"},
        {"lucene_dates": "ignored", "fixed_page_size": 7, "source_types_page": 3},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_no_record_is_lost_with_any_side_or_fault(small: Sandbox, connect: Connect, settings: dict[str, Any]) -> None:
    small.set(**settings)
    assert_complete(connect(small).read(LISTS), small)


@pytest.mark.parametrize("ranges", ["honoured", "ignored"])
@pytest.mark.parametrize(("jobs", "wall"), [(2600, 1000), (25_000, 10_000)])
def test_jobs_beyond_the_result_limit_are_all_read(
    start_sandbox: Start, connect: Connect, jobs: int, wall: int, ranges: str
) -> None:
    sandbox = start_sandbox(people=20, jobs=jobs, set={"jobs_wall": wall, "lucene_dates": ranges})
    assert_complete(connect(sandbox).read(["jobs"]), sandbox, ["jobs"])


def test_unsplittable_jobs_end_incomplete_with_a_number(start_sandbox: Start, connect: Connect) -> None:
    sandbox = start_sandbox(people=20, jobs=700, set={"jobs_wall": 300, "lucene_dates": "ignored"})
    first = sandbox.record("jobs", sandbox.ids("jobs")[0])
    same = {key: first.get(key) for key in ("published", "remote_work_allowed", "status", "job_type", "country_code")}
    for job_id in sandbox.ids("jobs"):
        sandbox.update("jobs", job_id, **same)
    output = connect(sandbox).read(["jobs"])
    assert output.statuses["jobs"] == "INCOMPLETE"
    assert len(set(output.ids("jobs"))) == 600
    assert "100 records are missing" in output.errors["jobs"]["message"]
    assert output.exit_code == 1


@pytest.mark.parametrize("page", [1, 2])
def test_an_edit_of_a_person_hides_no_other_record(small: Sandbox, connect: Connect, page: int) -> None:
    ids = small.ids("people")
    edits = [{"op": "update", "object": "people", "id": each, "fields": {"city": "Elsewhere"}} for each in ids[:150:10]]
    connector = discovered(connect(small))
    small.at("people", page, *edits)
    assert_complete(connector.read(["people"]), small, ["people"])


def test_a_deleted_or_new_person_hides_no_other_record(small: Sandbox, connect: Connect) -> None:
    connector = discovered(connect(small))
    ids = small.ids("people")
    small.at("people", 1, {"op": "delete", "object": "people", "id": ids[0]}, {"op": "create", "object": "people"})
    output = connector.read(["people"])
    assert set(small.ids("people")) <= set(output.ids("people"))
    assert output.exit_code == 0


@pytest.mark.parametrize("request_number", [1, 2, 3, 4, 5])
def test_a_changed_job_hides_no_other_record(start_sandbox: Start, connect: Connect, request_number: int) -> None:
    sandbox = start_sandbox(people=20, jobs=330)
    ids = sandbox.ids("jobs")
    by_update = sorted(ids, key=lambda each: sandbox.record("jobs", each)["updated_at"])
    connector = discovered(connect(sandbox))
    sandbox.at(
        "jobs",
        request_number,
        *({"op": "delete", "object": "jobs", "id": each} for each in (by_update[3], by_update[150], by_update[320])),
        *({"op": "update", "object": "jobs", "id": each, "fields": {"title": "New"}} for each in by_update[50:60]),
        {"op": "create", "object": "jobs"},
    )
    output = connector.read(["jobs"])
    assert set(sandbox.ids("jobs")) <= set(output.ids("jobs"))
    assert output.exit_code == 0


@pytest.mark.parametrize("order", ["created_desc", "updated_desc"])
@pytest.mark.parametrize("request_number", [1, 2])
def test_changes_in_an_unsorted_list_hide_no_record(
    small: Sandbox, connect: Connect, order: str, request_number: int
) -> None:
    small.set(default_order=order)
    ids = small.ids("companies")
    connector = discovered(connect(small))
    small.at(
        "companies",
        request_number,
        *({"op": "update", "object": "companies", "id": each, "fields": {"name": "New"}} for each in ids[::5]),
        {"op": "create", "object": "companies"},
        {"op": "delete", "object": "companies", "id": ids[-1]},
    )
    output = connector.read(["companies"])
    assert set(small.ids("companies")) <= set(output.ids("companies"))
    assert output.exit_code == 0


def test_start_date_leaves_out_records_created_well_before_it(small: Sandbox, connect: Connect) -> None:
    created = sorted(small.record("person_events", each)["created_at"] for each in small.ids("person_events"))
    start = created[len(created) // 2][:19] + "Z"
    for bounds in ("inclusive", "exclusive"):
        small.set(date_bounds=bounds)
        on_the_boundary = small.create("person_events", created_at=start.replace("Z", ".000Z"))["id"]
        output = connect(small, start_date=start).read(["person_events", "sms", "people"])
        wanted = {
            stream: {
                each for each in small.ids(stream) if small.record(stream, each)["created_at"] >= f"{start[:19]}.000Z"
            }
            for stream in ("person_events", "sms")
        }
        assert on_the_boundary in wanted["person_events"]
        for stream, ids in wanted.items():
            assert ids <= set(output.ids(stream))
            # The zone in which Loxo reads a bound is unknown, so up to 26 hours more are delivered.
            surplus = set(output.ids(stream)) - ids
            earliest = (datetime.fromisoformat(start[:19]) - timedelta(hours=26, seconds=2)).isoformat()
            assert all(small.record(stream, each)["created_at"] >= earliest for each in surplus)
            assert len(output.ids(stream)) < len(small.ids(stream))
        assert set(output.ids("people")) == set(small.ids("people"))


def test_the_connector_runs_as_a_process_of_its_own(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    command = connector.command(*connector.read_arguments(["users", "people"]))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert_complete(parse(done.returncode, done.stdout), small, ["users", "people"])


def test_it_prints_the_messages_of_the_cdk(small: Sandbox, connect: Connect) -> None:
    connector = connect(small)
    arguments = connector.read_arguments(["currencies"])
    theirs = "import sys; from airbyte_cdk.entrypoint import launch; from source_loxo import SourceLoxo"
    program = [sys.executable, "-c", f"{theirs}; launch(SourceLoxo(), sys.argv[1:])", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=environment)

    def comparable(output: Output) -> list[Any]:
        for message in output.messages:
            for part in (message.get("record"), message.get("trace")):
                (part or {}).pop("emitted_at", None)
            if message["type"] == "RECORD":  # the CDK's serializer leaves out top-level nulls; ours does not
                message["record"]["data"] = without_nulls(message["record"]["data"])
        return [message for message in output.messages if message["type"] != "LOG"]

    assert comparable(connector.run(*arguments)) == comparable(parse(0, done.stdout))


def test_a_slow_server_is_read_in_more_parts_than_a_fast_one(
    start_sandbox: Callable[..., Sandbox], connect: Callable[..., Connector]
) -> None:
    parts = {}
    for latency in (0, 100):
        box = start_sandbox(people=5000, set={"latency_ms": latency})
        output = connect(box).read(["people"])
        assert sorted(output.ids("people")) == sorted(box.ids("people"))
        parts[latency] = max(len(each["stream"]["stream_state"].get("slices", [])) for each in output.of("STATE"))
    assert 1 <= parts[0] < parts[100]
