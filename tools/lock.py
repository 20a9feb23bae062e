"""Writes requirements.txt: the packages of the image, at their newest allowed versions. Run by `.ci/lock`.

airbyte-cdk installs some 240 MB that this source never imports. They are left out by the names of the CDK's own
dependencies below; integration_tests/test_requirements.py runs the connector with only the packages of the file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

LEFT_OUT = {
    "pandas",  # file and SQL sources; brings numpy
    "nltk",  # documents as files
    "google-cloud-secret-manager",  # the airbyte-cdk command line; brings grpcio
    "rich",  # the same
    "rich-click",  # the same
    "click",  # the same
    "rapidfuzz",  # imported nowhere
    "dateparser",  # imported nowhere
    "boltons",  # imported nowhere
    "unidecode",  # imported nowhere
    "wcmatch",  # file sources
    "python-ulid",  # SQL destinations
    "setuptools",  # the base image has one, and nothing here needs it at run time
}


def resolved() -> dict[str, dict[str, Any]]:
    """Returns the metadata, by name, of the packages that pip would install into an empty environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    report = json.loads(subprocess.run([*command, str(ROOT)], check=True, stdout=subprocess.PIPE).stdout)
    return {canonicalize_name(item["metadata"]["name"]): item["metadata"] for item in report["install"]}


def needed(packages: dict[str, dict[str, Any]], name: str, extras: set[str], found: set[str]) -> set[str]:
    """Adds the direct and indirect requirements of `name` to `found`, except those that are left out."""
    for text in packages[name].get("requires_dist", []):
        requirement = Requirement(text)
        child = canonicalize_name(requirement.name)
        wanted = not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in {"", *extras})
        if wanted and child not in LEFT_OUT | found:
            found.add(child)
            needed(packages, child, requirement.extras, found)
    return found


def main() -> None:
    packages = resolved()
    names = sorted(needed(packages, "airbyte-source-loxo", set(), set()))
    pins = [f"{name}=={packages[name]['version']}\n" for name in names]
    (ROOT / "requirements.txt").write_text("# The packages of the image; written by .ci/lock.\n" + "".join(pins))
    print(f"{len(names)} of {len(packages) - 1} packages")


if __name__ == "__main__":
    main()
