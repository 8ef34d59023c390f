"""Documents are found by the text of their file in force; what is broken, huge or gone hurts nobody."""

from __future__ import annotations

import io
import zipfile

import pytest

from app.common.people import rule_caller
from app.governance.documents.texts import file_texts
from app.governance.documents.texts.excerpts import passage
from tests.client import Client
from tests.clocks import from_now
from tests.extent import in_test_all
from tests.governance.documents.conftest import Office
from tests.people import act

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MIB = 1024 * 1024


def a_pdf(text: str) -> bytes:
    """A file of one page with that text."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, written in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    begins = len(file)
    file += b"xref\n0 6\n0000000000 65535 f \n" + table
    return file + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % begins


def a_word_file(text: str, *, zeros: int = 0) -> bytes:
    """A file with that text in a paragraph and in a cell, and so many more megabytes that are nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{TYPES}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="r1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
        )
        with file.open("word/document.xml", "w", force_zip64=True) as part:
            paragraph = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
            cells = f"<w:tbl><w:tblGrid/><w:tr><w:tc>{paragraph}</w:tc></w:tr></w:tbl>"
            part.write(f'<w:document xmlns:w="{WORD}"><w:body>{paragraph}{cells}'.encode())
            for _ in range(zeros // 16):
                part.write(b" " * (16 * MIB))
            part.write(b"</w:body></w:document>")
    return buffer.getvalue()


async def found_by(client: Client, words: str) -> dict[str, str | None]:
    """By address, the passages of the documents that the words find."""
    items = (await client.read("/v1/documents", q=words, include="excerpt"))["items"]
    return {f"/v1/documents/{item['id']}": item["excerpt"] for item in items}


async def of_file(office: Office, content: bytes) -> str:
    """The address of a document in force with that file."""
    return await office.published(title="A record", **await office.file(office.author, content))


async def failures(office: Office) -> list[str | None]:
    """Why texts are not searched, of all files."""
    rows = await office.api.ledger.db.rows("select failure from search.document_text order by attachment_id")
    return [row["failure"] for row in rows]


async def test_the_texts_of_pdf_and_word_files_are_found_by_readers_only(office: Office) -> None:
    pdf = await of_file(office, a_pdf("Pressure vessels are inspected yearly."))
    word = await of_file(office, a_word_file("压力容器每年检验 by the Vessel Board"))
    await office.indexed()
    assert await found_by(office.reader, "pressure vessel") == {pdf: "Pressure vessels are inspected yearly."}
    (excerpt,) = (await found_by(office.reader, "每年检验")).values() or ("",)
    assert "压力容器每年检验" in (excerpt or "")
    assert await found_by(office.reader, "vessel") == {
        pdf: "Pressure vessels are inspected yearly.",
        word: excerpt,
    }
    assert await found_by(office.stranger, "vessel") == {}
    assert await failures(office) == [None, None]


@in_test_all
async def test_only_the_version_in_force_is_found(office: Office) -> None:
    path = await of_file(office, b"The first wording.")
    await office.author.post_ok(f"{path}/revise", await office.file(office.author, b"The second wording."))
    await office.indexed()
    for client in (office.author, office.reader):
        assert list(await found_by(client, "first wording")) == [path]
        assert await found_by(client, "second wording") == {}, "nobody reads a draft by searching"
    await office.author.post_ok(f"{path}/submit", {"question": "Right?", "changes": "The second."})
    await office.vote(office.manager, path)
    ahead = from_now(300)
    await office.quality.post_ok(f"{path}/publish", {"effective_at": ahead, "review_due_at": ahead})
    assert await found_by(office.reader, "first wording") == {}
    await office.indexed()
    assert list(await found_by(office.reader, "second wording")) == [path]


@in_test_all
async def test_broken_and_huge_files_are_found_by_their_title_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await of_file(office, b"%PDF-1.7\n" + bytes(range(256)) * 40)
    await of_file(office, a_word_file("Vessels")[:-400])
    await of_file(office, a_word_file("Vessels", zeros=640))
    await office.indexed()
    assert set(await failures(office)) <= {"unreadable", "too_slow"}
    monkeypatch.setattr(file_texts, "LARGEST_FILE", 10)
    await of_file(office, b"Vessels are inspected.")
    await office.indexed()
    assert (await failures(office)).count("too_large") == 1
    assert await found_by(office.reader, "vessel") == {}
    sound = await of_file(office, b"Vessels.")
    await office.indexed()
    assert list(await found_by(office.reader, "vessels")) == [sound], "the next file is read all the same"


async def test_a_text_goes_with_the_key_of_its_author(office: Office) -> None:
    await of_file(office, b"Vessels are inspected.")
    await office.indexed()
    author = await office.api.ledger.db.value("select author_id from fold.document")
    await act(office.api.ledger, rule_caller("tests"), "person", "erase", author)
    assert await failures(office) == []
    await office.indexed()
    assert await failures(office) == []
    assert await found_by(office.reader, "vessels") == {}


def test_a_passage_is_the_text_around_the_first_word() -> None:
    text = "x " * 100 + "The\nVessel is inspected." + " y" * 100
    excerpt = passage(text, "vessels")
    assert excerpt.startswith("…")
    assert "The Vessel is inspected. y" in excerpt
    assert excerpt.endswith("…")
    assert passage("Nothing of it.", "vessels") == "Nothing of it."
