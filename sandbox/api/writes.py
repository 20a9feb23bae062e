"""Writes: validation, the effect, the response, and faults before or after the effect.

Loxo's refusals: 200 with `id: null` for a record that is not saved (loxo-cli, live), 400 for a bad e-mail address or
phone number, 422 for an undeclared parameter (loxo-mcp-server, live), 404 for an unknown id.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from aiohttp import web

from ..agency import mutations
from ..agency.agency import Agency
from ..agency.table import Record
from ..agency.write_effects import Upload, WriteEffects
from ..hashing import hash64
from ..settings import Settings
from .errors import ErrorResponse, not_found, status_error
from .forms import read_form
from .serialization import Serializer
from .write_rules import WriteRule, find_rule, is_known_path
from .wrong_responses import PROXY_HTML

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[+\d][\d\s().-]{4,}")
_UNWRAPPED = ("forms", "placements")
_REFERENCES = {"person_id": "people", "job_id": "jobs", "company_id": "companies"}


class Writes:
    """Carries out writes; `log` has one entry for each, oldest first."""

    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings = agency, settings
        self.effects, self.serializer = WriteEffects(agency, settings), Serializer(settings)
        self.log: list[Record] = []

    async def respond(self, request: web.Request, path: str, request_number: int) -> tuple[web.StreamResponse, str]:
        """Return the response to a write and its status or fault, for the request log.

        :raises ErrorResponse: the status is not 200.
        """
        fault = self._choose_fault(request_number)
        if fault == "status_429":
            raise status_error(429, "Too Many Requests")
        entry: Record = {"method": request.method, "path": path, "effect": "", "id": None, "fault": fault}
        self.log.append(entry)
        if fault.endswith("_before"):
            return await self._failure(request, fault)
        form = await read_form(request, accepts_json=self.settings.json_bodies == "accepted")
        body = self._carry_out(request.method, path, form, entry)
        if fault:
            return await self._failure(request, fault)
        return web.Response(body=body, content_type="application/json", charset="utf-8"), "200"

    def _choose_fault(self, request_number: int) -> str:
        position = hash64(self.agency.seed * 31_337 + request_number) / (1 << 64)
        for kind, share in self.settings.write_faults.items():
            position -= share
            if position < 0:
                return kind
        return ""

    async def _failure(self, request: web.Request, fault: str) -> tuple[web.StreamResponse, str]:
        kind = fault.rpartition("_")[0]
        if kind == "status_500":
            raise status_error(500, "Server Error")
        if kind == "html":
            return web.Response(body=PROXY_HTML, content_type="text/html"), "html"
        if kind == "hang":
            await asyncio.sleep(self.settings.slow_ms / 1000)
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
        if kind == "cut":
            await response.prepare(request)
            await response.write(b'{"person":{"id":1')
        if request.transport is not None:
            request.transport.close() if kind == "cut" else request.transport.abort()
        return response, kind

    def _carry_out(self, method: str, path: str, form: Record, entry: Record) -> bytes:
        """Change the agency and return the body of the response.

        :param entry: the write's entry in the log, which gets the effect.
        """
        found = find_rule(method, path)
        if not found:
            raise status_error(405, "Method Not Allowed") if is_known_path(path) else not_found()
        rule, ids = found
        if method == "DELETE":
            self._check_exists(rule.table, ids[0])
            mutations.delete(self.agency, rule.table, ids[0])
            entry |= {"effect": "deleted", "id": ids[0], "object": rule.table}
            return b"{}"
        values = self._checked_values(rule, form)
        if method == "PUT":
            self._check_exists(rule.table, ids[0])
            if self.settings.updated == "lost":
                return b"{}"
            self.effects.update(rule.table, ids[0], values)
            entry |= {"effect": "updated", "id": ids[0], "object": rule.table}
            return b"{}" if self.settings.updated == "no_id" else self._record(rule, ids[0])
        return self._create(rule, ids, path, values, entry)

    def _create(self, rule: WriteRule, ids: list[int], path: str, values: Record, entry: Record) -> bytes:
        errors = [f"{' or '.join(group)} can't be blank" for group in rule.required if not _has_any(values, group)]
        errors += self._unknown_references(values)
        if errors:
            messages = [] if self.settings.unsaved == "silent" else errors
            unsaved = {rule.response_key: {"id": None}} if rule.response_key else {"id": None}
            return orjson.dumps({**unsaved, "errors": messages})
        if ids:
            self._check_exists(path.split("/")[0], ids[0])
        if rule.path == "jobs/{id}/apply":
            person, is_new = self.effects.apply(ids[0], values)
            entry |= {"effect": "applied", "id": person["id"], "object": "applications", "is_new_person": is_new}
            return orjson.dumps({"ok": True, "person": person})
        if rule.table in ("resumes", "documents"):
            file = self.effects.add_file(ids[0], rule.table, values["document"])
            entry |= {"effect": "created", "id": file["id"], "object": rule.table, "of": ids[0]}
            return orjson.dumps(file)
        record_id, effect = self.effects.create(rule.table, values)
        entry |= {"effect": effect, "id": record_id, "object": rule.table}
        return self._record(rule, record_id)

    def _record(self, rule: WriteRule, record_id: int) -> bytes:
        row = mutations.find_row(self.agency, rule.table, record_id)
        record = self.serializer.full_record(self.agency.tables[rule.table], row)
        if rule.path in _UNWRAPPED or not rule.response_key:
            return record
        return b'{"' + rule.response_key.encode() + b'":' + record + b',"errors":[]}'

    # Validation --------------------------------------------------------------------------------------------------

    def _check_exists(self, table: str, record_id: int) -> None:
        """:raises ErrorResponse: 404, there is no such record."""
        if table not in self.agency.tables or self.agency.tables[table].find_row(record_id) is None:
            raise not_found()

    def _checked_values(self, rule: WriteRule, form: Record) -> Record:
        """Return the values of a body with their types.

        :raises ErrorResponse: 422 for a name that is not declared, 400 for a value that Loxo refuses.
        """
        fields = form.get(rule.root, {}) if rule.root else form
        if not isinstance(fields, dict):
            raise ErrorResponse(400, f"param is missing or the value is empty: {rule.root}")
        accepted = {*rule.fields, *self.agency.custom_field_keys(rule.item_type)}
        unknown = [name for name in form if rule.root and name != rule.root]
        unknown += [name for name in fields if rule.fields and name not in accepted]
        if unknown:
            raise ErrorResponse(422, f"Invalid parameters: [{', '.join(f':{name}' for name in unknown)}]")
        values = {name: _cast(rule.fields.get(name, ""), value) for name, value in fields.items()}
        errors = ["Email is invalid"] if not _all_match(_EMAIL, values, "email") else []
        errors += ["Phone is invalid"] if not _all_match(_PHONE, values, "phone") else []
        if errors and (rule.table == "people" or rule.path.endswith("apply")):
            raise ErrorResponse(400, *errors)
        return values

    def _unknown_references(self, values: Record) -> list[str]:
        return [
            f"{name.removesuffix('_id').capitalize()} must exist"
            for name, table in _REFERENCES.items()
            if isinstance(values.get(name), int) and self.agency.tables[table].find_row(values[name]) is None
        ]


def _has_any(values: Record, names: tuple[str, ...]) -> bool:
    return any(values.get(name) not in (None, "", []) for name in names)


def _all_match(pattern: re.Pattern[str], values: Record, name: str) -> bool:
    """Return whether `name` and all items of the list with its plural name match, as far as they have a value."""
    items = [item.get("value") for item in values.get(f"{name}s") or [] if isinstance(item, dict)]
    return all(pattern.fullmatch(value) for value in (values.get(name), *items) if value)


def _cast(kind: str, value: Any) -> Any:
    """Cast a value of a form as Rails does: a text that is not a number becomes null."""
    if isinstance(value, Upload) or kind == "file":
        return value
    if kind == "ints":
        return [number for number in (_cast("int", item) for item in value if item != "") if number is not None]
    if kind == "list":  # a text is dropped
        return [item for item in value if item != ""] if isinstance(value, list) else []
    if kind == "items" or isinstance(value, (list, dict)):
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
