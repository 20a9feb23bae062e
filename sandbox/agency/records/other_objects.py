"""Records of objects without a public recording: emails, texts, merges, forms, appointments, scorecards, campaigns.

Their fields are the write parameters of Loxo's OpenAPI 1.2.5 and a few plausible names; only `id` is certain.
"""

from __future__ import annotations

from collections.abc import Callable

from ...hashing import hash64
from ...timestamps import HOUR_MS, format_timestamp
from ..agency import Agency
from ..sample_texts import NOTES
from ..table import Record


class OtherRecords:
    def __init__(self, agency: Agency) -> None:
        self.agency = agency

    def list_items(self) -> dict[str, Callable[[int], Record]]:
        """Return the function of the row number that computes a list item, by the name of the table."""
        own_fields = (
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
        return {fields.__name__: self._list_item(fields.__name__, fields) for fields in own_fields}

    def _list_item(self, name: str, own_fields: Callable[[int, int], Record]) -> Callable[[int], Record]:
        """Add to the fields of each record its id and, except for campaigns, its timestamps."""

        def list_item(row: int) -> Record:
            table = self.agency.tables[name]
            bits = hash64(self.agency.seed * 59 + len(name) * 100_003 + row)
            timestamps = table.timestamp_fields(row) if name != "campaigns" else {}
            return {"id": table.ids[row], **own_fields(row, bits), **timestamps}

        return list_item

    def _person_id(self, bits: int) -> int | None:
        person = self.agency.person_reference(bits)
        return person["id"] if person else None

    def _job_id(self, bits: int) -> int | None:
        job = self.agency.job_reference(bits)
        return job["id"] if job else None

    def _company_id(self, bits: int) -> int | None:
        company = self.agency.company_reference(bits)
        return company["id"] if company else None

    def email_tracking(self, row: int, bits: int) -> Record:
        return {
            "person_id": self._person_id(bits),
            "subject": "A role you may like",
            "opens": bits % 6,
            "clicks": bits % 3,
        }

    def sms(self, row: int, bits: int) -> Record:
        return {
            "from_number": "+15550100",
            "to_number": f"+1555012{bits % 90 + 10}",
            "body": "Are you free at 3 pm? 👋",
            "person_id": self._person_id(bits) if bits % 7 else None,
            "job_id": self._job_id(bits >> 6) if bits % 3 == 0 else None,
            "target_send_time": format_timestamp(self.agency.created("sms", row) + HOUR_MS) if bits % 4 == 0 else None,
        }

    def merges(self, row: int, bits: int) -> Record:
        """`item_id` exists; `merged_item_id` no longer exists."""
        kept_id = self._person_id(bits)
        merged_id = 1 if kept_id is None else kept_id + 1
        while self.agency.people.find_row(merged_id) is not None:
            merged_id += 1
        return {"item_type": "Person", "item_id": kept_id, "merged_item_id": merged_id}

    def forms(self, row: int, bits: int) -> Record:
        templates = self.agency.tables["form_templates"]
        template_id = templates.ids[bits % len(templates.ids)] if len(templates.ids) else None
        return {
            "title": "Intake call",
            "form_template_id": template_id,
            "company_id": self._company_id(bits >> 4),
            "job_id": self._job_id(bits >> 8),
            "person_id": self._person_id(bits),
        }

    def form_templates(self, row: int, bits: int) -> Record:
        return {"title": ("Application", "Intake call", "Vorstellungsgespräch")[row % 3]}

    def full_form_template(self, row: int, item: Record) -> Record:
        """Return the single record, which has the questions; the name of their key is not known."""
        question_types = self.agency.lists["question_types"]
        return {
            **item,
            "questions": [
                {
                    "id": item["id"] * 10 + k,
                    "text": "Are you authorised to work?",
                    "question_type_id": question_types[k]["id"],
                }
                for k in range(2)
            ],
        }

    def schedule_items(self, row: int, bits: int) -> Record:
        start = self.agency.created("schedule_items", row) + HOUR_MS * 30
        return {
            "user_id": self.agency.pick("users", bits)["id"],
            "person_id": self._person_id(bits),
            "company_id": self._company_id(bits >> 4) if bits % 2 else None,
            "job_id": self._job_id(bits >> 8) if bits % 3 else None,
            "title": ("Interview", "Intake call", "Erstgespräch")[row % 3],
            "start_time": format_timestamp(start),
            "end_time": format_timestamp(start + HOUR_MS),
            "location": "Video call" if bits % 2 else "Meeting room 3",
            "outline_text": "Background, motivation, salary, next steps" if bits % 3 == 0 else None,
            "transcript_text": "Good morning. Shall we start?" if bits % 3 == 0 else None,
        }

    def scorecards(self, row: int, bits: int) -> Record:
        agency, count = self.agency, self.agency.generated["candidates"]
        candidate = bits % count if count else None
        return {
            "candidate_id": agency.id_of("candidates", candidate),
            "job_id": None if candidate is None else agency.id_of("jobs", agency.history.job_of[candidate]),
            "comment": NOTES[bits % len(NOTES)],
            "interviewer_id": self.agency.pick("users", bits)["id"],
            "recommendation": agency.pick("scorecard_recommendation_types", bits),
        }

    def scorecard_templates(self, row: int, bits: int) -> Record:
        return {"name": ("Phone screen", "Technical interview", "参考チェック")[row % 3]}

    def campaigns(self, row: int, bits: int) -> Record:
        """Return metadata only, because no recording has more; the names of the two counts are guesses."""
        return {
            "name": f"Outreach {row + 1}",
            "job_id": self._job_id(bits),
            "stage_count": 1 + bits % 5,
            "recipient_count": bits % 400,
        }
