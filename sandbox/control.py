"""The control API under /_sandbox/: settings, counters, and changes to the agency while it is being read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from . import changes
from .server import Api
from .settings import SettingError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _json(data: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(data), content_type="application/json")


class Control:
    """One method per route."""

    def __init__(self, api: Api) -> None:
        self.api, self.agency = api, api.agency

    def add_to(self, app: web.Application) -> None:
        """An object's name may hold a slash (`scorecards/scorecard_types`)."""
        router, name = app.router, "{object:[a-z_/]+}"
        router.add_get("/_sandbox/requests", self.requests)
        router.add_delete("/_sandbox/requests", self.reset)
        router.add_get("/_sandbox/settings", self.settings)
        router.add_patch("/_sandbox/settings", self.set)
        router.add_get("/_sandbox/objects", self.objects)
        router.add_get(f"/_sandbox/objects/{name}/ids", self.ids)
        router.add_get(f"/_sandbox/objects/{name}/records", self.records)
        router.add_get(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.record)
        router.add_post(f"/_sandbox/objects/{name}", self.create)
        router.add_patch(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.update)
        router.add_delete(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.delete)
        router.add_post("/_sandbox/stage_moves", self.move)
        router.add_post("/_sandbox/at", self.at)
        router.add_delete("/_sandbox/at", self.forget)
        router.add_get("/_sandbox/life", self.life)
        router.add_get("/_sandbox/writes", self.writes)

    async def requests(self, request: web.Request) -> web.Response:
        return _json(self.api.journal.as_dict())

    async def reset(self, request: web.Request) -> web.Response:
        self.api.journal.reset()
        return _json({})

    async def settings(self, request: web.Request) -> web.Response:
        return _json(self.api.settings.as_dict())

    async def set(self, request: web.Request) -> web.Response:
        self.api.change_settings(await request.json())
        return _json(self.api.settings.as_dict())

    async def objects(self, request: web.Request) -> web.Response:
        return _json({name: len(self.agency.tables[name]) for name in self.agency.objects()})

    async def ids(self, request: web.Request) -> web.Response:
        table = self._table(request)
        return _json([table.ids[row] for row in table.orders["id"]])

    async def record(self, request: web.Request) -> web.Response:
        """The list item and what the single record adds to it."""
        table = self._table(request)
        row = changes.row_of(self.agency, request.match_info["object"], request.match_info["id"])
        return _json({**table.record(row), **table.full(row)})

    async def create(self, request: web.Request) -> web.Response:
        return _json(changes.create(self.agency, request.match_info["object"], await _body(request)))

    async def update(self, request: web.Request) -> web.Response:
        info = request.match_info
        return _json(changes.update(self.agency, info["object"], info["id"], await _body(request)))

    async def delete(self, request: web.Request) -> web.Response:
        return _json(changes.delete(self.agency, request.match_info["object"], request.match_info["id"]))

    async def move(self, request: web.Request) -> web.Response:
        wanted = await _body(request)
        return _json(
            changes.move(self.agency, wanted.get("job_id"), wanted.get("candidate_id"), wanted.get("workflow_stage_id"))
        )

    async def at(self, request: web.Request) -> web.Response:
        plan = await _body(request)
        self.api.plan(plan["path"].strip("/"), int(plan.get("count", 1)), list(plan["actions"]))
        return _json({"pending": len(self.api.pending)})

    async def forget(self, request: web.Request) -> web.Response:
        """Drops what was planned and did not come to pass."""
        self.api.pending.clear()
        self.api.one_off.planned.clear()
        return _json({})

    async def life(self, request: web.Request) -> web.Response:
        """What the account did by itself, oldest first."""
        return _json(self.api.life.journal)

    async def writes(self, request: web.Request) -> web.Response:
        """What each write did, oldest first: its effect, its id and its fault."""
        return _json(self.api.writing.journal)

    async def records(self, request: web.Request) -> web.Response:
        """All list items as the account has them now, without what settings do to answers."""
        table = self._table(request)
        return web.Response(
            body=b"[" + b",".join(table.raw(row) for row in table.orders["id"]) + b"]", content_type="application/json"
        )

    def _table(self, request: web.Request) -> Any:
        try:
            return self.agency.table(request.match_info["object"])
        except KeyError:
            raise changes.ChangeError(f"no object {request.match_info['object']!r}") from None


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    body: dict[str, Any] = orjson.loads(raw) if raw else {}
    return body


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A wrong control request says what is wrong with it."""
    try:
        return await handler(request)
    except (changes.ChangeError, SettingError, KeyError, TypeError, ValueError) as error:
        if not request.path.startswith("/_sandbox/"):
            raise
        return _json({"error": str(error) or repr(error)}, 400)


def application(api: Api) -> web.Application:
    """Both APIs on one port."""
    app = web.Application(middlewares=[explain])
    Control(api).add_to(app)
    app.cleanup_ctx.append(api.life.lived)
    app.router.add_route("*", "/api/{slug}/{path:.*}", api.handle)
    return app
