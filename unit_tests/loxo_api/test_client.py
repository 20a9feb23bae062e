"""The meaning of each response, the retries, and the page sizes, without a network."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import urllib3
from fake_transport import GOOD, connected, response

from loxo_api.client import WORKERS
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.http_messages import Response
from loxo_api.retry import INTERACTIVE, Replay, RetryPolicy
from loxo_api.transport import NotSecure, TooLarge

PEOPLE = ENDPOINTS["people"]
HTML = {"Content-Type": "text/html"}
LOXO_404 = response(b'{"status":404,"error":"Not Found"}', 404)
PROXY_404 = response(b"<html>no such page</html>", 404, HTML)
RESET = urllib3.exceptions.ProtocolError("reset by peer")
REFUSED = urllib3.exceptions.NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]
UNTRUSTED = NotSecure("certificate verify failed")
PROXY_UNTRUSTED = urllib3.exceptions.ProxyError("Unable to connect to proxy", UNTRUSTED)
BAD_RECORD = urllib3.exceptions.SSLError("bad record mac")
ONCE = RetryPolicy(retries=0, max_pause=5)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.mark.parametrize(
    "fault",
    [
        response(b"<html>", headers=HTML),
        response(b"{}"),
        response(b'{"people": [{"id": 1}'),
        response(b"oops", 500),
        response(b"", 503),
        response(b"", 429, {"Retry-After": "0"}),
        PROXY_404,
        response(b'{"people": [], "total_count": 0, "errors": ["search is down"]}'),
        RESET,
    ],
    ids=["html", "no-records-key", "cut-json", "500", "503", "429", "proxy-404", "errors", "reset"],
)
def test_a_transient_error_is_retried(fault: Any) -> None:
    client, transport = connected(fault, response())
    assert client.page(PEOPLE).records == [{"id": 1}]
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "attempts"),
    [
        (response(b"<html>", headers=HTML), ErrorKind.SYSTEM, 3),
        (response(b"{}"), ErrorKind.SYSTEM, 3),
        (response(b"", 500), ErrorKind.TRANSIENT, 3),
        (response(b"", 429, {"Retry-After": "0"}), ErrorKind.TRANSIENT, 3),
        (response(b"", 429, {"Retry-After": "100000"}), ErrorKind.TRANSIENT, 1),
        (RESET, ErrorKind.TRANSIENT, 3),
        (BAD_RECORD, ErrorKind.TRANSIENT, 3),
        (UNTRUSTED, ErrorKind.CONFIG, 1),
        (PROXY_UNTRUSTED, ErrorKind.CONFIG, 1),
        (response(b"", 401), ErrorKind.CONFIG, 1),
        (response(b"", 403), ErrorKind.CONFIG, 1),
        (LOXO_404, ErrorKind.CONFIG, 1),
        (response(b"", 404), ErrorKind.TRANSIENT, 3),
        (response(b'{"people": [], "errors": ["search is down"]}'), ErrorKind.SYSTEM, 3),
        (response(b"", 302, {"Location": "https://elsewhere.example/"}), ErrorKind.CONFIG, 1),
        (response(b'{"errors":["Invalid parameters"]}', 422), ErrorKind.SYSTEM, 1),
        (response(b"", 400), ErrorKind.SYSTEM, 1),
        (response(b"", 418), ErrorKind.SYSTEM, 1),
        (response(b"", 204), ErrorKind.SYSTEM, 1),
    ],
)
def test_each_failure_has_its_kind_and_its_number_of_attempts(fault: Any, kind: ErrorKind, attempts: int) -> None:
    client, transport = connected(fault)
    with pytest.raises(LoxoError) as failed:
        client.page(PEOPLE)
    assert failed.value.kind is kind
    assert len(transport.requests) == attempts
    assert "people" in str(failed.value)


def test_an_interactive_client_does_not_wait_for_a_long_throttle() -> None:
    client, transport = connected(response(b"", 429, {"Retry-After": "60"}), policy=INTERACTIVE)
    with pytest.raises(LoxoError, match="throttles this account for 60 seconds"):
        client.page(PEOPLE)
    assert len(transport.requests) == 1


def message(fault: Response, policy: RetryPolicy = ONCE) -> str:
    client, _ = connected(fault, policy=policy)
    with pytest.raises(LoxoError) as failed:
        client.page(PEOPLE)
    return str(failed.value)


def test_an_error_quotes_only_the_error_texts_of_the_response() -> None:
    body = json.dumps({"errors": ["Invalid parameters: [:per_page]"], "person": {"name": "Somebody"}}).encode()
    text = message(response(body, 422))
    assert "Invalid parameters: [:per_page]" in text
    assert "Somebody" not in text


@pytest.mark.parametrize("status", [403, 500, 200])
def test_a_text_that_shows_the_key_is_not_quoted(status: int) -> None:
    text = message(response(json.dumps({"errors": ["x" * 295 + " Bearer sandbox-key is wrong"]}).encode(), status))
    assert "****" in text
    assert "sandbox" not in text


def test_an_interactive_error_names_fields_of_the_form_only() -> None:
    text = message(LOXO_404, INTERACTIVE)
    assert "Agency Slug" in text
    assert "stream" not in text
    assert "stream" not in message(response(b"", 403), INTERACTIVE)
    assert "deselect the stream" in message(LOXO_404)


@pytest.mark.parametrize("policy", [INTERACTIVE, ONCE])
def test_a_404_page_of_a_proxy_is_not_a_missing_object(policy: RetryPolicy) -> None:
    text = message(PROXY_404, policy)
    assert "web page instead of data" in text
    assert "deselect" not in text


@pytest.mark.parametrize(
    ("fault", "not_found"),
    [(LOXO_404, True), (PROXY_404, False), (response(b"[]", 404), False)],
    ids=["loxo", "proxy", "list"],
)
def test_only_loxos_own_404_means_that_an_object_does_not_exist(fault: Response, not_found: bool) -> None:
    client, _ = connected(fault, policy=ONCE)
    with pytest.raises(LoxoError) as failed:
        client.page(PEOPLE)
    assert failed.value.is_not_found is not_found


def test_a_write_sends_form_and_files() -> None:
    client, transport = connected(response(b'{"id": 7}', 201))
    form, files = [("person[name]", "Ann"), ("person[tags][]", "a")], [("document", "cv.pdf", b"%PDF")]
    assert client.request("POST", "people", form=form, files=files).body == b'{"id": 7}'
    (sent,) = transport.requests
    assert (sent.method, sent.path, sent.form, sent.files) == ("POST", "people", form, files)


@pytest.mark.parametrize(
    ("fault", "may_have_effect"),
    [
        (response(b"", 500), True),
        (response(b"", 408), True),
        (RESET, True),
        (BAD_RECORD, True),
        (UNTRUSTED, False),
        (REFUSED, False),
        (response(b"", 429, {"Retry-After": "0"}), False),
        (response(b"", 422), False),
        (PROXY_404, False),
    ],
    ids=["500", "408", "reset", "bad-record", "untrusted", "refused", "429", "422", "proxy-404"],
)
def test_a_post_is_sent_again_only_if_the_first_had_no_effect(fault: Any, may_have_effect: bool) -> None:
    client, transport = connected(fault)
    with pytest.raises(LoxoError) as failed:
        client.request("POST", "people", form=[("person[name]", "Ann")])
    assert failed.value.may_have_effect is may_have_effect
    assert len(transport.requests) == (3 if failed.value.retryable and not may_have_effect else 1)


@pytest.mark.parametrize(("method", "replay"), [("GET", None), ("PUT", None), ("DELETE", None), ("POST", Replay.SAFE)])
def test_a_request_with_the_same_effect_twice_is_retried(method: str, replay: Replay | None) -> None:
    client, transport = connected(RESET, response(b"", 500), response(b"{}"))
    assert client.request(method, "people/1", replay=replay).status_code == 200
    assert len(transport.requests) == 3


def pages(megabytes: float) -> Callable[[Any], Any]:
    """Pages whose size depends on the requested page size; each record has so many megabytes."""

    def answer(request: Any) -> Response:
        count = int((request.params or {}).get("per_page", 1))
        if megabytes * count > request.max_megabytes:
            raise TooLarge(f"the body is larger than {request.max_megabytes} MB")
        text = "x" * int(megabytes * 2**20 / 100)  # a hundredth, so that the test stays small
        return response(json.dumps({"people": [{"id": each, "text": text} for each in range(count)]}).encode())

    return answer


def sizes(transport: Any) -> list[Any]:
    return [params.get("per_page") for params in transport.params]


def test_a_page_above_the_limit_is_requested_in_smaller_pages() -> None:
    client, transport = connected(pages(0.2))
    assert len(client.page(PEOPLE).records) == 10
    assert sizes(transport) == [100, 10]


def test_a_single_record_above_the_shared_limit_is_read_alone() -> None:
    client, transport = connected(pages(5))
    assert len(client.page(PEOPLE).records) == 1
    assert sizes(transport) == [100, 10, 1, 1]
    assert [request.max_megabytes for request in transport.requests] == [4, 4, 4, 64]


def test_a_page_size_never_shrinks_to_zero() -> None:
    client, transport = connected(pages(5))
    for _ in range(3):
        assert client.page(PEOPLE).records
    assert min(sizes(transport)) == 1


def test_numbered_pages_keep_their_size_and_a_record_has_none() -> None:
    def too_large(request: Any) -> Response:
        if request.max_megabytes < 64:
            raise TooLarge("the body is larger than 4 MB")
        return response(b'{"results": [{"id": 1}]}')

    client, transport = connected(too_large, too_large, response(b'{"id": 7}'))
    # The list of a substream's parents has the substream's name.
    client.page(replace(ENDPOINTS["jobs"], name="people_details"))
    client.page(ENDPOINTS["people_details"].of({"id": 7}))
    assert sizes(transport) == [100, 100, None]


COMPANIES = ENDPOINTS["companies"]
COMPANY_PAGE = response(b'{"companies": [{"id": 1}]}')
NO_PER_PAGE = response(b'{"errors":["Invalid parameters: [:per_page]"]}', 422)


def test_a_page_size_that_companies_refuse_is_tried_once() -> None:
    client, transport = connected(lambda request: NO_PER_PAGE if "per_page" in request.params else COMPANY_PAGE)
    client.page(COMPANIES)
    client.page(replace(COMPANIES, name="company_emails"), {"scroll_id": "5B5D"})
    assert transport.params == [{"per_page": 100}, {}, {"scroll_id": "5B5D"}]


def test_a_page_size_that_companies_accept_is_kept() -> None:
    client, transport = connected(COMPANY_PAGE)
    client.page(COMPANIES)
    client.page(COMPANIES, {"scroll_id": "5B5D"})
    assert sizes(transport) == [100, 100]


def test_another_refused_parameter_keeps_the_page_size_open() -> None:
    client, transport = connected(lambda request: NO_PER_PAGE if "query" in request.params else COMPANY_PAGE)
    with pytest.raises(LoxoError, match="422"):
        client.page(COMPANIES, {"query": "name:x"})
    client.page(COMPANIES)
    assert transport.params[-1] == {"per_page": 100}


@pytest.mark.parametrize(("seconds", "wanted"), [(0.001, 1), (0.05, 10), (2, WORKERS - 1)])
def test_parallelism_follows_from_rate_and_latency(seconds: float, wanted: int) -> None:
    client, _ = connected(Response(200, {}, GOOD, seconds))
    assert client.parallelism() == 1
    client.page(PEOPLE)
    assert client.parallelism() == wanted


@pytest.mark.parametrize(("seconds", "wanted"), [(0.001, 1), (0.05, 10), (math.inf, WORKERS - 1)])
def test_parallelism_for_longer_requests_than_the_fastest(seconds: float, wanted: int) -> None:
    client, _ = connected(Response(200, {}, GOOD, 0.001))
    client.page(PEOPLE)
    assert client.parallelism(seconds) == wanted


def test_a_known_rate_limit_makes_parallel_requests_useless() -> None:
    client, _ = connected(response(b"", 429, {"Retry-After": "0"}), response())
    client.page(PEOPLE)
    assert client.parallelism() == 1
