"""The dbt package expects the columns that the schemas declare."""

from tools.model_columns import TARGET, text


def test_the_declared_columns_are_those_of_the_schemas() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run python -m tools.model_columns"
