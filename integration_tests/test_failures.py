"""Errors name the right stream, the cause and the remedy, and never the key."""

import json
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from loxo_api.endpoints import ENDPOINTS
from sandbox.process import Sandbox
from tools.connector import Connector, Output, parse

KEY = "sandbox-key-4f1d9c"
Start = Callable[..., Sandbox]
Connect = Callable[..., Connector]


@pytest.fixture(scope="module")
def other_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Another host: it returns a web page to each request and records the requests."""
    seen: list[dict[str, Any]] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()


@pytest.fixture(scope="module")
def bad_read(tmp_path_factory: pytest.TempPathFactory, other_server: Any) -> Any:
    """One read of an account in which nine objects fail in nine ways and the others can be read."""
    elsewhere, _ = other_server
    misbehaving: dict[str, Any] = {
        "forbidden": ["users"],
        "missing": ["scorecards"],
        "repeat_cursor": ["people"],
        "no_records_key": ["companies"],
        "error_object": ["genders"],
        "broken_json": ["currencies"],
        "redirect": {"pronouns": f"{elsewhere}/api/demo-agency/pronouns"},
        "echo_key": True,
    }
    with Sandbox(people=250, jobs=30, events=150, api_key=KEY, set=misbehaving) as sandbox:
        connector = Connector(sandbox.config, tmp_path_factory.mktemp("bad"))
        yield sandbox, connector.read(["nonsense", *(row.name for row in ENDPOINTS.values() if not row.parent)])


@pytest.mark.parametrize(
    ("stream", "kind", "words"),
    [
        ("users", "config_error", ["403", "has no permission for 'users'", "admin"]),
        ("scorecards", "config_error", ["404", "Agency Slug"]),
        ("people", "system_error", ["repeats itself", "100 of 250"]),
        ("companies", "system_error", ["'companies'", "missing"]),
        ("genders", "system_error", ["expected a list"]),
        ("currencies", "system_error", ["unreadable response"]),
        ("pronouns", "config_error", ["not followed", "302"]),
        ("nonsense", "config_error", ["no such stream"]),
    ],
)
def test_a_failing_stream_is_named_with_cause_and_remedy(
    bad_read: Any, stream: str, kind: str, words: list[str]
) -> None:
    _, output = bad_read
    error = output.errors[stream]
    assert output.statuses[stream] == "INCOMPLETE"
    assert error["failure_type"] == kind
    for word in [stream, *words]:
        assert word in error["message"]


def test_a_failing_stream_does_not_fail_the_others(bad_read: Any) -> None:
    sandbox, output = bad_read
    failed = {name for name, status in output.statuses.items() if status == "INCOMPLETE"}
    assert failed == {"users", "scorecards", "people", "companies", "genders", "currencies", "pronouns", "nonsense"}
    for stream in set(output.statuses) - failed:
        assert sorted(output.ids(stream)) == sorted(sandbox.ids(stream))
    assert output.exit_code == 1


def test_no_other_host_gets_a_request_or_the_key(bad_read: Any, other_server: Any) -> None:
    assert other_server[1] == []


def test_the_key_is_not_printed_if_the_server_echoes_it(bad_read: Any) -> None:
    _, output = bad_read
    assert "****" in output.text
    assert KEY not in output.text


def test_a_refused_request_fails_at_once(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=5)
    connector = connect(box)
    arguments = connector.read_arguments(["users"])
    box.reset_requests()
    box.set(forbidden=["users"])
    assert connector.run(*arguments).exit_code == 1
    refused = [path for path, status in box.requests()["log"] if "users" in path]
    assert len(refused) == 1


def message(output: Output) -> str:
    status = output.of("CONNECTION_STATUS")[0]
    assert status["status"] == "FAILED"
    assert output.exit_code == 0
    assert KEY not in output.text
    text: str = status["message"]
    return text


def test_check_distinguishes_eight_wrong_configurations(
    start_sandbox: Start, connect: Connect, other_server: Any
) -> None:
    box = start_sandbox(people=5, api_key=KEY)
    messages = {
        "domain with a path": message(connect(box, domain=f"{box.url}/agencies").check()),
        "unreachable": message(connect(box, domain="http://127.0.0.1:9").check()),
        "unknown host": message(connect(box, domain="nobody.invalid").check()),
        "not Loxo": message(connect(box, domain=other_server[0]).check()),
        "wrong key": message(connect(box, api_key="wrong-key-123").check()),
        "unknown slug": message(connect(box, agency_slug="nobody").check()),
        "bad slug": message(connect(box, agency_slug="acme@loxo.co").check()),
        "blank in key": message(connect(box, api_key="two words").check()),
        "bad date": message(connect(box, start_date="yesterday").check()),
    }
    box.set(forbidden=["person_types"], echo_key=True)
    messages["forbidden"] = message(connect(box).check())
    box.set(forbidden=[], redirect={"person_types": other_server[0]})
    messages["redirected"] = message(connect(box).check())
    box.set(redirect={}, throttle_every=1, retry_after_value=3600)
    messages["throttled"] = message(connect(box).check())
    assert len(set(messages.values())) == len(messages)
    wanted = {
        "domain with a path": "type only the host name",
        "unreachable": "Loxo Domain",
        "unknown host": "cannot be resolved",
        "not Loxo": "web page",
        "wrong key": "Settings > API Keys",
        "unknown slug": "Agency Slug",
        "bad slug": "not a slug",
        "blank in key": "API Key",
        "bad date": "YYYY-MM-DDTHH:MM:SSZ",
        "forbidden": "admin",
        "redirected": "final host",
        "throttled": "throttles",
    }
    for name, word in wanted.items():
        assert word in messages[name], name


def test_check_requests_one_small_list_only(small: Sandbox, connect: Connect) -> None:
    output = connect(small).check()
    assert output.of("CONNECTION_STATUS")[0]["status"] == "SUCCEEDED"
    assert small.requests()["by_path"] == {"person_types": 1}


def test_an_empty_catalog_ends_without_an_error(small: Sandbox, connect: Connect) -> None:
    output = connect(small).read([])
    assert (output.exit_code, output.of("RECORD")) == (0, [])


def test_unknown_streams_end_incomplete_by_name(small: Sandbox, connect: Connect) -> None:
    output = connect(small).read(["old_name", "older_name"])
    assert output.statuses == {"old_name": "INCOMPLETE", "older_name": "INCOMPLETE"}
    assert "old_name, older_name" in output.errors[""]["message"]
    assert output.exit_code == 1


def test_debug_logs_neither_the_key_nor_people(start_sandbox: Start, connect: Connect) -> None:
    box = start_sandbox(people=30, api_key=KEY, set={"faults": {"status_500": 0.3}, "echo_key": True})
    connector = connect(box)
    output = connector.run(*connector.read_arguments(["people", "users"]), "--debug")
    assert output.exit_code == 0
    assert KEY not in output.text
    names = [record["name"] for record in output.records["people"]]
    assert names
    assert not [name for name in names if name in output.logs]


def test_proxy_and_ca_settings_of_the_environment_are_honoured(small: Sandbox, connect: Connect) -> None:
    connector = connect(small, domain="app.loxo.co")
    environment = {"HTTPS_PROXY": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        connector.command("check", "--config", str(Path(connector.folder) / "config.json")),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "proxy" in message(parse(done.returncode, done.stdout)).lower()


@pytest.mark.parametrize("wrong", ["{", "[]", "null", "7", '{"streams": [{}]}', '{"streams": "people"}', "\udc80"])
def test_a_malformed_catalog_file_has_a_clear_message(small: Sandbox, connect: Connect, wrong: str) -> None:
    connector = connect(small)
    arguments = connector.read_arguments(["users"])
    Path(arguments[-1]).write_text(wrong, errors="surrogateescape")
    error = connector.run(*arguments).errors[""]
    assert "catalog file" in error["message"]
    assert error["failure_type"] == "config_error"


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize("wrong", ["{", "[]", "null", None])
def test_a_malformed_config_file_has_a_clear_message(
    small: Sandbox, connect: Connect, command: str, wrong: str | None
) -> None:
    connector = connect(small)
    arguments = connector.read_arguments(["users"])[1:]
    Path(arguments[1]).unlink() if wrong is None else Path(arguments[1]).write_text(wrong)
    error = connector.run(command, *arguments[: 4 if command == "read" else 2]).errors[""]
    assert "config file" in error["message"]
    assert error["failure_type"] == "config_error"


@pytest.mark.parametrize("state", ["{", '{"people": {}}', '[{"type": "STREAM"}]', "[7]", '"text"'])
def test_a_malformed_state_file_has_a_clear_message(small: Sandbox, connect: Connect, state: str) -> None:
    output = connect(small).read(["users"], state=json.loads(state) if state != "{" else state)
    assert output.exit_code == 1
    assert "state" in output.errors[""]["message"].lower()
    assert output.errors[""]["failure_type"] == "config_error"
