"""Changes that the account makes by itself while it is served: it creates, edits, moves and deletes records.

Each change is computed from the seed and its number, so a run with the same settings makes the same changes to the same
account; only their times depend on the clock. The setting `life_per_second` = 0 stops them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..hashing import hash64
from ..settings import Settings
from ..timestamps import DAY_MS, format_timestamp, now_ms
from . import mutations
from .agency import Agency
from .table import Record

INTERVAL_SECONDS = 0.02
MAX_TRIES = 8  # for the choice of a row that is not deleted
EDITED_FIELDS = {"people": "current_title", "jobs": "title", "companies": "name", "person_events": "notes"}
CREATED_OBJECTS = (*EDITED_FIELDS, "candidates")


class BackgroundChanges:
    """Makes the changes and logs them."""

    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings = agency, settings
        self.log: list[dict[str, Any]] = []
        self.number = 0  # of the attempt; an attempt without a suitable row changes nothing
        self._operations = {
            "create": self._create,
            "edit": self._edit,
            "delete": self._delete,
            "move": self._move,
            "back_date": self._create_dated_back,
        }

    async def run(self) -> None:
        due, previous = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            now, rate = time.monotonic(), self.settings.life_per_second
            due = due + (now - previous) * rate if rate else 0
            previous = now
            while due >= 1:
                due -= 1
                self.make_change()

    def make_change(self) -> None:
        """Make one change and log it."""
        self.number += 1
        bits = hash64(self.agency.seed * 1_299_709 + self.number)
        op = self._choose_operation(bits)
        change = self._operations[op](bits >> 12)
        if change:
            self.note(op, change.pop("object"), change.pop("id"), **change)

    def note(self, op: str, name: str, record_id: int, **more: Any) -> None:
        """Log a change."""
        at = format_timestamp(now_ms())
        self.log.append({"n": len(self.log) + 1, "at": at, "op": op, "object": name, "id": record_id, **more})

    def _choose_operation(self, bits: int) -> str:
        shares = {op: share for op, share in self.settings.life_shares.items() if share > 0}
        position = bits % 4096 / 4096 * sum(shares.values())
        for op, share in shares.items():
            position -= share
            if position < 0:
                return op
        return "edit"

    def _choose_object(self, bits: int, allowed: tuple[str, ...]) -> str | None:
        names = [name for name in self.settings.life_objects if name in allowed]
        return names[bits % len(names)] if names else None

    def _choose_id(self, name: str | None, bits: int) -> int | None:
        """Return the id of a record that is not deleted; None if none was found."""
        if name is None:
            return None
        table = self.agency.tables[name]
        for k in range(MAX_TRIES if len(table.ids) else 0):
            row = hash64(bits + k) % len(table.ids)
            if row not in table.deleted:
                return table.ids[row]
        return None

    def _create(self, bits: int) -> Record | None:
        name = self._choose_object(bits, CREATED_OBJECTS)
        if name is None:
            return None
        fields: Record = {}
        if name in ("candidates", "person_events"):
            fields["person_id"] = self._choose_id("people", bits >> 5)
        if name == "candidates":
            fields["job_id"] = self._choose_id("jobs", bits >> 9)
        if None in fields.values():
            return None
        return self._create_record(name, fields)

    def _create_dated_back(self, bits: int) -> Record | None:
        """Log an activity some time after it happened."""
        person_id = self._choose_id("people", bits)
        days_back = (bits >> 8) % 10_000 / 10_000 * self.settings.back_date_days
        if person_id is None:
            return None
        created_at = format_timestamp(now_ms() - int(days_back * DAY_MS))
        return self._create_record("person_events", {"person_id": person_id, "created_at": created_at})

    def _create_record(self, name: str, fields: Record) -> Record:
        if name == "person_events":
            fields |= {"job_id": None, "company_id": None, "notes": f"Written {self.number}"}
        record = mutations.create(self.agency, name, fields)
        return {"object": name, "id": record["id"], "fields": fields}

    def _edit(self, bits: int) -> Record | None:
        name = self._choose_object(bits, tuple(EDITED_FIELDS))
        record_id = self._choose_id(name, bits >> 5)
        if name is None or record_id is None:
            return None
        fields = {EDITED_FIELDS[name]: f"Edited {self.number}"}
        mutations.update(self.agency, name, record_id, fields)
        return {"object": name, "id": record_id, "fields": fields}

    def _delete(self, bits: int) -> Record | None:
        name = self._choose_object(bits, CREATED_OBJECTS)
        record_id = self._choose_id(name, bits >> 5)
        if name is None or record_id is None:
            return None
        mutations.delete(self.agency, name, record_id)
        return {"object": name, "id": record_id}

    def _move(self, bits: int) -> Record | None:
        if "candidates" not in self.settings.life_objects:
            return None
        candidate_id = self._choose_id("candidates", bits)
        if candidate_id is None:
            return None
        job = self.agency.history.job_of[mutations.find_row(self.agency, "candidates", candidate_id)]
        moved = mutations.move_candidate(self.agency, self.agency.id_of("jobs", job), candidate_id)
        stage_id = moved["candidate"]["workflow_stage_id"]
        return {"object": "candidates", "id": candidate_id, "fields": {"workflow_stage_id": stage_id}}
