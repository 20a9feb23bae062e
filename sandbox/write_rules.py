"""What may be written, one row per object: Loxo's OpenAPI 1.2.5, and Ampersand's code for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .endpoints import find


@dataclass(frozen=True)
class Rule:
    """:param fields: each with its kind: text, int, num, bool, time, list, rows or file; empty: not documented."""

    path: str
    table: str
    methods: frozenset[str]
    root: str = ""
    answer: str = ""  # the key of the record in the answer
    fields: dict[str, str] = field(default_factory=dict)
    required: tuple[tuple[str, ...], ...] = ()  # of each, one must be there
    item_type: str = ""


def _kinds(text: str) -> dict[str, str]:
    return {name: kind or "text" for name, _, kind in (word.partition(":") for word in text.split())}


def _rule(path: str, methods: str, fields: str = "", required: str = "", **facts: str) -> Rule:
    table = facts.pop("table", path.split("/")[-1])
    one_of = tuple(tuple(word.split("|")) for word in required.split())
    return Rule(path, table, frozenset(methods.split()), fields=_kinds(fields), required=one_of, **facts)


_ROWS = (
    _rule(
        "companies",
        "POST PUT",
        "name url description culture blocked:bool blocked_until:time fee:num fee_type_id:int company_type_id:int "
        "owner_email company_global_status_id:int emails:list phones:list addresses:rows",
        "name",
        root="company",
        answer="company",
        item_type="Company",
    ),
    _rule(
        "deals",
        "POST PUT",
        "name amount:num closes_at:time company_id:int person_id:int job_id:int workflow_id:int pipeline_stage_id:int "
        "owner_email",
        "name amount closes_at workflow_id pipeline_stage_id owner_email",
        root="deal",
        answer="deal",
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
        answer="job",
        item_type="Job",
    ),
    _rule(
        "people",
        "POST PUT",
        "name description location address city state zip country person_global_status_id:int source_type_id:int "
        "blocked:bool blocked_until:time title company email emails:rows phone phones:rows data_sources:rows "
        "linkedin_url website all_raw_tags:list raw_tags:list person_type_id:int candidates:rows list_ids:ints "
        "diversity_type_ids:ints compensation:num compensation_notes salary:num salary_type_id:int owned_by_id:int "
        "profile_picture:file resume:file document:file",
        "name",
        root="person",
        answer="person",
        item_type="Person",
    ),
    _rule(
        "person_events",
        "POST PUT DELETE",
        "activity_type_id:int person_id:int job_id:int company_id:int notes pinned:bool dragged_and_dropped:bool "
        "created_at:time created_by_id:int updated_at:time updated_by_id:int",
        "activity_type_id",
        root="person_event",
        answer="person_event",
    ),
    _rule("placements", "POST PUT DELETE", root="placement"),
    _rule("scorecards", "POST PUT DELETE", root="scorecard", answer="scorecard"),
    _rule("scorecards/scorecard_templates", "POST PUT DELETE", root="scorecard_template", answer="scorecard_template"),
    _rule(
        "sms",
        "POST",
        "block_override:bool from_number body job_id:int person_id:int target_send_time:time to_number",
        "from_number body to_number",
        answer="sms",
    ),
    _rule(
        "source_types",
        "POST PUT DELETE",
        "name publishable:bool active:bool hidden:bool created_at:time updated_at:time created_by_id:int "
        "updated_by_id:int",
        "name",
        root="source_type",
        answer="source_type",
    ),
    _rule(
        "jobs/{id}/apply",
        "POST",
        "email name phone linkedin resume:file work_authorization:bool requires_visa:bool gender_ids:ints "
        "ethnicity_ids:ints veteran_status_id:int pronoun_id:int other_pronoun disability_status_id:int "
        "form_template_id:int source_type_id:int",
        "email name phone",
        answer="person",
    ),
    _rule("people/{id}/resumes", "POST", "document:file source_type_id:int", "document", table="resumes"),
    _rule("people/{id}/documents", "POST", "document:file", "document", table="documents"),
)
RULES = {rule.path: rule for rule in _ROWS}


def rule_of(method: str, path: str) -> tuple[Rule, list[int]] | None:
    """The rule behind a request and the ids in its path."""
    words = path.split("/")
    ids = [int(word) for word in words if word.isdigit()]
    named = "/".join("{id}" if word.isdigit() else word for word in words)
    if method != "POST":
        named = named.removesuffix("/{id}")
        if not words[-1].isdigit():
            return None
    rule = RULES.get(named)
    return (rule, ids) if rule and method in rule.methods else None


def is_known(path: str) -> bool:
    """Whether anything is at a path."""
    return find(path) is not None or rule_of("POST", path) is not None
