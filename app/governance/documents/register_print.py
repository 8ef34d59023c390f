"""The register of documents as a page that prints on A4: whose documents there are, and when each is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup
from pydantic import Field

from app.api.listings.filters import WhereClause
from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.documents.records import DocumentEntry, DocumentState, Importance
from app.governance.documents.register import RegisterFilter, condition_of_rights, narrow
from app.html.filters import moment
from app.html.templates import render
from app.html.wording import Wording

TEMPLATE = "governance/documents/register.html"
#: The table of the sentences of the page.
TABLE = "document_register"
#: Largest number of printed entries; the page reports if there are more.
MOST_PRINTED = 2_000
#: A document that another record filed may have no title of its own; the record's title is used.
ROWS = """
select e.* from fold.document_entry e join log.stream_head h on h.stream = e.record
where {where} order by e.number, e.id limit {limit}"""


class PrintedRegisterQuery(RegisterFilter):
    """The documents to print."""

    lang: Literal["en", "zh"] | None = Field(
        default=None,
        description="Language of the page; if left out, the language of the header `Accept-Language`.",
    )


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """A document of the register. `author` is None if they were erased, or the entry has no author."""

    entry: DocumentEntry
    author: str | None
    is_overdue: bool

    @property
    def importance(self) -> Importance:
        """The importance; of what other records file it is general."""
        return self.entry.importance or Importance.general


@dataclass(frozen=True, slots=True)
class PrintedRegister:
    """The lines of the register as of a time, by the clocks of `zone`; `is_cut`: there are more."""

    lines: list[RegisterLine]
    is_cut: bool
    printed_at: datetime
    zone: ZoneInfo


async def load_register(renderer: Renderer, query: RegisterFilter, now: datetime) -> PrintedRegister:
    """Return the documents, by number, as the renderer's caller may see them now."""
    where = WhereClause()
    where.conditions.append(condition_of_rights(renderer, where))
    await narrow(where, query, renderer, now)
    statement = ROWS.format(where=" and ".join(where.conditions), limit=MOST_PRINTED + 1)
    rows = await renderer.ledger.db.rows(statement, where.parameters, prepare=False)
    entries = [from_row(DocumentEntry, row) for row in rows[:MOST_PRINTED]]
    authors = {entry.author_id for entry in entries if entry.author_id is not None}
    names = await renderer.ledger.directory.names(authors) if authors else {}
    texts = await renderer.ledger.vault.texts(names.values())
    lines = [
        RegisterLine(
            entry,
            None if entry.author_id is None else texts.get(names.get(entry.author_id, "")),
            entry.state is DocumentState.published
            and entry.review_due_at is not None
            and entry.review_due_at <= now,
        )
        for entry in entries
    ]
    zone = ZoneInfo(renderer.ledger.settings.time_zone)
    return PrintedRegister(lines, len(rows) > MOST_PRINTED, now, zone)


def register_page_of(register: PrintedRegister, language: str) -> tuple[str, Markup, str]:
    """Return the title of the page, its body, and the head of each sheet."""
    wording = Wording(language, TABLE)
    title = wording.sentence("title")
    body = render(TEMPLATE, wording, register=register, most=MOST_PRINTED)
    return title, body, f"{title} · {moment(register.printed_at, register.zone)}"
