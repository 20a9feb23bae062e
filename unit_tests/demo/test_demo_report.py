"""The demo's report from the connector's log lines."""

import io
import logging

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)
from rich.console import Console

from demo.cost import duration
from demo.report import STEP, Report, Stream, not_renewed, table


def heard(*lines: tuple[int, str]) -> Report:
    report = Report(lambda report: None)
    report.expect(["people", "users", "sms", "deleted_records"])
    for level, text in lines:
        report.handle(logging.LogRecord("airbyte", level, "", 0, text, None, None))
    return report


def test_a_settled_stream_has_its_numbers() -> None:
    report = heard(
        (logging.INFO, "people: 250 records delivered, Loxo claims 251; 1.5 s."),
        (logging.INFO, "users: 14 records delivered, Loxo claims no number; 0.0 s."),
        (logging.INFO, "nobody: 14 records delivered, Loxo claims no number; 0.0 s."),
    )
    assert report.streams["people"] == Stream("people", delivered=250, claimed=251, seconds=1.5)
    assert report.streams["users"].claimed is None
    assert (len(report.ended), report.records) == (2, 264)


def test_a_stream_without_a_count_ends_with_its_log_line() -> None:
    report = heard((logging.INFO, "Finished syncing sms"), (logging.INFO, "Finished syncing deleted_records"))
    assert [stream.name for stream in report.ended] == ["deleted_records"]
    assert report.streams["deleted_records"].read


def test_a_stream_fails_by_its_error_or_without_an_end() -> None:
    report = heard(
        (logging.INFO, "people: 250 records delivered, Loxo claims 251; 1.5 s."),
        (logging.INFO, "users: Loxo returned a server error. Try 1 failed; the next in 0.5 s."),
        (logging.ERROR, "people: 1 records are missing"),
        (logging.ERROR, "Concurrent read failure"),
        (logging.INFO, "sms: 0 records delivered, Loxo claims 0; 0.1 s."),
    )
    assert [stream.name for stream in report.failed] == ["people", "users", "deleted_records"]
    assert report.streams["people"].error == "1 records are missing"
    assert report.other_errors == ["Concurrent read failure"]


def estimate(name: str, rows: int) -> AirbyteMessage:
    message = AirbyteEstimateTraceMessage(name, EstimateType.STREAM, row_estimate=rows)
    return AirbyteMessage(Type.TRACE, trace=AirbyteTraceMessage(TraceType.ESTIMATE, 0, estimate=message))


def test_progress_moves_within_a_stream() -> None:
    told: list[str] = []
    report = Report(lambda report: told.append(report.progress))
    report.expect(["people", "users"])
    report.hear(estimate("people", 50_000))
    record = AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage("people", {}, 0))
    for _ in range(2 * STEP):
        report.hear(record)
    assert told == [
        f"0 of 2 streams read, {STEP} records; people: {STEP} of 50,000",
        f"0 of 2 streams read, {2 * STEP} records; people: {2 * STEP} of 50,000",
    ]


def test_progress_names_the_longest_stream_and_the_last_step() -> None:
    report = Report(lambda report: None)
    report.expect(["people", "sms"])
    for name, expected in (("people", 900), ("sms", 2000)):
        report.hear(estimate(name, expected))
        report.hear(AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage(name, {}, 0)))
    assert report.progress.endswith("; sms: 1 of 2,000")
    for name in ("people", "sms"):
        report.handle(
            logging.LogRecord(
                "", logging.INFO, "", 0, f"{name}: 1 records delivered, Loxo claims 1; 0.1 s.", None, None
            )
        )
    assert report.progress == "2 of 2 streams read, 2 records; writing them into DuckDB"


def test_tables_of_an_earlier_run_are_named_with_their_rows() -> None:
    assert not_renewed({"users": 14, "people": 5000}).endswith("not renewed: users (14 rows), people (5,000 rows).")


def test_a_duration_has_a_readable_text() -> None:
    assert [duration(seconds) for seconds in (20, 600, 36_000)] == ["less than a minute", "about 10 min", "about 10 h"]


def test_the_table_names_what_failed_and_adds_up_the_rest() -> None:
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(table([Stream("people", 2500, 2500, 1.5, rows=2500), Stream("users", error="403")], 9.0))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["people", "2,500", "2,500", "2,500", "1.5"] in lines
    assert ["users", "-", "failed", "-", "-"] in lines
    assert ["2", "streams", "2,500", "2,500", "9.0"] in lines
