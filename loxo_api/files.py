"""The files of people, jobs, companies and activities: which there are, and how they are named on a disk.

The name that Loxo gives is whatever somebody called a file: no part of a path, not unique, and without an extension in
many cases. So a file is stored as its id and a harmless form of its name, with the extension that its bytes show.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import filetype

from loxo_api.client import LoxoClient
from loxo_api.endpoints import DOWNLOAD_PATH, ENDPOINTS, Endpoint
from loxo_api.errors import ContractError, StorageError
from loxo_api.pages import Record
from loxo_api.timestamps import parse_timestamp

# The lists of files, by name.
FILE_ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({row.name: row for row in ENDPOINTS.values() if row.files})

# What a download in progress is called, and the bytes of a name that are kept; a file system takes 255 with the id.
UNFINISHED = ".part"
NAME_BYTES = 120
# The types of Python itself: those of the machine differ.
_TYPES = mimetypes.MimeTypes()
# Ids stand in paths, both of requests and on the disk, so they are numbers or words.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RECORD_PATH = re.compile(rf"[a-z_]+/{_ID.pattern}")
# Many formats are archives, and their names tell which.
_ARCHIVE = "zip"


class StoredFile(NamedTuple):
    """A file that was downloaded whole."""

    path: Path
    size: int
    sha256: str
    content_type: str


def files_of(endpoint: Endpoint, record: Record) -> list[Record]:
    """The files that a full record lists, each with the path of its download (Loxo OpenAPI 1.2.5).

    :param endpoint: the list of the files of this record, as `Endpoint.of` gives it.
    :raises ContractError: they cannot be told apart, or an id of theirs or of the record is not one.
    """
    if not _RECORD_PATH.fullmatch(endpoint.path):
        raise ContractError(f"{endpoint.path} is not the path of a record")
    files = record.get(endpoint.tree) or []
    if not isinstance(files, list) or not all(isinstance(each, dict) and _is_id(each.get("id")) for each in files):
        raise ContractError(f"the {endpoint.tree} of {endpoint.path} are not a list of files with ids")
    found = {each["id"]: each for each in files}
    return [{**each, DOWNLOAD_PATH: download_path(endpoint.path, endpoint.tree, each["id"])} for each in found.values()]


def download_path(parent: str, kind: str, file_id: object) -> str:
    """The path of a file's content (Loxo OpenAPI 1.2.5).

    :param parent: the path of the record that has the file, such as `people/7`.
    :param kind: the record's list of such files, such as `resumes`.
    """
    return f"{parent}/{kind}/{file_id}/download"


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and bool(_ID.fullmatch(str(value)))


def changed_at(file: Mapping[str, Any]) -> str | None:
    """The time of the last change of a file, or None if Loxo names none."""
    times = [parse_timestamp(file.get(name)) for name in ("created_at", "updated_at")]
    return max((time for time in times if time), default=None)


def store(client: LoxoClient, file: Record, folder: Path) -> StoredFile:
    """Downloads a file into a folder, where it appears when it is whole.

    :raises StorageError: it cannot be written.
    :raises LoxoError: it cannot be downloaded.
    """
    unfinished = folder / f".{uuid.uuid4().hex}{UNFINISHED}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            found = client.download(file[DOWNLOAD_PATH], unfinished)
            name = str(file.get("name") or "")
            extension, content_type = content_of(found.head, name)
            path = folder / stored_name(file["id"], name, extension)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(folder, error) from None
    return StoredFile(path, found.size, found.sha256, content_type)


def content_of(head: bytes, name: str) -> tuple[str, str]:
    """The extension, without its dot, and the type of a file: by its first bytes, or by its name."""
    kind = filetype.guess(head)
    _, dot, suffix = name.rpartition(".")
    suffix = suffix.lower() if dot and re.fullmatch(r"[A-Za-z0-9]{1,5}", suffix) else ""
    named = _TYPES.guess_type(f"name.{suffix}")[0] if suffix else None
    if kind is None or (kind.extension == _ARCHIVE and suffix):
        return suffix, named or (kind.mime if kind else "application/octet-stream")
    return suffix if named == kind.mime else kind.extension, kind.mime


def stored_name(file_id: Any, name: str, extension: str) -> str:
    """The name of a file on a disk: its id makes it unique in its folder, and nothing in it can lead elsewhere."""
    harmless = "".join("_" if _is_harmful(each) else each for each in unicodedata.normalize("NFC", name))
    ending = f".{extension}" if extension else ""
    stem = harmless.strip(" .")
    if ending and stem.lower().endswith(ending):
        stem = stem[: -len(ending)]
    stem = stem.encode()[:NAME_BYTES].decode(errors="ignore").strip(" .")
    return f"{file_id} {stem}{ending}" if stem else f"{file_id}{ending}"


def _is_harmful(character: str) -> bool:
    """Whether a character is a separator, is reserved somewhere, or cannot be seen, such as one that turns the text."""
    return character in '/\\:*?"<>|' or unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
