"""The figures as a page that can be read, and as a plot."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .contenders import PEERS
from .faults import Outcome
from .goals import goals
from .measure import median
from .plot import bars

Results = Mapping[str, Any]

WHY = """
The connector's time beyond start-up is spent on the requests, the decoding of pages and the encoding of records, as
`py-spy record --gil` shows. A worker encodes the records that it decoded, while the processor's cache holds them; a
page passes to the main thread as one message and is written at once. The garbage collector rests, because records
contain no cycles. The wall time at no latency follows from the request rate, which never exceeds 200 a second. The
pauses between the requests cost CPU time too, because caches get cold: requests + orjson, paced, shows how much."""

NOTES = {
    "people": "One list of 2 kB records, no latency: the CPU time of each.",
    "slow_people": "The same list where each response takes 200 ms. A scroll is serial; the connector cuts it into "
    "parts where the account proves that it honours date ranges.",
    "lists": "All lists of a mid-size agency at 200 ms. The longest scroll is the floor for a reader that does not "
    "cut it.",
    "start_up": "One list of four records: the cost of the start.",
    "duckdb": "The same lists into a DuckDB file: the connector through PyAirbyte, which takes most of this time, "
    "and dlt with its own destination.",
    "memory": "A longer list, for the peak memory.",
}


def write_report(results: Results, folder: Path) -> str:
    """Writes report.md and report.svg into the folder and returns the report."""
    (folder / "report.svg").write_text(bars(results))
    text = "\n".join(_lines(results)) + "\n"
    (folder / "report.md").write_text(text)
    return text


def _lines(results: Results) -> Iterator[str]:
    yield "# source-loxo beside floors and peers"
    yield "\nWritten by `python -m benchmarks`; the figures are in `results.json`. Whole processes, start-up included,"
    yield "against the sandbox in a process of its own on the same machine. Within a table the contenders took turns;"
    yield "medians. CPU is user and system time of the contender alone; its output goes to files.\n"
    yield from _setting()
    yield "\n![CPU and wall time](report.svg)\n"
    yield "## Goals\n\n| goal | measured | met |\n|---|---|---|"
    for goal, measured, met in goals(results):
        yield f"| {goal} | {measured} | {met} |"
    yield WHY
    for work, note in NOTES.items():
        if work in results:
            result = results[work]
            title = f"{work.replace('_', ' ')}{' (--quick)' if result['quick'] else ''}"
            yield f"\n## {title}\n\n{note} ({result['began']})\n"
            yield from table(result["runs"], result["existing"])
    if "completeness" in results:
        yield "\n## completeness\n\nCases in which others end early; each has a server of its own with equal faults.\n"
        for title, case in results["completeness"]["cases"].items():
            yield f"\n{title}:\n\n| | delivered | exit code |\n|---|---|---|"
            for name, costs in case["runs"].items():
                yield f"| {name} | {costs[0]['delivered']:,} of {case['existing']:,} | {costs[0]['exit_code']} |"
        yield "\nAn exit code of 0 with fewer records is an unreported loss: the stock JSON decoder of the low-code CDK"
        yield "reads a web page as an empty object, and that as the end. dlt and loxo-cli end with an error and deliver"
        yield "none of the records that they have read."
    yield from _limits(results)
    yield from _second_sync(results)
    yield from _commands(results)
    yield from _politeness(results)
    yield from _writes(results)
    yield from _faults(results)


def _setting() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("airbyte-cdk", "requests", "aiohttp", "orjson"))
    yield f"Machine: {os.cpu_count()} shared cores ({platform.machine()}), {memory:.0f} GB, {platform.system()}, Python"
    yield f"{platform.python_version()}; {versions}; peers {', '.join(pin for pins in PEERS.values() for pin in pins)}."
    yield "The cores are shared with other machines, so look at ratios, and at those below 1.1 as equal."


def table(runs: Mapping[str, Any], existing: int) -> Iterator[str]:
    yield "| | CPU s | wall s | peak MB | requests | delivered | n |\n|---|---|---|---|---|---|---|"
    for name, costs in runs.items():
        seconds = (
            f"{median(costs, 'cpu'):.2f} | {median(costs, 'wall'):.2f} | {max(each['peak_mb'] for each in costs):.0f}"
        )
        rows = min(each["delivered"] for each in costs)
        yield f"| {name} | {seconds} | {costs[-1]['requests']} | {rows:,} of {existing:,} | {len(costs)} |"


def _limits(results: Results) -> Iterator[str]:
    if "limits" not in results:
        return
    yield "\n## limits\n\nThe connector alone on accounts far larger than most.\n"
    yield "| | CPU s | wall s | peak MB | requests | delivered |\n|---|---|---|---|---|---|"
    for title, each in results["limits"]["cases"].items():
        figures = f"{each['cpu']:.0f} | {each['wall']:.0f} | {each['peak_mb']:.0f} | {each['requests']:,}"
        yield f"| {title} | {figures} | {each['delivered']:,} of {each['existing']:,} |"


def _second_sync(results: Results) -> Iterator[str]:
    if "second_sync" not in results:
        return
    result = results["second_sync"]
    yield f"\n## second sync{' (--quick)' if result['quick'] else ''}\n\nRequests of an incremental sync of"
    yield f"{', '.join(result['streams'])}, after {result['changed']} records were edited, one in a thousand:\n"
    yield "| list | first sync | second sync |\n|---|---|---|"
    for path, count in result["first"]["by_path"].items():
        yield f"| {path} | {count} | {result['second']['by_path'].get(path, 0)} |"
    yield f"| all | {result['first']['requests']} | {result['second']['requests']} |"
    yield f"\nA full read takes {result['all again']} requests, without the candidates of each job."


def _commands(results: Results) -> Iterator[str]:
    if "commands" not in results:
        return
    yield "\n## start-up of the commands\n\n| | CPU s | wall s | peak MB |\n|---|---|---|---|"
    for name, costs in results["commands"]["runs"].items():
        yield f"| {name} | {median(costs, 'cpu'):.2f} | {median(costs, 'wall'):.2f} | {median(costs, 'peak_mb'):.0f} |"


def _politeness(results: Results) -> Iterator[str]:
    if "politeness" not in results:
        return
    yield "\n## politeness\n\nAll lists, under a server that allows so many requests a second:\n"
    yield "| allowed | requests | refused (429) | share | achieved a second | delivered |\n|---|---|---|---|---|---|"
    for rate, each in results["politeness"]["rates"].items():
        share, achieved = each["refused"] / each["requests"], (each["requests"] - each["refused"]) / each["wall"]
        counts = f"{each['requests']} | {each['refused']} | {share:.1%} | {achieved:.1f}"
        yield f"| {rate} | {counts} | {each['delivered']:,} of {each['existing']:,} |"


def _writes(results: Results) -> Iterator[str]:
    if "writes" not in results:
        return
    pace, rows = results["writes"]["pace"], results["writes"]["look_ups"]
    yield f"\n## writes{' (--quick)' if results['writes']['quick'] else ''}\n"
    yield f"destination-loxo, {pace['writes']:,} people, under a server that lets {pace['allowed']} requests a second"
    yield f"through: {pace['seconds']:.1f} s from the first request to the end, {pace['refused']} refused (429).\n"
    yield "Look-ups for each 1,000 writes. Loxo does not search source types: each look-up reads their list, here up to"
    yield "1,000 long.\n"
    yield "| | " + " | ".join(dict.fromkeys(row["object"] for row in rows)) + " |\n|---|---|---|---|---|"
    for case in dict.fromkeys(row["case"] for row in rows):
        costs = (f"{row['per_thousand']:,.0f}" for row in rows if row["case"] == case)
        yield f"| {case} | {' | '.join(costs)} |"


def _faults(results: Results) -> Iterator[str]:
    if "faults" not in results:
        return
    rows = results["faults"]["rows"]
    yield f"\n## faults of writes{' (--quick)' if results['faults']['quick'] else ''}\n"
    counts = " to ".join(f"{count:,}" for count in sorted({row["records"] for row in rows}))
    wrong = sum(not Outcome(**row).agrees for row in rows)
    yield f"destination-loxo with a ledger, {counts} records of each object. Loxo does not save a tenth of them."
    yield "A fifth of the writes meets the fault before or after its effect; 429 meets one in fifty. Each cell:"
    yield f"written / rejected / unknown. Cells that the server's journal contradicts: {wrong}. In the account twice:"
    yield f"{sum(row['created'] - row['distinct'] for row in rows)} records.\n"
    names = list(dict.fromkeys(row["object"] for row in rows))
    yield f"| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}"
    for fault in dict.fromkeys(row["fault"] for row in rows):
        cells = {
            row["object"]: f"{row['written']} / {row['rejected']} / {row['unknown']}"
            for row in rows
            if row["fault"] == fault
        }
        yield f"| {fault.replace('_', ' ')} | {' | '.join(cells.get(name, 'not run') for name in names)} |"
    shares = []
    for name in names:
        here = [row for row in rows if row["object"] == name]
        shares.append(f"{sum(row['unknown'] for row in here) / sum(row['records'] for row in here):.1%}")
    yield f"| share left unknown | {' | '.join(shares)} |"
