"""The lists nobody has recorded: mails, texts, merges, forms, appointments, scorecards.

Their fields are the write parameters of Loxo's OpenAPI 1.2.5 and a few plausible names; only `id` is certain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .clock import HOUR, mix, stamp
from .people import Record
from .table import stamps
from .words import NOTES

if TYPE_CHECKING:
    from .agency import Agency


class Small:
    """Makes these rows from their row numbers."""

    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def makers(self) -> dict[str, Callable[[int], Record]]:
        kinds = (
            self.email_tracking,
            self.sms,
            self.merges,
            self.forms,
            self.form_templates,
            self.schedule_items,
            self.scorecards,
            self.scorecard_templates,
            self.campaigns,
        )
        return {kind.__name__: self._framed(kind) for kind in kinds}

    def _framed(self, kind: Callable[[int, int], Record]) -> Callable[[int], Record]:
        """Each has an id, and its timestamps unless it is a campaign."""

        def make(row: int) -> Record:
            table = self.agency.tables[kind.__name__]
            chance = mix(self.agency.seed * 59 + len(kind.__name__) * 100_003 + row)
            known = stamps(table, row) if kind.__name__ != "campaigns" else {}
            return {"id": table.ids[row], **kind(row, chance), **known}

        return make

    def _person(self, chance: int) -> Any:
        stub = self.agency.person_stub(chance)
        return stub["id"] if stub else None

    def _job(self, chance: int) -> Any:
        stub = self.agency.job_stub(chance)
        return stub["id"] if stub else None

    def _user(self, chance: int) -> Any:
        users = self.agency.lists["users"]
        return users[chance % len(users)]["id"]

    def email_tracking(self, row: int, chance: int) -> Record:
        return {
            "person_id": self._person(chance),
            "subject": "A role you may like",
            "opens": chance % 6,
            "clicks": chance % 3,
        }

    def sms(self, row: int, chance: int) -> Record:
        return {
            "from_number": "+15550100",
            "to_number": f"+1555012{chance % 90 + 10}",
            "body": "Are you free at 3 pm? 👋",
            "person_id": self._person(chance) if chance % 7 else None,
            "job_id": self._job(chance >> 6) if chance % 3 == 0 else None,
            "target_send_time": stamp(self.agency.tables["sms"].created[row] + HOUR)  # type: ignore[index]
            if chance % 4 == 0
            else None,
        }

    def merges(self, row: int, chance: int) -> Record:
        """The survivor exists; the merged id no longer does."""
        survivor = self._person(chance)
        gone = 1 if survivor is None else survivor + 1
        while self.agency.people.row(gone) is not None:
            gone += 1
        return {"item_type": "Person", "item_id": survivor, "merged_item_id": gone}

    def forms(self, row: int, chance: int) -> Record:
        templates = self.agency.tables["form_templates"]
        template = templates.ids[chance % len(templates.ids)] if len(templates.ids) else None
        company = self.agency.company_stub(chance >> 4)
        return {
            "title": "Intake call",
            "form_template_id": template,
            "company_id": company["id"] if company else None,
            "job_id": self._job(chance >> 8),
            "person_id": self._person(chance),
        }

    def form_templates(self, row: int, chance: int) -> Record:
        return {"title": ("Application", "Intake call", "Vorstellungsgespräch")[row % 3]}

    def form_template_detail(self, row: int, item: Record) -> Record:
        """The single record has the questions; under which key is not known."""
        kinds = self.agency.lists["question_types"]
        return {
            **item,
            "questions": [
                {
                    "id": item["id"] * 10 + k,
                    "text": "Are you authorised to work?",
                    "question_type_id": kinds[k]["id"],
                }
                for k in range(2)
            ],
        }

    def schedule_items(self, row: int, chance: int) -> Record:
        table = self.agency.tables["schedule_items"]
        start = table.created[row] + HOUR * 30  # type: ignore[index]
        company = self.agency.company_stub(chance >> 4)
        return {
            "user_id": self._user(chance),
            "person_id": self._person(chance),
            "company_id": company["id"] if company and chance % 2 else None,
            "job_id": self._job(chance >> 8) if chance % 3 else None,
            "title": ("Interview", "Intake call", "Erstgespräch")[row % 3],
            "start_time": stamp(start),
            "end_time": stamp(start + HOUR),
            "location": "Video call" if chance % 2 else "Meeting room 3",
            "outline_text": "Background, motivation, salary, next steps" if chance % 3 == 0 else None,
            "transcript_text": "Good morning. Shall we start?" if chance % 3 == 0 else None,
        }

    def scorecards(self, row: int, chance: int) -> Record:
        candidates, story = self.agency.tables["candidates"], self.agency.story
        candidate = chance % self.agency.base["candidates"] if self.agency.base["candidates"] else None
        verdicts = self.agency.lists["scorecard_recommendation_types"]
        verdict = verdicts[chance % len(verdicts)]
        return {
            "candidate_id": candidates.ids[candidate] if candidate is not None else None,
            "job_id": self.agency.tables["jobs"].ids[story.job[candidate]] if candidate is not None else None,
            "comment": NOTES[chance % len(NOTES)],
            "interviewer_id": self._user(chance),
            "recommendation": {"id": verdict["id"], "name": verdict["name"]},
        }

    def scorecard_templates(self, row: int, chance: int) -> Record:
        return {"name": ("Phone screen", "Technical interview", "参考チェック")[row % 3]}

    def campaigns(self, row: int, chance: int) -> Record:
        """Metadata only: no subject, no body, no time was seen; the names of the two counts are guesses."""
        return {
            "name": f"Outreach {row + 1}",
            "job_id": self._job(chance),
            "stage_count": 1 + chance % 5,
            "recipient_count": chance % 400,
        }
