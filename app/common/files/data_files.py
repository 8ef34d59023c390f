"""Files within a text, as `data:` addresses hold them (RFC 2397): pictures that somebody pasted (pure).

They are taken out before any length counts: one picture has more characters than a field, and no words.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

_DIGIT = r"[A-Za-z0-9+/_=%-]"
# Digits may stand in lines; the last one of a text without quotation marks could be a word.
_DATA = re.compile(
    r"data:(?P<type>[a-z]{1,20}/[a-z0-9.+-]{1,60})"
    r"(?:;[a-z0-9-]{1,30}+=(?:\"[^\"]{0,60}+\"|[^\s;:,\"'<>]{0,60}+)){0,5}+"
    rf"(?:;base64,\s{{0,20}}(?P<digits>{_DIGIT}++(?:\s{{1,20}}{_DIGIT}{{40,}}+)*+"
    rf"(?:\s{{1,20}}{_DIGIT}++(?=\s{{0,20}}[\"')]))?)"
    r"|(?:;utf-?8)?,(?P<escaped>%3C[^\s\"'<>()]{20,}+))",
    re.IGNORECASE,
)
#: Placeholder for the address: its type and the name of the file; `…` for a file that is not kept.
_TAKEN = re.compile(r"data:[a-z]+/[a-z0-9.+-]+,(?P<name>…|(?:picture|file)-\d+\.[a-z0-9]+)", re.IGNORECASE)
_ENDINGS = {
    "application/pdf": "pdf",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "text/plain": "txt",
}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that stood in a text. `is_damaged`: the end of its content is missing."""

    name: str
    media_type: str
    content: bytes
    is_damaged: bool = False


@dataclass(slots=True)
class DataFiles:
    """The files that were taken out of the texts so far, each once, and at most so many. `left_out` counts
    those beyond, and those that cannot be read.
    """

    most: int | None = None
    files: dict[bytes, DataFile] = field(default_factory=dict)
    left_out: int = 0

    def add(self, media_type: str, content: bytes, *, is_damaged: bool = False) -> str:
        """Keep a file, and return its name; `…` if there are too many."""
        if content not in self.files:
            if self.most is not None and len(self.files) >= self.most:
                self.left_out += 1
                return "…"
            word = "picture" if media_type.startswith("image/") else "file"
            name = f"{word}-{len(self.files) + 1}.{_ENDINGS.get(media_type, 'bin')}"
            self.files[content] = DataFile(name, media_type, content, is_damaged)
        return self.files[content].name


_collection: ContextVar[DataFiles | None] = ContextVar("data_files", default=None)


@contextmanager
def collecting(data_files: DataFiles) -> Iterator[None]:
    """Collect the files of all texts that expressions read within this context."""
    token = _collection.set(data_files)
    try:
        yield
    finally:
        _collection.reset(token)


def without_collected_data(text: str) -> str:
    """Return the text without the files in it, which are added to the collection of the context, if any."""
    return without_data(text, _collection.get())


def without_data(text: str, data_files: DataFiles | None = None) -> str:
    """Return the text with a short mark in place of each file in it; `data_files` keeps the files. Pictures
    of one pixel, which arrange a page, leave nothing.
    """

    def mark(address: re.Match[str]) -> str:
        media_type, (content, is_cut) = address["type"].lower(), _content(address)
        if _is_pixel(content):
            return ""
        if data_files is not None and not content:
            data_files.left_out += 1
        if data_files is None or not content:
            name = "…"
        else:
            name = data_files.add(media_type, content, is_damaged=is_cut)
        return f"data:{media_type},{name}"

    return _DATA.sub(mark, text) if "data:" in text or "DATA:" in text else text


def name_of_taken(address: str) -> str | None:
    """Return the name of the file that stood at the address; empty if it is not kept, None if the address
    held no file.
    """
    address_of_file = _TAKEN.fullmatch(address.strip())
    return None if address_of_file is None else address_of_file["name"].replace("…", "")


def _content(address: re.Match[str]) -> tuple[bytes, bool]:
    """Return the content of the file, and whether its end is missing: digits without their padding."""
    if address["escaped"] is not None:
        return unquote_to_bytes(address["escaped"]), False
    encoded_text = b"".join(unquote_to_bytes(address["digits"]).split())
    digits = encoded_text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    groups = digits[:-1] if len(digits) % 4 == 1 else digits
    try:
        return b64decode(groups + b"=" * (-len(groups) % 4)), len(encoded_text) % 4 != 0
    except Error:
        return b"", True


def _is_pixel(content: bytes) -> bool:
    if content[:4] == b"GIF8":
        return content[6:10] == b"\x01\x00\x01\x00"
    return content[:4] == b"\x89PNG" and content[16:24] == b"\x00\x00\x00\x01" * 2
