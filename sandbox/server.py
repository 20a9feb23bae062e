"""The HTTP front: who may ask, what goes wrong on the way, and which answer follows."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import orjson
from aiohttp import web

from . import changes
from .agency import Agency
from .answers import HTML, NOT_FOUND, OneOff, spoiled, steady, without_data
from .clock import now_ms
from .echo import echoed
from .endpoints import Endpoint, find
from .faults import Faults, RateLimit, retry_after
from .filters import Params, Refused
from .life import Life
from .paging import Pager, check_declared
from .settings import ANSWERS, SettingError, Settings
from .writing import Writing

LOGGED = 20_000


class Journal:
    """What was asked: for tests that count requests."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        self.total, self.max_in_flight = 0, self.in_flight
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.log: deque[list[Any]] = deque(maxlen=LOGGED)

    def note(self, path: str, query: str, status: str) -> None:
        self.by_path[path] += 1
        self.by_status[status] += 1
        self.log.append([f"{path}?{query}" if query else path, status])

    def as_dict(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "by_path": dict(self.by_path),
            "by_status": dict(self.by_status),
            "max_in_flight": self.max_in_flight,
            "log": list(self.log),
        }


class Api:
    """Loxo's public API over an agency."""

    def __init__(self, agency: Agency, settings: Settings, slug: str, api_key: str) -> None:
        self.agency, self.settings, self.slug, self.api_key = agency, settings, slug, api_key
        self.pager, self.journal = Pager(settings), Journal()
        self.limit, self.faults = RateLimit(), Faults(agency.seed)
        self.number = 0
        self.pending: list[dict[str, Any]] = []  # what to do after the n-th answer of a path
        self.one_off, self.life = OneOff(), Life(agency, settings)
        self.writing = Writing(agency, settings, self.pager.wire)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].strip("/")
        journal = self.journal
        journal.total += 1
        journal.in_flight += 1
        journal.max_in_flight = max(journal.max_in_flight, journal.in_flight)
        status = "error"
        try:
            response, status = await self._respond(request, path)
            if not response.prepared:
                response.headers["Date"] = formatdate(now_ms() / 1000, usegmt=True)
                if pause := self._names(path) & set(self.settings.drip_header):
                    await _drip(request, response, self.settings.drip_header[pause.pop()])
            return response
        finally:
            journal.in_flight -= 1
            journal.note(path, request.query_string, status)

    async def _respond(self, request: web.Request, path: str) -> tuple[web.StreamResponse, str]:
        self.number += 1
        try:
            self._admit(request)
            if request.method != "GET":
                await asyncio.sleep(self.settings.latency_ms / 1000)
                return await self.writing.respond(request, path, self.number)
            fault = self.faults.choose(self.settings, self.number, path, request.path_qs)
            wait = self.settings.latency_ms + (self.settings.slow_ms if fault == "slow" else 0)
            if wait:
                await asyncio.sleep(wait / 1000)
            if fault in ("status_500", "status_503"):
                raise Refused(int(fault[-3:]), body={"status": int(fault[-3:]), "error": "Server Error"})
            if fault == "html":
                return web.Response(body=HTML, content_type="text/html"), "html"
            body = self._body(request, path, fault or "")
            if fault in ("reset", "truncate"):
                return await _cut(request, body, fault), fault
        except Refused as refused:
            return self._refusal(request, refused), str(refused.status)
        return web.Response(body=body, content_type="application/json", charset="utf-8"), "200"

    def _admit(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise Refused(401, body={"status": 401, "error": "Unauthorized"})
        if request.match_info["slug"] != self.slug:
            raise Refused(404, body=NOT_FOUND)
        every = self.settings.throttle_every
        if (every and self.number % every == 0) or self.limit.exceeded(self.settings):
            raise Refused(429, body={"status": 429, "error": "Too Many Requests"})

    def _refusal(self, request: web.Request, refused: Refused) -> web.Response:
        if refused.html:
            return web.Response(status=refused.status, body=refused.html, content_type="text/html")
        body = dict(refused.body)
        if self.settings.echo_key:
            body["authorization"] = echoed(self.api_key, self.settings.echo_key_as)
        headers = retry_after(self.settings) if refused.status in (429, 503) else refused.headers
        return web.Response(
            status=refused.status,
            body=orjson.dumps(body),
            content_type="application/json",
            charset="utf-8",
            headers=headers,
        )

    @staticmethod
    def _names(path: str) -> set[str]:
        """A path and the object it stands for, by either of which settings name it."""
        found = find(path)
        return {path, found[0].path} if found else {path}

    def _body(self, request: web.Request, path: str, fault: str) -> bytes:
        """The answer of a healthy server, unless this object is set to misbehave."""
        names, settings = self._names(path), self.settings
        try:
            for name in names & set(settings.redirect):
                raise Refused(302, body={}, headers={"Location": settings.redirect[name]})
            wanted = fault if fault in ANSWERS else ""
            kind = self.one_off.take(names) or wanted or steady(settings, names)
            if (file := self.writing.file(path)) is not None:
                return file
            endpoint, ids = find(path) or (None, [])
            body = without_data(kind, endpoint)
            if body is None and endpoint:
                healthy = self._answer(endpoint, ids, list(request.query.items()), path, kind == "short_page")
                body = self.pager.wire.restamped(spoiled(kind, endpoint, healthy))
            return body or b""
        finally:
            self._make_changes(names)

    def _answer(self, endpoint: Endpoint, ids: list[int], params: Params, path: str, short: bool) -> bytes:
        if endpoint.kind == "list":
            return self._list(endpoint, ids, params, path, short)
        check_declared(endpoint, params)
        if endpoint.kind == "single":
            return self._single(endpoint, ids[0])
        return orjson.dumps(self._part(endpoint, ids) if endpoint.kind == "part" else self._special(endpoint, ids))

    def _list(self, endpoint: Endpoint, ids: list[int], params: Params, path: str, short: bool) -> bytes:
        agency, scope = self.agency, None
        table = agency.tables[endpoint.table]
        if ids:
            owner = self._row(endpoint.path.split("/")[0], ids[0])
            if endpoint.table == "candidates":
                scope = agency.candidates_of(owner)
            elif endpoint.table == "people":
                scope = [row for row in agency.maker.of_company(owner) if row not in table.gone]
            elif endpoint.table == "states":
                scope = [row for row in table.orders["id"] if table.record(row)["country_id"] == ids[0]]
            else:
                self._row("states", ids[1])
                scope = [row for row in table.orders["id"] if table.record(row)["state_id"] == ids[1]]
        elif endpoint.path == "activity_types":
            table = self._activity_types(dict(params).get("workflow_id"))
        elif endpoint.path == "workflow_stages" and self.settings.stages_without_workflow == "candidate":
            flows = {flow["id"] for flow in agency.workflows} if "workflow_id" not in dict(params) else None
            scope = [row for row in table.orders["id"] if not flows or table.record(row)["workflow_id"] in flows]
        form = {"webhooks": self.settings.webhooks, "campaigns": self.settings.campaigns}.get(endpoint.path)
        if form in ("bare", "keyed"):
            listed = self.pager.answer(table, replace(endpoint, paging="none"), params, path)
            return listed if form == "bare" else b"{" + orjson.dumps(endpoint.path) + b":" + listed + b"}"
        return self.pager.answer(table, endpoint, params, path, self.writing.visible(table, scope), short)

    def _activity_types(self, workflow: str | None) -> Any:
        """A deal workflow has its own types; without one Loxo lists the candidate types (loxo-mcp-server)."""
        deal_flows = {str(flow["id"]) for flow in self.agency.lists["deal_workflows"]}
        return self.agency.tables["deal_activity_types" if workflow in deal_flows else "activity_types"]

    def _row(self, table: str, record_id: int) -> int:
        row = self.agency.tables[table].row(record_id)
        if row is None:
            raise Refused(404, body=NOT_FOUND)
        return row

    def _single(self, endpoint: Endpoint, record_id: int) -> bytes:
        """Flat, where that is proven; an unknown person_event is 200 `null` (loxo-cli, live)."""
        table = self.agency.tables[endpoint.table]
        if endpoint.table == "person_events" and table.row(record_id) is None:
            return b"null"
        record = self.pager.wire.full(table, self._row(endpoint.table, record_id))
        wrapped = endpoint.table == "deals" and self.settings.deal_detail == "wrapped"
        return b"{" + orjson.dumps(endpoint.entity) + b":" + record + b"}" if wrapped else record

    def _part(self, endpoint: Endpoint, ids: list[int]) -> Any:
        full = self.agency.tables[endpoint.table].full(self._row(endpoint.table, ids[0]))
        name = endpoint.key or ""
        items = self.agency.maker.parts(full, name) if endpoint.table == "people" else full.get(name) or []
        if len(ids) == 1:
            return items
        for item in items:
            if item["id"] == ids[1]:
                return item
        raise Refused(404, body=NOT_FOUND)

    def _special(self, endpoint: Endpoint, ids: list[int]) -> Any:
        agency = self.agency
        if endpoint.table == "candidates":
            job, row = self._row("jobs", ids[0]), self._row("candidates", ids[1])
            if agency.story.job[row] != job:
                raise Refused(404, body=NOT_FOUND)
            return agency.tables["candidates"].record(row)
        if endpoint.path == "job_listing_config":
            return {"id": agency.agency_id, "title": "Demo Agency: open positions"}
        if len(ids) == 1:  # the id is ignored, the whole tree of the agency comes back (loxo-cli, live)
            return {"hierarchies": agency.hierarchies}
        nodes = agency.hierarchies + [leaf for top in agency.hierarchies for leaf in top["hierarchies"]]
        for node in nodes:
            if node["id"] == ids[1]:
                return node
        raise Refused(404, body=NOT_FOUND)

    def change_settings(self, values: dict[str, Any]) -> None:
        """Changes settings, with what follows from them."""
        self.settings.update(values)
        if self.settings.custom_fields != self.agency.variant:
            self.agency.set_variant(self.settings.custom_fields)
        if values.get("refuse_cursors") == "stored":
            self.pager.given.clear()

    def plan(self, path: str, count: int, actions: list[dict[str, Any]]) -> None:
        """Do something right after the n-th answer of a path from now; 0 is at once."""
        plan = {"path": path, "count": count, "actions": actions}
        if count <= 0:
            self._carry_out(plan)
        else:
            self.pending.append(plan)

    def _make_changes(self, names: set[str]) -> None:
        """The body of this answer is made, so the client sees them from its next request on."""
        for plan in [plan for plan in self.pending if plan["path"] in names]:
            plan["count"] -= 1
            if plan["count"] <= 0:
                self.pending.remove(plan)
                self._carry_out(plan)

    def _carry_out(self, plan: dict[str, Any]) -> None:
        for action in plan["actions"]:
            if action.get("op") == "answer":
                kind = action.get("kind")
                if kind not in ANSWERS:
                    raise SettingError(f"an answer is one of {', '.join(ANSWERS)}, not {kind!r}")
                self.one_off.add(action.get("path", plan["path"]), kind, int(action.get("times", 1)))
            elif action.get("op") == "set":
                self.change_settings(action["settings"])
            else:
                changes.apply(self.agency, action)


async def _drip(request: web.Request, response: web.StreamResponse, pause_ms: float) -> None:
    """Sends the header a byte at a time, then the body, and hangs up."""
    transport, body = request.transport, getattr(response, "body", None) or b""
    kind = response.content_type
    head = f"HTTP/1.1 {response.status} Slow\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    for byte in head.encode():
        if transport is None or transport.is_closing():
            return
        transport.write(bytes([byte]))
        await asyncio.sleep(pause_ms / 1000)
    if transport is not None:
        transport.write(bytes(body))
        transport.close()


async def _cut(request: web.Request, body: bytes, fault: str) -> web.StreamResponse:
    """Announce the whole body, send half of it; `reset` aborts the connection, `truncate` ends it politely."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort() if fault == "reset" else request.transport.close()
    return response
