"""The demo's files, below the folder in which it runs."""

from pathlib import Path

FOLDER = Path(".demo")
# PyAirbyte's passing files: the records before they are in DuckDB.
CACHE = FOLDER / "cache"
LOGS = FOLDER / "logs"
