"""Detects a file's media type from its first bytes, whatever its name or its sender claim (pure).

Every text is plain text: no file is ever reported as HTML, SVG or a script, which a browser would run.
"""

from __future__ import annotations

import codecs
import re

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"
#: Pictures that a browser may show: their media type was read from their bytes, and none can hold a script.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_OFFICE = "application/vnd.openxmlformats-officedocument"

#: Media types by the first bytes of a file.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/x-ole-storage",
    ),  # Office before 2007, Outlook messages
)
#: Media types of RIFF files by the bytes from the ninth on, after the tag and the length.
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
#: Media types of Office files, which are zip files, by the folder of their parts.
_OFFICE_TYPES = {
    b"word/": f"{_OFFICE}.wordprocessingml.document",
    b"xl/": f"{_OFFICE}.spreadsheetml.sheet",
    b"ppt/": f"{_OFFICE}.presentationml.presentation",
}
#: An OpenDocument file states its media type in its first part, which is not compressed.
_OPEN_DOCUMENT = re.compile(rb"mimetype(application/vnd\.oasis\.opendocument\.[a-z-]{1,40})(?=PK)")
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def media_type(beginning: bytes) -> str:
    """Return the media type of a file that begins with these bytes; the more bytes, the more reliable."""
    for begins, kind in _SIGNATURES:
        if beginning.startswith(begins):
            return _in_zip(beginning) if kind == ZIP else kind
    if beginning.startswith(b"RIFF"):
        return _RIFF.get(beginning[8:12], UNKNOWN)
    if beginning[4:8] == b"ftyp":
        return "video/quicktime" if beginning[8:10] == b"qt" else "video/mp4"
    return TEXT if _is_text(beginning) else UNKNOWN


def _in_zip(beginning: bytes) -> str:
    says = _OPEN_DOCUMENT.match(beginning, 30)  # after the header of the first part
    if says is not None:
        return says[1].decode("ascii")
    if b"[Content_Types].xml" in beginning:
        for folder, kind in _OFFICE_TYPES.items():
            if folder in beginning:
                return kind
    return ZIP


def _is_text(beginning: bytes) -> bool:
    """Return whether the bytes are UTF-8 without control characters; the last character may be cut off."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return False
    return bool(text) and _NOT_IN_TEXT.search(text) is None
