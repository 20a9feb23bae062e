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
        router.add_get(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.record)
        router.add_post(f"/_sandbox/objects/{name}", self.create)
        router.add_patch(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.update)
        router.add_delete(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.delete)
        router.add_post("/_sandbox/stage_moves", self.move)
        router.add_post("/_sandbox/at", self.at)
        router.add_delete("/_sandbox/at", self.forget)

    async def requests(self, request: web.Request) -> web.Response:
        return _json(self.api.journal.as_dict())

    async def reset(self, request: web.Request) -> web.Response:
        self.api.journal.reset()
        return _json({})

    async def settings(self, request: web.Request) -> web.Response:
        return _json(self.api.settings.as_dict())

    async def set(self, request: web.Request) -> web.Response:
        self.api.settings.update(await request.json())
        if self.api.settings.custom_fields != self.agency.variant:
            self.agency.set_variant(self.api.settings.custom_fields)
        return _json(self.api.settings.as_dict())

    async def objects(self, request: web.Request) -> web.Response:
        return _json({name: len(self.agency.tables[name]) for name in self.agency.objects()})

    async def ids(self, request: web.Request) -> web.Response:
        table = self._table(request)
        return _json([table.ids[row] for row in table.orders["id"]])

    async def record(self, request: web.Request) -> web.Response:
        table = self._table(request)
        return _json(table.full(changes.row_of(self.agency, request.match_info["object"], request.match_info["id"])))

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
        self.api.pending.append(
            {"path": plan["path"].strip("/"), "count": int(plan.get("count", 1)), "actions": list(plan["actions"])}
        )
        return _json({"pending": len(self.api.pending)})

    async def forget(self, request: web.Request) -> web.Response:
        """Drops what was planned and did not come to pass."""
        self.api.pending.clear()
        return _json({})

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
    app.router.add_route("*", "/api/{slug}/{path:.*}", api.handle)
    return app
