"""What the recruiting actions take: the input fields of the first commission, under their names.

`candidate.first_name` and `{"candidate": {"first_name": …}}` are the same. An application is named by its job and its
candidate record, `application_id: "<job id>/<candidate id>"`: Loxo has no endpoint for a candidate record alone.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loxo_api.writing.outcomes import Rejection, is_id
from loxo_api.writing.preparation import File

# Attachments of these types are uploaded as résumés, others as documents.
RESUME_TYPES = frozenset({"cv", "resume", "résumé"})


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as objects, for fields that come from flags.

    :raises Rejection: a name has both a value and fields.
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        *outer, last = name.split(".")
        target: Any = found
        for part in outer:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise Rejection(f"'{part}' of '{name}' has a value already")
        if last in target:
            raise Rejection(f"'{name}' has fields already")
        target[last] = value
    return found


def part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within the input, or an empty one."""
    value = data.get(name) or {}
    if not isinstance(value, Mapping):
        raise Rejection(f"'{name}' is not an object")
    return value


def number(data: Mapping[str, Any], name: str) -> int:
    """An id of Loxo."""
    value = data.get(name)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        value = int(value)
    if is_id(value):
        return value
    raise Rejection(f"'{name}' is missing or is not a number of Loxo's")


def application(data: Mapping[str, Any]) -> tuple[int, int]:
    """The job and the candidate record that an application is."""
    value = data.get("application_id")
    if isinstance(value, str) and "/" in value:
        job, _, candidate = value.partition("/")
        return number({"application_id": job}, "application_id"), number(
            {"application_id": candidate}, "application_id"
        )
    if data.get("job_id"):
        return number(data, "job_id"), number(data, "application_id")
    raise Rejection("'application_id' is not '<job id>/<candidate id>'; else give 'job_id' too")


def candidate(data: Mapping[str, Any], required: bool) -> dict[str, str]:
    """Name, e-mail, phone and LinkedIn address of a candidate.

    :param required: whether Loxo wants all three of name, e-mail and phone, as it does from applicants.
    """
    if data.get("screening_question_answers"):
        raise Rejection("Loxo's API takes no answers to screening questions: leave out 'screening_question_answers'")
    given = part(data, "candidate")
    known = {"first_name", "last_name", "email_address", "phone_number", "social_links"}
    if unknown := sorted(set(given) - known):
        raise Rejection(f"'candidate' takes no {', '.join(unknown)}; it takes {', '.join(sorted(known))}")
    if odd := [key for key, value in given.items() if key != "social_links" and isinstance(value, (list, dict, bool))]:
        raise Rejection(f"{', '.join(odd)} of the candidate: write a text")
    name = " ".join(str(given[key]).strip() for key in ("first_name", "last_name") if given.get(key))
    values = {"name": name, "email": given.get("email_address"), "phone": given.get("phone_number")}
    missing = [key for key in (values if required else ["name"]) if not values[key]]
    if missing:
        raise Rejection(f"{', '.join(missing)} of the candidate missing: Loxo takes no application without")
    links = given.get("social_links") or []
    urls = [link.get("url") for link in (links if isinstance(links, list) else [links]) if isinstance(link, Mapping)]
    found = {key: str(value) for key, value in values.items() if value}
    for url in urls:
        if "linkedin.com" not in str(url):
            raise Rejection("'social_links.url' is not a LinkedIn address, and Loxo takes no other with a candidate")
        found["linkedin"] = str(url)
    return found


def attachment(data: Mapping[str, Any]) -> tuple[str, File]:
    """The object to write, resumes or documents, and the file."""
    if data.get("data_url"):
        raise Rejection("'data_url' is an address, and Loxo takes bytes: download it, and give 'data' or 'file'")
    name = str(data.get("name") or "").strip()
    if data.get("file"):
        path = Path(str(data["file"]))
        name = name or path.name
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            raise Rejection(f"the file of the attachment cannot be read: {getattr(error, 'strerror', error)}") from None
    else:
        try:
            content = base64.b64decode(str(data.get("data") or ""), validate=True)
        except (binascii.Error, ValueError):
            raise Rejection("'data' of the attachment is not base64") from None
    if not name or not content:
        raise Rejection("the attachment needs a 'name', and 'data' (base64) or 'file' (a path)")
    if "." not in name and (kind := mimetypes.guess_extension(str(data.get("content_type") or ""))):
        name += kind  # the type itself cannot be sent apart from the name
    target = "resumes" if str(data.get("type") or "").casefold() in RESUME_TYPES else "documents"
    return target, File("document", name, content)


def attachments(data: Mapping[str, Any]) -> list[tuple[str, File]]:
    rows = data.get("attachments") or []
    rows = rows if isinstance(rows, list) else [rows]
    if not all(isinstance(row, Mapping) for row in rows):
        raise Rejection("'attachments' is not a list of objects")
    return [attachment(row) for row in rows]
