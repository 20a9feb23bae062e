"""`python -m demo`: a whole Loxo account, or the sandbox, into a DuckDB file.

The work runs in a process group of its own (demo/work.py): PyAirbyte answers an interrupt with a failed sync, and its
children print tracebacks. Here Ctrl-C ends the whole group at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys

from demo.arguments import arguments
from demo.places import CACHE

SHOW_CURSOR = "\r\x1b[2K\x1b[?25h"


def main() -> int:
    arguments()
    worker = None
    try:
        # The worker ends when this pipe closes, so it also ends when this process is killed.
        worker = subprocess.Popen(
            [sys.executable, "-m", "demo.work", *sys.argv[1:]], stdin=subprocess.PIPE, start_new_session=True
        )
        code = worker.wait()
        return code if code >= 0 else 128 - code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if worker:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        shutil.rmtree(CACHE, ignore_errors=True)
        if sys.stdout.isatty():
            print(SHOW_CURSOR, end="")
        print("Stopped. What the database holds may be of an earlier run; run the demo again to renew it.", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
