"""Values typed into the form, and the resulting config; the form's own pattern must agree."""

import pkgutil
import re
from pathlib import Path

import pytest
import yaml

from loxo_api.config import Config, read_config
from loxo_api.errors import ErrorKind, LoxoError

GOOD = {"domain": "app.loxo.co", "agency_slug": "acme", "api_key": "sandbox-key"}

SPEC = yaml.safe_load(pkgutil.get_data("source_loxo", "spec.yaml") or "")
PROPERTIES = SPEC["connectionSpecification"]["properties"]


def form_accepts(field: str, value: str) -> bool:
    return re.search(PROPERTIES[field]["pattern"], value) is not None


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("app.loxo.co", "https://app.loxo.co/api/acme"),
        ("  app.loxo.co ", "https://app.loxo.co/api/acme"),
        ("https://acme.app.loxo.co/", "https://acme.app.loxo.co/api/acme"),
        ("http://app.loxo.co", "https://app.loxo.co/api/acme"),
        ("HTTPS://App.Loxo.Co", "https://app.loxo.co/api/acme"),
        ("crm.xn--bcher-kva.example", "https://crm.xn--bcher-kva.example/api/acme"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/acme"),
        ("http://localhost:8080/", "http://localhost:8080/api/acme"),
        ("http://[::1]:8080", "http://[::1]:8080/api/acme"),
    ],
)
def test_a_pasted_domain_is_normalised_and_the_form_accepts_it(typed: str, address: str) -> None:
    assert form_accepts("domain", typed)
    assert Config.parse({**GOOD, "domain": typed}).base_url == address


@pytest.mark.parametrize(
    "typed",
    [
        "app.loxo.co/agencies",
        "app.loxo.co?x=1",
        "app.loxo.co#top",
        "https://user:pass@app.loxo.co",
        "app.loxo.co:443",
        "https://app.loxo.co:8443",
        "10.0.0.1",
        "https://169.254.169.254/",
        "http://10.0.0.1:8080",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "localhost",
        "http://localhost",
        "https://localhost:8080",
        "https://127.0.0.1:8080",
        "http://127.0.0.1:8080/api",
        "http://localhost.evil.example:8080",
        "ftp://app.loxo.co",
        "app..loxo.co",
        "-app.loxo.co",
        "app_loxo.co",
        "app.loxo.co\nevil.example",
        "https://",
    ],
)
def test_form_and_connector_refuse_anything_but_a_host(typed: str) -> None:
    assert not form_accepts("domain", typed)
    with pytest.raises(LoxoError, match="Loxo Domain") as refused:
        Config.parse({**GOOD, "domain": typed})
    assert refused.value.kind is ErrorKind.CONFIG


def test_a_port_beyond_65535_is_refused() -> None:
    with pytest.raises(LoxoError, match="Loxo Domain"):
        Config.parse({**GOOD, "domain": "http://127.0.0.1:99999"})


def test_a_password_in_a_pasted_address_is_not_repeated() -> None:
    with pytest.raises(LoxoError) as refused:
        Config.parse({**GOOD, "domain": "https://user:hunter2@app.loxo.co"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("typed", ["acme@loxo.co", "acme/../other", "..", "ac me", "acme?x", "acme%2f", ""])
def test_a_slug_that_would_change_the_address_is_refused(typed: str) -> None:
    assert not form_accepts("agency_slug", typed)
    with pytest.raises(LoxoError, match="Agency Slug"):
        Config.parse({**GOOD, "agency_slug": typed})


def test_no_value_of_a_wrong_field_is_repeated() -> None:
    for field in ("domain", "agency_slug", "api_key", "start_date"):
        with pytest.raises(LoxoError) as refused:
            Config.parse({**GOOD, field: "hunter2 hunter2"})
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("empty", [{}, {"domain": "", "agency_slug": None}])
def test_an_empty_config_names_all_missing_fields(empty: dict[str, object]) -> None:
    with pytest.raises(LoxoError) as refused:
        Config.parse(empty)
    for name in GOOD:
        assert name in str(refused.value)


@pytest.mark.parametrize("typed", ["", "  ", "two words", "line\nbreak", "kéy", None, 12345])
def test_an_invalid_key_is_refused_and_not_repeated(typed: object) -> None:
    with pytest.raises(LoxoError, match="API Key") as refused:
        Config.parse({**GOOD, "api_key": typed})
    assert not str(typed).strip() or str(typed) not in str(refused.value)


def test_the_key_is_stripped_and_never_shown() -> None:
    config = Config.parse({**GOOD, "api_key": " sandbox-key\n"})
    assert config.api_key == "sandbox-key"
    assert "sandbox-key" not in repr(config)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ("", None),
        (None, None),
    ],
)
def test_start_date_is_a_day_or_a_moment_in_utc(typed: object, meant: object) -> None:
    start = Config.parse({**GOOD, "start_date": typed}).start_date
    assert (start and start.to_iso8601_string()) == meant
    assert typed is None or form_accepts("start_date", str(typed))


def test_a_start_date_in_the_future_is_refused() -> None:
    with pytest.raises(LoxoError, match="in the future"):
        Config.parse({**GOOD, "start_date": "2999-01-01"})


@pytest.mark.parametrize(
    "typed", ["yesterday", "2024-13-01", "2023-02-29", "01/02/2024", "2024-01-01T00:00:00+02:00", 5]
)
def test_an_invalid_start_date_is_refused_with_the_format(typed: object) -> None:
    with pytest.raises(LoxoError, match="YYYY-MM-DDTHH:MM:SSZ"):
        Config.parse({**GOOD, "start_date": typed})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist. Check the path that --config gives"),
        (b"", "is empty"),
        (b'{"api_key": "sandbox-key", }', "is not JSON: "),
        (b"[" * 100_000, "is not usable JSON"),
        (b"\xff\xfe{", "is not UTF-8 text"),
        (b"[]", "is not a JSON object"),
    ],
)
def test_a_config_file_is_told_apart_by_what_is_wrong_with_it(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LoxoError) as caught:
        read_config(str(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "sandbox-key" not in str(caught.value)


def test_a_config_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'\xef\xbb\xbf{"domain": "app.loxo.co"}')
    assert read_config(str(path)) == {"domain": "app.loxo.co"}
