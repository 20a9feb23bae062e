"""dlt's rest_api source: extract, normalize, load. Records are kept whole (no child tables).

dlt_reader.py TASK [parallel] [duckdb]: side by side; into a database instead of JSONL files.
"""

import json
import sys
from pathlib import Path

import dlt
from dlt.sources.rest_api import rest_api_source

task = json.loads(Path(sys.argv[1]).read_text())


def paginator(facts):
    style = facts["style"]
    if style == "scroll":
        return {"type": "cursor", "cursor_path": "scroll_id", "cursor_param": "scroll_id"}
    if style == "page":
        return {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": "total_pages"}
    if style == "after_id":
        return {"type": "cursor", "cursor_path": f"{facts['key']}[-1].id", "cursor_param": "after_id"}
    return "single_page"


def resource(facts):
    selector = {"data_selector": facts["key"]} if facts["key"] else {}
    endpoint = {"path": facts["path"], "params": facts["params"], "paginator": paginator(facts), **selector}
    return {"name": facts["name"], "endpoint": endpoint}


source = rest_api_source(
    {
        "client": {
            "base_url": f"{task['domain']}/api/{task['agency_slug']}/",
            "auth": {"type": "bearer", "token": task["api_key"]},
        },
        "resources": [resource(facts) for facts in task["lists"]],
    },
    max_table_nesting=0,
)
if "parallel" in sys.argv:
    source = source.parallelize()
if "duckdb" in sys.argv:
    Path(task["files"]).mkdir()
    destination, options = dlt.destinations.duckdb(f"{task['files']}/all.duckdb"), {}
else:
    destination, options = dlt.destinations.filesystem(task["files"]), {"loader_file_format": "jsonl"}
dlt.pipeline("benchmark", destination=destination, dataset_name="loxo").run(source, **options)
