"""`python -m benchmarks`: measures, and writes report.md and report.svg beside this file.

python -m benchmarks                     everything, about half an hour
python -m benchmarks --quick             less of everything, about ten minutes
python -m benchmarks --only people       one work; the others keep the figures of their last run
python -m benchmarks --report            no run, only the report of the figures at hand
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from .contenders import install_peers
from .report import write_report
from .scenarios import QUICK, SCENARIOS, Scale

RESULTS = Path(__file__).resolve().parent / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="only these scenarios")
    parser.add_argument("--report", action="store_true", help="only write the report of the figures at hand")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not options.report:
        install_peers()
        for name in options.only:
            print(f"{name} ...", flush=True)
            scale = QUICK if options.quick else Scale()
            began = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
            results[name] = {**SCENARIOS[name](scale), "quick": options.quick, "began": began}
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(write_report(results, RESULTS.parent))


if __name__ == "__main__":
    main()
