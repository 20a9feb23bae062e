"""The stock low-code manifest of the same lists, as the Connector Builder would write it, with 16 workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WORKERS = 16


def manifest(lists: Sequence[dict[str, Any]]) -> dict[str, Any]:
    streams = [_stream(facts) for facts in lists]
    spec = {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}}
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [streams[0]["name"]]},
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": WORKERS, "max_concurrency": WORKERS},
        "streams": streams,
        "spec": spec,
    }


def _stream(facts: dict[str, Any]) -> dict[str, Any]:
    requester = {
        "type": "HttpRequester",
        "url": "{{ config['domain'] }}/api/{{ config['agency_slug'] }}/" + facts["path"],
        "http_method": "GET",
        "request_parameters": {key: str(value) for key, value in facts["params"].items()},
        "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['api_key'] }}"},
    }
    extractor = {"type": "DpathExtractor", "field_path": [facts["key"]] if facts["key"] else []}
    return {
        "type": "DeclarativeStream",
        "name": facts["name"],
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester,
            "record_selector": {"type": "RecordSelector", "extractor": extractor},
            "paginator": _paginator(facts),
        },
    }


def _paginator(facts: dict[str, Any]) -> dict[str, Any]:
    def by(parameter: str, strategy: dict[str, Any]) -> dict[str, Any]:
        option = {"type": "RequestOption", "inject_into": "request_parameter", "field_name": parameter}
        return {"type": "DefaultPaginator", "page_token_option": option, "pagination_strategy": strategy}

    style = facts["style"]
    if style == "scroll":
        cursor, end = "{{ response.get('scroll_id') }}", "{{ not response.get('scroll_id') }}"
        return by("scroll_id", {"type": "CursorPagination", "cursor_value": cursor, "stop_condition": end})
    if style == "after_id":
        cursor, end = "{{ last_record['id'] }}", "{{ last_page_size == 0 }}"
        return by("after_id", {"type": "CursorPagination", "cursor_value": cursor, "stop_condition": end})
    if style == "page":
        return by("page", {"type": "PageIncrement", "page_size": 100, "start_from_page": 1})
    return {"type": "NoPagination"}
