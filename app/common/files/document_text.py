"""Text of PDF and Word files, by libraries that have no bound of time or memory: called in a process of its
own only (`bounded_process`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from io import BytesIO

from docx import Document
from docx.table import Table
from pypdf import PdfReader

#: Only the text of a file matters, so the libraries' log messages are dropped.
logging.disable(logging.CRITICAL)


def pdf_text(content: bytes, most: int) -> str | None:
    """Return the text of a PDF file, at most so many characters; None: it cannot be read."""
    return _text_within(_pages(content), most)


def word_text(content: bytes, most: int) -> str | None:
    """Return the text of a Word file (DOCX), at most so many characters; None: it cannot be read."""
    return _text_within(_blocks(content), most)


def _pages(content: bytes) -> Iterator[str]:
    for page in PdfReader(BytesIO(content)).pages:
        yield page.extract_text()


def _blocks(content: bytes) -> Iterator[str]:
    """Yield the texts of the paragraphs, and of the cells of tables, in their order."""
    for block in Document(BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield " ".join(cell.text for cell in row.cells)
        else:
            yield block.text


def _text_within(pieces: Iterable[str], most: int) -> str | None:
    """Return the pieces, a line each, until there are so many characters."""
    texts, size = [], 0
    try:
        for piece in pieces:
            texts.append(piece)
            size += len(piece) + 1
            if size >= most:
                break
    # Libraries report a broken file by exceptions of many kinds.
    except Exception:
        return None
    return "\n".join(texts).replace("\x00", "")[:most]
