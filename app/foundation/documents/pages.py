"""A document as a page fit to print on A4: its head, its sections and the lines for signatures (pure).

Templates of single documents extend `document.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.foundation.documents.records import DocumentClass, DocumentEntry, Heading
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import translate

#: The table of the sentences of these parts.
TABLE = "document_page"


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A section of the document. Its text is None if its author was erased."""

    heading: Heading
    text: str | None


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A line for a signature: the role's sentence code, who signs if that is known, when they consented here,
    if they have, and their deputies, who may sign in their place.
    """

    role: str
    name: str | None = None
    consented_at: datetime | None = None
    deputies: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """An edition of a document, with the number and title of the record that made it.

    `written_at` is the stated time of writing of this edition, `recorded_at` when the log recorded it, at
    `position`: the context of its texts is as of there. Times are by the clocks of `zone`. `author` is None
    if they were erased. `newest_edition` is the number of the newest edition; None: this one.
    """

    entry: DocumentEntry
    record_number: str
    record_title: str
    record_noun: str
    author: str | None
    written_at: datetime
    zone: ZoneInfo
    sections: Sequence[PrintedSection]
    recorded_at: datetime | None = None
    position: int | None = None
    newest_edition: int | None = None

    @property
    def document_class(self) -> DocumentClass:
        """The class of the document."""
        assert self.entry.document_class is not None
        return self.entry.document_class

    @property
    def texts_by_heading(self) -> list[tuple[Heading, list[str | None]]]:
        """The texts under each heading, in their order."""
        return [
            (heading, [section.text for section in sections])
            for heading, sections in groupby(self.sections, key=lambda section: section.heading)
        ]

    @property
    def headings(self) -> frozenset[Heading]:
        """The headings under which there is a text."""
        return frozenset(section.heading for section in self.sections)


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page to print: its title as plain text, and its body as HTML."""

    title: str
    body: Markup
    running_head: str = ""


def title_of(printed: PrintedDocument, language: str) -> str:
    """Return the title of the document's page."""
    return f"{printed.document_class.label(language)} · {printed.entry.title or printed.record_title}"


def running_head_of(printed: PrintedDocument, language: str) -> str:
    """Return the head of each sheet of the document: its number, its title, and its edition."""
    edition = translate(language, TABLE, "edition", {"edition": str(printed.entry.edition or 1)})
    return f"{printed.entry.number or ''} · {printed.document_class.label(language)} · {edition}"


def page_of(template: str, document: PrintedDocument, wording: Wording, /, **values: object) -> PrintedPage:
    """Return the page of the document by a template that extends `foundation/documents/document.html`; the
    values are `decisions`, `signatures`, and what its own sections show.
    """
    return PrintedPage(
        title_of(document, wording.language),
        render(template, wording, document=document, **values),
        running_head_of(document, wording.language),
    )
