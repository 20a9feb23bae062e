"""The account lives while it is served: people are added, edited, moved and deleted, activities are dated back.

What happens is computed from the seed and the number of the change, so a run with the same settings does the same
things to the same account; when they happen is up to the clock. `life_per_second` = 0 stops it at any time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiohttp import web

from . import changes
from .agency import Agency
from .clock import DAY, mix, now_ms, stamp
from .settings import Settings
from .table import Table

TICK = 0.02  # seconds between two looks at the clock
TRIES = 8  # at rows that may be gone
# The field that an edit writes.
EDITED = {"people": "current_title", "jobs": "title", "companies": "name", "person_events": "notes"}


class Life:
    """Makes the changes and writes down what they were."""

    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings = agency, settings
        self.journal: list[dict[str, Any]] = []
        self.number = 0  # of tries: what has nobody to happen to is passed over

    async def lived(self, app: web.Application) -> AsyncIterator[None]:
        """Runs as long as the server."""
        task = asyncio.create_task(self._run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        due, then = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            due = due + (now - then) * self.settings.life_per_second if self.settings.life_per_second else 0
            then = now
            while due >= 1:
                due -= 1
                self.step()

    def step(self) -> None:
        """One change, written into the journal."""
        self.number += 1
        chance = mix(self.agency.seed * 1_299_709 + self.number)
        op, chance = self._op(chance), chance >> 12
        made = getattr(self, f"_{op}")(chance)
        if made:
            self.journal.append({"n": len(self.journal) + 1, "at": stamp(now_ms()), "op": op, **made})

    def _op(self, chance: int) -> str:
        shares = {op: share for op, share in self.settings.life_shares.items() if share > 0}
        place = chance % 4096 / 4096 * sum(shares.values())
        for op, share in shares.items():
            place -= share
            if place < 0:
                return op
        return "edit"

    def _one_of(self, chance: int, allowed: tuple[str, ...]) -> str | None:
        names = [name for name in self.settings.life_objects if name in allowed]
        return names[chance % len(names)] if names else None

    def _some(self, name: str, chance: int) -> int | None:
        """The id of a row that is there."""
        table = self.agency.tables[name]
        for k in range(TRIES if len(table.ids) else 0):
            row = mix(chance + k) % len(table.ids)
            if row not in table.gone:
                return table.ids[row]
        return None

    def _create(self, chance: int) -> dict[str, Any] | None:
        name = self._one_of(chance, (*EDITED, "candidates"))
        if name is None:
            return None
        fields: dict[str, Any] = {}
        if name in ("candidates", "person_events"):
            fields["person_id"] = self._some("people", chance >> 5)
        if name == "candidates":
            fields["job_id"] = self._some("jobs", chance >> 9)
        if None in fields.values():
            return None
        return self._made(name, fields)

    def _back_date(self, chance: int) -> dict[str, Any] | None:
        """An activity that is written down some time after it happened."""
        person, back = self._some("people", chance), (chance >> 8) % 10_000 / 10_000 * self.settings.back_date_days
        if person is None:
            return None
        return self._made("person_events", {"person_id": person, "created_at": stamp(now_ms() - int(back * DAY))})

    def _made(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        if name == "person_events":
            fields |= {"job_id": None, "company_id": None, "notes": f"Written {self.number}"}
        record = changes.create(self.agency, name, fields)
        return {"object": name, "id": record["id"], "fields": fields}

    def _edit(self, chance: int) -> dict[str, Any] | None:
        name = self._one_of(chance, tuple(EDITED))
        found = self._some(name, chance >> 5) if name else None
        if name is None or found is None:
            return None
        fields = {EDITED[name]: f"Edited {self.number}"}
        changes.update(self.agency, name, found, fields)
        return {"object": name, "id": found, "fields": fields}

    def _delete(self, chance: int) -> dict[str, Any] | None:
        name = self._one_of(chance, (*EDITED, "candidates"))
        found = self._some(name, chance >> 5) if name else None
        if name is None or found is None:
            return None
        changes.delete(self.agency, name, found)
        return {"object": name, "id": found}

    def _move(self, chance: int) -> dict[str, Any] | None:
        if "candidates" not in self.settings.life_objects:
            return None
        candidate = self._some("candidates", chance)
        candidates: Table = self.agency.tables["candidates"]
        if candidate is None:
            return None
        job = self.agency.story.job[candidates.row(candidate) or 0]
        moved = changes.move(self.agency, self.agency.tables["jobs"].ids[job], candidate)
        stage = moved["candidate"]["workflow_stage_id"]
        return {"object": "candidates", "id": candidate, "fields": {"workflow_stage_id": stage}}
