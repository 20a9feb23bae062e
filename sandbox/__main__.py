"""`python -m sandbox`: serve Loxo's API for a generated agency on 127.0.0.1."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
from dataclasses import fields
from typing import NoReturn

from aiohttp import web

from .agency.agency import Sizes
from .agency.generator import generate_agency
from .agency.workdays import work
from .api.control import make_application
from .api.server import LoxoApi
from .like import Report
from .settings import SettingError, Settings, parse_flag
from .timestamps import parse_timestamp

UNLIMITED_BYTES = 1 << 62


class OneLineErrorParser(argparse.ArgumentParser):
    """A parser that reports an error in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parse_count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def parse_days(text: str) -> list[tuple[int, int]]:
    """Parse `began/ended,began/ended`."""
    times = [parse_timestamp(part) for day in text.split(",") for part in day.split("/")]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or text.count("/") != text.count(",") + 1 or known != sorted(known):
        raise argparse.ArgumentTypeError(f"{text!r} is not began/ended,began/ended in ISO times, one after another")
    return list(zip(known[::2], known[1::2], strict=True))


def make_parser() -> argparse.ArgumentParser:
    parser = OneLineErrorParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=parse_count, default=0, help="0 selects a free port")
    for size in fields(Sizes):
        flag = f"--{size.name.replace('_', '-')}"
        parser.add_argument(flag, type=parse_count, default=size.default, help="number of records")
    parser.add_argument("--like", metavar="REPORT", help="answer like an account, from a report of `loxoctl doctor`")
    parser.add_argument("--seed", type=int, default=1, help="the same seed and --now give the same records")
    parser.add_argument("--now", default=None, help="ISO time of the newest generated records; default: current time")
    parser.add_argument(
        "--workdays", type=parse_days, default=[], metavar="BEGAN/ENDED,...", help="days of work since --now"
    )
    parser.add_argument("--slug", default="demo-agency")
    parser.add_argument("--api-key", default="sandbox-key")
    parser.add_argument("--latency-ms", type=float, default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of settings.py")
    parser.add_argument("--cache-mb", type=parse_count, default=64, help="maximum size of the cache of records")
    parser.add_argument("--warm", action="store_true", help="cache all people before serving, without a limit")
    return parser


def make_api(options: argparse.Namespace) -> LoxoApi:
    """Generate the agency and its API from the command line.

    :raises SettingError: the value of an option is invalid.
    """
    settings = Settings()
    report = Report(options.like) if options.like else None
    if report:
        settings.update(report.settings())
    for flag in options.set:
        settings.update(parse_flag(flag))
    if options.latency_ms is not None:
        settings.update({"latency_ms": options.latency_ms})
    now = parse_timestamp(options.now) if options.now else None
    if options.now and now is None:
        raise SettingError(f"--now {options.now!r} is not an ISO date or time")
    sizes = Sizes(**{size.name: getattr(options, size.name) for size in fields(Sizes)})
    cache_bytes = UNLIMITED_BYTES if options.warm else options.cache_mb << 20
    agency = generate_agency(sizes, options.seed, now, cache_bytes)
    if settings.custom_fields != agency.custom_field_set:
        agency.use_custom_field_set(settings.custom_fields)
    if report:
        report.change(agency)
    if options.warm:
        for row in agency.people.sorted_rows["id"]:
            agency.people.list_item_json(row)
    api = LoxoApi(agency, settings, options.slug, options.api_key)
    work(api.background_changes, options.workdays)
    return api


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT; print the address and the credentials as one line of JSON when ready."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    application = make_application(make_api(options))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    gc.collect()
    gc.freeze()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    ready = {"url": f"http://127.0.0.1:{port}", "agency_slug": options.slug, "api_key": options.api_key}
    print(json.dumps(ready), flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> int:
    parser = make_parser()
    options = parser.parse_args()
    try:
        if options.like:  # a size that is named counts for more than that of the report
            parser.set_defaults(**Report(options.like).sizes())
            options = parser.parse_args()
        asyncio.run(serve(options))
    except SettingError as error:
        parser.error(str(error))
    except (OSError, OverflowError) as error:  # the port is in use, or above 65535
        print(f"{parser.prog}: cannot listen on port {options.port}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # only while the agency is generated; after that, the signal handler stops the server
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
