"""`python -m sandbox`: serve a generated agency on the loopback interface."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
from dataclasses import fields

from aiohttp import web

from .agency import Agency
from .clock import parse
from .control import application
from .server import Api
from .settings import Settings, from_flag
from .story import Sizes


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    for size in fields(Sizes):
        parser.add_argument(f"--{size.name.replace('_', '-')}", type=int, default=size.default, help="how many rows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", default=None, help="ISO time the generated data ends at; the current time by default")
    parser.add_argument("--slug", default="demo-agency")
    parser.add_argument("--api-key", default="sandbox-key")
    parser.add_argument("--latency-ms", type=float, default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting, see settings.py")
    parser.add_argument("--cache-mb", type=int, default=64, help="bound of the cache of serialised rows")
    parser.add_argument("--warm", action="store_true", help="serialise all people first and keep them, for benchmarks")
    return parser


def build(options: argparse.Namespace) -> Api:
    """The agency and its API, from the command line."""
    settings = Settings()
    for flag in options.set:
        settings.update(from_flag(flag))
    if options.latency_ms is not None:
        settings.update({"latency_ms": options.latency_ms})
    now = parse(options.now) if options.now else None
    if options.now and now is None:
        raise SystemExit(f"--now {options.now!r} is no date")
    sizes = Sizes(**{size.name: getattr(options, size.name) for size in fields(Sizes)})
    agency = Agency(sizes, options.seed, now, cache_bytes=1 << 62 if options.warm else options.cache_mb << 20)
    if settings.custom_fields != agency.variant:
        agency.set_variant(settings.custom_fields)
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


if __name__ == "__main__":
    asyncio.run(serve(arguments().parse_args()))
