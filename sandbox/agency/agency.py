"""The agency: its tables and lists, and the relations between their rows.

Jobs, people, companies and candidates are referred to by row number here; records refer to each other by id.
`generator.py` adds the tables of generated records.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter

from ..hashing import hash64
from ..timestamps import now_ms
from . import custom_fields, geography, reference_lists
from .hiring_history import HISTORY_MS, HiringHistory
from .row_series import creation_times
from .sample_names import company_name, persona
from .table import JsonCache, Record, Table, stored_table

# The names of objects in the API, where they differ from the names of their tables.
TABLE_NAMES = {
    f"scorecards/{name}": name
    for name in (
        "scorecard_recommendation_types",
        "scorecard_types",
        "scorecard_templates",
        "scorecard_visibility_types",
    )
}
EMPLOYEE_INTERVAL = 7  # every seventh person works for a company of the agency


@dataclass(frozen=True)
class Sizes:
    """The number of rows of each object; all other objects follow from these."""

    people: int = 5000
    jobs: int = 300
    companies: int = 150
    events: int = 3000
    deals: int = 60
    email_tracking: int = 400
    sms: int = 200
    merges: int = 40
    forms: int = 60
    form_templates: int = 8
    schedule_items: int = 90
    scorecards: int = 70
    scorecard_templates: int = 6
    campaigns: int = 12


class Agency:
    """The state of one agency: generated from `seed` as of `now`, then changed by the functions of `mutations.py`."""

    def __init__(self, sizes: Sizes, seed: int, now: int | None, cache_bytes: int) -> None:
        self.seed, self.sizes = seed, sizes
        self.now = now_ms() if now is None else now
        self.start = self.now - HISTORY_MS
        self.agency_id = 1000 + hash64(seed) % 9000
        self.cache, self.no_cache = JsonCache(cache_bytes), JsonCache(0)
        self.tables: dict[str, Table] = {}
        self._add_reference_lists()
        self.people_created = creation_times(sizes.people, seed, self.start, self.now)
        self.jobs_created = creation_times(sizes.jobs, seed + 1, self.start, self.now)
        self.history = HiringHistory(sizes.events, seed, self.people_created, self.jobs_created, self.now)
        self.hired_candidates = sorted(self.history.hired_by_job.values(), key=self.history.last_move_time)
        # The numbers of generated rows. Generated records refer to these only, never to rows that a write created.
        self.generated = {
            "people": sizes.people,
            "jobs": sizes.jobs,
            "companies": sizes.companies,
            "candidates": len(self.history.job_of),
        }
        self.new_move_rows: dict[int, int] = {}  # candidate -> row in person_events of a move after the generation
        self.new_candidates: dict[int, list[int]] = {}  # job -> candidates added after the generation
        self.uploaded_files: dict[int, bytes] = {}  # id of a resume or a document -> content
        self.use_custom_field_set("a")

    # Reference lists and custom fields ---------------------------------------------------------------------------

    def _add_reference_lists(self) -> None:
        seed = self.seed
        self.lists = reference_lists.name_lists(seed)
        self.lists["currencies"] = reference_lists.currencies()
        self.lists["users"] = reference_lists.users(seed, self.start)
        self._add_workflows()
        self.source_types = reference_lists.source_types(seed, self.start, self.lists["users"])
        self.hierarchies = custom_fields.hierarchies(seed)
        self.lists["webhooks"] = reference_lists.webhooks(seed)
        countries = geography.countries()
        states = geography.states(countries)
        self.lists |= {"countries": countries, "states": states, "cities": geography.cities(countries, states)}
        for name, rows in {**self.lists, "source_types": self.source_types}.items():
            self.tables[name] = stored_table(name, rows, self.cache)
        self.home_country_id = next(row["id"] for row in countries if row["code"] == "US")
        self.home_state_id = next(row["id"] for row in states if row["country_id"] == self.home_country_id)
        self.tables["deal_workflows"].make_full_record = lambda row, item: {
            **item,
            "pipeline_stages": [stage for stage in self.pipeline_stages if stage["workflow_id"] == item["id"]],
        }

    def _add_workflows(self) -> None:
        """Add the workflows of candidates and of deals, their stages, and the activity types named after the stages."""
        seed = self.seed
        self.workflows, stages = reference_lists.workflows(
            seed, reference_lists.WORKFLOWS, "workflows", "workflow_stages"
        )
        deal_workflows, self.pipeline_stages = reference_lists.workflows(
            seed, reference_lists.DEAL_WORKFLOWS, "deal_workflows", "pipeline"
        )
        # The list of workflows also has the workflows of deals, and the list of stages also has their stages.
        all_workflows = [
            {**workflow, "candidate": workflow in self.workflows} for workflow in self.workflows + deal_workflows
        ]
        activity_types = reference_lists.activity_types(seed, stages, reference_lists.OTHER_ACTIVITY_TYPES)
        self.lists |= {
            "workflows": sorted(all_workflows, key=itemgetter("id")),
            "workflow_stages": sorted(stages + self.pipeline_stages, key=itemgetter("id")),
            "deal_workflows": deal_workflows,
            "activity_types": activity_types,
            "deal_activity_types": reference_lists.activity_types(seed, self.pipeline_stages, ids_name="deal_types"),
        }
        types_by_name = {row["name"]: row for row in activity_types}
        self._activity_type_by_stage = {stage["id"]: types_by_name[stage["name"]] for stage in stages}
        self.other_activity_types = [row for row in activity_types if not row["key"].startswith("moved_to_")]
        self._stages_by_workflow = [
            [stage for stage in stages if stage["workflow_id"] == workflow["id"]] for workflow in self.workflows
        ]

    def use_custom_field_set(self, field_set: str) -> None:
        self.custom_field_set = field_set
        self.use_custom_fields(custom_fields.CUSTOM_FIELD_SETS[field_set])

    def use_custom_fields(self, fields_by_type: custom_fields.CustomFields) -> None:
        """Switch to other custom fields: the definitions and the keys on all records change together."""
        self.tables["dynamic_fields"] = stored_table(
            "dynamic_fields",
            custom_fields.dynamic_fields(self.seed, fields_by_type),
            self.cache,
            make_full_record=lambda row, item: {
                **item,
                **({"hierarchies": self.hierarchies} if item["dynamic_field_type"]["name"] == "Hierarchy" else {}),
            },
        )
        self._custom_fields = {
            item_type: [(key, custom_fields.possible_values(label, field_type)) for key, label, field_type in fields]
            for item_type, fields in fields_by_type.items()
        }
        self._hierarchy_values = [
            {"id": leaf["id"], "value": leaf["name"]} for branch in self.hierarchies for leaf in branch["hierarchies"]
        ]
        self.cache.clear()
        for table in self.tables.values():
            table.version += 1

    def custom_field_keys(self, item_type: str) -> list[str]:
        return [key for key, _ in self._custom_fields.get(item_type, ())]

    def custom_field_values(self, item_type: str, bits: int) -> Record:
        record: Record = {}
        for key, values in self._custom_fields[item_type]:
            if values:
                record[key] = values[bits % len(values)] if bits % 4 else None
            else:
                record[key] = [self._hierarchy_values[bits % len(self._hierarchy_values)]] if bits % 3 else []
            bits >>= 3
        return record

    def pick(self, list_name: str, bits: int, *fields: str) -> Record:
        """Return a row of a reference list with the given fields, by default its id and name."""
        rows = self.lists[list_name]
        row = rows[bits % len(rows)]
        return {field: row[field] for field in fields or ("id", "name")}

    # Tables ------------------------------------------------------------------------------------------------------

    @property
    def people(self) -> Table:
        return self.tables["people"]

    def object_names(self) -> list[str]:
        return [name for name in self.tables if name != "deal_activity_types"]

    def table(self, name: str) -> Table:
        """Return the table of an object, with or without `scorecards/` in its name.

        :raises KeyError: there is no such object.
        """
        return self.tables[TABLE_NAMES.get(name, name)]

    def created(self, table: str, row: int) -> int:
        created: array[int] | None = self.tables[table].created
        assert created is not None, f"{table} has no creation times"
        return created[row]

    def id_of(self, table: str, row: int | None) -> int | None:
        return None if row is None else self.tables[table].ids[row]

    # References to a company, a person or a job from other records -----------------------------------------------

    def company_reference(self, bits: int) -> Record | None:
        count = self.generated["companies"]
        row = bits % count if count else 0
        return {"id": self.tables["companies"].ids[row], "name": company_name(row)} if count else None

    def person_reference(self, bits: int) -> Record | None:
        count = self.generated["people"]
        row = bits % count if count else 0
        return {"id": self.people.ids[row], "name": self.person_name(row)} if count else None

    def job_reference(self, bits: int) -> Record | None:
        count = self.generated["jobs"]
        row = bits % count if count else 0
        jobs = self.tables["jobs"]
        return {"id": jobs.ids[row], "title": jobs.list_item(row)["title"]} if count else None

    # People and companies ----------------------------------------------------------------------------------------

    def person_bits(self, person: int) -> int:
        return hash64(self.seed * 8191 + person)

    def person_name(self, person: int) -> str:
        return persona(self.person_bits(person)).full_name

    def employer(self, person: int) -> int | None:
        """Return the row of the person's company, if it is a company of the agency."""
        count = self.generated["companies"]
        return (person // EMPLOYEE_INTERVAL) % count if count and person % EMPLOYEE_INTERVAL == 0 else None

    def employees(self, company: int) -> range:
        count = self.generated["companies"] or 1
        return range(company * EMPLOYEE_INTERVAL, self.generated["people"], count * EMPLOYEE_INTERVAL)

    # Jobs, candidates and stages ---------------------------------------------------------------------------------

    def stages_of_job(self, job: int) -> list[Record]:
        return self._stages_by_workflow[job % len(self._stages_by_workflow)]

    def activity_type_of_stage(self, stage_id: int) -> Record:
        return self._activity_type_by_stage.get(stage_id) or self.other_activity_types[0]

    def stage_id_of_candidate(self, candidate: int) -> int:
        moved_to = self.tables["candidates"].edits.get(candidate, {}).get("workflow_stage_id")
        stages = self.stages_of_job(self.history.job_of[candidate])
        stage_id: int = moved_to or stages[self.history.stage_index_of[candidate]]["id"]
        return stage_id

    def job_bits(self, job: int) -> int:
        return hash64(self.seed * 677 + job)

    def company_of_job(self, job: int) -> Record | None:
        return self.company_reference(self.job_bits(job))

    def candidates_of_job(self, job: int) -> list[int]:
        deleted = self.tables["candidates"].deleted
        generated = self.history.candidates_of_job(job) if job < self.generated["jobs"] else range(0)
        return [row for row in (*generated, *self.new_candidates.get(job, ())) if row not in deleted]

    def candidates_of_person(self, person: int) -> list[int]:
        deleted = self.tables["candidates"].deleted
        return [row for row in self.history.candidates_by_person.get(person, []) if row not in deleted]

    def stage_counts(self, job: int) -> list[Record]:
        """Return the number of candidates in each stage of the job's workflow."""
        counts = Counter(self.stage_id_of_candidate(candidate) for candidate in self.candidates_of_job(job))
        return [
            {"id": stage["id"], "name": stage["name"], "count": counts[stage["id"]]}
            for stage in self.stages_of_job(job)
        ]

    def active_stage_ids(self, person: int) -> list[int]:
        return [self.stage_id_of_candidate(candidate) for candidate in self.candidates_of_person(person)]
