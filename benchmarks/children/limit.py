"""The physical limit: pages that are already in memory, decoded, encoded as record messages and written, nothing else.

limit.py FOLDER ROUNDS: the pages are the files of the folder; prints CPU microseconds a record.
"""

import os
import sys
import time
from pathlib import Path

import orjson

pages = [path.read_bytes() for path in Path(sys.argv[1]).iterdir()]
records = 0
with Path(os.devnull).open("wb", buffering=0) as sink:
    began = time.process_time()
    for _ in range(int(sys.argv[2])):
        for page in pages:
            rows = orjson.loads(page)["people"]
            lines = [
                orjson.dumps(
                    {"type": "RECORD", "record": {"stream": "people", "data": row, "emitted_at": 1}},
                    option=orjson.OPT_APPEND_NEWLINE,
                )
                for row in rows
            ]
            sink.write(b"".join(lines))
            records += len(rows)
print((time.process_time() - began) / records * 1e6)
