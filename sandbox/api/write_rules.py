"""The writes of each object: Loxo's OpenAPI document 1.2.5, and Ampersand's code for the ones that it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .endpoints import find_endpoint


@dataclass(frozen=True)
class WriteRule:
    """The writes that an object accepts.

    :param fields: the type of each field: text, int, num, bool, time, list, ints, items or file. Empty if the fields
        are not documented, then any field is accepted.
    :param root: the name that wraps all fields, such as `person` in `person[name]`.
    :param response_key: the key of the record in the response; "" for a record without a wrapper.
    :param required: groups of fields; of each group, one is required.
    :param item_type: the type of custom fields that the object accepts.
    """

    path: str
    table: str
    methods: frozenset[str]
    root: str = ""
    response_key: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    required: tuple[tuple[str, ...], ...] = ()
    item_type: str = ""


def _field_types(text: str) -> dict[str, str]:
    return {name: kind or "text" for name, _, kind in (word.partition(":") for word in text.split())}


def _rule(path: str, methods: str, fields: str = "", required: str = "", **options: str) -> WriteRule:
    table = options.pop("table", path.split("/")[-1])
    groups = tuple(tuple(word.split("|")) for word in required.split())
    return WriteRule(path, table, frozenset(methods.split()), fields=_field_types(fields), required=groups, **options)


_ALL_RULES = (
    _rule(
        "companies",
        "POST PUT",
        "name url description culture blocked:bool blocked_until:time fee:num fee_type_id:int company_type_id:int "
        "owner_email company_global_status_id:int emails:list phones:list addresses:items",
        "name",
        root="company",
        response_key="company",
        item_type="Company",
    ),
    _rule(
        "deals",
        "POST PUT",
        "name amount:num closes_at:time company_id:int person_id:int job_id:int workflow_id:int pipeline_stage_id:int "
        "owner_email",
        "name amount closes_at workflow_id pipeline_stage_id owner_email",
        root="deal",
        response_key="deal",
        item_type="Deal",
    ),
    _rule(
        "forms",
        "POST PUT DELETE",
        "id:int company_id:int job_id:int person_id:int title form_template_id:int",
        "form_template_id",
    ),
    _rule(
        "jobs",
        "POST PUT DELETE",
        "active:bool address city company_hidden:bool company_id:int country_id:int description internal_notes "
        "job_category_ids:ints job_status_id:int job_type_id:int owner_emails:list published:bool published_at:time "
        "raw_company_name salary state_id:int title zip published_end_date:time remote_work_allowed:bool",
        "title job_type_id raw_company_name|company_id",
        root="job",
        response_key="job",
        item_type="Job",
    ),
    _rule(
        "people",
        "POST PUT",
        "name description location address city state zip country person_global_status_id:int source_type_id:int "
        "blocked:bool blocked_until:time title company email emails:items phone phones:items data_sources:items "
        "linkedin_url website all_raw_tags:list raw_tags:list person_type_id:int candidates:items list_ids:ints "
        "diversity_type_ids:ints compensation:num compensation_notes salary:num salary_type_id:int owned_by_id:int "
        "profile_picture:file resume:file document:file",
        "name",
        root="person",
        response_key="person",
        item_type="Person",
    ),
    _rule(
        "person_events",
        "POST PUT DELETE",
        "activity_type_id:int person_id:int job_id:int company_id:int notes pinned:bool dragged_and_dropped:bool "
        "created_at:time created_by_id:int updated_at:time updated_by_id:int",
        "activity_type_id",
        root="person_event",
        response_key="person_event",
    ),
    _rule("placements", "POST PUT DELETE", root="placement"),
    _rule("scorecards", "POST PUT DELETE", root="scorecard", response_key="scorecard"),
    _rule(
        "scorecards/scorecard_templates",
        "POST PUT DELETE",
        root="scorecard_template",
        response_key="scorecard_template",
    ),
    _rule(
        "sms",
        "POST",
        "block_override:bool from_number body job_id:int person_id:int target_send_time:time to_number",
        "from_number body to_number",
        response_key="sms",
    ),
    _rule(
        "source_types",
        "POST PUT DELETE",
        "name publishable:bool active:bool hidden:bool created_at:time updated_at:time created_by_id:int "
        "updated_by_id:int",
        "name",
        root="source_type",
        response_key="source_type",
    ),
    _rule(
        "jobs/{id}/apply",
        "POST",
        "email name phone linkedin resume:file work_authorization:bool requires_visa:bool gender_ids:ints "
        "ethnicity_ids:ints veteran_status_id:int pronoun_id:int other_pronoun disability_status_id:int "
        "form_template_id:int source_type_id:int",
        "email name phone",
        response_key="person",
    ),
    _rule("people/{id}/resumes", "POST", "document:file source_type_id:int", "document", table="resumes"),
    _rule("people/{id}/documents", "POST", "document:file", "document", table="documents"),
)
RULES = {rule.path: rule for rule in _ALL_RULES}


def find_rule(method: str, path: str) -> tuple[WriteRule, list[int]] | None:
    """Return the rule for a request and the ids in its path."""
    segments = path.split("/")
    ids = [int(segment) for segment in segments if segment.isdigit()]
    rule_path = "/".join("{id}" if segment.isdigit() else segment for segment in segments)
    if method != "POST":
        rule_path = rule_path.removesuffix("/{id}")
        if not segments[-1].isdigit():
            return None
    rule = RULES.get(rule_path)
    return (rule, ids) if rule and method in rule.methods else None


def is_known_path(path: str) -> bool:
    """Return whether any method is allowed for a path."""
    return find_endpoint(path) is not None or find_rule("POST", path) is not None
