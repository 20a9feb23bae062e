"""Every GET endpoint as one row of data: where it is, what it wraps its list in, how it pages, what it may be asked.

Paths, parameters and per_page are Loxo's OpenAPI document 1.2.5 (plus scorecards, which are newer: Ampersand). Keys are
Ampersand's recordings. A parameter that is not in the row is answered with 422 (loxo-cli, live).

A filter is written as a verb and the field it looks at: `eq`, `in`, `not` compare, `from` and `to` bound a date,
`sort` orders, `query` is Lucene, `page` skips pages, `-` is declared by Loxo but has no effect on the data here.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Endpoint:
    path: str
    table: str
    kind: str = "list"  # list | single | part (a list inside one record) | special
    key: str | None = None  # None: a bare JSON array
    paging: str = "none"  # scroll | page | after_id | none
    per_page: bool = False
    filters: dict[str, str] = field(default_factory=dict)
    entity: str = ""  # the name a wrapped single record would have

    @property
    def declared(self) -> frozenset[str]:
        """Every query parameter that does not lead to 422."""
        paging = {"scroll": {"scroll_id"}, "page": {"page"}, "after_id": {"after_id"}, "none": set()}[self.paging]
        return frozenset(paging | set(self.filters) | ({"per_page"} if self.per_page else set()))


def _scroll(path: str, per_page: bool, key: str | None = None, table: str = "", **filters: str) -> Endpoint:
    filters = {name.replace("__", "[]"): rule for name, rule in filters.items()}
    return Endpoint(path, table or path.split("/")[-1], "list", key or path.split("/")[-1], "scroll", per_page, filters)


CREATED = {"created_at_start": "from created_at", "created_at_end": "to created_at"}

SCROLLED = (
    _scroll(
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
    _scroll(
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
        **CREATED,
    ),
    _scroll(
        "companies",
        False,
        query="query",
        company_type_id="eq company_type.id",
        list_id="eq list_ids",
        company_global_status_id="eq company_global_status.id",
        fields="-",
    ),
    _scroll("deals", False, query="query", owner_emails__="in owner.email"),
    _scroll(
        "placements",
        False,
        query="query",
        job_id="eq job.id",
        person_global_status_id="eq person_global_status_id",
        include_related_agencies="-",
    ),
    _scroll("email_tracking", True, "tracking", person_ids__="in person_id", **CREATED),
    _scroll("sms", True, **CREATED),
    _scroll(
        "merges",
        True,
        item_type="eq item_type",
        item_ids__="in item_ids",
        created_after="from created_at",
        created_before="to created_at",
    ),
    _scroll("forms", True, company_id="eq company_id", job_id="eq job_id", person_id="eq person_id"),
    _scroll("form_templates", True),
    _scroll("schedule_items", True, user_id="eq user_id", person_id="eq person_id", company_id="eq company_id"),
    # Newer than the document: it answered on one account; of its parameters only job_id is known.
    _scroll("campaigns", False, job_id="eq job_id"),
    _scroll("scorecards", True),
    _scroll("scorecards/scorecard_templates", True),
    _scroll(
        "jobs/{id}/candidates",
        True,
        query="query",
        activity_type_id="eq latest_person_event.activity_type_id",
        person_id="eq person.id",
    ),
    _scroll("companies/{id}/people", False, query="query"),
    _scroll("countries/{id}/states/{id}/cities", True, country_id="-", state_id="-"),
)

PAGED = (
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

# The reference lists that swallow after_id and send everything again (loxo-cli, live); the others refuse it.
_SWALLOWS = {name: {"after_id": "-"} for name in ("dynamic_fields", "job_types", "person_types", "person_lists")}
_FILTERED = {
    "activity_types": {"workflow_id": "-", "show_hidden": "-"},
    "workflow_stages": {"workflow_id": "eq workflow_id"},
}

BARE_OBJECTS = tuple(
    """
activity_types address_types bonus_payment_types bonus_types company_global_statuses company_types compensation_types
currencies deal_workflows disability_statuses diversity_types dynamic_fields education_types email_types equity_types
ethnicities fee_types genders job_categories job_contact_types job_owner_types job_statuses job_types
person_global_statuses person_lists person_share_field_types person_types phone_types pronouns question_types
scorecards/scorecard_recommendation_types scorecards/scorecard_types scorecards/scorecard_visibility_types
seniority_levels social_profile_types users veteran_statuses workflow_stages workflows
""".split()  # noqa: SIM905 - a list of one name a line reads worse
)

BARE = tuple(
    Endpoint(path, path.split("/")[-1], filters=_SWALLOWS.get(path) or _FILTERED.get(path) or {})
    for path in BARE_OBJECTS
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

SINGLES = tuple(
    Endpoint(f"{path}/{{id}}", path.split("/")[-1], "single", entity=entity) for path, entity in _ENTITIES.items()
)

_PARTS = {
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

PARTS = tuple(
    endpoint
    for table, names in _PARTS.items()
    for name in names
    for endpoint in (
        Endpoint(f"{table}/{{id}}/{name}", table, "part", name),
        Endpoint(f"{table}/{{id}}/{name}/{{id}}", table, "part", name),
    )
)

SPECIAL = (
    Endpoint("jobs/{id}/candidates/{id}", "candidates", "special", filters={"job_id": "-", "id": "-"}),
    Endpoint("dynamic_fields/{id}/hierarchies", "dynamic_fields", "special"),
    Endpoint("dynamic_fields/{id}/hierarchies/{id}", "dynamic_fields", "special"),
    Endpoint("job_listing_config", "job_listing_config", "special"),
)

ENDPOINTS = {endpoint.path: endpoint for endpoint in SCROLLED + PAGED + BARE + OTHER_LISTS + SINGLES + PARTS + SPECIAL}


def find(path: str) -> tuple[Endpoint, list[int]] | None:
    """The endpoint behind a path and the ids in it; None is Loxo's 404."""
    ids: list[int] = []
    words: list[str] = []
    for word in path.split("/"):
        if word.isascii() and word.isdigit():
            ids.append(int(word))
            words.append("{id}")
        else:
            words.append(word)
    endpoint = ENDPOINTS.get("/".join(words))
    return (endpoint, ids) if endpoint else None
