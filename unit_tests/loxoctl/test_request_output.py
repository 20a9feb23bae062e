"""The file that a result is written to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loxoctl.request_command import destination


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with destination(str(pipe)) as file:
        file.write(b"x")
    assert os.read(reader, 2) == b"x"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_directory_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), destination(str(tmp_path)):
        pass
