"""The agency: all tables, how they refer to each other, and what changes while the server runs."""

from __future__ import annotations

from array import array
from collections import Counter
from operator import itemgetter
from typing import Any

from . import reference
from .clock import mix, now_ms
from .people import People, active_stages
from .small import Small
from .story import YEARS, Sizes, Story, edits, serials, times
from .table import ByteCache, Record, Table, static
from .work import Work, company_name

ALIASES = {
    f"scorecards/{name}": name
    for name in (
        "scorecard_recommendation_types",
        "scorecard_types",
        "scorecard_templates",
        "scorecard_visibility_types",
    )
}


class Agency:
    """Generated from `seed`, as it stood at `now`; then changed through create, update, delete and move."""

    def __init__(self, sizes: Sizes, seed: int = 1, now: int | None = None, cache_bytes: int = 64 << 20) -> None:
        self.seed, self.sizes = seed, sizes
        self.now = now_ms() if now is None else now
        self.start = self.now - YEARS
        self.agency_id = 1000 + mix(seed) % 9000
        self.cache, self.no_cache = ByteCache(cache_bytes), ByteCache(0)
        self.tables: dict[str, Table] = {}
        self.variant = "a"
        self._make_lists()
        people, jobs = (
            times(sizes.people, seed, self.start, self.now),
            times(sizes.jobs, seed + 1, self.start, self.now),
        )
        self.story = Story(sizes, seed, people, jobs, self.now)
        self.placed = sorted(self.story.hired.values(), key=self.hired_at)
        self.base = {
            "people": sizes.people,
            "jobs": sizes.jobs,
            "companies": sizes.companies,
            "candidates": len(self.story.job),
        }
        self.latest_events: dict[int, int] = {}  # candidate row -> event row, where a live move has come after the plot
        self.live_candidates: dict[int, list[int]] = {}
        self.set_variant("a")
        self.maker, work = People(self), Work(self)
        self._make_tables(people, jobs, work)

    # Building ----------------------------------------------------------------------------------------------------

    def _make_lists(self) -> None:
        seed = self.seed
        self.lists = reference.plain_lists(seed)
        self.lists["currencies"] = reference.currencies()
        self.lists["users"] = reference.users(seed, self.start)
        flows, self.stages = reference.workflows(seed, reference.WORKFLOWS, "workflows", "workflow_stages")
        deal_flows, self.pipeline_stages = reference.workflows(
            seed, reference.DEAL_WORKFLOWS, "deal_workflows", "pipeline"
        )
        # Workflows of deals stand in the same list, and their stages in the list of all stages.
        every_flow = [{**flow, "candidate": flow in flows} for flow in flows + deal_flows]
        self.lists |= {
            "workflows": sorted(every_flow, key=itemgetter("id")),
            "workflow_stages": sorted(self.stages + self.pipeline_stages, key=itemgetter("id")),
            "deal_workflows": deal_flows,
        }
        self.workflows = flows
        types = reference.activity_types(seed, self.stages, reference.OTHER_ACTIVITIES)
        self.lists["activity_types"] = types
        self.lists["deal_activity_types"] = reference.activity_types(seed, self.pipeline_stages, name="deal_types")
        named = {kind["name"]: kind for kind in types}
        self._type_of_stage = {stage["id"]: named[stage["name"]] for stage in self.stages}
        self.other_types = [kind for kind in types if not kind["key"].startswith("moved_to_")]
        self._stages = [[stage for stage in self.stages if stage["workflow_id"] == flow["id"]] for flow in flows]
        self.source_types = reference.source_types(seed, self.start, self.lists["users"])
        self.hierarchies = reference.tree(seed)
        self.lists["webhooks"] = reference.webhooks(seed)
        countries = reference.countries()
        states = reference.states(countries)
        self.lists |= {"countries": countries, "states": states, "cities": reference.cities(countries, states)}
        for name, rows in {**self.lists, "source_types": self.source_types}.items():
            self.tables[name] = static(name, rows, self.cache)
        self.home_country = next(row["id"] for row in countries if row["code"] == "US")
        self.home_state = next(row["id"] for row in states if row["country_id"] == self.home_country)
        self.tables["deal_workflows"].detail = lambda row, item: {
            **item,
            "pipeline_stages": [stage for stage in self.pipeline_stages if stage["workflow_id"] == item["id"]],
        }

    def _make_tables(self, people: array[int], jobs: array[int], work: Work) -> None:
        sizes, story, table = self.sizes, self.story, self._table
        self.people = table(
            "people",
            people,
            self.maker.item,
            1_100_000,
            29,
            detail=self.maker.detail,
            columns={"active_stage_ids": lambda row: active_stages(self, row)},
        )
        firms = times(sizes.companies, self.seed + 2, self.start, self.now)
        table("companies", firms, work.company, 640_000, 41, detail=work.company_detail)
        table("jobs", jobs, work.job, 210_000, 13, detail=work.job_detail)
        table(
            "person_events",
            array("q", (story.moments[plot] for plot in story.plot_of)),
            work.event,
            40_000_000,
            37,
            detail=work.event_detail,
            columns={
                "person_id": lambda row: self._id("people", work.event_subject(row)[0]),
                "job_id": lambda row: self._id("jobs", work.event_subject(row)[1]),
                "activity_type_id": lambda row: work.event_subject(row)[2]["id"],
            },
        )
        added = array("q", (story.moments[first] for first in story.first_event))
        self.tables["candidates"] = Table(
            "candidates",
            serials(len(added), self.seed + 9, 7_500_000, 11),
            work.candidate,
            self.no_cache,
            created=added,
            columns={
                "person.id": lambda row: self._id("people", story.person[row]),
                "job_id": lambda row: self._id("jobs", story.job[row]),
            },
        )
        table(
            "placements",
            array("q", (self.hired_at(candidate) for candidate in self.placed)),
            work.placement,
            52_000,
            19,
        )
        table("deals", times(sizes.deals, self.seed + 3, self.start, self.now), work.deal, 31_000, 17)
        small = Small(self)
        for position, (name, make) in enumerate(small.makers().items()):
            count = getattr(sizes, name)
            table(name, times(count, self.seed + 20 + position, self.start, self.now), make, 9_000 * (position + 7), 23)
        self.tables["form_templates"].detail = small.form_template_detail
        self.tables["merges"].columns["item_ids"] = lambda row: list(self.tables["merges"].record(row).values())[2:4]
        self._add_filter_columns()

    def _table(self, name: str, created: array[int], make: Any, base: int, gap: int, **options: Any) -> Table:
        seed = self.seed + base
        changed = edits(created, seed, self.now)
        if name == "person_events":  # few activities are edited
            changed = array("q", (changed[row] if row % 9 == 0 else born for row, born in enumerate(created)))
        self.tables[name] = Table(
            name, serials(len(created), seed, base, gap), make, self.cache, created=created, updated=changed, **options
        )
        return self.tables[name]

    def _add_filter_columns(self) -> None:
        """Filters on what the records do not carry by that name."""
        countries = {row["code"]: row["id"] for row in self.lists["countries"]}
        states = {(row["country_id"], row["code"]): row["id"] for row in self.lists["states"]}
        jobs, placements = self.tables["jobs"], self.tables["placements"]

        def country(row: int) -> Any:
            return countries.get(jobs.record(row).get("country_code"))

        jobs.columns["country_id"] = country
        jobs.columns["state_id"] = lambda row: states.get((country(row), jobs.record(row).get("state_code")))
        placements.columns["person_id"] = lambda row: placements.record(row)["person"]["id"]
        placements.columns["job_id"] = lambda row: placements.record(row)["job"]["id"]
        placements.columns["person_global_status_id"] = lambda row: self.people.values(
            self.people.row(placements.record(row)["person"]["id"]) or 0, "person_global_status.id"
        )

    def set_variant(self, variant: str) -> None:
        """Which custom fields the agency has: the definitions and the keys on records change together."""
        self.variant = variant
        fields = reference.dynamic_fields(self.seed, variant)
        self.tables["dynamic_fields"] = static(
            "dynamic_fields",
            fields,
            self.cache,
            detail=lambda row, item: {
                **item,
                **({"hierarchies": self.hierarchies} if item["dynamic_field_type"]["name"] == "Hierarchy" else {}),
            },
        )
        self._custom = {
            kind: [(key, reference.choice(label, shape)) for key, label, shape in spec]
            for kind, spec in reference.CUSTOM[variant].items()
        }
        self._leaves = [
            {"id": leaf["id"], "value": leaf["name"]} for top in self.hierarchies for leaf in top["hierarchies"]
        ]
        self.cache.clear()
        for table in self.tables.values():
            table.version += 1

    # What rows say of each other ---------------------------------------------------------------------------------

    def _id(self, table: str, row: int | None) -> int | None:
        return None if row is None else self.tables[table].ids[row]

    def custom(self, kind: str, chance: int) -> Record:
        values: Record = {}
        for key, choice in self._custom[kind]:
            if choice:
                values[key] = choice[chance % len(choice)] if chance % 4 else None
            else:
                values[key] = [self._leaves[chance % len(self._leaves)]] if chance % 3 else []
            chance >>= 3
        return values

    def company_name(self, number: int) -> str:
        return company_name(number)

    def company_stub(self, chance: int) -> Record | None:
        count = self.base["companies"]
        row = chance % count if count else 0
        return {"id": self.tables["companies"].ids[row], "name": company_name(row)} if count else None

    def person_stub(self, chance: int) -> Record | None:
        count = self.base["people"]
        row = chance % count if count else 0
        return {"id": self.people.ids[row], "name": self.maker.name(row)} if count else None

    def job_stub(self, chance: int) -> Record | None:
        count = self.base["jobs"]
        row = chance % count if count else 0
        return (
            {"id": self.tables["jobs"].ids[row], "title": self.tables["jobs"].record(row)["title"]} if count else None
        )

    def workflow(self, job: int) -> Record:
        return self.workflows[job % len(self.workflows)]

    def stages_of(self, job: int) -> list[Record]:
        return self._stages[job % len(self._stages)]

    def type_of_stage(self, stage_id: int) -> Record:
        return self._type_of_stage.get(stage_id) or self.other_types[0]

    def stage_of(self, candidate: int) -> int:
        moved = self.tables["candidates"].edits.get(candidate, {}).get("workflow_stage_id")
        stage_id: int = moved or self.stages_of(self.story.job[candidate])[self.story.stage[candidate]]["id"]
        return stage_id

    def hired_at(self, candidate: int) -> int:
        return self.story.moments[self.story.events_of(candidate)[-1]]

    def of_person(self, row: int) -> list[int]:
        gone = self.tables["candidates"].gone
        return [candidate for candidate in self.story.of_person.get(row, []) if candidate not in gone]

    def candidate_jobs(self, person: int) -> list[Record]:
        if person not in self.story.of_person:
            return []
        jobs = self.tables["jobs"]
        return [
            {"id": self.tables["candidates"].ids[row], "job": {"id": jobs.ids[self.story.job[row]]}}
            for row in self.of_person(person)
        ]

    def candidacies(self, person: int) -> list[Record]:
        return [
            {
                "id": self.tables["candidates"].ids[row],
                "job": {"id": self._id("jobs", self.story.job[row])},
                "latest_activity_type": {"name": self.type_of_stage(self.stage_of(row))["name"]},
                "workflow_stage_id": self.stage_of(row),
            }
            for row in self.of_person(person)
        ]

    def stage_counts(self, job: int) -> list[Record]:
        """How many candidates each stage of the job's workflow holds."""
        counted = Counter(self.stage_of(candidate) for candidate in self.candidates_of(job))
        return [
            {"id": stage["id"], "name": stage["name"], "count": counted[stage["id"]]} for stage in self.stages_of(job)
        ]

    def candidates_of(self, job: int) -> list[int]:
        gone = self.tables["candidates"].gone
        planned = self.story.candidates_of(job) if job < self.base["jobs"] else range(0)
        return [row for row in (*planned, *self.live_candidates.get(job, ())) if row not in gone]

    def objects(self) -> list[str]:
        return [name for name in self.tables if name != "deal_activity_types"]

    def table(self, name: str) -> Table:
        """By object name, with or without `scorecards/`; KeyError when there is none."""
        return self.tables[ALIASES.get(name, name)]
