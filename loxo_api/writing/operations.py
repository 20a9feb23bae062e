"""Every write operation as one row of data, and the operations that Loxo does not have.

Sources: Loxo's OpenAPI 1.2.5 ("1.2.5"), and for what it lacks Ampersand's connector ("Ampersand"). A row says:

- **root**: the bracket before each field, such as `person[name]`; empty where the body is flat.
- **fields**: the fields of the body; an operation that is not documented passes any field through.
- **required**: what Loxo does not save a record without; checked for creations only. 1.2.5 also marks people's
  `profile_picture` as required, which no public client sends, and fields of a PUT that clients leave out.
- **any_of**: one of these must be there (jobs take `company_id` in place of `raw_company_name`: Emerald's guide).
- **answer_key**: the key that holds the record in the answer; an answer without it is the record itself.
- **lookup**: how a creation whose answer was lost is found again.
- **is_repeatable**: whether a creation that is proven absent may be sent again.
- **appends**: fields that add to a list each time they are sent (`raw_tags`: 1.2.5; files).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any


class Verb(Enum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Kind(Enum):
    """The type of a field, as 1.2.5 declares it."""

    TEXT = "text"
    INTEGER = "int"
    NUMBER = "num"
    BOOLEAN = "bool"
    TIME = "time"
    TEXTS = "texts"
    INTEGERS = "ints"
    ROWS = "rows"
    FILE = "file"
    ANY = "any"  # of an undocumented body


class Lookup(Enum):
    """How a record is found that may have been created."""

    NONE = "none"
    SEARCH = "search"  # by a Lucene query on one of the search fields, then compared exactly
    WHOLE_LIST = "whole list"  # by one of the search fields in the whole list
    ACTIVITY = "activity"  # by person, type, job and text in the activities of the person, company or job
    MESSAGE = "message"  # by number and text in the newest messages
    FILE = "file"  # by name in the files of the person
    APPLICATION = "application"  # the person by e-mail, then the candidates of the job


@dataclass(frozen=True)
class Operation:
    """One write operation; the fields are explained in the module's docstring."""

    object: str
    verb: Verb
    method: str
    path: str
    root: str = ""
    fields: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    answer_key: str = ""
    lookup: Lookup = Lookup.NONE
    search_fields: tuple[str, ...] = ()
    is_repeatable: bool = True
    appends: frozenset[str] = frozenset()
    item_type: str = ""
    is_documented: bool = True
    sends_message: bool = False
    source: str = "1.2.5"


_KINDS = {"": Kind.TEXT, **{kind.value: kind for kind in Kind}}


def _fields(text: str) -> Mapping[str, Kind]:
    """`name fee:num list_ids:ints` as a table."""
    return {name: _KINDS[kind] for name, _, kind in (word.partition(":") for word in text.split())}


_COMPANY = _fields(
    "name url description culture blocked:bool blocked_until:time fee:num fee_type_id:int company_type_id:int "
    "owner_email company_global_status_id:int emails:texts phones:texts addresses:rows"
)
_DEAL = _fields(
    "name amount:num closes_at:time company_id:int person_id:int job_id:int workflow_id:int pipeline_stage_id:int "
    "owner_email"
)
_FORM = _fields("company_id:int job_id:int person_id:int title form_template_id:int")
_JOB = _fields(
    "active:bool address city company_hidden:bool company_id:int country_id description internal_notes "
    "job_category_ids:ints job_status_id:int job_type_id:int owner_emails:texts published:bool published_at:time "
    "raw_company_name salary state_id title zip published_end_date:time remote_work_allowed:bool"
)
_PERSON = _fields(
    "name description location address city state zip country person_global_status_id:int source_type_id:int "
    "blocked:bool blocked_until:time title company email emails:rows phone phones:rows data_sources:rows linkedin_url "
    "website all_raw_tags:texts person_type_id:int candidates:rows list_ids:ints diversity_type_ids:ints "
    "compensation:num compensation_notes salary:num salary_type_id:int owned_by_id:int "
    "profile_picture:file resume:file document:file"
)
_EVENT = _fields(
    "activity_type_id:int person_id:int job_id:int company_id:int notes pinned:bool dragged_and_dropped:bool "
    "created_at:time created_by_id:int updated_at:time updated_by_id:int"
)
_SMS = _fields("block_override:bool from_number body job_id:int person_id:int target_send_time:time to_number")
_SOURCE_TYPE = _fields(
    "name publishable:bool active:bool hidden:bool created_at:time updated_at:time created_by_id:int updated_by_id:int"
)
_APPLICATION = _fields(
    "email name phone linkedin resume:file work_authorization:bool requires_visa:bool gender_ids:ints "
    "ethnicity_ids:ints veteran_status_id:int pronoun_id:int other_pronoun disability_status_id:int "
    "form_template_id:int source_type_id:int"
)
# PUT people appends what raw_tags holds, and 1.2.5 has it for PUT only.
_PERSON_UPDATE = {**_PERSON, "raw_tags": Kind.TEXTS}
_PERSON_APPENDS = frozenset({"raw_tags", "data_sources", "candidates", "profile_picture", "resume", "document"})


def _create(name: str, fields: Mapping[str, Kind], path: str = "", **facts: Any) -> Operation:
    return Operation(name, Verb.CREATE, "POST", path or name, fields=fields, **facts)


def _update(name: str, fields: Mapping[str, Kind], path: str = "", **facts: Any) -> Operation:
    return Operation(name, Verb.UPDATE, "PUT", f"{path or name}/{{id}}", fields=fields, **facts)


def _delete(name: str, path: str = "", **facts: Any) -> Operation:
    return Operation(name, Verb.DELETE, "DELETE", f"{path or name}/{{id}}", **facts)


def _undocumented(name: str, path: str, root: str, lookup: Lookup, answer_key: str) -> tuple[Operation, ...]:
    """What only Ampersand's code has: paths and answers, no bodies. The root follows Loxo's habit (inferred)."""
    facts = {"is_documented": False, "source": "Ampersand"}
    body: dict[str, Any] = {"root": root, "answer_key": answer_key, **facts}
    return (
        _create(name, {}, path, lookup=lookup, **body),
        _update(name, {}, path, **body),
        _delete(name, path, **facts),
    )


_EVENT_FACTS: dict[str, Any] = {"root": "person_event", "answer_key": "person_event"}
_SOURCE_FACTS: dict[str, Any] = {"root": "source_type", "answer_key": "source_type"}
_PERSON_FACTS: dict[str, Any] = {"root": "person", "answer_key": "person", "item_type": "Person"}
_COMPANY_FACTS: dict[str, Any] = {"root": "company", "answer_key": "company", "item_type": "Company"}
_JOB_FACTS: dict[str, Any] = {"root": "job", "answer_key": "job", "item_type": "Job"}
_DEAL_FACTS: dict[str, Any] = {"root": "deal", "answer_key": "deal", "item_type": "Deal"}

_ROWS: tuple[Operation, ...] = (
    _create("companies", _COMPANY, required=("name",), lookup=Lookup.SEARCH, **_COMPANY_FACTS),
    _update("companies", _COMPANY, **_COMPANY_FACTS),
    _create(
        "deals",
        _DEAL,
        required=("name", "amount", "closes_at", "workflow_id", "pipeline_stage_id", "owner_email"),
        lookup=Lookup.SEARCH,
        **_DEAL_FACTS,
    ),
    # 1.2.5 has no update of deals; the fields are those of the creation, and others are passed through.
    _update("deals", _DEAL, is_documented=False, source="Ampersand, loxo-laravel-api, loxo-cli", **_DEAL_FACTS),
    _create("forms", _FORM, required=("form_template_id",), lookup=Lookup.WHOLE_LIST),
    # 1.2.5 wants the id in the body too.
    _update("forms", {"id": Kind.INTEGER, **_FORM}),
    _delete("forms"),
    _create(
        "jobs",
        _JOB,
        required=("title", "job_type_id"),
        any_of=("raw_company_name", "company_id"),
        lookup=Lookup.SEARCH,
        **_JOB_FACTS,
    ),
    _update("jobs", _JOB, **_JOB_FACTS),
    _delete("jobs"),
    _create(
        "people",
        _PERSON,
        required=("name",),
        lookup=Lookup.SEARCH,
        search_fields=("email", "linkedin_url"),
        **_PERSON_FACTS,
    ),
    _update("people", _PERSON_UPDATE, appends=_PERSON_APPENDS, **_PERSON_FACTS),
    _create("person_events", _EVENT, required=("activity_type_id",), lookup=Lookup.ACTIVITY, **_EVENT_FACTS),
    _update("person_events", _EVENT, **_EVENT_FACTS),
    _delete("person_events"),
    *_undocumented("placements", "placements", "placement", Lookup.SEARCH, "placement"),
    *_undocumented("scorecards", "scorecards", "scorecard", Lookup.WHOLE_LIST, "scorecard"),
    *_undocumented(
        "scorecard_templates",
        "scorecards/scorecard_templates",
        "scorecard_template",
        Lookup.WHOLE_LIST,
        "scorecard_template",
    ),
    _create(
        "sms",
        _SMS,
        required=("from_number", "body", "to_number"),
        answer_key="sms",
        lookup=Lookup.MESSAGE,
        is_repeatable=False,
        sends_message=True,
    ),
    _create("source_types", _SOURCE_TYPE, lookup=Lookup.WHOLE_LIST, search_fields=("name",), **_SOURCE_FACTS),
    _update("source_types", _SOURCE_TYPE, **_SOURCE_FACTS),
    _delete("source_types"),
    # What the recruiting actions need besides. Applicants may land in an inbox, where nothing shows them
    # (help.loxo.co 6022972), so an application is never sent again.
    _create(
        "applications",
        _APPLICATION,
        "jobs/{job_id}/apply",
        required=("name", "email", "phone"),
        answer_key="person",
        lookup=Lookup.APPLICATION,
        is_repeatable=False,
    ),
    _create(
        "resumes",
        _fields("document:file source_type_id:int"),
        "people/{person_id}/resumes",
        required=("document",),
        answer_key="resume",
        lookup=Lookup.FILE,
    ),
    _create(
        "documents",
        _fields("document:file"),
        "people/{person_id}/documents",
        required=("document",),
        answer_key="document",
        lookup=Lookup.FILE,
    ),
)

OPERATIONS: Mapping[tuple[str, Verb], Operation] = MappingProxyType({(row.object, row.verb): row for row in _ROWS})

# The eleven objects that the second commission names.
OBJECTS = (
    "companies",
    "deals",
    "forms",
    "jobs",
    "people",
    "person_events",
    "placements",
    "scorecards",
    "scorecard_templates",
    "sms",
    "source_types",
)

_NO_DELETION = "Loxo's API deletes no {}: delete it in Loxo, or set a status."
REFUSED: Mapping[tuple[str, Verb], str] = MappingProxyType(
    {
        ("companies", Verb.DELETE): _NO_DELETION.format("company"),
        ("deals", Verb.DELETE): _NO_DELETION.format("deal"),
        ("people", Verb.DELETE): _NO_DELETION.format("person"),
        ("sms", Verb.UPDATE): "Loxo's API changes no text message: it has been sent.",
        ("sms", Verb.DELETE): "Loxo's API deletes no text message: it has been sent.",
    }
)

# Searched for by users' own unique fields, and known not to be searchable (loxo-mcp-server, live).
NOT_SEARCHABLE = MappingProxyType({"companies": frozenset({"url"}), "placements": frozenset({"company_id"})})
