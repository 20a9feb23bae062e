"""Writes: what Loxo takes, what it answers, and what goes wrong before or after the effect.

Rejections are 200 with `id: null` (loxo-cli, live), 400 for a bad e-mail or phone, 422 for a parameter that is not
declared (loxo-mcp-server, live), 404 for an unknown id.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import orjson
from aiohttp import web

from . import changes
from .agency import Agency
from .answers import HTML, NOT_FOUND
from .clock import mix, now_ms, stamp
from .filters import Refused
from .forms import Upload, read_form
from .settings import Settings
from .table import Record, Table
from .wire import Wire
from .write_rules import Rule, is_known, rule_of
from .written import Written

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[+\d][\d\s().-]{4,}")
_FLAT_ANSWERS = ("forms", "placements")


class Writing:
    """Carries out writes and keeps a journal of their effects."""

    def __init__(self, agency: Agency, settings: Settings, wire: Wire) -> None:
        self.agency, self.settings, self.wire = agency, settings, wire
        self.written = Written(agency, settings)
        self.journal: list[dict[str, Any]] = []

    async def respond(self, request: web.Request, path: str, number: int) -> tuple[web.StreamResponse, str]:
        """The answer to a write. A fault may come before its effect, or after it."""
        fault = self._fault(number)
        if fault == "status_429":
            raise Refused(429, body={"status": 429, "error": "Too Many Requests"})
        entry: dict[str, Any] = {"method": request.method, "path": path, "effect": "", "id": None, "fault": fault}
        self.journal.append(entry)
        if fault.endswith("_before"):
            return await self._failed(request, fault)
        form = await read_form(request, self.settings.json_bodies == "accepted")
        body = self._carried_out(request.method, path, form, entry)
        if fault:
            return await self._failed(request, fault)
        return web.Response(body=body, content_type="application/json", charset="utf-8"), "200"

    def _fault(self, number: int) -> str:
        chance = mix(self.agency.seed * 31_337 + number) / (1 << 64)
        for name, share in self.settings.write_faults.items():
            chance -= share
            if chance < 0:
                return name
        return ""

    async def _failed(self, request: web.Request, fault: str) -> tuple[web.StreamResponse, str]:
        kind = fault.rpartition("_")[0]
        if kind == "status_500":
            raise Refused(500, body={"status": 500, "error": "Server Error"})
        if kind == "html":
            return web.Response(body=HTML, content_type="text/html"), "html"
        if kind == "hang":
            await asyncio.sleep(self.settings.slow_ms / 1000)
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
        if kind == "cut":
            await response.prepare(request)
            await response.write(b'{"person":{"id":1')
        if request.transport is not None:
            request.transport.close() if kind == "cut" else request.transport.abort()
        return response, kind

    def _carried_out(self, method: str, path: str, form: dict[str, Any], entry: dict[str, Any]) -> bytes:
        found = rule_of(method, path)
        if not found:
            if is_known(path):
                raise Refused(405, body={"status": 405, "error": "Method Not Allowed"})
            raise Refused(404, body=NOT_FOUND)
        rule, ids = found
        if method == "DELETE":
            return self._deleted(rule, ids, entry)
        values = self._checked(rule, form)
        table = self.agency.tables.get(rule.table)
        if method == "PUT":
            if table is None or table.row(ids[0]) is None:
                raise Refused(404, body=NOT_FOUND)
            record_id = self.written.update(rule, ids[0], values)
            entry |= {"effect": "updated", "id": record_id, "object": rule.table}
            return self._answer(rule, record_id)
        errors = [f"{' or '.join(names)} can't be blank" for names in rule.required if not _given(values, names)]
        errors += self._unknown_references(values)
        if errors:
            empty = {"id": None}
            shown = [] if self.settings.unsaved == "silent" else errors
            return orjson.dumps({rule.answer: empty, "errors": shown} if rule.answer else {**empty, "errors": shown})
        if ids and self.agency.tables[path.split("/")[0]].row(ids[0]) is None:
            raise Refused(404, body=NOT_FOUND)
        if rule.path == "jobs/{id}/apply":
            person, is_new = self.written.apply(ids[0], values)
            entry |= {"effect": "applied", "id": person["id"], "object": "applications", "is_new_person": is_new}
            return orjson.dumps({"ok": True, "person": person})
        if rule.table in ("resumes", "documents"):
            file = self.written.add_file(ids[0], rule.table, values["document"])
            entry |= {"effect": "created", "id": file["id"], "object": rule.table, "of": ids[0]}
            return orjson.dumps(file)
        record_id, effect = self.written.create(rule, values)
        entry |= {"effect": effect, "id": record_id, "object": rule.table}
        return self._answer(rule, record_id)

    def _deleted(self, rule: Rule, ids: list[int], entry: dict[str, Any]) -> bytes:
        if self.agency.tables[rule.table].row(ids[0]) is None:
            raise Refused(404, body=NOT_FOUND)
        changes.delete(self.agency, rule.table, ids[0])
        entry |= {"effect": "deleted", "id": ids[0], "object": rule.table}
        return b"{}"

    def _answer(self, rule: Rule, record_id: int) -> bytes:
        table = self.agency.tables[rule.table]
        row = table.row(record_id)
        assert row is not None
        record = self.wire.full(table, row)
        if rule.path in _FLAT_ANSWERS or not rule.answer:
            return record
        return b'{"' + rule.answer.encode() + b'":' + record + b',"errors":[]}'

    # What is refused ---------------------------------------------------------------------------------------------

    def _checked(self, rule: Rule, form: dict[str, Any]) -> Record:
        inner = form.get(rule.root, {}) if rule.root else form
        outside = [name for name in form if rule.root and name != rule.root]
        if not isinstance(inner, dict):
            raise Refused(400, f"param is missing or the value is empty: {rule.root}")
        own = {key for key, _ in self.agency._custom.get(rule.item_type, ())}
        unknown = [name for name in inner if rule.fields and name not in rule.fields and name not in own]
        if outside or unknown:
            symbols = ", ".join(f":{name}" for name in (*outside, *unknown))
            raise Refused(422, f"Invalid parameters: [{symbols}]")
        values = {name: _typed(rule.fields.get(name, ""), value) for name, value in inner.items()}
        emails = [
            values.get("email"),
            *(row.get("value") for row in values.get("emails") or [] if isinstance(row, dict)),
        ]
        phones = [
            values.get("phone"),
            *(row.get("value") for row in values.get("phones") or [] if isinstance(row, dict)),
        ]
        errors = ["Email is invalid"] if any(value and not _EMAIL.fullmatch(value) for value in emails) else []
        errors += ["Phone is invalid"] if any(value and not _PHONE.fullmatch(value) for value in phones) else []
        if errors and (rule.table == "people" or rule.path.endswith("apply")):
            raise Refused(400, *errors)
        return values

    def _unknown_references(self, values: Record) -> list[str]:
        tables = {"person_id": "people", "job_id": "jobs", "company_id": "companies"}
        return [
            f"{name.removesuffix('_id').capitalize()} must exist"
            for name, table in tables.items()
            if isinstance(values.get(name), int) and self.agency.tables[table].row(values[name]) is None
        ]

    # What reads see ----------------------------------------------------------------------------------------------

    def visible(self, table: Table, scope: Iterable[int] | None) -> Iterable[int] | None:
        """The rows of a list that the search has indexed already."""
        if not self.settings.search_lag or not table.born:
            return scope
        since = now_ms() - int(self.settings.search_lag * 1000)
        recent = {row for born, row in table.born[-5000:] if born > since}
        if not recent:
            return scope
        rows = table.orders["id"] if scope is None else scope
        return [row for row in rows if row not in recent]

    def file(self, path: str) -> bytes | None:
        """The bytes of `people/{id}/resumes/{id}/download` and the like, for files that were uploaded."""
        words = path.split("/")
        if len(words) != 5 or words[0] != "people" or words[4] != "download":
            return None
        return self.written.files.get(int(words[3])) if words[3].isdigit() else None


def _given(values: Record, names: tuple[str, ...]) -> bool:
    return any(values.get(name) not in (None, "", []) for name in names)


def _typed(kind: str, value: Any) -> Any:
    """A value of a form, cast as Rails casts it: what is no number becomes null."""
    if isinstance(value, Upload) or kind == "file":
        return value
    if kind == "ints":
        return [number for number in (_typed("int", item) for item in value if item != "") if number is not None]
    if kind == "list":
        return [item for item in value if item != ""] if isinstance(value, list) else []  # a text is dropped
    if kind == "rows" or isinstance(value, (list, dict)):
        return value
    if value == "":
        return None
    if kind == "int":
        return int(value) if re.fullmatch(r"-?\d+", str(value)) else None
    if kind == "num":
        return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", str(value)) else None
    if kind == "bool":
        return str(value).lower() in ("true", "1", "t")
    return value


__all__ = ["Writing", "stamp"]
