"""Generates an agency: adds the tables of people, jobs, activities and so on to the reference lists."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from .agency import Agency, Sizes
from .records.candidates import CandidateRecords
from .records.companies import CompanyRecords
from .records.deals import DealRecords
from .records.jobs import JobRecords
from .records.other_objects import OtherRecords
from .records.people import PersonRecords
from .records.person_events import PersonEventRecords
from .records.placements import PlacementRecords
from .row_series import creation_times, serial_ids, update_times
from .table import Record, Table

DEFAULT_CACHE_BYTES = 64 << 20


def generate_agency(
    sizes: Sizes, seed: int = 1, now: int | None = None, cache_bytes: int = DEFAULT_CACHE_BYTES
) -> Agency:
    """Generate an agency as of `now`; the same arguments give the same agency."""
    agency = Agency(sizes, seed, now, cache_bytes)
    _add_people_and_companies(agency)
    _add_jobs_and_their_pipelines(agency)
    _add_table(agency, "deals", _creation_times(agency, sizes.deals, 3), DealRecords(agency).list_item, 31_000, 17)
    _add_other_objects(agency)
    _add_computed_fields(agency)
    return agency


def _creation_times(agency: Agency, count: int, seed_offset: int) -> array[int]:
    return creation_times(count, agency.seed + seed_offset, agency.start, agency.now)


def _add_table(
    agency: Agency,
    name: str,
    created: array[int],
    make_list_item: Callable[[int], Record],
    first_id: int,
    max_id_gap: int,
    **options: Any,
) -> None:
    seed = agency.seed + first_id
    updated = update_times(created, seed, agency.now)
    if name == "person_events":  # only one activity in nine is edited
        updated = array("q", (updated[row] if row % 9 == 0 else time for row, time in enumerate(created)))
    ids = serial_ids(len(created), seed, first_id, max_id_gap)
    agency.tables[name] = Table(name, ids, make_list_item, agency.cache, created=created, updated=updated, **options)


def _add_people_and_companies(agency: Agency) -> None:
    people, companies = PersonRecords(agency), CompanyRecords(agency)
    _add_table(
        agency,
        "people",
        agency.people_created,
        people.list_item,
        1_100_000,
        29,
        make_full_record=people.full_record,
        computed_fields={"active_stage_ids": agency.active_stage_ids},
    )
    _add_table(
        agency,
        "companies",
        _creation_times(agency, agency.sizes.companies, 2),
        companies.list_item,
        640_000,
        41,
        make_full_record=companies.full_record,
    )


def _add_jobs_and_their_pipelines(agency: Agency) -> None:
    history = agency.history
    jobs, events = JobRecords(agency), PersonEventRecords(agency)
    _add_table(agency, "jobs", agency.jobs_created, jobs.list_item, 210_000, 13, make_full_record=jobs.full_record)
    _add_table(
        agency,
        "person_events",
        array("q", (history.event_times[event] for event in history.event_of_row)),
        events.list_item,
        40_000_000,
        37,
        make_full_record=events.full_record,
        computed_fields={
            "person_id": lambda row: agency.id_of("people", events.subject(row)[0]),
            "job_id": lambda row: agency.id_of("jobs", events.subject(row)[1]),
            "activity_type_id": lambda row: events.subject(row)[2]["id"],
        },
    )
    candidates_created = array("q", (history.event_times[event] for event in history.first_event_of))
    agency.tables["candidates"] = Table(
        "candidates",
        serial_ids(len(candidates_created), agency.seed + 9, 7_500_000, 11),
        CandidateRecords(agency).list_item,
        agency.no_cache,  # a candidate's record changes with the person's record and the latest activity
        created=candidates_created,
        computed_fields={
            "person.id": lambda row: agency.id_of("people", history.person_of[row]),
            "job_id": lambda row: agency.id_of("jobs", history.job_of[row]),
        },
    )
    placements_created = array("q", (history.last_move_time(row) for row in agency.hired_candidates))
    _add_table(agency, "placements", placements_created, PlacementRecords(agency).list_item, 52_000, 19)


def _add_other_objects(agency: Agency) -> None:
    records = OtherRecords(agency)
    for position, (name, make_list_item) in enumerate(records.list_items().items()):
        created = _creation_times(agency, getattr(agency.sizes, name), 20 + position)
        _add_table(agency, name, created, make_list_item, 9_000 * (position + 7), 23)
    agency.tables["form_templates"].make_full_record = records.full_form_template
    merges = agency.tables["merges"]
    merges.computed_fields["item_ids"] = lambda row: list(merges.list_item(row).values())[2:4]


def _add_computed_fields(agency: Agency) -> None:
    """Add the fields of filters that the records of jobs and placements lack."""
    country_ids = {row["code"]: row["id"] for row in agency.lists["countries"]}
    state_ids = {(row["country_id"], row["code"]): row["id"] for row in agency.lists["states"]}
    jobs, placements, people = agency.tables["jobs"], agency.tables["placements"], agency.people

    def country_id(row: int) -> Any:
        return country_ids.get(jobs.list_item(row).get("country_code"))

    jobs.computed_fields["country_id"] = country_id
    jobs.computed_fields["state_id"] = lambda row: state_ids.get(
        (country_id(row), jobs.list_item(row).get("state_code"))
    )
    placements.computed_fields["person_id"] = lambda row: placements.list_item(row)["person"]["id"]
    placements.computed_fields["job_id"] = lambda row: placements.list_item(row)["job"]["id"]
    placements.computed_fields["person_global_status_id"] = lambda row: people.values(
        people.find_row(placements.list_item(row)["person"]["id"]) or 0, "person_global_status.id"
    )
