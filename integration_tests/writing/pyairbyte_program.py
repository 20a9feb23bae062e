"""A program with PyAirbyte: reads a source into a cache and writes the cache to the destination, several times.

It is a process of its own, because the tests fork and DuckDB cannot be used on both sides of a fork.
"""

from __future__ import annotations

import json
import sys

import airbyte as ab

source_program, destination_program, config, database, times = sys.argv[1:]
source = ab.get_source("source-plain", config={}, local_executable=source_program)
source.select_all_streams()
destination = ab.get_destination("destination-loxo", config=json.loads(config), local_executable=destination_program)
destination.check()
cache = ab.DuckDBCache(db_path=database)
for _ in range(int(times)):
    destination.write(source.read(cache=cache, force_full_refresh=True))
