"""Entries of files in the full record of a person, a job, a company or an activity."""

from __future__ import annotations

from ...timestamps import format_timestamp
from ..table import Record


def file_entry(file_id: int, name: str, created: int) -> Record:
    """Return an entry in the form that is known of people's résumés and documents."""
    return {
        "id": file_id,
        "name": name,
        "created_at": format_timestamp(created),
        "updated_at": format_timestamp(created),
    }
