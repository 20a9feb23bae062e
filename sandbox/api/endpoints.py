"""A table of all GET endpoints: path, key of the records, pagination, accepted parameters.

Paths, parameters and per_page are those of Loxo's OpenAPI document 1.2.5, and scorecards, which are newer (Ampersand).
Keys are those of Ampersand's recordings. A parameter that is not in the table gets a 422 (loxo-cli, live).

A filter is a verb and the field that it compares: `eq`, `in`, `not` compare values, `from` and `to` bound a date,
`sort` sorts, `query` is a Lucene query, `page` skips pages; `-` is declared by Loxo and has no effect here.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Endpoint:
    path: str
    table: str
    kind: str = "list"  # list | single | sub_list (a list inside a record) | special
    records_key: str | None = None  # None for a bare JSON array
    pagination: str = "none"  # scroll | page | after_id | none
    per_page: bool = False
    filters: dict[str, str] = field(default_factory=dict)
    entity: str = ""  # the key of a wrapped single record

    @property
    def parameters(self) -> frozenset[str]:
        """Return all query parameters that the endpoint accepts."""
        position = {"scroll": {"scroll_id"}, "page": {"page"}, "after_id": {"after_id"}, "none": set()}[self.pagination]
        return frozenset(position | set(self.filters) | ({"per_page"} if self.per_page else set()))


def _scroll_list(path: str, per_page: bool, records_key: str | None = None, **filters: str) -> Endpoint:
    """Return a list with `scroll_id`; `__` at the end of a filter's name stands for `[]`."""
    filters = {name.replace("__", "[]"): rule for name, rule in filters.items()}
    name = path.split("/")[-1]
    return Endpoint(path, name, "list", records_key or name, "scroll", per_page, filters)


CREATED_AT_FILTERS = {"created_at_start": "from created_at", "created_at_end": "to created_at"}

SCROLL_LISTS = (
    _scroll_list(
        "people",
        True,
        query="query",
        include_related_agencies="-",
        include_ids__="in id",
        exclude_ids__="not id",
        person_global_status_id="eq person_global_status.id",
        active_job_stage_id="eq active_stage_ids",
        active_workflow_stage_id="eq active_stage_ids",
        person_type_id="eq person_types.id",
        list_id="eq list_ids",
        created_at_sort="sort created_at",
        updated_at_sort="sort updated_at",
        serialization_set="-",
        fields="-",
    ),
    _scroll_list(
        "person_events",
        True,
        query="query",
        page="page",
        activity_type_ids__="in activity_type_id",
        created_by_ids__="in created_by_id",
        job_ids__="in job_id",
        person_id="eq person_id",
        company_id="eq company_id",
        after="from created_at",
        before="to created_at",
        created_at_sort="sort created_at",
        serialization_set="-",
        **CREATED_AT_FILTERS,
    ),
    _scroll_list(
        "companies",
        False,
        query="query",
        company_type_id="eq company_type.id",
        list_id="eq list_ids",
        company_global_status_id="eq company_global_status.id",
        fields="-",
    ),
    _scroll_list("deals", False, query="query", owner_emails__="in owner.email"),
    _scroll_list(
        "placements",
        False,
        query="query",
        job_id="eq job.id",
        person_global_status_id="eq person_global_status_id",
        include_related_agencies="-",
    ),
    _scroll_list("email_tracking", True, "tracking", person_ids__="in person_id", **CREATED_AT_FILTERS),
    _scroll_list("sms", True, **CREATED_AT_FILTERS),
    _scroll_list(
        "merges",
        True,
        item_type="eq item_type",
        item_ids__="in item_ids",
        created_after="from created_at",
        created_before="to created_at",
    ),
    _scroll_list("forms", True, company_id="eq company_id", job_id="eq job_id", person_id="eq person_id"),
    _scroll_list("form_templates", True),
    _scroll_list("schedule_items", True, user_id="eq user_id", person_id="eq person_id", company_id="eq company_id"),
    # Newer than the document and recorded from one account; only the parameter job_id is known.
    _scroll_list("campaigns", False, job_id="eq job_id"),
    _scroll_list("scorecards", True),
    _scroll_list("scorecards/scorecard_templates", True),
    _scroll_list(
        "jobs/{id}/candidates",
        True,
        query="query",
        activity_type_id="eq latest_person_event.activity_type_id",
        person_id="eq person.id",
    ),
    _scroll_list("companies/{id}/people", False, query="query"),
    _scroll_list("countries/{id}/states/{id}/cities", True, country_id="-", state_id="-"),
)

PAGE_NUMBER_LISTS = (
    Endpoint(
        "jobs",
        "jobs",
        "list",
        "results",
        "page",
        True,
        {
            "query": "query",
            "include_related_agencies": "-",
            "published": "eq published",
            "job_status_id": "eq status.id",
            "job_status_ids[]": "in status.id",
            "job_type_id": "eq job_type.id",
            "country_id": "eq country_id",
            "state_id": "eq state_id",
            "city": "eq city",
            "job_category_ids[]": "in categories.id",
            "owned_by_ids[]": "in owners.user_id",
            "status": "eq status.name",
            "job_type": "eq job_type.name",
            "remote_work_allowed": "eq remote_work_allowed",
            "serialization_set": "-",
            "rank_sort": "sort id",
            "published_at_sort": "sort published_at",
            "updated_at_sort": "sort updated_at",
            "location_sort": "sort macro_address",
            "job_title_sort": "sort title",
        },
    ),
    Endpoint("countries", "countries", "list", "countries", "page", True, {"query": "query"}),
    Endpoint("countries/{id}/states", "states", "list", "states", "page", True, {"query": "query", "country_id": "-"}),
)

# These reference lists ignore after_id and return all records again (loxo-cli, live); the others reject it.
_IGNORING_AFTER_ID = {
    name: {"after_id": "-"} for name in ("dynamic_fields", "job_types", "person_types", "person_lists")
}
_FILTERS = {
    "activity_types": {"workflow_id": "-", "show_hidden": "-"},
    "workflow_stages": {"workflow_id": "eq workflow_id"},
}

BARE_LIST_PATHS = tuple(
    """
activity_types address_types bonus_payment_types bonus_types company_global_statuses company_types compensation_types
currencies deal_workflows disability_statuses diversity_types dynamic_fields education_types email_types equity_types
ethnicities fee_types genders job_categories job_contact_types job_owner_types job_statuses job_types
person_global_statuses person_lists person_share_field_types person_types phone_types pronouns question_types
scorecards/scorecard_recommendation_types scorecards/scorecard_types scorecards/scorecard_visibility_types
seniority_levels social_profile_types users veteran_statuses workflow_stages workflows
""".split()  # noqa: SIM905 - a list with one name per line is harder to read
)

BARE_LISTS = tuple(
    Endpoint(path, path.split("/")[-1], filters=_IGNORING_AFTER_ID.get(path) or _FILTERS.get(path) or {})
    for path in BARE_LIST_PATHS
)

OTHER_LISTS = (
    Endpoint("source_types", "source_types", "list", "source_types", "after_id"),
    Endpoint("webhooks", "webhooks"),
)

_ENTITIES = {
    "people": "person",
    "companies": "company",
    "deals": "deal",
    "jobs": "job",
    "placements": "placement",
    "person_events": "person_event",
    "deal_workflows": "deal_workflow",
    "dynamic_fields": "dynamic_field",
    "forms": "form",
    "form_templates": "form_template",
    "schedule_items": "schedule_item",
    "sms": "sms",
    "source_types": "source_type",
    "webhooks": "webhook",
    "campaigns": "campaign",
    "scorecards": "scorecard",
    "scorecards/scorecard_templates": "scorecard_template",
}

SINGLE_RECORDS = tuple(
    Endpoint(f"{path}/{{id}}", path.split("/")[-1], "single", entity=entity) for path, entity in _ENTITIES.items()
)

_SUB_LIST_NAMES = {
    "people": (
        "emails",
        "phones",
        "job_profiles",
        "education_profiles",
        "social_profiles",
        "list_items",
        "sms_opt_ins",
    ),
    "companies": ("addresses", "emails", "phones"),
    "jobs": ("contacts",),
}

SUB_LISTS = tuple(
    endpoint
    for table, names in _SUB_LIST_NAMES.items()
    for name in names
    for endpoint in (
        Endpoint(f"{table}/{{id}}/{name}", table, "sub_list", name),
        Endpoint(f"{table}/{{id}}/{name}/{{id}}", table, "sub_list", name),
    )
)

SPECIAL_ENDPOINTS = (
    Endpoint("jobs/{id}/candidates/{id}", "candidates", "special", filters={"job_id": "-", "id": "-"}),
    Endpoint("dynamic_fields/{id}/hierarchies", "dynamic_fields", "special"),
    Endpoint("dynamic_fields/{id}/hierarchies/{id}", "dynamic_fields", "special"),
    Endpoint("job_listing_config", "job_listing_config", "special"),
)

ENDPOINTS = {
    endpoint.path: endpoint
    for endpoints in (
        SCROLL_LISTS,
        PAGE_NUMBER_LISTS,
        BARE_LISTS,
        OTHER_LISTS,
        SINGLE_RECORDS,
        SUB_LISTS,
        SPECIAL_ENDPOINTS,
    )
    for endpoint in endpoints
}


def find_endpoint(path: str) -> tuple[Endpoint, list[int]] | None:
    """Return the endpoint for a path and the ids in the path; None if there is no such endpoint."""
    ids: list[int] = []
    segments: list[str] = []
    for segment in path.split("/"):
        if segment.isascii() and segment.isdigit():
            ids.append(int(segment))
            segments.append("{id}")
        else:
            segments.append(segment)
    endpoint = ENDPOINTS.get("/".join(segments))
    return (endpoint, ids) if endpoint else None
