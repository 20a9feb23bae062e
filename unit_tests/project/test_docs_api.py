"""The bodies in docs/airbyte-self-managed.md are valid for Airbyte's API, by the models of Airbyte's own client."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import typing
from typing import Any

import pytest

from tools.documentation import ROOT

models = pytest.importorskip("airbyte_api.models", reason="PyAirbyte needs Python 3.12 or older")

TEXT = (ROOT / "docs/airbyte-self-managed.md").read_text(encoding="utf-8")
BODIES = re.findall(r"^```json (\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def faults(kind: Any, value: Any, where: str) -> list[str]:
    """The fields of a value that a model does not have, and those that it requires and the value lacks."""
    kinds = [each for each in typing.get_args(kind) if each is not type(None)]
    if typing.get_origin(kind) is list:
        return [fault for each in value for fault in faults(kinds[0], each, f"{where}[]")]
    if kinds:
        return faults(kinds[0], value, where) if len(kinds) == 1 else []
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [] if value in [each.value for each in kind] else [f"{where}: no {value}"]
    if not dataclasses.is_dataclass(kind):
        return []
    hints = typing.get_type_hints(kind)
    fields = {field.metadata["dataclasses_json"]["letter_case"](None): field for field in dataclasses.fields(kind)}
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    found = [f"{where}: unknown {name}" for name in set(value) - set(fields)]
    found += [f"{where}: missing {name}" for name in required - set(value)]
    for name in set(value) & set(fields):
        found += faults(hints[fields[name].name], value[name], f"{where}.{name}")
    return found


@pytest.mark.parametrize(("model", "body"), BODIES, ids=[model for model, _ in BODIES])
def test_the_body_fits_the_api(model: str, body: str) -> None:
    assert faults(getattr(models, model), json.loads(body), model) == []


def test_all_four_bodies_are_there_and_a_wrong_one_is_noticed() -> None:
    assert len(BODIES) == 4
    wrong = {"jobType": "dance", "connection": "x"}
    assert len(faults(models.JobCreateRequest, wrong, "")) == 3
