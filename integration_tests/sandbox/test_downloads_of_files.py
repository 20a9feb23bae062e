"""Files below people, jobs, companies and activities: their contents, and faults of downloads."""

from __future__ import annotations

import http.client
import io
import re
import zipfile
from typing import Any

import pytest
from plain_client import Client

from sandbox.process import Sandbox
from sandbox.settings import DOWNLOAD_FAULT_KINDS

LISTS = [
    ("people", "resumes"),
    ("people", "documents"),
    ("jobs", "documents"),
    ("companies", "documents"),
    ("person_events", "documents"),
]


def files(sandbox: Sandbox, objects: str, tree: str) -> dict[str, dict[str, Any]]:
    return {
        f"{objects}/{number}/{tree}/{file['id']}/download": file
        for number in sandbox.ids(objects)[:40]
        for file in sandbox.record(objects, number).get(tree) or []
    }


@pytest.mark.parametrize(("objects", "tree"), LISTS)
def test_each_file_is_a_pdf_or_a_word_document_with_a_text(
    client: Client, sandbox: Sandbox, objects: str, tree: str
) -> None:
    found = files(sandbox, objects, tree)
    assert found
    for path, file in found.items():
        status, headers, body = client.response(path)
        assert (status, int(headers["Content-Length"])) == (200, len(body)) and body == sandbox.file(path)
        if body.startswith(b"%PDF"):
            start = int(re.findall(rb"startxref\n(\d+)", body)[0])
            assert body[start:].startswith(b"xref") and b"@example.com" in body
        else:
            assert not str(file["name"]).endswith(".pdf")
            assert "@example.com" in zipfile.ZipFile(io.BytesIO(body)).read("word/document.xml").decode()


def test_a_file_that_no_record_lists_is_404(client: Client, sandbox: Sandbox) -> None:
    person = sandbox.ids("people")[0]
    for path in (f"people/{person}/resumes/1/download", "people/1/resumes/1/download", "deals/1/documents/1/download"):
        status, headers, _ = client.response(path)
        assert status == 404 and "json" in headers["Content-Type"]


@pytest.mark.parametrize("fault", [kind for kind in DOWNLOAD_FAULT_KINDS if kind != "slow"])
def test_a_download_fails_at_most_twice_in_a_row(client: Client, sandbox: Sandbox, fault: str) -> None:
    path = next(iter(files(sandbox, "people", "resumes")))
    sandbox.set(download_faults={fault: 1.0})
    whole = []
    for _ in range(3):
        try:
            status, headers, body = client.response(path)
            whole.append(status == 200 and "octet" in headers["Content-Type"] and body == sandbox.file(path))
        except (http.client.IncompleteRead, ConnectionError):
            whole.append(False)
    assert whole == [False, False, True]
    assert client.status("users") == 200
