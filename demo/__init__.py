"""The main job on one's own machine: a Loxo account into a DuckDB file, through PyAirbyte."""
