"""Starts a command and reports its cost: launch.py REPORT LIMIT_SECONDS COMMAND...

A process of its own, because a child is born with its parent's memory and the kernel counts that into its peak.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

report, limit, *command = sys.argv[1:]
began = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
signal.alarm(int(limit))
_, status, usage = os.wait4(child, 0)
cost = {
    "cpu": usage.ru_utime + usage.ru_stime,
    "wall": time.monotonic() - began,
    "peak_mb": usage.ru_maxrss / 1024,
    "exit_code": os.waitstatus_to_exitcode(status),
}
Path(report).write_text(json.dumps(cost))
