"""Requests and whole lists of one account, without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_transport import FakeTransport, response

import loxoctl
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.http_messages import Request, Response
from loxo_api.retry import RetryPolicy
from loxoctl import exit_codes
from loxoctl.paths import UsageError

CONFIG = {"domain": "app.loxo.co", "agency_slug": "acme", "api_key": "sandbox-key"}
AT_ONCE = RetryPolicy(retries=0, max_pause=0)


def account(*results: Any) -> tuple[loxoctl.Account, FakeTransport]:
    transport = FakeTransport(*results)
    return loxoctl.Account(CONFIG, AT_ONCE, transport), transport


def answer(document: Any) -> Response:
    return response(json.dumps(document).encode())


def ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


def numbered(count: int, start: int = 1) -> list[dict[str, int]]:
    return [{"id": number} for number in range(start, start + count)]


def test_a_request_returns_the_response_of_loxo() -> None:
    mine, transport = account(answer({"id": 1}))
    assert mine.request("put", "/people/1", json={"person": {"name": "Ada"}}) == {"id": 1}
    assert transport.requests[0][:4] == ("PUT", "people/1", None, [("person[name]", "Ada")])


def test_other_content_is_returned_as_bytes_or_none() -> None:
    mine, _ = account(response(b"%PDF", headers={"Content-Type": "application/pdf"}), response(b""))
    assert mine.request("GET", "people/1/resumes/2/download") == b"%PDF"
    assert mine.request("GET", "people/1") is None


def test_a_get_with_a_body_is_refused() -> None:
    mine, transport = account(answer({}))
    with pytest.raises(UsageError, match="GET"):
        mine.request("GET", "people", form=[("a", "1")])
    assert transport.requests == []


def test_without_a_config_the_environment_names_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DOMAIN": "app.loxo.co", "AGENCY_SLUG": "acme", "API_KEY": "sandbox-key"}.items():
        monkeypatch.setenv(f"LOXO_{name}", value)
    assert loxoctl.Account(transport=FakeTransport(answer([]))).config.agency_slug == "acme"
    monkeypatch.delenv("LOXO_API_KEY")
    with pytest.raises(LoxoError, match="LOXO_API_KEY"):
        loxoctl.Account()


def paged(request: Request) -> Response:
    """A list that no table knows, with page counters under `pagination`."""
    page = int((request.params or {}).get("page", 1))
    return answer({"pagination": {"current_page": page, "total_pages": 2, "total_count": 3},
                   "things": numbered(2) if page == 1 else numbered(1, 3)})  # fmt: skip


def scrolled(request: Request) -> Response:
    cursor = (request.params or {}).get("scroll_id")
    rows = numbered(1, 3) if cursor == "A" else [] if cursor == "B" else numbered(2)
    return answer({"scroll_id": "B" if cursor else "A", "total_count": 3, "things": rows})


@pytest.mark.parametrize("result", [paged, scrolled, lambda request: answer(numbered(3)),
                                    lambda request: answer({"things": numbered(3), "total_count": 3})])  # fmt: skip
def test_the_first_response_shows_the_pagination(result: Any) -> None:
    mine, _ = account(result)
    assert sorted(ids(mine.records("things"))) == [1, 2, 3]


def test_filters_are_repeated_with_each_page() -> None:
    mine, transport = account(scrolled)
    list(mine.records("things", {"query": "x"}))
    assert all(params["query"] == "x" for params in transport.params)


def test_a_shortfall_is_an_error_after_the_records_read() -> None:
    mine, _ = account(answer({"people": numbered(2), "total_count": 5, "scroll_id": None}))
    read = []
    with pytest.raises(LoxoError, match="3 records are missing") as caught:
        for row in mine.records("people"):
            read.append(row["id"])
    assert read == [1, 2]
    assert exit_codes.of(caught.value) == exit_codes.CONTRACT


def test_a_keyed_list_that_holds_less_than_it_counts_is_an_error() -> None:
    mine, _ = account(answer({"things": numbered(2), "total_count": 5}))
    with pytest.raises(LoxoError, match="3 records are missing"):
        list(mine.records("things"))


@pytest.mark.parametrize("params", [{"page": "2"}, {"scroll_id": "x"}, {"after_id": "1"}, {"per_page": "many"}])
def test_a_whole_read_refuses_a_position(params: dict[str, str]) -> None:
    mine, _ = account(answer({"people": [], "total_count": 0}))
    with pytest.raises(UsageError):
        list(mine.records("people", params))


@pytest.mark.parametrize("document", [{"id": 1}, {"a": [], "b": []}, "text"])
def test_a_response_without_a_single_list_is_an_error(document: Any) -> None:
    mine, _ = account(answer(document))
    with pytest.raises(LoxoError, match="Leave --all out"):
        list(mine.records("things"))


def test_a_single_record_is_not_a_list() -> None:
    mine, _ = account(answer({"id": 1}))
    with pytest.raises(UsageError, match="single record"):
        list(mine.records("people/1"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoxoError("", ErrorKind.CONFIG, 401), exit_codes.CONFIG),
        (LoxoError("", ErrorKind.CONFIG, 403), exit_codes.CONFIG),
        (LoxoError("", ErrorKind.CONFIG), exit_codes.CONFIG),
        (LoxoError("", ErrorKind.CONFIG, 404), exit_codes.REFUSED),
        (LoxoError("", ErrorKind.CONFIG, 404, retryable=True), exit_codes.CONFIG),
        (LoxoError("", ErrorKind.SYSTEM, 422), exit_codes.REFUSED),
        (LoxoError("", ErrorKind.TRANSIENT, 429, retryable=True), exit_codes.TRANSIENT),
        (LoxoError("", ErrorKind.TRANSIENT, 500, retryable=True), exit_codes.TRANSIENT),
        (LoxoError("", ErrorKind.SYSTEM, 200), exit_codes.CONTRACT),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: LoxoError, code: int) -> None:
    assert exit_codes.of(error) == code
