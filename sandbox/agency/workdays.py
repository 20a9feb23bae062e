"""The work of whole days: an agency that was read comes back later, the same but for what people did meanwhile.

A day's changes follow from the seed and the day's number, and their times from when the day began and ended. So an
agency with the same sizes, seed, `--now` and `--workdays` is the same in every process.
"""

from __future__ import annotations

from ..hashing import hash64
from ..timestamps import clock_at
from . import mutations
from .background_changes import BackgroundChanges
from .reference_lists import HIRED_INDEX

CHANGES_A_DAY = 90


def work(changes: BackgroundChanges, days: list[tuple[int, int]]) -> None:
    """Make the changes of each day, and log them.

    :param days: when each began and ended, in milliseconds, in their order.
    """
    for number, (began, ended) in enumerate(days, 1):
        for k in range(CHANGES_A_DAY):
            with clock_at(began + (ended - began) * k // CHANGES_A_DAY):
                changes.make_change()
        with clock_at(ended):
            _hire(changes, number)
            _merge(changes, number)


def _hire(changes: BackgroundChanges, number: int) -> None:
    """Move a candidate of a job that has hired nobody yet to the stage of the hired, and add the placement."""
    agency = changes.agency
    candidates, jobs, history = agency.tables["candidates"], agency.tables["jobs"], agency.history
    for row in range(hash64(number) % max(1, len(candidates.ids)), len(candidates.ids)):
        job, person = history.job_of[row], history.person_of[row]
        is_gone = row in candidates.deleted or job in jobs.deleted or person in agency.people.deleted
        if is_gone or job in history.hired_by_job or history.is_rejected[row]:
            continue
        job_id, candidate_id = jobs.ids[job], candidates.ids[row]
        mutations.move_candidate(agency, job_id, candidate_id, agency.stages_of_job(job)[HIRED_INDEX]["id"])
        history.hired_by_job[job] = row
        record = jobs.list_item(job)
        placement = mutations.create(
            agency,
            "placements",
            {
                "person": {"id": agency.people.ids[person], "name": agency.people.list_item(person)["name"]},
                "job": {name: record.get(name) for name in ("id", "title", "company")},
            },
        )
        changes.note("move", "candidates", candidate_id)
        changes.note("create", "placements", placement["id"])
        return


def _merge(changes: BackgroundChanges, number: int) -> None:
    """Merge a person into the one before."""
    people = changes.agency.people
    present = [row for row in range(len(people.ids)) if row not in people.deleted]
    if len(present) < 2:
        return
    kept = hash64(number * 7) % (len(present) - 1)
    merged_id = people.ids[present[kept + 1]]
    mutations.merge_people(changes.agency, people.ids[present[kept]], merged_id)
    changes.note("merge", "people", merged_id)
