"""One Loxo account for scripts: any request, and all records of a list.

All requests of an `Account` share one rate, which follows Loxo's responses; use one `Account` for many requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loxo_api.client import LoxoClient
from loxo_api.exact_json import loads
from loxo_api.http_messages import Response
from loxo_api.pages import Record
from loxo_api.retry import RetryPolicy
from loxo_api.transport import Sender
from loxoctl.bodies import File, form_fields
from loxoctl.credentials import account_config
from loxoctl.lists import Progress, all_records, silent
from loxoctl.paths import UsageError, checked_method, checked_path

# A person or a script waits for the result: more retries than for a form, fewer than in a nightly sync.
POLICY = RetryPolicy(retries=5, max_pause=60, is_interactive=True)


class Account:
    """The requests of one account.

    :param config: `domain`, `agency_slug` and `api_key`; without it they are those of the environment.
    :param policy: how often a request is sent again after a transient error.
    :param transport: sends the requests; tests inject their own.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        policy: RetryPolicy = POLICY,
        transport: Sender | None = None,
    ) -> None:
        self.config = account_config(config)
        self.client = LoxoClient(self.config, policy, transport=transport)

    def respond(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        form: Sequence[tuple[str, str]] = (),
        json: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
    ) -> Response:
        """The response to one request: status, headers and body. The parameters are those of `request`."""
        fields = [*form, *(form_fields(json) if json is not None else [])]
        verb = checked_method(method)
        if verb == "GET" and (fields or files):
            raise UsageError("GET: it has no body, so it takes neither fields nor files. Use parameters.")
        return self.client.request(verb, checked_path(path), params, fields, files)

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        form: Sequence[tuple[str, str]] = (),
        json: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
    ) -> Any:
        """The body of Loxo's response: the JSON document, or the bytes of any other content.

        A GET, PUT, PATCH or DELETE is sent again after a transient error, a POST only if it cannot have had an effect.

        :param path: the path below `/api/{agency_slug}/`, such as `people/123`.
        :param params: the query parameters; a list is sent as one parameter for each value.
        :param form: the fields of the body, such as `("person[name]", "Ada")`.
        :param json: an object, which is sent as form fields, because Loxo accepts no JSON.
        :param files: of a multipart body, each with its field name, file name and content.
        :raises UsageError: the request would leave the account or cannot be sent; nothing was sent.
        :raises LoxoError: Loxo refused it, or returned no complete response. `may_have_effect` says whether it may have
            been carried out all the same.
        """
        return document(self.respond(method, path, params, form, json, files))

    def records(
        self, path: str, params: Mapping[str, Any] | None = None, progress: Progress = silent
    ) -> Iterator[Record]:
        """All records of a list, each once, proven by Loxo's count.

        :param params: filters, and `per_page`.
        :param progress: called with the number of records so far and Loxo's count, or None where it has none.
        :raises LoxoError: a request failed, or the pages have fewer records than Loxo counts; the records read so far
            come first.
        """
        return all_records(self.client, checked_path(path), params or {}, progress)


def document(response: Response) -> Any:
    """The JSON document of a response, or its bytes; None for an empty body."""
    if not response.body.strip():
        return None
    if "json" not in response.headers.get("Content-Type", "json").lower():
        return response.body
    try:
        return loads(response.body)
    except ValueError:
        return response.body


def request(
    method: str,
    path: str,
    params: Mapping[str, Any] | None = None,
    form: Sequence[tuple[str, str]] = (),
    json: Mapping[str, Any] | None = None,
    files: Sequence[File] = (),
    config: Mapping[str, Any] | None = None,
) -> Any:
    """`Account.request` of an account for a single call."""
    return Account(config).request(method, path, params, form, json, files)


def records(
    path: str, params: Mapping[str, Any] | None = None, config: Mapping[str, Any] | None = None
) -> Iterator[Record]:
    """`Account.records` of an account for a single call."""
    return Account(config).records(path, params)
