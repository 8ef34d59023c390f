"""Documents whose pages show facts and tables next to their texts, such as the papers of a request: what the
builders of these pages read, and the page itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.records import CodeEnum
from app.foundation.documents.decided import lines_of_asked, open_decisions
from app.foundation.documents.pages import PrintedPage, SignatureLine, page_of
from app.foundation.documents.past import PastRecord, WrittenEdition
from app.foundation.documents.printing import DecryptedDocument, LoadedDocument, decrypt
from app.foundation.documents.records import Heading
from app.foundation.statements.records import PersonStatement, StatedFact
from app.html.filters import moment
from app.html.wording import Wording
from app.kernel.ledger import Ledger

TEMPLATE = "foundation/documents/paper.html"
#: The table of the sentences on these pages.
TABLE = "paper"


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of a paper: the sentence codes of its title and heads, and its rows as text."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The content of a paper next to its texts. Facts have a sentence code and a value, and those without a
    value are left out. Texts under the headings `in_tables` are printed in a table instead.
    """

    facts: Sequence[tuple[str, str | None]] = ()
    tables: Sequence[PaperTable] = ()
    signatures: Sequence[SignatureLine] = ()
    in_tables: frozenset[Heading] = frozenset()


@dataclass(frozen=True, slots=True)
class Objections:
    """Statements about people to which those people objected, whenever the paper was written."""

    rows: Sequence[PersonStatement]

    def time_of(
        self, fact: StatedFact, person: UUID | str | None, about: UUID | None = None
    ) -> datetime | None:
        """Return when the person objected to the fact; None if they did not."""
        times = [
            row.objected_at
            for row in self.rows
            if row.fact is fact and row.about_id == about and str(row.person_id) == str(person)
        ]
        return times[-1] if times else None

    def uncontested(
        self, fact: StatedFact, persons: Iterable[UUID | str | None], about: UUID | None = None
    ) -> list[UUID | str]:
        """Return the persons that the fact was stated about, without those who objected."""
        return [
            person for person in persons if person is not None and self.time_of(fact, person, about) is None
        ]


def objections_of(edition: WrittenEdition) -> Objections:
    """Return the objections to statements of the document's record, up to now."""
    rows = PastRecord(edition.events).rows(PersonStatement, "stated_at")
    return Objections([row for row in rows if row.objected_at is not None])


@dataclass(frozen=True, slots=True)
class PaperSource:
    """The source of a paper: its document, the record's kind of reader, and the words of the page."""

    ledger: Ledger
    loaded: LoadedDocument
    is_for_staff: bool
    wording: Wording

    @property
    def record_then(self) -> PastRecord:
        """The record when the paper's edition was written."""
        return self.loaded.edition.record_then

    @property
    def record_while_newest(self) -> PastRecord:
        """Additions to the record while the paper's edition was the newest."""
        return PastRecord(self.loaded.edition.since(lambda _: True))

    def recorded_at(self, event_type: str) -> datetime | None:
        """Return when the event was recorded while the edition was the newest; None: it was not."""
        events = self.loaded.edition.since(lambda event: event.type == event_type)
        return events[-1].recorded_at if events else None

    @property
    def objections(self) -> Objections:
        """Objections of people to facts that the record states about them, up to now."""
        return objections_of(self.loaded.edition)

    def stated(self, value: bool | None, objected_at: datetime | None) -> str:
        """Return yes or no, or that the person objected to it, and when."""
        if objected_at is None:
            return self.answer(value)
        return self.wording.sentence("objected", at=self.moment(objected_at))

    def label(self, code: CodeEnum | None) -> str:
        """Return the label of the code; nothing of None."""
        return "" if code is None else self.wording.label(code)

    def moment(self, instant: datetime | None) -> str:
        """Return the time by the clocks of the page; nothing of None."""
        return moment(instant, self.loaded.printed.zone)

    def answer(self, value: bool | None) -> str:
        """Return yes or no; nothing of None."""
        return "" if value is None else self.wording.sentence("yes" if value else "no")

    async def read(
        self, texts: Iterable[str | None], persons: Iterable[UUID | str | None] = ()
    ) -> PaperWords:
        """Read these encrypted texts and the names of these persons."""
        ids = [UUID(str(person)) for person in persons if person is not None]
        return PaperWords(await decrypt(self.ledger, texts, ids), self.wording)


@dataclass(frozen=True, slots=True)
class PaperWords:
    """Texts and names as the page shows them: those of erased persons are marked as erased."""

    decrypted: DecryptedDocument
    wording: Wording

    def text(self, encrypted: str | None) -> str:
        """Return the text, or an empty text."""
        return "" if encrypted is None else self.decrypted.text(encrypted) or self._erased

    def name(self, person: UUID | str | None) -> str:
        """Return the person's name; nothing of None."""
        return "" if person is None else self.decrypted.name(UUID(str(person))) or self._erased

    def names(self, persons: Iterable[UUID | str] | None) -> str:
        """Return the names of the persons in one line."""
        return self.wording.sentence("joined").join(self.name(person) for person in persons or ())

    def names_stated(
        self,
        source: PaperSource,
        fact: StatedFact,
        persons: Iterable[UUID | str] | None,
        about: UUID | None = None,
    ) -> str:
        """Return the names of the persons in one line, each with their objection to the fact, if any."""
        objections, named = source.objections, []
        for person in persons or ():
            objected_at = objections.time_of(fact, person, about)
            objection = "" if objected_at is None else f" ({source.stated(None, objected_at)})"
            named.append(self.name(person) + objection)
        return self.wording.sentence("joined").join(named)

    @property
    def _erased(self) -> str:
        return self.wording.sentence("document_page.erased")


def author_line(source: PaperSource, role: str) -> SignatureLine:
    """Return the line on which the author of the paper signs in that role."""
    printed = source.loaded.printed
    return SignatureLine(role, printed.author, printed.recorded_at)


def signature_lines(
    role: str, persons: Iterable[UUID | str | None], words: PaperWords
) -> list[SignatureLine]:
    """Return a line for each of the persons, on which they sign in that role."""
    named = dict.fromkeys(str(person) for person in persons if person is not None)
    return [SignatureLine(role, words.name(person)) for person in named]


async def print_paper(source: PaperSource, paper: Paper) -> PrintedPage:
    """Return the page of the paper; staff see the open questions about the record, with those asked."""
    loaded = source.loaded
    record = loaded.printed.entry.record or ""
    decisions = await open_decisions(source.ledger, record, loaded.edition) if source.is_for_staff else []
    return page_of(
        TEMPLATE,
        source.loaded.printed,
        source.wording,
        paper=paper,
        decisions=decisions,
        signatures=[*paper.signatures, *lines_of_asked(decisions, "asked_to_decide")],
    )
