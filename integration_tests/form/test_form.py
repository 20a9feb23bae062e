"""The connection form in a real browser, filled in by keyboard. Run by `.ci/form`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import chromium

pytestmark = pytest.mark.form

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PICTURE = ROOT / "docs/form.png"
SPEC = yaml.safe_load((ROOT / "source_loxo/spec.yaml").read_text(encoding="utf-8"))["connectionSpecification"]
GOOD = {"domain": "https://acme.app.loxo.co/", "agency_slug": "acme-recruiting", "api_key": "not-a-real-key"}

BAD = [
    ("domain", "app.loxo.co/agencies/acme", "must be: a host name, such as app.loxo.co"),
    ("domain", "10.0.0.1", "must be: a host name, such as app.loxo.co"),
    ("domain", "http://app.loxo.co:8080", "must be: a host name, such as app.loxo.co"),
    ("agency_slug", "acme@resumes.loxo.co", "must be: the part before the @, such as acme-recruiting"),
    ("agency_slug", "Acme Recruiting", "must be: the part before the @, such as acme-recruiting"),
    ("start_date", "01/02/2024", "must be: YYYY-MM-DDTHH:MM:SSZ"),
    ("start_date", "2024-01-01T00:00:00", "must be: YYYY-MM-DDTHH:MM:SSZ"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page with the spec in it and the form's script beside it."""
    folder = tmp_path_factory.mktemp("form")
    text = (HERE / "page.html").read_text(encoding="utf-8").replace("/*SPEC*/", json.dumps(SPEC))
    (folder / "page.html").write_text(text, encoding="utf-8")
    bundle = ["--bundle", "--minify", '--define:process.env.NODE_ENV="production"', f"--outfile={folder}/form.js"]
    subprocess.run([str(HERE / "node_modules/.bin/esbuild"), "form.jsx", *bundle], cwd=HERE, check=True)
    return (folder / "page.html").as_uri()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium"), "--window-size=680,860") as found:
        yield found


class Form:
    """The form on the screen."""

    def __init__(self, driver: Any, page: str) -> None:
        self.driver = driver
        driver.get(page)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def field(self, name: str) -> Any:
        return self.all(f"#root_{name}")[0]

    def fill(self, **values: str) -> None:
        from selenium.webdriver.common.keys import Keys

        for name, text in values.items():
            self.field(name).send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
            self.field(name).send_keys(text)

    def submit(self) -> None:
        self.all("button[type=submit]")[0].click()

    @property
    def sent(self) -> Any:
        """The config that the form sends to Airbyte, or None."""
        text = self.all("#sent")[0].get_attribute("textContent")
        return json.loads(text) if text else None

    def errors(self, name: str) -> str:
        return " ".join(each.text for each in self.all(f"#root_{name}__error"))


@pytest.fixture
def form(driver: Any, page: str) -> Form:
    return Form(driver, page)


def test_the_fields_are_in_order_with_title_and_help(form: Form) -> None:
    fields = sorted(SPEC["properties"].items(), key=lambda item: item[1]["order"])
    assert [each.get_attribute("id") for each in form.all("input")] == [f"root_{name}" for name, _ in fields]
    shown = [label.text for label in form.all("label")]
    assert shown == [facts["title"] + "*" * (name in SPEC["required"]) for name, facts in fields]
    for name, facts in fields:
        assert form.all(f"#root_{name}__help")[0].text == " ".join(facts["description"].split())


def test_only_the_key_is_masked(form: Form) -> None:
    kinds = {each.get_attribute("id"): each.get_attribute("type") for each in form.all("input")}
    assert [name for name, kind in kinds.items() if kind == "password"] == ["root_api_key"]


def test_the_domain_is_filled_in_and_nothing_else(form: Form) -> None:
    values = {name: form.field(name).get_attribute("value") for name in SPEC["properties"]}
    assert values == {"domain": "app.loxo.co", "agency_slug": "", "api_key": "", "start_date": ""}


def test_good_values_are_sent(form: Form) -> None:
    form.fill(**GOOD, start_date="2024-01-01T00:00:00Z")
    form.submit()
    assert form.sent == {**GOOD, "start_date": "2024-01-01T00:00:00Z"}


def test_the_start_date_can_be_left_empty(form: Form) -> None:
    form.fill(**GOOD)
    form.submit()
    assert form.sent == GOOD


def test_an_empty_form_names_the_fields(form: Form) -> None:
    form.submit()
    assert form.sent is None
    assert {name: form.errors(name) for name in SPEC["properties"]} == {
        "domain": "",
        "agency_slug": "required field",
        "api_key": "required field",
        "start_date": "",
    }


@pytest.mark.parametrize(("name", "text", "words"), BAD, ids=[text for _, text, _ in BAD])
def test_a_wrong_value_is_explained_without_a_pattern(form: Form, name: str, text: str, words: str) -> None:
    form.fill(**{**GOOD, name: text})
    form.submit()
    assert form.sent is None
    assert form.errors(name) == words


def test_the_picture_of_the_documentation(form: Form, tmp_path: Path) -> None:
    form.fill(domain="app.loxo.co", agency_slug="acme@resumes.loxo.co", api_key="not-a-real-key")
    form.submit()
    form.driver.execute_script("document.activeElement.blur()")
    form.driver.save_screenshot(str(tmp_path / "wrong.png"))
    form.fill(agency_slug="acme-recruiting", start_date="2024-01-01T00:00:00Z")
    form.submit()
    assert form.sent
    form.driver.execute_script("document.activeElement.blur()")
    taken = form.driver.get_screenshot_as_png()
    if not PICTURE.exists():
        PICTURE.write_bytes(taken)
    assert PICTURE.stat().st_size < 200_000
