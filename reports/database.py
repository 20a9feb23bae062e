"""Opens the DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


class ReportError(Exception):
    """Something that the person at the keyboard can mend, in words for them."""


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file, to read. Its name in SQL is ours: a file `models.duckdb` would hide the schema `models`.

    :raises ReportError: the file does not exist, is open in another program, or is not a DuckDB file.
    """
    if not database.exists():
        raise ReportError(f"{database} does not exist. Make it with `make demo`, or name another with DATABASE=.")
    with duckdb.connect() as db:
        try:
            db.execute("ATTACH '{}' AS loxo (READ_ONLY)".format(str(database).replace("'", "''")))
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise ReportError(f"{database} cannot be opened; is it open in another program? ({reason})") from None
        db.execute("USE loxo")
        yield db
