"""The names of files on a disk, and the types of their bytes."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_of

from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ContractError
from loxo_api.files import FILE_ENDPOINTS, changed_at, content_of, files_of, stored_name

PDF = b"%PDF-1.7\n"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(zipfile.ZipInfo(name), "<x/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (PDF, "", ("pdf", "application/pdf")),
        (PDF, "CV.docx", ("pdf", "application/pdf")),
        (archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "Arbeitszeugnis", ("docx", DOCX_TYPE)),
        (archive("a.txt"), "", ("zip", "application/zip")),
        (archive("Index/Document.iwa"), "CV.pages", ("pages", "application/zip")),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "photo.JPEG", ("jpeg", "image/jpeg")),
        (b"plain text", "notes.TXT", ("txt", "text/plain")),
        (b"plain text", "notes", ("", "application/octet-stream")),
        (b"plain text", "a.b/../c", ("", "application/octet-stream")),
        (b"plain text", "v1.\u202efdp", ("", "application/octet-stream")),
    ],
)
def test_bytes_show_the_type_and_names_help_where_they_do_not(
    head: bytes, name: str, expected: tuple[str, str]
) -> None:
    assert content_of(head, name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CV.pdf", "7 CV.pdf"),
        ("CV.PDF", "7 CV.pdf"),
        ("CV", "7 CV.pdf"),
        ("CV.docx", "7 CV.docx.pdf"),
        ("", "7.pdf"),
        ("..", "7.pdf"),
        (".pdf", "7 pdf.pdf"),
        ("../../etc/passwd", "7 _.._etc_passwd.pdf"),
        ("..\\..\\boot.ini", "7 _.._boot.ini.pdf"),
        ("a\x00b\nc", "7 a_b_c.pdf"),
        ("\u202efdp.exe", "7 _fdp.exe.pdf"),
        ("سيرة ذاتية", "7 سيرة ذاتية.pdf"),
        ("Lebenslauf für Björn", "7 Lebenslauf für Björn.pdf"),
        ("\ud800", "7 _.pdf"),
        ("職" * 200, f"7 {'職' * 40}.pdf"),
    ],
)
def test_a_name_is_harmless_and_stays_readable(name: str, expected: str) -> None:
    assert stored_name(7, name, "pdf") == expected


@given(any_of.text(), any_of.sampled_from(["", "pdf", "docx"]), any_of.integers(0, 10**12))
def test_no_name_leaves_its_folder_or_is_too_long(name: str, extension: str, file_id: int) -> None:
    found = stored_name(file_id, name, extension)
    assert found.startswith(str(file_id)) and not set(found) & set("/\\\0\n")
    assert len(found.encode()) < 200


@given(any_of.text(), any_of.text(), any_of.integers(), any_of.integers())
def test_two_files_have_two_names(one: str, other: str, one_id: int, other_id: int) -> None:
    if one_id != other_id:
        assert stored_name(one_id, one, "pdf").casefold() != stored_name(other_id, other, "pdf").casefold()


def resumes(*files: Any, person: Any = 1) -> list[dict[str, Any]]:
    return files_of(FILE_ENDPOINTS["person_resumes"].of({"id": person}), {"id": person, "resumes": list(files)})


def test_each_file_of_a_record_comes_once() -> None:
    found = resumes({"id": 7, "name": "a"}, {"id": 8}, {"id": 7, "name": "a"})
    assert [each["_loxo_download_path"] for each in found] == [
        "people/1/resumes/7/download",
        "people/1/resumes/8/download",
    ]
    assert files_of(FILE_ENDPOINTS["person_resumes"].of({"id": 1}), {"id": 1}) == []


@pytest.mark.parametrize("file_id", ["../../people", "a/b", "", ".", "7?x=1", None, 1.5, "x" * 65])
def test_an_id_that_would_change_a_path_is_an_error(file_id: Any) -> None:
    with pytest.raises(ContractError):
        resumes({"id": file_id})


@pytest.mark.parametrize("person_id", ["../../people", "a/b", "", ".", "7?x=1", 1.5, "x" * 65])
def test_a_record_whose_id_would_change_a_path_is_an_error(person_id: Any) -> None:
    with pytest.raises(ContractError):
        resumes({"id": 1}, person=person_id)


def test_a_file_is_as_old_as_its_latest_time() -> None:
    assert changed_at({"created_at": "2024-01-02T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}) == (
        "2024-01-02T00:00:00.000Z"
    )
    assert changed_at({"created_at": None}) is None


def test_every_list_of_files_is_below_a_list_that_is_read() -> None:
    assert len(FILE_ENDPOINTS) == 5
    assert all(row.parent in ENDPOINTS for row in FILE_ENDPOINTS.values())
