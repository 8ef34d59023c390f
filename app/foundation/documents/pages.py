"""A document as a page fit to print on A4: its head, its sections and the lines for signatures (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.foundation.documents.page_parts import PageParts, paragraphs
from app.foundation.documents.records import DocumentClass, DocumentEntry, DocumentState, Heading
from app.i18n import translate

#: The table of the sentences of these parts.
TABLE = "document_page"
NOTHING: Mapping[Heading, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A section of the document. Its text is None if its author was erased."""

    heading: Heading
    text: str | None


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A line for a signature: the role's sentence code, who signs if that is known, and when they consented
    here, if they have.
    """

    role: str
    name: str | None = None
    consented_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """An edition of a document, with the number and title of the record that made it.

    `written_at` is when this edition is said to have been written, `recorded_at` when the log took it, at
    `position`: what stands beside its texts is as of there. Times are by the clocks of `zone`. `author` is
    None if they were erased. `newest_edition` is the number of the newest edition; None: this one.
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


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page to print: its title as plain text, and its body as HTML."""

    title: str
    body: str
    running_head: str = ""


def title_of(printed: PrintedDocument, language: str) -> str:
    """Return the title of the document's page."""
    return f"{printed.document_class.label(language)} · {printed.entry.title or printed.record_title}"


def running_head_of(printed: PrintedDocument, language: str) -> str:
    """Return what each sheet of the document says: its number, what it is, and which edition."""
    edition = translate(language, TABLE, "edition", {"edition": str(printed.entry.edition or 1)})
    return f"{printed.entry.number or ''} · {printed.document_class.label(language)} · {edition}"


def head_of(printed: PrintedDocument, language: str) -> str:
    """Return the head of the page, which identifies the document."""
    page, entry = PageParts(language, TABLE), printed.entry
    assert entry.state is not None

    def moment(at: datetime | None) -> str | None:
        return None if at is None else said_moment(at, printed.zone)

    superseded = entry.superseded_at if entry.state is DocumentState.superseded else None
    facts = (
        ("document", f"{escape(entry.number or '')}, {page.sentence('edition', edition=entry.edition or 1)}"),
        ("state", page.label(entry.state)),
        (
            printed.record_noun,
            f"{escape(printed.record_number)} · {escape(printed.record_title)}",
        ),
        ("author", page.sentence("erased") if printed.author is None else escape(printed.author)),
        ("newest_edition", _newer_edition(printed, page)),
        ("written", moment(printed.written_at)),
        ("recorded", _recorded(printed, page)),
        ("published", moment(entry.published_at)),
        ("superseded", moment(superseded)),
    )
    zone = f'<p class="soft">{page.sentence("zone", zone=printed.zone.key)}</p>'
    return f"<header>{page.facts(facts)}{zone}</header>"


def _newer_edition(printed: PrintedDocument, page: PageParts) -> str | None:
    newest = printed.newest_edition
    if newest is None or newest == printed.entry.edition:
        return None
    return page.sentence("edition", edition=newest)


def _recorded(printed: PrintedDocument, page: PageParts) -> str | None:
    """Return when the log took it, since what is written may be dated back."""
    if printed.recorded_at is None:
        return None
    at = said_moment(printed.recorded_at, printed.zone)
    return (
        at
        if printed.position is None
        else page.sentence("at_position", at=at, position=f"{printed.position:,}")
    )


def sections_of(
    printed: PrintedDocument,
    language: str,
    *,
    instead: Mapping[Heading, str] = NOTHING,
    beneath: Mapping[Heading, str] = NOTHING,
    marked: Collection[Heading] = (),
) -> str:
    """Return the sections of the document, each with its heading; those that are `marked` stand out.

    `instead` has HTML that takes the place of the first text under a heading, `beneath` what follows its
    texts.
    """
    drawn = []
    for heading, texts in groupby(printed.sections, key=lambda one: one.heading):
        shown = [_text_of(one, language) for one in texts]
        if instead.get(heading):
            shown[0] = instead[heading]
        kind = ' class="note"' if heading in marked else ""
        title = f"<h2>{escape(heading.label(language))}</h2>"
        drawn.append(f"<section{kind}>{title}{''.join(shown)}{beneath.get(heading, '')}</section>")
    return "".join(drawn)


def _text_of(section: PrintedSection, language: str) -> str:
    if section.text is not None:
        return paragraphs(section.text)
    return f'<p class="soft">{PageParts(language, TABLE).sentence("erased_text")}</p>'


def figure_of(drawing: str | None, language: str) -> str:
    """Return the drawing (SVG) in a box that scrolls where the screen is narrow; or, if there is none, that
    it cannot be drawn.
    """
    if drawing is None:
        return f'<p class="soft">{PageParts(language, TABLE).sentence("no_drawing")}</p>'
    return f'<div class="scroll figure" tabindex="0">{drawing}</div>'


def signatures_of(lines: Sequence[SignatureLine], language: str, zone: ZoneInfo) -> str:
    """Return the lines on which the document is signed."""
    page = PageParts(language, TABLE)
    rows = [
        (
            page.sentence(one.role),
            escape(one.name or ""),
            "" if one.consented_at is None else said_moment(one.consented_at, zone),
            "",
        )
        for one in lines
    ]
    table = page.table(("role", "name", "consented", "signature"), rows)
    return f'<section class="signatures">{page.section("signatures", table)}</section>' if rows else ""


def said_moment(at: datetime, zone: ZoneInfo) -> str:
    """Return the instant by the zone's clocks, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
