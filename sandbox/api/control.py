"""The control API below /_sandbox/: settings, request log, and writes to the agency while a client reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import web

from ..agency import mutations
from ..agency.table import Table
from ..settings import SettingError
from .errors import ErrorResponse
from .server import LoxoApi

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _json_response(data: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(data), content_type="application/json")


class ControlApi:
    """Handlers of the control API, one for each route."""

    def __init__(self, api: LoxoApi) -> None:
        self.api, self.agency = api, api.agency

    def add_routes(self, app: web.Application) -> None:
        router, name = app.router, "{object:[a-z_/]+}"  # the name of an object may have a slash
        router.add_get("/_sandbox/requests", self.get_requests)
        router.add_delete("/_sandbox/requests", self.reset_requests)
        router.add_get("/_sandbox/settings", self.get_settings)
        router.add_patch("/_sandbox/settings", self.change_settings)
        router.add_get("/_sandbox/objects", self.get_counts)
        router.add_get(f"/_sandbox/objects/{name}/ids", self.get_ids)
        router.add_get(f"/_sandbox/objects/{name}/records", self.get_records)
        router.add_get(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.get_record)
        router.add_post(f"/_sandbox/objects/{name}", self.create_record)
        router.add_patch(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.update_record)
        router.add_delete(f"/_sandbox/objects/{name}/{{id:\\d+}}", self.delete_record)
        router.add_get("/_sandbox/files/{path:.+}", self.get_file)
        router.add_post("/_sandbox/stage_moves", self.move_candidate)
        router.add_post(f"/_sandbox/restored/{name}/{{id:\\d+}}", self.restore_record)
        router.add_post("/_sandbox/merged_people", self.merge_people)
        router.add_post("/_sandbox/at", self.schedule_actions)
        router.add_delete("/_sandbox/at", self.clear_schedule)
        router.add_get("/_sandbox/life", self.get_background_changes)
        router.add_get("/_sandbox/writes", self.get_writes)

    async def get_requests(self, request: web.Request) -> web.Response:
        return _json_response(self.api.request_log.as_dict())

    async def reset_requests(self, request: web.Request) -> web.Response:
        self.api.request_log.reset()
        return _json_response({})

    async def get_settings(self, request: web.Request) -> web.Response:
        return _json_response(self.api.settings.as_dict())

    async def change_settings(self, request: web.Request) -> web.Response:
        self.api.change_settings(await request.json())
        return _json_response(self.api.settings.as_dict())

    async def get_counts(self, request: web.Request) -> web.Response:
        return _json_response({name: len(self.agency.tables[name]) for name in self.agency.object_names()})

    async def get_ids(self, request: web.Request) -> web.Response:
        table = self._table(request)
        return _json_response([table.ids[row] for row in table.sorted_rows["id"]])

    async def get_records(self, request: web.Request) -> web.Response:
        """Return all current list items, unaffected by settings."""
        table = self._table(request)
        records = b",".join(table.list_item_json(row) for row in table.sorted_rows["id"])
        return web.Response(body=b"[" + records + b"]", content_type="application/json")

    async def get_record(self, request: web.Request) -> web.Response:
        """Return the fields of the list item and those of the single record."""
        table = self._table(request)
        row = mutations.find_row(self.agency, request.match_info["object"], request.match_info["id"])
        return _json_response({**table.list_item(row), **table.full_record(row)})

    async def get_file(self, request: web.Request) -> web.Response:
        """Return the content of the file at the path of a download, unaffected by settings."""
        try:
            content = self.api.bodies.file(request.match_info["path"])
        except ErrorResponse as error:
            return _json_response(error.body, error.status)
        return web.Response(body=content) if content is not None else _json_response({}, 404)

    async def create_record(self, request: web.Request) -> web.Response:
        return _json_response(mutations.create(self.agency, request.match_info["object"], await _read_body(request)))

    async def update_record(self, request: web.Request) -> web.Response:
        name, record_id = request.match_info["object"], request.match_info["id"]
        return _json_response(mutations.update(self.agency, name, record_id, await _read_body(request)))

    async def delete_record(self, request: web.Request) -> web.Response:
        name, record_id = request.match_info["object"], request.match_info["id"]
        return _json_response(mutations.delete(self.agency, name, record_id))

    async def restore_record(self, request: web.Request) -> web.Response:
        return _json_response(mutations.restore(self.agency, request.match_info["object"], request.match_info["id"]))

    async def merge_people(self, request: web.Request) -> web.Response:
        body = await _read_body(request)
        return _json_response(mutations.merge_people(self.agency, body.get("kept_id"), body.get("merged_id")))

    async def move_candidate(self, request: web.Request) -> web.Response:
        body = await _read_body(request)
        job_id, candidate_id, stage_id = (body.get(key) for key in ("job_id", "candidate_id", "workflow_stage_id"))
        return _json_response(mutations.move_candidate(self.agency, job_id, candidate_id, stage_id))

    async def schedule_actions(self, request: web.Request) -> web.Response:
        body = await _read_body(request)
        self.api.scheduled.add(body["path"].strip("/"), int(body.get("count", 1)), list(body["actions"]))
        return _json_response({"pending": len(self.api.scheduled.pending)})

    async def clear_schedule(self, request: web.Request) -> web.Response:
        """Drop all scheduled actions and wrong responses."""
        self.api.scheduled.clear()
        return _json_response({})

    async def get_background_changes(self, request: web.Request) -> web.Response:
        """Return the log of background changes, oldest first."""
        return _json_response(self.api.background_changes.log)

    async def get_writes(self, request: web.Request) -> web.Response:
        """Return the log of writes, oldest first."""
        return _json_response(self.api.writes.log)

    def _table(self, request: web.Request) -> Table:
        name = request.match_info["object"]
        try:
            return self.agency.table(name)
        except KeyError:
            raise mutations.unknown_object(name) from None


async def _read_body(request: web.Request) -> dict[str, Any]:
    text = await request.read()
    body: dict[str, Any] = orjson.loads(text) if text else {}
    return body


@web.middleware
async def report_control_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors in a control request into a 400 with the reason."""
    try:
        return await handler(request)
    except (mutations.MutationError, SettingError, KeyError, TypeError, ValueError) as error:
        if not request.path.startswith("/_sandbox/"):
            raise
        return _json_response({"error": str(error) or repr(error)}, 400)


def make_application(api: LoxoApi) -> web.Application:
    """Return the application that serves Loxo's API and the control API on one port."""

    async def run_background_changes(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(api.background_changes.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = web.Application(middlewares=[report_control_errors])
    ControlApi(api).add_routes(app)
    app.cleanup_ctx.append(run_background_changes)
    app.router.add_route("*", "/api/{slug}/{path:.*}", api.handle)
    return app
