"""Who went through which pipeline when: the one plot that jobs, candidates, activities and placements all agree with.

Built once, in compact arrays. Every stage a candidate reached is one person_event with that person, job and activity
type, because that is how Loxo moves people (loxo-mcp-server; Loxo's help pages).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass

from .clock import DAY, HOUR, mix
from .reference import HIRED, REJECTED

YEARS = 5 * 365 * DAY
STAGES_EACH = 2.6  # about how many stages a candidate sees


@dataclass(frozen=True)
class Sizes:
    """How many rows of each kind; what is not given follows from people and jobs."""

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


def times(count: int, seed: int, start: int, end: int) -> array[int]:
    """Creation times, oldest first; every thirtieth row or so was made in the same millisecond as the one before."""
    found: array[int] = array("q")
    step = max(1, (end - start) // max(1, count))
    for i in range(count):
        chance = mix(seed + i)
        tied = found and chance % 31 == 0
        found.append(found[-1] if tied else start + i * step + (chance >> 8) % step)
    return found


def edits(created: array[int], seed: int, end: int) -> array[int]:
    """Change times: two thirds were changed later, one in fifty by the same bulk edit (so many rows tie)."""
    bulk = [end - (k + 1) * 97 * DAY for k in range(4)]
    found: array[int] = array("q")
    for i, born in enumerate(created):
        chance = mix(seed ^ (i * 2 + 1))
        bulk_time = bulk[chance >> 3 & 3]
        if chance % 50 == 0 and bulk_time > born:
            found.append(bulk_time)
        elif chance % 3 == 0 or end <= born:
            found.append(born)
        else:
            share = ((chance >> 16) % 1000) / 1000
            found.append(born + int((end - born) * share**3))
    return found


def serials(count: int, seed: int, base: int, gap: int) -> array[int]:
    """Growing ids with gaps."""
    found, last = array("q"), base
    for i in range(count):
        last += 1 + mix(seed * 7919 + i) % gap
        found.append(last)
    return found


class Story:
    """Arrays by candidate (job, person, moves) and by event (time, which candidate's which stage)."""

    def __init__(self, sizes: Sizes, seed: int, people: array[int], jobs: array[int], now: int) -> None:
        self.sizes, self.seed, self.now = sizes, seed, now
        self.people, self.jobs = people, jobs
        self.job: array[int] = array("I")
        self.person: array[int] = array("I")
        self.first_event: array[int] = array("I")  # of the candidate, in plot order; its stages follow
        self.stage: array[int] = array("B")
        self.rejected: array[int] = array("B")
        self.of_person: dict[int, list[int]] = {}
        self.job_start: array[int] = array("I")
        self.hired: dict[int, int] = {}  # job -> candidate
        self.moments: array[int] = array("q")
        self._fill_pipelines()
        self.moves = len(self.moments)
        self._fill_other_events()
        order = sorted(range(len(self.moments)), key=self.moments.__getitem__)
        self.plot_of = array("I", order)  # event row -> plot position
        self.row_of = array("I", bytes(4 * len(order)))
        for row, plot in enumerate(order):
            self.row_of[plot] = row

    def _fill_pipelines(self) -> None:
        wanted = int(self.sizes.events * 0.65 / STAGES_EACH)
        for job in range(len(self.jobs)):
            self.job_start.append(len(self.job))
            share = wanted * (job + 1) // len(self.jobs) - wanted * job // len(self.jobs)
            chance = mix(self.seed * 31 + job)
            size = 0 if chance % 11 == 0 else share * (3 + chance % 15) // 10
            taken: set[int] = set()
            for number in range(min(size, len(self.people))):
                self._add_candidate(job, number, taken)
        self.job_start.append(len(self.job))

    def _add_candidate(self, job: int, number: int, taken: set[int]) -> None:
        if len(self.moments) + 8 > self.sizes.events:
            return
        chance = mix((self.seed * 131 + job) * 10_007 + number)
        at = min(self.now - HOUR, self.jobs[job] + HOUR + chance % (25 * DAY))
        known = max(1, bisect_right(self.people, at))
        person = chance % known
        while person in taken and len(taken) < known:
            person = (person + 1) % known
        if person in taken:
            return
        taken.add(person)
        wins = number == 0 and job % 4 == 0
        path = list(range(HIRED + 1)) if wins else self._path(chance >> 20)
        self.first_event.append(len(self.moments))
        last = 0
        for step, position in enumerate(path):
            if at > self.now:
                break
            self.moments.append(at)
            last = position
            at += HOUR + mix(chance + step) % (11 * DAY)
        candidate = len(self.job)
        self.job.append(job)
        self.person.append(person)
        self.stage.append(last)
        self.rejected.append(last == REJECTED)
        self.of_person.setdefault(person, []).append(candidate)
        if last == HIRED:
            self.hired[job] = candidate

    @staticmethod
    def _path(chance: int) -> list[int]:
        """Forward only, as on Loxo; half of those who stop are rejected."""
        reach = min(chance % 7, (chance >> 4) % 7, HIRED - 1)
        path = list(range(reach + 1))
        return [*path, REJECTED] if (chance >> 8) % 2 else path

    def _fill_other_events(self) -> None:
        """Notes, calls and mails; one in forty was written down later than it happened (created_at is writable)."""
        rest = self.sizes.events - len(self.moments)
        start = self.people[0] if self.people else self.now - YEARS
        for i, moment in enumerate(times(max(0, rest), self.seed * 17, start + DAY, self.now)):
            chance = mix(self.seed * 977 + i)
            back = (chance % 300) * DAY if chance % 40 == 0 else 0
            self.moments.append(max(start, moment - back))

    # Reading -----------------------------------------------------------------------------------------------------

    def candidates_of(self, job: int) -> range:
        return range(self.job_start[job], self.job_start[job + 1]) if job + 1 < len(self.job_start) else range(0)

    def events_of(self, candidate: int) -> range:
        """Plot positions of a candidate's moves."""
        following = candidate + 1
        end = self.first_event[following] if following < len(self.first_event) else self.moves
        return range(self.first_event[candidate], end)

    def mover(self, plot: int) -> tuple[int, int] | None:
        """The candidate and the position reached by an event; None for notes, calls and the like."""
        if plot >= self.moves:
            return None
        candidate = bisect_right(self.first_event, plot) - 1
        step = plot - self.first_event[candidate]
        last = plot == self.events_of(candidate)[-1]
        return candidate, self.stage[candidate] if last else step

    def latest_event(self, candidate: int) -> int:
        """The event row of the last move."""
        return self.row_of[self.events_of(candidate)[-1]]
