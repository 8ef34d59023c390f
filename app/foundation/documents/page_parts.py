"""The parts that pages to print are made of, as HTML in one language (pure). What people have written is
escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from app.common.records import CodeEnum
from app.i18n import translate


@dataclass(frozen=True, slots=True)
class PageParts:
    """The parts of a page in its language; `wording` is the table of the sentences on it."""

    language: str
    wording: str

    def sentence(self, code: str, **words: object) -> str:
        """Return the sentence of that code, with its blanks filled, as HTML."""
        said = {name: str(word) for name, word in words.items()}
        return escape(translate(self.language, self.wording, code, said))

    def label(self, code: CodeEnum) -> str:
        """Return the label of the code as HTML."""
        return escape(code.label(self.language))

    def section(self, code: str, html: str) -> str:
        """Return a section with its heading; nothing if there is nothing in it."""
        return f"<h2>{self.sentence(code)}</h2>{html}" if html else ""

    def text(self, code: str, text: str | None) -> str:
        """Return a section with a text of several paragraphs; nothing if there is no text."""
        return self.section(code, paragraphs(text))

    def facts(self, rows: Iterable[tuple[str, str | None]]) -> str:
        """Return a table of what has a value, each with its name; the values are HTML."""
        html = "".join(f"<tr><th>{self.sentence(code)}<td>{value}" for code, value in rows if value)
        return f"<table>{html}</table>" if html else ""

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return a table with a head; the cells are HTML."""
        if not rows:
            return ""
        head = "".join(f"<th>{self.sentence(code)}" for code in heads)
        body = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
        table = f"<table><thead><tr>{head}</thead><tbody>{body}</tbody></table>"
        return f'<div class="scroll" tabindex="0">{table}</div>'


def paragraphs(text: str | None) -> str:
    """Return the text as HTML, each of its lines a paragraph."""
    return "".join(f"<p>{escape(line)}</p>" for line in (text or "").splitlines() if line.strip())


def short(html: str) -> str:
    """Return what is read as one word, as a date or a figure: it is on one line."""
    return f'<span class="short">{html}</span>'


def span(ends: tuple[str, str]) -> str:
    """Return both ends of a span, which are plain text, each on one line."""
    return " – ".join(short(escape(end)) for end in ends)
