"""The bodies of correct responses: lists, single records, sub-lists of a record, and special endpoints."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from ..agency.agency import Agency
from ..agency.file_contents import file_content
from ..agency.records.people import sub_list
from ..agency.table import Table
from ..settings import Settings
from ..timestamps import now_ms
from .endpoints import Endpoint
from .errors import not_found
from .filters import Params
from .pagination import Paginator, check_parameters

_DOWNLOAD = re.compile(r"(people|companies|jobs|person_events)/(\d+)/(resumes|documents)/(\d+)/download")


class ResponseBodies:
    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings = agency, settings
        self.paginator = Paginator(settings)

    def body(self, endpoint: Endpoint, ids: list[int], params: Params, path: str, is_short: bool) -> bytes:
        """Return the body for a request.

        :param ids: the ids in `path`.
        :param is_short: whether a page has half of its records (the wrong response `short_page`).
        :raises ErrorResponse: the status is not 200.
        """
        if endpoint.kind == "list":
            return self._list(endpoint, ids, params, path, is_short)
        check_parameters(endpoint, params)
        if endpoint.kind == "single":
            return self._single_record(endpoint, ids[0])
        return orjson.dumps(
            self._sub_list(endpoint, ids) if endpoint.kind == "sub_list" else self._special(endpoint, ids)
        )

    def _list(self, endpoint: Endpoint, ids: list[int], params: Params, path: str, is_short: bool) -> bytes:
        table = self.agency.tables[endpoint.table]
        rows = None
        if ids:
            rows = self._rows_of_parent(endpoint, table, ids)
        elif endpoint.path == "activity_types":
            table = self._activity_types(dict(params).get("workflow_id"))
        elif endpoint.path == "workflow_stages" and self.settings.stages_without_workflow == "candidate":
            rows = self._candidate_stage_rows(table, has_workflow="workflow_id" in dict(params))
        form = {"webhooks": self.settings.webhooks, "campaigns": self.settings.campaigns}.get(endpoint.path)
        if form in ("bare", "keyed"):
            array = self.paginator.page(table, replace(endpoint, pagination="none"), params, path)
            return array if form == "bare" else b"{" + orjson.dumps(endpoint.path) + b":" + array + b"}"
        return self.paginator.page(table, endpoint, params, path, self._searchable_rows(table, rows), is_short)

    def _searchable_rows(self, table: Table, rows: list[int] | None) -> Sequence[int] | None:
        """Return the rows without those that the setting `search_lag` still hides; None for the whole table."""
        if not self.settings.search_lag or not table.creations:
            return rows
        indexed_until = now_ms() - int(self.settings.search_lag * 1000)
        first_hidden = bisect_right(table.creations, (indexed_until, 1 << 62))
        hidden = {row for _, row in table.creations[first_hidden:]}
        if not hidden:
            return rows
        return [row for row in (table.sorted_rows["id"] if rows is None else rows) if row not in hidden]

    def _rows_of_parent(self, endpoint: Endpoint, table: Table, ids: list[int]) -> list[int]:
        """Return the rows of a list below a job, a company, a country or a state."""
        parent = self._find_row(endpoint.path.split("/")[0], ids[0])
        if endpoint.table == "candidates":
            return self.agency.candidates_of_job(parent)
        if endpoint.table == "people":
            return [row for row in self.agency.employees(parent) if row not in table.deleted]
        if endpoint.table == "states":
            return [row for row in table.sorted_rows["id"] if table.list_item(row)["country_id"] == ids[0]]
        self._find_row("states", ids[1])
        return [row for row in table.sorted_rows["id"] if table.list_item(row)["state_id"] == ids[1]]

    def _activity_types(self, workflow_id: str | None) -> Table:
        """Return a deal workflow's own types; without a workflow, Loxo lists candidates' types (loxo-mcp-server)."""
        deal_workflow_ids = {str(workflow["id"]) for workflow in self.agency.lists["deal_workflows"]}
        return self.agency.tables["deal_activity_types" if workflow_id in deal_workflow_ids else "activity_types"]

    def _candidate_stage_rows(self, table: Table, has_workflow: bool) -> list[int]:
        """Return the stages of candidates' workflows, or all stages if a filter on the workflow follows."""
        workflow_ids = {workflow["id"] for workflow in self.agency.workflows}
        return [
            row
            for row in table.sorted_rows["id"]
            if has_workflow or table.list_item(row)["workflow_id"] in workflow_ids
        ]

    def file(self, path: str) -> bytes | None:
        """Return the content of the file at a path such as `people/{id}/resumes/{id}/download`, None for other paths.

        :raises ErrorResponse: the record does not exist, or it does not list this file.
        """
        match = _DOWNLOAD.fullmatch(path)
        if not match:
            return None
        table = self.agency.tables[match[1]]
        files = table.full_record(self._find_row(match[1], int(match[2]))).get(match[3]) or []
        file = _with_id(files, int(match[4]))
        uploaded = self.agency.uploaded_files.get(file["id"])
        return file_content(file) if uploaded is None else uploaded

    def _find_row(self, table: str, record_id: int) -> int:
        row = self.agency.tables[table].find_row(record_id)
        if row is None:
            raise not_found()
        return row

    def _single_record(self, endpoint: Endpoint, record_id: int) -> bytes:
        """Return a record without a wrapper, as proven; an unknown person_event is 200 `null` (loxo-cli, live)."""
        table = self.agency.tables[endpoint.table]
        if endpoint.table == "person_events" and table.find_row(record_id) is None:
            return b"null"
        record = self.paginator.serializer.full_record(table, self._find_row(endpoint.table, record_id))
        is_wrapped = endpoint.table == "deals" and self.settings.deal_detail == "wrapped"
        return b"{" + orjson.dumps(endpoint.entity) + b":" + record + b"}" if is_wrapped else record

    def _sub_list(self, endpoint: Endpoint, ids: list[int]) -> Any:
        """Return a list inside a record or, if the path has a second id, one item of it."""
        record = self.agency.tables[endpoint.table].full_record(self._find_row(endpoint.table, ids[0]))
        name = endpoint.records_key or ""
        items = sub_list(record, name) if endpoint.table == "people" else record.get(name) or []
        return items if len(ids) == 1 else _with_id(items, ids[1])

    def _special(self, endpoint: Endpoint, ids: list[int]) -> Any:
        agency = self.agency
        if endpoint.table == "candidates":
            job, candidate = self._find_row("jobs", ids[0]), self._find_row("candidates", ids[1])
            if agency.history.job_of[candidate] != job:
                raise not_found()
            return agency.tables["candidates"].list_item(candidate)
        if endpoint.path == "job_listing_config":
            return {"id": agency.agency_id, "title": "Demo Agency: open positions"}
        if len(ids) == 1:  # Loxo ignores the id and returns all hierarchies of the agency (loxo-cli, live)
            return {"hierarchies": agency.hierarchies}
        leaves = [leaf for branch in agency.hierarchies for leaf in branch["hierarchies"]]
        return _with_id(agency.hierarchies + leaves, ids[1])


def is_download(path: str) -> bool:
    return bool(_DOWNLOAD.fullmatch(path))


def _with_id(items: list[dict[str, Any]], item_id: int) -> dict[str, Any]:
    for item in items:
        if item["id"] == item_id:
            return item
    raise not_found()
