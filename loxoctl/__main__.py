"""`python -m loxoctl`."""

import sys

from loxoctl.cli import run

sys.exit(run())
