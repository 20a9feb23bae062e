"""Floor: one session, one request after the other, the standard library's JSON."""

import json
import sys
import time
from pathlib import Path

import requests
from next_request import following, rows_of

task = json.loads(Path(sys.argv[1]).read_text())
session = requests.Session()
session.headers["Authorization"] = f"Bearer {task['api_key']}"
write = sys.stdout.write

for facts in task["lists"]:
    params = dict(facts["params"])
    while params is not None:
        url = f"{task['domain']}/api/{task['agency_slug']}/{facts['path']}"
        response = session.get(url, params=params, timeout=60)
        response.raise_for_status()
        body = response.json()
        now = int(time.time() * 1000)
        for row in rows_of(facts, body):
            record = {"stream": facts["name"], "data": row, "emitted_at": now}
            write(json.dumps({"type": "RECORD", "record": record}) + "\n")
        params = following(facts, params, body)
