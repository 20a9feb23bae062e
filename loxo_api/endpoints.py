"""Every Loxo object as one row of data.

An object is one row here and one schema in `schemas/`. A row contains only known facts:

- **path**: below `https://{domain}/api/{agency_slug}/`.
- **paging**: which of Loxo's four styles the list has (Loxo OpenAPI 1.2.5; verified live by loxo-cli 0.8.0).
- **records_keys**: the keys that may hold the records, the proven one first. Empty: the response is a bare array.
- **per_page**: the page size to request, or 0 where the parameter is not declared: Loxo returns 422 for a query
  parameter that it does not declare, so only parameters of the row are sent.
- **try_per_page**: a page size to try where the parameter is not declared and sources disagree about the response.
- **steady_sort**: a declared sort whose ascending order puts every later change behind the reader.
- **newest_first_sort**: a declared sort whose descending order begins with the latest change.
- **splits**: declared filters that cut the list into parts, with their values or the object whose ids are the values.
- **filters**: constant parameters of every request.
- **query**: whether a Lucene query is declared.
- **created_after/created_before**: declared filters on the creation time.
- **parent_keys**: of a child, its fields that name the parent, and the parent's fields that hold them. They are
  also in the path, are added to each record, and are part of the primary key.
- **changes_silently**: of a child, whether it can change while its parent's time of change stays the same. All children
  are then read again each week.
- **follows_activities**: of a child of jobs, whether new activities name the parents that changed.
- **tree**: the key of a nested list that is delivered as records of its own, each with its parent's id.
- **files**: whether the records of that list are files; each gets the path of its download.
- **entity**: the name of one record, of objects whose records can be deleted: `{path}/{id}` returns the record, bare or
  under this key. The stream `deleted_records` sweeps these objects.
- **item_type**: the name under which `dynamic_fields` defines the agency's own fields of these records.
- **cursor_field**: the field by which an incremental sync finds new records, where Loxo can select them.
- **is_long**: whether the list is long in every account, so that a request for each of its records is costly.
- **reference**: the page in Loxo's API reference, where its name does not follow from the endpoint's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

# The largest page Loxo is known to serve: Ampersand and two other public clients ask for 100; more is unproven.
PAGE_SIZE = 100

_REFERENCE = "https://loxo.readme.io/reference"
# The start page: Loxo's OpenAPI 1.2.5 lacks the scorecards, so their operations' pages are unknown.
_OVERVIEW = "loxo-api"

# The path of a file's download, below `/api/{agency_slug}/`.
DOWNLOAD_PATH = "_loxo_download_path"
# The time of the read, for records without a time of their last change.
SYNCED_AT = "_loxo_synced_at"


class Paging(Enum):
    """The pagination style of a list."""

    WHOLE = "whole"  # a bare array with everything
    SCROLL = "scroll"  # `scroll_id`, a position cursor; every filter must be repeated with it
    PAGE = "page"  # `page` and `per_page`, with counters
    AFTER_ID = "after_id"  # rows with a higher id, until none is left
    RECORD = "record"  # one full record, flat or wrapped in its entity's name


@dataclass(frozen=True)
class Endpoint:
    """One Loxo object; the fields are explained in the module's docstring."""

    name: str
    path: str
    paging: Paging = Paging.WHOLE
    records_keys: tuple[str, ...] = ()
    bare_allowed: bool = False
    per_page: int = 0
    try_per_page: int = 0
    steady_sort: str = ""
    newest_first_sort: str = ""
    splits: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    query: bool = False
    created_after: str = ""
    created_before: str = ""
    cursor_field: str = ""
    entity: str = ""
    item_type: str = ""
    parent: str = ""
    parent_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    changes_silently: bool = False
    follows_activities: bool = False
    tree: str = ""
    files: bool = False
    reference: str = ""
    is_long: bool = False

    @property
    def primary_key(self) -> list[str]:
        """`id`, with the parent's id unless a child is known to have one parent only."""
        return ["id"] if self.paging is Paging.RECORD and not self.tree else [*self.parent_keys, "id"]

    @property
    def documentation_url(self) -> str:
        """The operation's page: its operation id, such as `people:show`, without the colon; underscores stay."""
        operation = f"{self.parent}show" if self.paging is Paging.RECORD else f"{self.name}index"
        return f"{_REFERENCE}/{self.reference or operation}"

    @property
    def counted(self) -> bool:
        """Whether Loxo states the number of records, so that a read can be reconciled."""
        return self.paging in (Paging.SCROLL, Paging.PAGE)

    @property
    def is_resizable(self) -> bool:
        """Whether pages of one pass may differ in size: a scroll_id is a position, a page number is not."""
        return self.paging is Paging.SCROLL and self.per_page > 0

    @property
    def is_costly(self) -> bool:
        """Whether a read costs a request for each record of a list that is long in every account."""
        return bool(self.parent) and ENDPOINTS[self.parent].is_long

    def one(self, record_id: str, parent_id: str = "") -> Endpoint:
        """The endpoint of a single record of this list; it accepts no parameter of the list."""
        ids = dict.fromkeys(self.parent_keys, quote(parent_id, safe=""))
        path = f"{self.path.format(**ids)}/{quote(record_id, safe='')}"
        return Endpoint(self.name, path, Paging.RECORD, (self.entity,))

    def of(self, parent: Mapping[str, Any]) -> Endpoint:
        """This child's endpoint for one record of its parent."""
        ids = {name: parent[source] for name, source in self.parent_keys.items()}
        return replace(self, path=self.path.format(**ids))


def _whole(name: str, path: str = "", **facts: object) -> Endpoint:
    return Endpoint(name, path or name, **facts)  # type: ignore[arg-type]


def _scrolled(name: str, *records_keys: str, **facts: object) -> Endpoint:
    facts.setdefault("path", name)
    return Endpoint(name, paging=Paging.SCROLL, records_keys=records_keys or (name,), **facts)  # type: ignore[arg-type]


_ROWS = (
    # Hidden types are requested too: past events still refer to them.
    _whole("activity_types", filters={"show_hidden": "true"}),
    _whole("address_types"),
    _whole("bonus_payment_types"),
    _whole("bonus_types"),
    # Newer than the reference: it works on one account, and no parameter but job_id is known.
    _scrolled("campaigns", bare_allowed=True),
    # per_page returns 422 on companies, deals and placements (loxo-cli, live); others have used it on companies since.
    _scrolled(
        "companies",
        try_per_page=PAGE_SIZE,
        query=True,
        item_type="Company",
        cursor_field="updated_at",
        entity="company",
    ),
    _whole("company_global_statuses"),
    _whole("company_types"),
    _whole("compensation_types"),
    Endpoint("countries", "countries", Paging.PAGE, ("countries",), per_page=PAGE_SIZE, is_long=True),
    _whole("currencies"),
    _whole("deal_workflows"),
    _scrolled("deals", query=True, item_type="Deal", cursor_field="updated_at", entity="deal"),
    _whole("disability_statuses"),
    _whole("diversity_types"),
    _whole("dynamic_fields"),
    _whole("education_types"),
    # The list is under `tracking` (Ampersand, in code); two other clients guess the object's name.
    _scrolled(
        "email_tracking",
        "tracking",
        "email_tracking",
        per_page=PAGE_SIZE,
        created_after="created_at_start",
        created_before="created_at_end",
        cursor_field="created_at",
    ),
    _whole("email_types"),
    _whole("equity_types"),
    _whole("ethnicities"),
    _whole("fee_types"),
    _scrolled("form_templates", per_page=PAGE_SIZE, entity="form_template"),
    _scrolled("forms", per_page=PAGE_SIZE, entity="form"),
    _whole("genders"),
    _whole("job_categories"),
    _whole("job_contact_types"),
    _whole("job_owner_types"),
    _whole("job_statuses"),
    _whole("job_types"),
    # `results` is proven by five clients; one reads `jobs`. No sort by creation exists, so the steady order is
    # updated-ascending, read from its last page to its first (pagination/page_number.py).
    Endpoint(
        "jobs",
        "jobs",
        Paging.PAGE,
        ("results", "jobs"),
        item_type="Job",
        per_page=PAGE_SIZE,
        steady_sort="updated_at_sort",
        newest_first_sort="updated_at_sort",
        query=True,
        # Beyond 10,000 results jobs returns 400 (loxo-cli, live), so larger accounts are read in parts.
        splits=(
            ("published", ("true", "false")),
            ("remote_work_allowed", ("true", "false")),
            ("job_status_id", "job_statuses"),
            ("job_type_id", "job_types"),
            ("country_id", "countries"),
        ),
        cursor_field="updated_at",
        entity="job",
    ),
    _scrolled(
        "merges",
        per_page=PAGE_SIZE,
        created_after="created_after",
        created_before="created_before",
        cursor_field="created_at",
    ),
    _scrolled(
        "people",
        is_long=True,
        item_type="Person",
        per_page=PAGE_SIZE,
        steady_sort="created_at_sort",
        newest_first_sort="updated_at_sort",
        query=True,
        cursor_field="updated_at",
        entity="person",
    ),
    _scrolled(
        "person_events",
        is_long=True,
        per_page=PAGE_SIZE,
        steady_sort="created_at_sort",
        query=True,
        created_after="created_at_start",
        created_before="created_at_end",
        cursor_field="created_at",
        entity="person_event",
    ),
    _whole("person_global_statuses"),
    _whole("person_lists"),
    _whole("person_share_field_types"),
    _whole("person_types"),
    _whole("phone_types"),
    _scrolled("placements", query=True, item_type="Placement", cursor_field="updated_at", entity="placement"),
    _whole("pronouns"),
    _whole("question_types"),
    _scrolled("schedule_items", per_page=PAGE_SIZE, entity="schedule_item"),
    _whole("scorecard_recommendation_types", "scorecards/scorecard_recommendation_types", reference=_OVERVIEW),
    _scrolled(
        "scorecard_templates",
        path="scorecards/scorecard_templates",
        per_page=PAGE_SIZE,
        entity="scorecard_template",
        reference=_OVERVIEW,
    ),
    _whole("scorecard_types", "scorecards/scorecard_types", reference=_OVERVIEW),
    _whole("scorecard_visibility_types", "scorecards/scorecard_visibility_types", reference=_OVERVIEW),
    _scrolled("scorecards", per_page=PAGE_SIZE, entity="scorecard", reference=_OVERVIEW),
    _whole("seniority_levels"),
    _scrolled(
        "sms",
        per_page=PAGE_SIZE,
        created_after="created_at_start",
        created_before="created_at_end",
        cursor_field="created_at",
    ),
    _whole("social_profile_types"),
    # The only list that honours after_id (loxo-cli, live). Keyed in Ampersand's code, bare in loxo-cli's mock.
    Endpoint("source_types", "source_types", Paging.AFTER_ID, ("source_types",), bare_allowed=True),
    _whole("users"),
    _whole("veteran_statuses"),
    # loxo-cli takes a bare list and the key; per_page is refused.
    _whole("webhooks", records_keys=("webhooks",), bare_allowed=True),
    _whole("workflow_stages"),
    _whole("workflows"),
)


def _details(parent: str, entity: str, **facts: object) -> Endpoint:
    """The full record of each row of a list: flat where it was seen live, wrapped where loxo-cli expects it."""
    facts |= {"parent": parent, "parent_keys": {"id": "id"}}
    return Endpoint(f"{parent}_details", f"{parent}/{{id}}", Paging.RECORD, (entity,), **facts)  # type: ignore[arg-type]


def _children(parent: str, key: str, name: str, path: str, paging: Paging = Paging.WHOLE, **facts: object) -> Endpoint:
    facts |= {"parent": parent, "parent_keys": {key: "id"}}
    return Endpoint(name, f"{parent}/{{{key}}}/{path}", paging, **facts)  # type: ignore[arg-type]


def _files(parent: str, key: str, entity: str, name: str, tree: str) -> Endpoint:
    """The files of each record of a list. Loxo OpenAPI 1.2.5 lists them nowhere but in the full record."""
    return Endpoint(
        name,
        f"{parent}/{{{key}}}",
        Paging.RECORD,
        (entity,),
        parent=parent,
        parent_keys={key: "id"},
        tree=tree,
        files=True,
        cursor_field=SYNCED_AT,
    )


_CHILDREN = (
    _children(
        "jobs",
        "job_id",
        "job_candidates",
        "candidates",
        Paging.SCROLL,
        records_keys=("candidates",),
        per_page=PAGE_SIZE,
        cursor_field=SYNCED_AT,
        entity="candidate",
        # Each move writes an activity with its job, and leaves the job as it was (loxo-mcp-server's author).
        follows_activities=True,
        reference="candidatesindex",
    ),
    # Not /people/{id}/emails, phones, job_profiles and the like: people and people_details hold them.
    _details("people", "person", item_type="Person", cursor_field=SYNCED_AT),
    _details("jobs", "job", item_type="Job", cursor_field=SYNCED_AT),
    _details("companies", "company", item_type="Company", cursor_field=SYNCED_AT),
    _details("deals", "deal", item_type="Deal", cursor_field=SYNCED_AT),
    _details("person_events", "person_event", cursor_field=SYNCED_AT),
    _details("deal_workflows", "deal_workflow"),
    _details("form_templates", "form_template"),
    _children(
        "companies",
        "company_id",
        "company_people",
        "people",
        Paging.SCROLL,
        records_keys=("people",),
        item_type="Person",
        # These records are people: they are edited, hired and dismissed while the company's own record stays the same.
        changes_silently=True,
        cursor_field=SYNCED_AT,
    ),
    _files("people", "person_id", "person", "person_resumes", "resumes"),
    _files("people", "person_id", "person", "person_documents", "documents"),
    _files("jobs", "job_id", "job", "job_documents", "documents"),
    _files("companies", "company_id", "company", "company_documents", "documents"),
    _files("person_events", "person_event_id", "person_event", "person_event_documents", "documents"),
    _children("companies", "company_id", "company_addresses", "addresses", cursor_field=SYNCED_AT),
    _children("companies", "company_id", "company_emails", "emails", cursor_field=SYNCED_AT),
    _children("companies", "company_id", "company_phones", "phones", cursor_field=SYNCED_AT),
    _children("people", "person_id", "person_list_items", "list_items", cursor_field=SYNCED_AT),
    _children("people", "person_id", "person_social_profiles", "social_profiles", cursor_field=SYNCED_AT),
    _children("people", "person_id", "person_sms_opt_ins", "sms_opt_ins", cursor_field=SYNCED_AT),
    _children(
        "countries",
        "country_id",
        "country_states",
        "states",
        Paging.PAGE,
        records_keys=("states",),
        per_page=PAGE_SIZE,
        is_long=True,
        reference="statesindex",
    ),
    Endpoint(
        "state_cities",
        "countries/{country_id}/states/{state_id}/cities",
        Paging.SCROLL,
        ("cities",),
        per_page=PAGE_SIZE,
        parent="country_states",
        parent_keys={"country_id": "country_id", "state_id": "id"},
        reference="citiesindex",
    ),
    # Not /dynamic_fields/{id}/hierarchies: it ignores the id and returns the whole agency's tree (loxo-cli, live).
    Endpoint(
        "dynamic_field_hierarchies",
        "dynamic_fields/{dynamic_field_id}",
        Paging.RECORD,
        ("dynamic_field",),
        parent="dynamic_fields",
        parent_keys={"dynamic_field_id": "id"},
        tree="hierarchies",
    ),
)

ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({row.name: row for row in (*_ROWS, *_CHILDREN)})

# One request for a few records that every account has: it shows whether the configuration works.
CHECK_ENDPOINT = replace(ENDPOINTS["person_types"], name="Connection check")
