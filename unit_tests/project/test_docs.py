"""README.md and the pages in docs/ agree with the code, in the order that Airbyte requires."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tools.documentation import PAGE, PARTS, README, ROOT, catalog, generated

TEXT = PAGE.read_text(encoding="utf-8")
PAGES = sorted(PAGE.parent.glob("*.md"))
SPEC = yaml.safe_load((ROOT / "source_loxo/spec.yaml").read_text(encoding="utf-8"))["connectionSpecification"]

# The order of Airbyte's template for connector pages; others may be between them.
HEADINGS = [
    "# Loxo",
    "## Prerequisites",
    "## Setup guide",
    "## Set up Loxo",
    "## Set up the Loxo connector in Airbyte",
    "### For Airbyte Cloud:",
    "### For Airbyte Open Source:",
    "## Supported sync modes",
    "## Supported Streams",
    "### Performance considerations",
    "## Data type map",
    "## Limitations & Troubleshooting",
    "## IP allow list",
    "## Changelog",
]
# Sentences that Airbyte's checks require word for word.
SENTENCES = [
    "This page contains the setup guide and reference information for the [Loxo](https://loxo.co) source connector.",
    "1. [Log into your Airbyte Cloud](https://cloud.airbyte.com/workspaces) account.\n"
    "2. Click Sources and then click + New source.\n"
    "3. On the Set up the source page, select Loxo from the Source type dropdown.\n"
    "4. Enter a name for the Loxo connector.",
    "1. Navigate to the Airbyte Open Source dashboard.",
    "The Loxo source connector supports the following "
    "[sync modes](https://docs.airbyte.com/cloud/core-concepts/#connection-sync-modes):",
    "If you use Airbyte Cloud and your organization restricts access to specific IPs, add the "
    "[Airbyte Cloud IP addresses](/platform/operating-airbyte/ip-allowlist) to your allow list.",
    "<details>\n  <summary>Expand to review</summary>",
]


def section(heading: str) -> str:
    return TEXT.split(f"\n{heading}\n")[1].split("\n## ")[0]


def printed() -> Iterator[str]:
    """Every text in the connector's code, with … for each placeholder."""
    for path in (*(ROOT / "loxo_api").rglob("*.py"), *(ROOT / "source_loxo").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("page", PARTS, ids=lambda page: page.name)
def test_the_generated_parts_match_the_code(page: Path) -> None:
    assert generated(page) == page.read_text(encoding="utf-8"), "run: python -m tools.documentation"


def test_no_page_installs_the_connector_from_an_index() -> None:
    """It is on none, so its name in an installation would install another author's package."""
    texts = [*PAGES, ROOT / "README.md", *(ROOT / "examples").iterdir(), *(ROOT / "demo").glob("*.py")]
    for path in texts:
        installs = re.findall(r"^.*pip3? install.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert [line for line in installs if "airbyte-source-loxo" in line] == [], path.name


def test_every_stream_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \[", section("## Supported Streams"), re.MULTILINE)
    assert sorted(rows) == sorted(stream["name"] for stream in catalog())


def test_the_headings_are_in_airbytes_order() -> None:
    headings = re.findall(r"^#+ .*$", TEXT, re.MULTILINE)
    assert [heading for heading in headings if heading in HEADINGS] == HEADINGS


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence[:20])
def test_airbytes_sentences_are_word_for_word(sentence: str) -> None:
    assert sentence in TEXT


@pytest.mark.parametrize("field", SPEC["required"])
def test_the_prerequisites_name_every_required_field(field: str) -> None:
    assert f"**{SPEC['properties'][field]['title']}**" in section("## Prerequisites")


def test_every_field_of_the_form_is_explained() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", section("## Set up the Loxo connector in Airbyte"), re.MULTILINE)
    titles = [field["title"] for field in sorted(SPEC["properties"].values(), key=lambda field: field["order"])]
    assert rows[1:] == titles  # after the head line


def test_every_message_in_the_page_is_printed_by_the_code() -> None:
    texts = list(printed())
    messages = re.findall(r"`([^`]*…[^`]*)`", TEXT)
    assert len(messages) > 20
    for message in messages:
        pieces = [piece.strip(" .") for piece in message.split("…") if piece.strip(" .")]
        for piece in pieces:
            assert any(piece in text for text in texts), f"nowhere in the code: {piece}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_repository_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:|/)([^)#]*)#?([^)]*)\)", text):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{target} in {page.name}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in slugs, f"#{anchor} in {page.name}"


def test_links_of_the_readme_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", README.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_names_the_list_that_is_not_a_stream() -> None:
    assert "`job_listing_config`" in README.read_text(encoding="utf-8")


def test_every_test_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`(test_\w+\.py)`", text))
    assert len(names) > 20
    assert (
        names - {path.name for folder in ("unit_tests", "integration_tests") for path in (ROOT / folder).rglob("*.py")}
        == set()
    )


def test_every_file_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"`((?:loxo_api|source_loxo|sandbox|tools|docs|unit_tests|\.github|\.ci)/[\w./]*)", text)
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []
