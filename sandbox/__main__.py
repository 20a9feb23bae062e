"""`python -m sandbox`: serve a generated agency on the loopback interface."""

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

from .agency import Agency
from .clock import parse
from .control import application
from .like import Report
from .server import Api
from .settings import SettingError, Settings, from_flag
from .story import Sizes


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def count(text: str) -> int:
    """A number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def arguments() -> Parser:
    parser = Parser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=count, default=0, help="0 picks a free one")
    for size in fields(Sizes):
        parser.add_argument(f"--{size.name.replace('_', '-')}", type=count, default=size.default, help="how many rows")
    parser.add_argument("--like", metavar="REPORT", help="answer like an account, from a report of `loxoctl doctor`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", default=None, help="ISO time the generated data ends at; the current time by default")
    parser.add_argument("--slug", default="demo-agency")
    parser.add_argument("--api-key", default="sandbox-key")
    parser.add_argument("--latency-ms", type=float, default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting, see settings.py")
    parser.add_argument("--cache-mb", type=count, default=64, help="bound of the cache of serialised rows")
    parser.add_argument("--warm", action="store_true", help="serialise all people first and keep them, for benchmarks")
    return parser


def build(options: argparse.Namespace) -> Api:
    """The agency and its API, from the command line.

    :raises SettingError: an option has a value that it cannot take.
    """
    settings = Settings()
    report = Report(options.like) if options.like else None
    if report:
        settings.update(report.settings())
    for flag in options.set:
        settings.update(from_flag(flag))
    if options.latency_ms is not None:
        settings.update({"latency_ms": options.latency_ms})
    now = parse(options.now) if options.now else None
    if options.now and now is None:
        raise SettingError(f"--now {options.now!r} is not a date")
    sizes = Sizes(**{size.name: getattr(options, size.name) for size in fields(Sizes)})
    agency = Agency(sizes, options.seed, now, cache_bytes=1 << 62 if options.warm else options.cache_mb << 20)
    if settings.custom_fields != agency.variant:
        agency.set_variant(settings.custom_fields)
    if report:
        report.add_fields(agency)
    if options.warm:
        for row in agency.people.orders["id"]:
            agency.people.raw(row)
    return Api(agency, settings, options.slug, options.api_key)


async def serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(build(options)), access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    gc.collect()
    gc.freeze()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    print(
        json.dumps({"url": f"http://127.0.0.1:{port}", "agency_slug": options.slug, "api_key": options.api_key}),
        flush=True,
    )
    await stop.wait()
    await runner.cleanup()


def main() -> int:
    parser = arguments()
    options = parser.parse_args()
    try:
        if options.like:  # a size that is named counts for more than that of the report
            parser.set_defaults(**Report(options.like).sizes())
            options = parser.parse_args()
        asyncio.run(serve(options))
    except SettingError as error:
        parser.error(str(error))
    except (OSError, OverflowError) as error:  # a port in use, or above 65535
        print(f"{parser.prog}: it cannot listen on port {options.port}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # while the agency is generated; later the server ends by itself
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
