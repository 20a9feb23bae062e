"""Converts the fields of a written body to the fields of a record, which have other names and shapes."""

from __future__ import annotations

from typing import Any

from .agency import Agency
from .table import Record

# A field of the body -> the field of the record, and the list with its names.
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
_FIRST_ID = 900_000_000  # of files, e-mail addresses and other items inside records


class BodyFields:
    """Converts bodies; gives ids to the items inside records."""

    def __init__(self, agency: Agency) -> None:
        self.agency, self._last_id = agency, _FIRST_ID

    def convert(self, name: str, values: Record, current: Record) -> Record:
        """:param current: the record before the write, because some fields add to it."""
        convert = {"people": self._person_fields, "companies": self._company_fields, "jobs": self._job_fields}.get(name)
        fields = convert(values, current) if convert else self._plain_fields(name, values)
        for key, value in values.items():
            if key.startswith("custom_hierarchy_"):
                fields[key] = [self._hierarchy_value(item) for item in value or [] if item]
        if name == "placements":  # dropped without an error (loxo-cli, live)
            fields = {key: value for key, value in fields.items() if not key.startswith("custom_")}
        return fields

    def _plain_fields(self, name: str, values: Record) -> Record:
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

    def _person_fields(self, values: Record, current: Record) -> Record:
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
            old = rest.pop("all_raw_tags", (current.get("all_raw_tags") or "").split(", "))
            tags = [tag for tag in (*old, *rest.pop("raw_tags", [])) if tag]
            fields["all_raw_tags"] = ", ".join(dict.fromkeys(tags)) or None
        if "person_type_id" in rest:
            chosen = self._choice("person_types", rest.pop("person_type_id"))
            fields["person_types"] = [chosen] if chosen else []
        if "diversity_type_ids" in rest:
            fields["diversity_types"] = [self._choice("diversity_types", one) for one in rest.pop("diversity_type_ids")]
        for name in ("resume", "document", "profile_picture", "candidates", "data_sources"):
            rest.pop(name, None)
        return {**self._plain_fields("people", rest), **fields}

    def _company_fields(self, values: Record, current: Record) -> Record:
        rest: Record = dict(values)
        fields: Record = {}
        for name in ("emails", "phones"):
            if name in rest:
                fields[name] = [self._contact({"value": value}, f"{name[:-1]}_type_id") for value in rest.pop(name)]
        if "addresses" in rest:
            known = {row["id"]: row for row in current.get("addresses") or []}
            for row in rest.pop("addresses"):
                number = int(row.get("id") or 0) or self.new_id()
                kept = {part: value for part, value in row.items() if part not in ("id", "_destroy")}
                known[number] = {**known.get(number, {}), **kept, "id": number}
                if row.get("_destroy") == "true":
                    del known[number]
            fields["addresses"] = list(known.values())
        return {**self._plain_fields("companies", rest), **fields}

    def _job_fields(self, values: Record, current: Record) -> Record:
        rest: Record = dict(values)
        fields: Record = {}
        if raw := rest.pop("raw_company_name", None):
            fields["company"] = {"id": None, "name": raw}
        if "job_category_ids" in rest:
            fields["categories"] = [self._choice("job_categories", one) for one in rest.pop("job_category_ids")]
        if "owner_emails" in rest:
            wanted = rest.pop("owner_emails")
            fields["owners"] = [
                {"id": self.new_id(), "user_id": user["id"], "name": user["name"], "email": user["email"]}
                for user in self.agency.lists["users"]
                if user["email"] in wanted
            ]
        for name, listed, target in (("country_id", "countries", "country_code"), ("state_id", "states", "state_code")):
            if name in rest:
                chosen = rest.pop(name)
                codes = (row.get("code") for row in self.agency.lists[listed] if row["id"] == chosen)
                fields[target] = next(codes, None)
        return {**self._plain_fields("jobs", rest), **fields}

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _contact(self, row: Record, kind: str) -> Record:
        type_id = row.get(kind)
        return {"id": self.new_id(), "value": row.get("value"), kind: int(type_id) if type_id else None}

    def _choice(self, listed: str, wanted: Any) -> Record | None:
        rows = self.agency.source_types if listed == "source_types" else self.agency.lists[listed]
        row = next((row for row in rows if row["id"] == wanted), None)
        return {"id": row["id"], "name": row["name"]} if row else None

    def _reference(self, table: str, wanted: Any, shown: str) -> Record | None:
        rows = self.agency.tables[table]
        row = rows.find_row(wanted) if isinstance(wanted, int) else None
        return {"id": wanted, shown: rows.list_item(row).get(shown)} if row is not None else None

    def _hierarchy_value(self, wanted: str) -> Record:
        nodes = self.agency.hierarchies + [leaf for top in self.agency.hierarchies for leaf in top["hierarchies"]]
        return next(({"id": node["id"], "value": node["name"]} for node in nodes if str(node["id"]) == str(wanted)), {})
