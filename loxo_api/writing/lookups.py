"""How a record is found that may have been created, and whether it can be found at all.

A search only proposes; each hit is compared exactly, because Loxo's search is ranked full text. What Loxo can be asked:

- people: `query=emails:"…"` (in production at xxyziggy); the list may lack e-mails, the full record has them.
- source_types: the whole list. Forms and scorecards likewise, by a field that the user names as unique.
- companies, deals, jobs, placements: a query on a field that the user names as unique.
- activities: the filters `person_id`, `job_ids[]` and `company_id`; messages: `created_at_start` (1.2.5).
- files: the full record of the person (artizen).
- applications: the candidates of the job with `person_id` (truffle); an applicant in the inbox is not among them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pendulum

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS, Endpoint, Paging
from loxo_api.errors import LoxoError
from loxo_api.files import download_path
from loxo_api.pages import Record
from loxo_api.pagination.scroll import after_id, scroll
from loxo_api.record_count import RecordCount
from loxo_api.timestamps import format_timestamp, parse_timestamp, shift, to_seconds
from loxo_api.writing.field_names import PAIRS
from loxo_api.writing.operations import NOT_SEARCHABLE, Kind, Lookup, Operation
from loxo_api.writing.read_back import read_value, shows

# Clocks and the whole seconds of a Date header; a record that is older than a request by more is not of it.
SLACK_SECONDS = 3.0


class NotConclusive(Exception):
    """A look-up that proves neither the existence nor the absence of a record."""


class Lookups:
    """Looks for records of one account.

    :param unique_fields: by object, the field that the user names as unique.
    """

    def __init__(self, client: LoxoClient, unique_fields: Mapping[str, str]) -> None:
        self._client = client
        self._unique_fields = unique_fields

    def keys(self, operation: Operation, values: Mapping[str, Any], only: str = "") -> list[tuple[str, str]]:
        """What the record can be looked for by: fields and their values, the most certain first.

        :param only: the one field that may be used.
        """
        names = [*operation.search_fields]
        if (unique := self._unique_fields.get(operation.object)) and unique not in names:
            names.append(unique)
        found = [(name, _value(name, values)) for name in names if not only or name == only]
        return [(name, value) for name, value in found if value]

    def likeness(
        self, operation: Operation, values: Mapping[str, Any], path_ids: Mapping[str, int]
    ) -> list[tuple[str, ...]]:
        """What makes a look-up take one record for another: such writes must not run at once."""
        found: list[tuple[str, ...]] = [*self.keys(operation, values)]
        text = _plain_text(values.get("notes") or values.get("body")) or _file_name(values.get("document"))
        ids = [str(values.get(name) or "") for name in ("person_id", "job_id", "company_id", "activity_type_id")]
        if operation.lookup in (Lookup.ACTIVITY, Lookup.MESSAGE, Lookup.FILE):
            found.append((*ids, *map(str, path_ids.values()), _digits(values.get("to_number")), text))
        if operation.lookup is Lookup.APPLICATION:
            found.append((_value("email", values), *map(str, path_ids.values())))
        return found

    def can_find(self, operation: Operation, values: Mapping[str, Any], path_ids: Mapping[str, int]) -> bool:
        """Whether there is a way to look for the record."""
        lookup = operation.lookup
        if lookup in (Lookup.SEARCH, Lookup.WHOLE_LIST):
            return bool(self.keys(operation, values))
        if lookup is Lookup.ACTIVITY:
            return any(values.get(name) for name in ("person_id", "job_id", "company_id"))
        if lookup is Lookup.FILE:
            return "person_id" in path_ids
        return lookup is not Lookup.NONE

    def find(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        path_ids: Mapping[str, int],
        since: float,
        only: str = "",
    ) -> list[Record]:
        """The records whose key matches; each has an `id`.

        :param since: when the creation was sent, in seconds since 1970; messages before it are not looked through.
        :raises NotConclusive: the answers prove nothing.
        """
        find: Mapping[Lookup, Callable[[], list[Record]]] = {
            Lookup.SEARCH: lambda: self._searched(operation, values, only),
            Lookup.WHOLE_LIST: lambda: self._listed(operation, values, only),
            Lookup.ACTIVITY: lambda: self._activities(values),
            Lookup.MESSAGE: lambda: self._messages(values, since),
            Lookup.FILE: lambda: self._files(operation, values, path_ids),
            Lookup.APPLICATION: lambda: self._applications(values, path_ids),
            Lookup.NONE: list,
        }
        try:
            return find[operation.lookup]()
        except LoxoError as error:
            raise NotConclusive(str(error)) from None

    def finds_known_records(self, operation: Operation, values: Mapping[str, Any]) -> bool:
        """Whether the look-up finds a record that exists: one that never finds anything proves no absence.

        :param values: those of the record that was not found.
        """
        if operation.lookup not in (Lookup.SEARCH, Lookup.ACTIVITY):
            return True
        try:
            for record in self._client.page(replace(ENDPOINTS[operation.object], try_per_page=0)).records:
                if operation.lookup is Lookup.ACTIVITY:
                    known: Mapping[str, Any] = record if record.get("person_id") else {}
                else:
                    name = self.keys(operation, values)[0][0]
                    known = dict.fromkeys([name] if (read := _read_values(name, record)) else [], min(read, default=""))
                if known:
                    return any(found["id"] == record["id"] for found in self.find(operation, known, {}, 0.0))
        except (LoxoError, NotConclusive):
            pass
        return False

    def has_content(self, operation: Operation, path_ids: Mapping[str, int], record: Record, content: bytes) -> bool:
        """Whether a file in Loxo has this content.

        :raises NotConclusive: it cannot be downloaded.
        """
        path = download_path(f"people/{path_ids['person_id']}", operation.object, record["id"])
        try:
            with TemporaryDirectory(prefix="loxo-") as folder:
                found = self._client.download(path, Path(folder) / "file")
        except (LoxoError, OSError) as error:
            raise NotConclusive(str(error)) from None
        return found.sha256 == hashlib.sha256(content).hexdigest()

    def created_at(self, operation: Operation, record: Record) -> float | None:
        """When a record was created, in seconds since 1970; the full record is asked where the list does not say."""
        moment = parse_timestamp(record.get("created_at"))
        details = ENDPOINTS.get(f"{operation.object}_details")
        if moment is None and details:
            moment = parse_timestamp((self._full(details, record) or {}).get("created_at"))
        return to_seconds(moment) if moment else None

    def _full(self, details: Endpoint, record: Record) -> Record | None:
        try:
            return next(iter(self._client.page(details.of(record)).records), None)
        except LoxoError as error:
            raise NotConclusive(str(error)) from None

    def _searched(self, operation: Operation, values: Mapping[str, Any], only: str) -> list[Record]:
        endpoint = ENDPOINTS[operation.object]
        unsearchable = NOT_SEARCHABLE.get(operation.object, frozenset())
        for place, (name, value) in enumerate(self.keys(operation, values, only)):
            try:
                if hits := self._hits(endpoint, unsearchable, name, value):
                    return hits
            except (LoxoError, NotConclusive):
                # The first key is one that Loxo is known to search by; that it knows the others is not proven.
                if not place:
                    raise
        return []

    def _hits(self, endpoint: Endpoint, unsearchable: frozenset[str], name: str, value: str) -> list[Record]:
        """The records of which one field has exactly this value."""
        if name in unsearchable:
            raise NotConclusive(f"Loxo does not search {endpoint.name} by '{name}'")
        field = "emails" if name == "email" else name
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        page = self._client.page(replace(endpoint, try_per_page=0), {"query": f'{field}:"{quoted}"'})
        hits = [record for record in page.records if self._has(endpoint, record, name, value)]
        if not hits and (page.total_count is None or page.total_count > len(page.records)):
            raise NotConclusive(f"a search of {endpoint.name} by '{name}' finds more than one page")
        return hits

    def _has(self, endpoint: Endpoint, record: Record, name: str, value: str) -> bool:
        if name == "email" and "emails" not in record:
            # Some accounts' lists have no e-mails (api.md 7.1, 6).
            record = self._full(ENDPOINTS["people_details"], record) or record
        return value in _read_values(name, record)

    def _listed(self, operation: Operation, values: Mapping[str, Any], only: str) -> list[Record]:
        keys = self.keys(operation, values, only)
        return [
            record
            for record in self._all(ENDPOINTS[operation.object], {})
            if any(value in _read_values(name, record) for name, value in keys)
        ]

    def _all(self, endpoint: Endpoint, filters: Mapping[str, Any]) -> Iterator[Record]:
        count = RecordCount()
        if endpoint.paging is Paging.AFTER_ID:
            pages = after_id(self._client, endpoint, count)
        else:
            pages = scroll(self._client, endpoint, dict(filters), count)
        for page in pages:
            yield from page.records

    def _activities(self, values: Mapping[str, Any]) -> list[Record]:
        name = next(name for name in ("person_id", "job_id", "company_id") if values.get(name))
        parameter = "job_ids[]" if name == "job_id" else name
        moment = parse_timestamp(values.get("created_at"))
        return [
            record
            for record in self._all(ENDPOINTS["person_events"], {parameter: values[name]})
            if all(_same_id(record, values, field) for field in ("person_id", "job_id", "activity_type_id"))
            and _plain_text(record.get("notes")) == _plain_text(values.get("notes"))
            and (moment is None or parse_timestamp(record.get("created_at")) == moment)
        ]

    def _messages(self, values: Mapping[str, Any], since: float) -> list[Record]:
        # A day earlier, because the zone in which Loxo reads the bound is not known.
        start = shift(_moment(since), days=-1)
        return [
            record
            for record in self._all(ENDPOINTS["sms"], {"created_at_start": start})
            if _digits(record.get("to_number")) == _digits(values.get("to_number"))
            and record.get("body") == values.get("body")
        ]

    def _files(self, operation: Operation, values: Mapping[str, Any], path_ids: Mapping[str, int]) -> list[Record]:
        person = self._full(ENDPOINTS["people_details"], {"id": path_ids["person_id"]}) or {}
        files = person.get(operation.object)
        if not isinstance(files, list):
            raise NotConclusive(f"the full record of the person has no {operation.object}")
        name = _file_name(values.get("document"))
        return [file for file in files if isinstance(file, dict) and _file_name(file.get("name")) == name]

    def _applications(self, values: Mapping[str, Any], path_ids: Mapping[str, int]) -> list[Record]:
        """The job's candidates with that e-mail, each with the time of the candidate's last activity."""
        people = self._client.page(ENDPOINTS["people"], {"query": f'emails:"{_value("email", values)}"'}).records
        candidates = ENDPOINTS["job_candidates"].of({"id": path_ids["job_id"]})
        found = []
        for person in people:
            if _value("email", values) not in _read_values("email", person):
                continue
            for candidate in self._all(candidates, {"person_id": person["id"]}):
                event = candidate.get("latest_person_event") or {}
                found.append({"id": person["id"], "created_at": event.get("created_at"), "candidate": candidate})
        return found


def is_since(created_at: float | None, since: float) -> bool | None:
    """Whether a record was created by a request that was sent at `since`; None if its age is not known."""
    return None if created_at is None else created_at >= since - SLACK_SECONDS


def differences(operation: Operation, record: Record, values: Mapping[str, Any]) -> list[str]:
    """The written fields of which a record shows another value; what a list does not show is not compared."""
    found = []
    for name, value in values.items():
        read_name = "phones" if name == "phone" else name
        names = {read_name, *(read for read, pair in PAIRS.get(operation.object, {}).items() if pair.write == name)}
        if value is None or operation.lookup not in (Lookup.SEARCH, Lookup.WHOLE_LIST) or not names & set(record):
            continue
        shown = read_value(operation, record, read_name)
        if name == "phone":
            # A telephone number may be shown with other blanks, and with its country's code.
            numbers = [_digits(row.get("value") if isinstance(row, Mapping) else row) for row in shown or []]
            is_same = any(number and number[-7:] == _digits(value)[-7:] for number in numbers)
        elif name in operation.search_fields:
            is_same = True
        elif operation.fields.get(name) is Kind.TEXT:
            is_same = _plain_text(shown) == _plain_text(value)
        else:
            is_same = shows(operation, record, name, value)
        if not is_same:
            found.append(name)
    return found


def _value(name: str, values: Mapping[str, Any]) -> str:
    """A field's value in the form in which values are compared."""
    value = values.get(name)
    if name == "email" and not value:
        rows = values.get("emails")
        first = rows[0] if isinstance(rows, list) and rows else None
        value = first.get("value") if isinstance(first, Mapping) else first
    return _normal(name, value)


def _read_values(name: str, record: Record) -> set[str]:
    """The values of a field as a record is read, in the form in which values are compared."""
    value: Any = record.get("emails" if name == "email" else name)
    rows: Iterable[Any] = value if isinstance(value, list) else [value]
    return {_normal(name, row.get("value", row.get("id")) if isinstance(row, Mapping) else row) for row in rows} - {""}


def _normal(name: str, value: Any) -> str:
    if value is None or isinstance(value, (Mapping, list)):
        return ""
    # Loxo may store a text in another form of Unicode, or with other blanks, than it was sent in.
    text = " ".join(unicodedata.normalize("NFC", str(value)).split()).casefold()
    return re.sub(r"^https?://(www\.)?|/+$", "", text) if name == "linkedin_url" else text


def _same_id(record: Record, values: Mapping[str, Any], name: str) -> bool:
    return str(record.get(name) or "") == str(values.get(name) or "")


def _plain_text(value: Any) -> str:
    """The words of a note: Loxo may rewrite its HTML."""
    text = unescape(re.sub(r"<[^>]*>", " ", str(value or "")))
    return " ".join(unicodedata.normalize("NFC", text).split())


def _file_name(value: Any) -> str:
    """The letters and digits of a file's name, as a server may replace its other characters."""
    name = unicodedata.normalize("NFC", str(value or ""))
    return re.sub(r"[\W_]", "", name).casefold() or name


def _digits(value: Any) -> str:
    return re.sub(r"\D", "", str(value or ""))


def _moment(seconds: float) -> str:
    return format_timestamp(pendulum.from_timestamp(seconds))
