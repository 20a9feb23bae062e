"""Floor: one session, one request after the other, orjson; with a pace, no faster than the connector's request rate."""

import json
import sys
import time
from pathlib import Path

import orjson
import requests
from next_request import following, rows_of

task = json.loads(Path(sys.argv[1]).read_text())
session = requests.Session()
session.headers["Authorization"] = f"Bearer {task['api_key']}"
write = sys.stdout.buffer.write
rate, step, highest = task["pace"] or (float("inf"), 0, float("inf"))
turn = 0.0

for facts in task["lists"]:
    params = dict(facts["params"])
    while params is not None:
        time.sleep(max(0.0, turn - time.monotonic()))
        turn, rate = time.monotonic() + 1 / rate, min(highest, rate + step)
        url = f"{task['domain']}/api/{task['agency_slug']}/{facts['path']}"
        response = session.get(url, params=params, timeout=60)
        response.raise_for_status()
        body = orjson.loads(response.content)
        now = int(time.time() * 1000)
        for row in rows_of(facts, body):
            record = {"stream": facts["name"], "data": row, "emitted_at": now}
            write(orjson.dumps({"type": "RECORD", "record": record}, option=orjson.OPT_APPEND_NEWLINE))
        params = following(facts, params, body)
