"""A source with three people of a CRM, for PyAirbyte: its commands, its columns, and nulls as a cache makes them."""

from __future__ import annotations

import json
import os
import sys

COLUMNS = ("id", "name", "email", "city", "salary")
ROWS = ((1, "Ada", "ada@new.example", "Ulm", 50000.5), (2, "Bob", "bob@new.example", None, None))
SCHEMA = {
    "type": "object",
    "properties": {
        name: {"type": ["null", {"id": "integer", "salary": "number"}.get(name, "string")]} for name in COLUMNS
    },
}
STREAM = {
    "name": "people",
    "json_schema": SCHEMA,
    "supported_sync_modes": ["full_refresh"],
    "source_defined_primary_key": [["id"]],
}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "spec"
    if command == "spec":
        tell("SPEC", spec={"connectionSpecification": {"type": "object", "properties": {}}})
    elif command == "check":
        tell("CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
    elif command == "discover":
        tell("CATALOG", catalog={"streams": [STREAM]})
    else:
        for row in ROWS:
            data = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}
            if data["id"] == 1 and "WITHOUT_CITY" in os.environ:
                del data["city"]
            tell("RECORD", record={"stream": "people", "data": data, "emitted_at": 1})


def tell(kind: str, **content: object) -> None:
    print(json.dumps({"type": kind, **content}), flush=True)


if __name__ == "__main__":
    main()
