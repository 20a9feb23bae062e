"""What a write does to the agency: the fields of a body become the fields of a record."""

from __future__ import annotations

from typing import Any

from . import changes
from .agency import Agency
from .clock import now_ms, stamp
from .forms import Upload
from .settings import Settings
from .table import Record
from .write_rules import Rule

# Ignored when a person is created (loxo-mcp-server, live).
_IGNORED_ON_CREATION = ("all_raw_tags", "raw_tags", "person_type_id", "source_type_id")
# Kept by the agency from other rows, so never a part of what was written.
_DERIVED = {"id", "created_at", "updated_at", "candidate_jobs", "candidates", "counts", "agency", "agency_id"}
# field of the body -> field of the record, and the list with its names
_CHOICES: dict[str, dict[str, tuple[str, str]]] = {
    "people": {
        "person_global_status_id": ("person_global_status", "person_global_statuses"),
        "source_type_id": ("source_type", "source_types"),
    },
    "companies": {
        "company_type_id": ("company_type", "company_types"),
        "company_global_status_id": ("company_global_status", "company_global_statuses"),
    },
    "jobs": {"job_status_id": ("status", "job_statuses"), "job_type_id": ("job_type", "job_types")},
    "deals": {"pipeline_stage_id": ("current_pipeline_stage", "workflow_stages")},
}
_KEEPS_ID = {"companies": ("company_type_id", "company_global_status_id"), "deals": ("pipeline_stage_id",)}
_REFERENCES = {
    "company_id": ("company", "companies", "name"),
    "person_id": ("person", "people", "name"),
    "job_id": ("job", "jobs", "title"),
}


class Written:
    """Creates and updates records from the values of a body."""

    def __init__(self, agency: Agency, settings: Settings) -> None:
        self.agency, self.settings = agency, settings
        self.files: dict[int, bytes] = {}
        self._by_email: dict[str, int] | None = None
        self._next_id = 900_000_000

    def create(self, rule: Rule, values: Record) -> tuple[int, str]:
        """The id of the new record, or of the one that it was merged with."""
        name = rule.table
        if name == "people":
            if self.settings.duplicates == "merge" and (known := self.person_of(_first_email(values))):
                return self.update(rule, known, values), "merged"
            values = {key: value for key, value in values.items() if key not in _IGNORED_ON_CREATION}
        if name == "person_events" and (event := self._move(values)):
            return event, "created"
        fields = {**self._blank(name), **self.record_fields(rule, values, {})}
        record_id: int = changes.create(self.agency, name, fields)["id"]
        if name == "people":
            self._remember(values, record_id)
            self._add_extras(record_id, values)
        return record_id, "created"

    def update(self, rule: Rule, record_id: int, values: Record) -> int:
        table = self.agency.tables[rule.table]
        row = table.row(record_id)
        assert row is not None
        changes.update(self.agency, rule.table, record_id, self.record_fields(rule, values, table.full(row)))
        if rule.table == "people":
            self._remember(values, record_id)
            self._add_extras(record_id, values)
        return record_id

    def apply(self, job_id: int, values: Record) -> tuple[Record, bool]:
        """The person of an application: known by e-mail, or new; in the pipeline, or in an inbox that no list shows."""
        known = self.person_of(values["email"])
        person_id = known
        if person_id is None:
            fields = self._person({"name": values["name"], "email": values["email"], "phone": values["phone"]}, {})
            if values.get("linkedin"):
                fields["linkedin_url"] = values["linkedin"]
            person_id = changes.create(self.agency, "people", {**self._blank("people"), **fields})["id"]
            self._remember(values, person_id)
        if isinstance(values.get("resume"), Upload):
            self.add_file(person_id, "resumes", values["resume"])
        if self.settings.applicants == "pipeline" and not self._candidate(person_id, job_id):
            changes.create(self.agency, "candidates", {"job_id": job_id, "person_id": person_id})
        table = self.agency.people
        row = table.row(person_id)
        assert row is not None
        full = table.full(row)
        return {
            "id": person_id,
            "name": full["name"],
            "candidates": self.agency.candidacies(row),
            "resumes": full.get("resumes") or [],
        }, known is None

    def add_file(self, person_id: int, kind: str, upload: Upload) -> Record:
        self._next_id += 1
        now = stamp(now_ms())
        file = {"id": self._next_id, "name": upload.name, "created_at": now, "updated_at": now}
        self.files[self._next_id] = upload.content
        table = self.agency.people
        row = table.row(person_id)
        assert row is not None
        changes.update(self.agency, "people", person_id, {kind: [*(table.full(row).get(kind) or []), file]})
        return file

    def person_of(self, email: str | None) -> int | None:
        """The person with an e-mail; the oldest of several."""
        people = self.agency.people
        if self._by_email is None:
            self._by_email = {}
            for row in people.orders["id"]:
                for value in people.values(row, "emails.value"):
                    self._by_email.setdefault(str(value).lower(), people.ids[row])
        found = self._by_email.get((email or "").lower())
        return found if found is not None and people.row(found) is not None else None

    def _remember(self, values: Record, record_id: int) -> None:
        self.person_of(None)
        assert self._by_email is not None
        for email in [values.get("email"), *(row.get("value") for row in values.get("emails") or [])]:
            if email:
                self._by_email.setdefault(str(email).lower(), record_id)

    def _blank(self, name: str) -> Record:
        """Every field that a record of this kind has, empty: what is left out would be made up."""
        table = self.agency.tables[name]
        if not len(table):
            return {}
        example = table.full(table.orders["id"][0])
        return {key: [] if isinstance(value, list) else None for key, value in example.items() if key not in _DERIVED}

    # From the body's names to the record's -----------------------------------------------------------------------

    def record_fields(self, rule: Rule, values: Record, now: Record) -> Record:
        """:param now: the record as it is, for what a body adds to."""
        make = {"people": self._person, "companies": self._company, "jobs": self._job}.get(rule.table)
        fields = make(values, now) if make else self._plain(rule.table, values)
        for key, value in values.items():
            if key.startswith("custom_hierarchy_"):
                fields[key] = [self._option(item) for item in value or [] if item]
        if rule.table == "placements":  # dropped without a word (loxo-cli, live)
            fields = {key: value for key, value in fields.items() if not key.startswith("custom_")}
        return fields

    def _plain(self, name: str, values: Record) -> Record:
        fields: Record = {}
        for key, value in values.items():
            if key in _CHOICES.get(name, {}):
                target, listed = _CHOICES[name][key]
                fields[target] = self._choice(listed, value)
                if key in _KEEPS_ID.get(name, ()):
                    fields[key] = value
            elif key in _REFERENCES and name in ("deals", "jobs"):
                target, table, shown = _REFERENCES[key]
                fields[target] = self._reference(table, value, shown)
                fields |= {key: value} if name == "deals" else {}
            elif key == "owner_email":
                owner = next((user for user in self.agency.lists["users"] if user["email"] == value), None)
                if name == "deals":
                    fields["owner"] = {part: owner[part] for part in ("id", "name", "email")} if owner else None
                else:
                    fields |= {"owned_by_id": owner and owner["id"], "owned_by_name": owner and owner["name"]}
            elif key == "amount":
                fields[key] = None if value is None else str(value)
            elif key not in ("id", "block_override", "dragged_and_dropped"):
                fields[key] = value
        return fields

    def _person(self, values: Record, now: Record) -> Record:
        rest = dict(values)
        fields: Record = {}
        for target, source in (("current_title", "title"), ("current_company", "company")):
            if source in rest:
                fields[target] = rest.pop(source)
        for name, kind in (("emails", "email_type_id"), ("phones", "phone_type_id")):
            rows = rest.pop(name, None)
            one = rest.pop(name[:-1], None)
            if rows or one:
                fields[name] = [self._contact(row, kind) for row in [*(rows or []), *([{"value": one}] if one else [])]]
        if "all_raw_tags" in rest or "raw_tags" in rest:
            old = (now.get("all_raw_tags") or "").split(", ") if "all_raw_tags" not in rest else rest["all_raw_tags"]
            tags = [tag for tag in (*old, *rest.pop("raw_tags", [])) if tag]
            rest.pop("all_raw_tags", None)
            fields["all_raw_tags"] = ", ".join(dict.fromkeys(tags)) or None
        if "person_type_id" in rest:
            chosen = self._choice("person_types", rest.pop("person_type_id"))
            fields["person_types"] = [chosen] if chosen else []
        if "diversity_type_ids" in rest:
            fields["diversity_types"] = [self._choice("diversity_types", one) for one in rest.pop("diversity_type_ids")]
        for name in ("resume", "document", "profile_picture", "candidates", "data_sources"):
            rest.pop(name, None)
        return {**self._plain("people", rest), **fields}

    def _company(self, values: Record, now: Record) -> Record:
        rest: Record = dict(values)
        fields: Record = {}
        for name in ("emails", "phones"):
            if name in rest:
                fields[name] = [self._contact({"value": value}, f"{name[:-1]}_type_id") for value in rest.pop(name)]
        if "addresses" in rest:
            known = {row["id"]: row for row in now.get("addresses") or []}
            for row in rest.pop("addresses"):
                number = int(row.get("id") or 0) or self._serial()
                kept = {part: value for part, value in row.items() if part not in ("id", "_destroy")}
                known[number] = {**known.get(number, {}), **kept, "id": number}
                if row.get("_destroy") == "true":
                    del known[number]
            fields["addresses"] = list(known.values())
        return {**self._plain("companies", rest), **fields}

    def _job(self, values: Record, now: Record) -> Record:
        rest: Record = dict(values)
        fields: Record = {}
        if raw := rest.pop("raw_company_name", None):
            fields["company"] = {"id": None, "name": raw}
        if "job_category_ids" in rest:
            fields["categories"] = [self._choice("job_categories", one) for one in rest.pop("job_category_ids")]
        if "owner_emails" in rest:
            wanted = rest.pop("owner_emails")
            fields["owners"] = [
                {"id": self._serial(), "user_id": user["id"], "name": user["name"], "email": user["email"]}
                for user in self.agency.lists["users"]
                if user["email"] in wanted
            ]
        for name, listed, target in (("country_id", "countries", "country_code"), ("state_id", "states", "state_code")):
            if name in rest:
                chosen = rest.pop(name)
                codes = (row.get("code") for row in self.agency.lists[listed] if row["id"] == chosen)
                fields[target] = next(codes, None)
        return {**self._plain("jobs", rest), **fields}

    def _add_extras(self, person_id: int, values: Record) -> None:
        """Files and pipelines that come with a person."""
        for part, kind in (("resume", "resumes"), ("document", "documents")):
            if isinstance(values.get(part), Upload):
                self.add_file(person_id, kind, values[part])
        for row in values.get("candidates") or []:
            changes.create(self.agency, "candidates", {"job_id": int(row["job_id"]), "person_id": person_id})

    def _move(self, values: Record) -> int | None:
        """An activity whose type is a stage's moves the person in the job, forward only (Loxo's help), or adds it."""
        person, job = values.get("person_id"), values.get("job_id")
        row = self.agency.tables["jobs"].row(job) if isinstance(job, int) else None
        if not isinstance(person, int) or row is None or self.settings.stage_moves == "ignored":
            return None
        stages = self.agency.stages_of(row)
        types = [self.agency.type_of_stage(stage["id"])["id"] for stage in stages]
        places = [place for place, type_id in enumerate(types) if type_id == values["activity_type_id"]]
        if not places:
            return None
        target = stages[places[0]]["id"]
        candidate = self._candidate(person, job)
        if candidate is None:
            made = changes.create(
                self.agency, "candidates", {"job_id": job, "person_id": person, "workflow_stage_id": target}
            )
            event: int = made["latest_person_event"]["id"]
            return event
        ids = [stage["id"] for stage in stages]
        here = self.agency.stage_of(self.agency.tables["candidates"].row(candidate) or 0)
        if here in ids and ids.index(here) >= places[0]:
            return None  # the activity is written, the stage stays
        moved: int = changes.move(self.agency, job, candidate, target)["person_event"]["id"]
        if values.get("notes"):
            changes.update(self.agency, "person_events", moved, {"notes": values["notes"]})
        return moved

    def _candidate(self, person_id: int, job_id: Any) -> int | None:
        row = self.agency.people.row(person_id)
        for candidacy in self.agency.candidacies(row) if row is not None else []:
            if candidacy["job"]["id"] == job_id:
                found: int = candidacy["id"]
                return found
        return None

    def _serial(self) -> int:
        self._next_id += 1
        return self._next_id

    def _contact(self, row: Record, kind: str) -> Record:
        type_id = row.get(kind)
        return {"id": self._serial(), "value": row.get("value"), kind: int(type_id) if type_id else None}

    def _choice(self, listed: str, wanted: Any) -> Record | None:
        rows = self.agency.source_types if listed == "source_types" else self.agency.lists[listed]
        row = next((row for row in rows if row["id"] == wanted), None)
        return {"id": row["id"], "name": row["name"]} if row else None

    def _reference(self, table: str, wanted: Any, shown: str) -> Record | None:
        rows = self.agency.tables[table]
        row = rows.row(wanted) if isinstance(wanted, int) else None
        return {"id": wanted, shown: rows.record(row).get(shown)} if row is not None else None

    def _option(self, wanted: str) -> Record:
        nodes = self.agency.hierarchies + [leaf for top in self.agency.hierarchies for leaf in top["hierarchies"]]
        return next(({"id": node["id"], "value": node["name"]} for node in nodes if str(node["id"]) == str(wanted)), {})


def _first_email(values: Record) -> str | None:
    rows = values.get("emails") or []
    return values.get("email") or (rows[0].get("value") if rows else None)
