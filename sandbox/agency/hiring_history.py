"""The moves of candidates through the stages of jobs; jobs, candidates, activities and placements all agree with it.

It is built once, in compact arrays. Each stage that a candidate reaches is one event (`person_events`) with that
person, job and activity type, because Loxo moves people by such events (loxo-mcp-server; Loxo's help pages).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from ..hashing import hash64
from ..timestamps import DAY_MS, HOUR_MS
from .reference_lists import HIRED_INDEX, REJECTED_INDEX
from .row_series import creation_times

HISTORY_MS = 5 * 365 * DAY_MS
MOVE_SHARE = 0.65  # of all events; the others are notes, calls and emails
STAGES_PER_CANDIDATE = 2.6  # on average, roughly


class HiringHistory:
    """Arrays by candidate row (job, person, stage) and by event number (time).

    Events are numbered in the order of their creation here: first all moves, candidate by candidate, then the others.
    Rows of `person_events` are in the order of time.
    """

    def __init__(
        self, event_count: int, seed: int, people_created: array[int], jobs_created: array[int], now: int
    ) -> None:
        self.event_count, self.seed, self.now = event_count, seed, now
        self.people_created, self.jobs_created = people_created, jobs_created
        self.job_of: array[int] = array("I")
        self.person_of: array[int] = array("I")
        self.stage_index_of: array[int] = array("B")
        self.is_rejected: array[int] = array("B")
        self.first_event_of: array[int] = array("I")
        self.candidates_by_person: dict[int, list[int]] = {}
        self.first_candidate_by_job: array[int] = array("I")
        self.hired_by_job: dict[int, int] = {}
        self.event_times: array[int] = array("q")
        self._add_candidates()
        self.move_count = len(self.event_times)
        self._add_other_events()
        events_by_time = sorted(range(len(self.event_times)), key=self.event_times.__getitem__)
        self.event_of_row = array("I", events_by_time)
        self.row_of_event = array("I", bytes(4 * len(events_by_time)))
        for row, event in enumerate(events_by_time):
            self.row_of_event[event] = row

    def _add_candidates(self) -> None:
        wanted = int(self.event_count * MOVE_SHARE / STAGES_PER_CANDIDATE)
        job_count = len(self.jobs_created)
        for job in range(job_count):
            self.first_candidate_by_job.append(len(self.job_of))
            share = wanted * (job + 1) // job_count - wanted * job // job_count
            bits = hash64(self.seed * 31 + job)
            size = 0 if bits % 11 == 0 else share * (3 + bits % 15) // 10
            people: set[int] = set()
            for number in range(min(size, len(self.people_created))):
                self._add_candidate(job, number, people)
        self.first_candidate_by_job.append(len(self.job_of))

    def _add_candidate(self, job: int, number: int, people: set[int]) -> None:
        """Add a candidate with its moves.

        :param number: the candidate's number within the job.
        :param people: the people on the job; the new one is added.
        """
        if len(self.event_times) + 8 > self.event_count:
            return
        bits = hash64((self.seed * 131 + job) * 10_007 + number)
        time = min(self.now - HOUR_MS, self.jobs_created[job] + HOUR_MS + bits % (25 * DAY_MS))
        existing = max(1, bisect_right(self.people_created, time))
        person = bits % existing
        while person in people and len(people) < existing:
            person = (person + 1) % existing
        if person in people:
            return
        people.add(person)
        is_hired = number == 0 and job % 4 == 0
        stages = list(range(HIRED_INDEX + 1)) if is_hired else self._stages_reached(bits >> 20)
        self.first_event_of.append(len(self.event_times))
        last_stage = 0
        for step, stage in enumerate(stages):
            if time > self.now:
                break
            self.event_times.append(time)
            last_stage = stage
            time += HOUR_MS + hash64(bits + step) % (11 * DAY_MS)
        candidate = len(self.job_of)
        self.job_of.append(job)
        self.person_of.append(person)
        self.stage_index_of.append(last_stage)
        self.is_rejected.append(last_stage == REJECTED_INDEX)
        self.candidates_by_person.setdefault(person, []).append(candidate)
        if last_stage == HIRED_INDEX:
            self.hired_by_job[job] = candidate

    @staticmethod
    def _stages_reached(bits: int) -> list[int]:
        """Return stages in forward order, as on Loxo; half of the candidates are rejected at the end."""
        last = min(bits % 7, (bits >> 4) % 7, HIRED_INDEX - 1)
        stages = list(range(last + 1))
        return [*stages, REJECTED_INDEX] if (bits >> 8) % 2 else stages

    def _add_other_events(self) -> None:
        """Add notes, calls and emails; one in forty is dated back (Loxo lets its users set created_at)."""
        count = self.event_count - len(self.event_times)
        start = self.people_created[0] if self.people_created else self.now - HISTORY_MS
        for i, time in enumerate(creation_times(max(0, count), self.seed * 17, start + DAY_MS, self.now)):
            bits = hash64(self.seed * 977 + i)
            dated_back_ms = (bits % 300) * DAY_MS if bits % 40 == 0 else 0
            self.event_times.append(max(start, time - dated_back_ms))

    # Reading -----------------------------------------------------------------------------------------------------

    def candidates_of_job(self, job: int) -> range:
        first = self.first_candidate_by_job
        return range(first[job], first[job + 1]) if job + 1 < len(first) else range(0)

    def moves_of_candidate(self, candidate: int) -> range:
        """Return the event numbers of a candidate's moves."""
        following = candidate + 1
        end = self.first_event_of[following] if following < len(self.first_event_of) else self.move_count
        return range(self.first_event_of[candidate], end)

    def move(self, event: int) -> tuple[int, int] | None:
        """Return the candidate and the stage index of a move; None for notes, calls and emails."""
        if event >= self.move_count:
            return None
        candidate = bisect_right(self.first_event_of, event) - 1
        step = event - self.first_event_of[candidate]
        is_last = event == self.moves_of_candidate(candidate)[-1]
        return candidate, self.stage_index_of[candidate] if is_last else step

    def last_move_time(self, candidate: int) -> int:
        return self.event_times[self.moves_of_candidate(candidate)[-1]]

    def last_move_row(self, candidate: int) -> int:
        """Return the row in `person_events` of a candidate's last move."""
        return self.row_of_event[self.moves_of_candidate(candidate)[-1]]
