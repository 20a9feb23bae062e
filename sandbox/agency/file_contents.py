"""The contents of generated files: small PDF and DOCX files that readers open, the same for the same entry."""

from __future__ import annotations

import io
import zipfile
from html import escape

from ..hashing import hash64
from .sample_names import persona
from .sample_texts import JOB_TITLES, NOTES, SCHOOLS
from .table import Record

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCX_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD}.document.main+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>',
}


def file_content(file: Record) -> bytes:
    """Return the bytes of a generated file; another time of change gives other bytes."""
    name = str(file.get("name") or "")
    bits = hash64(hash64(file["id"]) + sum(f"{file.get('updated_at')}".encode()))
    lines = _lines(bits)
    return pdf(lines) if name.endswith(".pdf") or (bits % 2 and not name.endswith(".docx")) else docx(lines)


def _lines(bits: int) -> list[str]:
    person, lines = persona(bits), []
    lines += [person.full_name, f"{person.email_given}.{person.email_family}@example.com", ""]
    for position in range(3 + bits % 40):
        row = hash64(bits + position)
        lines += [f"{2024 - position} {JOB_TITLES[row % len(JOB_TITLES)]}, {SCHOOLS[row % len(SCHOOLS)]}"]
        lines += [NOTES[(row >> 8) % len(NOTES)][:90]]
    return lines


def pdf(lines: list[str]) -> bytes:
    """Return a PDF of one page with these lines, in the characters that its built-in font has."""
    escaped = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    shown = "".join(f"({line}) Tj T*\n" for line in escaped).encode("cp1252", "replace")
    text = b"BT /F1 8 Tf 40 800 Td 9 TL\n" + shown + b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(content))
    return content + table + trailer


def docx(lines: list[str]) -> bytes:
    """Return a Word document with these lines."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    document = f'<w:document xmlns:w="{namespace}"><w:body>{paragraphs}</w:body></w:document>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**_DOCX_PARTS, "word/document.xml": document}.items():
            header = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            archive.writestr(zipfile.ZipInfo(name), header + part, zipfile.ZIP_DEFLATED)
    return file.getvalue()
