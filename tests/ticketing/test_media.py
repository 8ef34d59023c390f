"""What files look like by their first bytes."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from app.common.files.media import media_type
from tests.cases import each_case


def zipped(parts: dict[str, str]) -> bytes:
    """A zip of these parts, by their names."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return held.getvalue()


def office(folder: str) -> bytes:
    """What an Office program writes."""
    return zipped({"[Content_Types].xml": "<Types/>", f"{folder}/document.xml": "<w/>"})


DOCUMENT = "application/vnd.openxmlformats-officedocument"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"
FILES = [
    (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    (b"GIF89a\x01\x00", "image/gif"),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    (b"RIFF\x24\x00\x00\x00????", "application/octet-stream"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
    (b"\x1f\x8b\x08\x00", "application/gzip"),
    (zipped({"read.me": "x"}), "application/zip"),
    (zipped({"mimetype": OPEN_TEXT, "content.xml": ""}), OPEN_TEXT),
    (office("word"), f"{DOCUMENT}.wordprocessingml.document"),
    (office("xl"), f"{DOCUMENT}.spreadsheetml.sheet"),
    ("2026-11-20 08:00 打印机 offline\r\n".encode(), "text/plain"),
    (b"<!doctype html><script>alert(1)</script>", "text/plain"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
    ("屏".encode()[:2], "application/octet-stream"),
    (b"MZ\x90\x00\x03\x00", "application/octet-stream"),
    (b"", "application/octet-stream"),
]


@each_case(("beginning", "expected"), FILES)
def test_a_file_is_what_it_begins_as(beginning: bytes, expected: str) -> None:
    assert media_type(beginning) == expected


def test_a_text_that_is_cut_within_a_character_is_a_text() -> None:
    assert media_type("屏幕".encode()[:-1]) == "text/plain"


@given(st.binary() | st.text().map(str.encode))
def test_nothing_is_ever_told_to_be_what_a_browser_runs(beginning: bytes) -> None:
    assert not any(word in media_type(beginning) for word in ("html", "svg", "script", "xml+"))
