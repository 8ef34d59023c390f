"""The register of documents: the rows of all kinds that file them, with the rights of their records."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.record_fields import NAMES
from app.api.listings import cursors
from app.api.listings.filters import (
    BY_PERSON,
    ME,
    MOST_VALUES,
    NONE,
    REFERENCE,
    CommaSeparated,
    PersonNamed,
    WhereClause,
)
from app.api.listings.list_queries import Paging
from app.api.records.shapes import OutputModel, Renderer
from app.common.records import from_row
from app.foundation.documents.keeping.actions import KEPT_ACTIONS
from app.foundation.documents.records import (
    Confidentiality,
    DocumentClass,
    DocumentEntry,
    DocumentState,
    Importance,
)
from app.governance.documents.reading import note_reading
from app.governance.documents.records import ControlledDocument, ReadingChannel
from app.governance.documents.texts.excerpts import find_passages
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import RecordKey, ShortText
from app.kernel.commands.offers import onlooker_records
from app.log.canonical import from_instant, instant
from app.log.events import id_of, kind_of, stream
from app.platform.db import Row
from app.search.query import is_searchable, search, tsquery, wait_for_index

#: Passages of files are shown of so many documents of a page, the first.
MOST_EXCERPTS = 20
#: The name of the register in cursors.
SCOPE = "register of documents"
ROWS = """
select e.* from fold.document_entry e join log.stream_head h on h.stream = e.record
where {where} order by e.drafted_at desc, e.id desc limit {limit}"""
OVERDUE = "(e.state = 'published' and e.review_due_at <= {now})"
TO_ACKNOWLEDGE = """exists (select from fold.document_acknowledgement a
  where a.document_id = e.id and a.person_id = {person} and a.acknowledged_at is null)"""
MATCHES_WORDS = """((h.kind = 'document' and (
    e.id in (select s.id from search.record s where {entry})
    or e.id in (
      select t.document_id from search.document_text t
      join fold.document_version v on v.attachment_id = t.attachment_id and v.state = 'published'
      where t.tokens @@ {query}::tsquery)))
  or e.number = {words} or position(lower({words}) in lower(e.title)) > 0)"""


class RegisteredEntry(OutputModel, of=DocumentEntry):
    """A document's entry in the register."""


class RegisteredDocument(RegisteredEntry):
    """A document in the register: one of its own, or one that belongs to another record."""

    kind: str = Field(description="Kind of the document's record; `document` for a document of its own.")
    record_id: UUID = Field(description="Identifier of the document's record.")
    review_overdue: bool = Field(description="True if the document should have been reviewed again by now.")
    actions: NAMES
    excerpt: str | None = Field(
        description="Passage of the file in force that contains the words of `q`; null unless "
        f"requested, and after the first {MOST_EXCERPTS} documents of the page. If the document is not "
        "internal, the passage counts as a reading of it."
    )


class RegisterPage(OutputModel):
    """A page of the register, the newest documents first."""

    items: list[RegisteredDocument]
    next_cursor: str | None


FieldName = Literal[
    "id",
    "number",
    "document_class",
    "title",
    "state",
    "edition",
    "author",
    "drafted_at",
    "published_at",
    "superseded_at",
    "subclass",
    "importance",
    "confidentiality",
    "version_label",
    "external_number",
    "review_due_at",
    "archived_at",
    "archive_reason",
    "retained_until_at",
    "retention_warned_at",
    "hold_reason",
    "held_at",
    "destruction_asked_at",
    "destruction_asked_by",
    "destroyed_at",
    "destroyed_by",
    "kind",
    "record_id",
    "review_overdue",
    "actions",
    "excerpt",
]
assert set(get_args(FieldName)) == RegisteredDocument.model_fields.keys(), "the query names the fields"
T = TypeVar("T")
#: Several values of a parameter, separated by commas.
Several = Annotated[list[T], Field(min_length=1, max_length=MOST_VALUES)]


class RegisterFilter(BaseModel):
    """Filters of the documents in the register. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    q: Annotated[
        ShortText | None,
        Field(
            description="Words in the title, the number, or, for documents of their own, the text of "
            "the file in force (plain text, PDF, DOCX)."
        ),
    ] = None
    kind: Annotated[
        Several[RecordKey] | None,
        CommaSeparated,
        Field(description="Documents of records of these kinds."),
    ] = None
    document_class: Annotated[
        Several[DocumentClass] | None, CommaSeparated, Field(description="Documents of these classes.")
    ] = None
    state: Annotated[
        Several[DocumentState] | None, CommaSeparated, Field(description="Documents in these states.")
    ] = None
    importance: Annotated[
        Several[Importance] | None,
        CommaSeparated,
        Field(description="Documents of this importance."),
    ] = None
    confidentiality: Annotated[
        Several[Confidentiality] | None,
        CommaSeparated,
        Field(description="Documents of this confidentiality."),
    ] = None
    author: Annotated[
        Several[PersonNamed] | None,
        CommaSeparated,
        Field(
            description="Documents whose newest version was written by one of these persons: ids, or `me`.",
            json_schema_extra={REFERENCE: dict(BY_PERSON)},
        ),
    ] = None
    review_overdue: Annotated[
        bool | None,
        Field(
            description="`true` for documents that should have been reviewed again, `false` for the others."
        ),
    ] = None
    to_acknowledge: Annotated[
        Literal["me"] | None, Field(description="`me` for documents that the caller has yet to acknowledge.")
    ] = None


class RegisterQuery(RegisterFilter, Paging):
    """The documents to list."""

    include: Annotated[
        Several[Literal["actions", "excerpt"]] | None,
        CommaSeparated,
        Field(
            description="`actions` adds the names of the actions that the caller may take; `excerpt` "
            "adds the passage with the words of `q`."
        ),
    ] = None
    fields: Annotated[
        Several[FieldName] | None,
        CommaSeparated,
        Field(description="Fields to return; the id and the number are always returned."),
    ] = None


def condition_of_rights(renderer: Renderer, where: WhereClause) -> str:
    """Return the SQL condition of the rows whose records the caller sees: by the kinds of which they see all,
    and otherwise by the heads of their streams. Rows for staff only are hidden from others.
    """
    agents_see, caller = renderer.ledger.settings.agents_see, renderer.caller
    conditions = []
    for kind, lifecycle in renderer.ledger.lifecycles.items():
        if DocumentEntry not in lifecycle.children:
            continue
        condition = f"h.kind = {where.bind(kind)}"
        if not sees_every_record(caller, lifecycle, agents_see=agents_see):
            condition += f" and h.audience && {where.bind(sorted(tokens(caller, lifecycle)))}::text[]"
        conditions.append(f"({condition})")
    condition = f"({' or '.join(conditions)})"
    return condition if caller.is_staff else f"{condition} and e.document_class <> '{DocumentClass.SS.value}'"


async def register_page(
    renderer: Renderer, query: RegisterQuery, metadata: CommandMetadata
) -> dict[str, Any]:
    """Return one page of the register, as the renderer's caller may see it now; passages of what is not
    internal are noted as readings before. Raises BadCursor.
    """
    now = metadata.now
    where = WhereClause()
    where.conditions.append(condition_of_rights(renderer, where))
    await narrow(where, query, renderer, now)
    left_out = {"limit", "cursor", "fields", "include"}
    scope = f"{SCOPE} {query.model_dump_json(exclude=left_out, exclude_unset=True)}"
    sign = renderer.ledger.vault.fingerprint
    if query.cursor is not None:
        last_at, last_id = cursors.read(query.cursor, scope, sign)
        after = f"({where.bind(from_instant(last_at))}, {where.bind(UUID(last_id))})"
        where.conditions.append(f"(e.drafted_at, e.id) < {after}")
    statement = ROWS.format(where=" and ".join(where.conditions), limit=query.limit + 1)
    matching_rows = await renderer.ledger.db.rows(statement, where.parameters, prepare=False)
    rows, cursor = matching_rows[: query.limit], None
    if len(matching_rows) > query.limit:
        cursor = cursors.write([instant(rows[-1]["drafted_at"]), str(rows[-1]["id"])], scope, sign)
    items = await _items(renderer, query, rows, metadata)
    return {"items": items, "next_cursor": cursor}


async def narrow(where: WhereClause, query: RegisterFilter, renderer: Renderer, now: datetime) -> None:
    """Add the conditions of the query's filters."""
    me = renderer.caller.person_id
    # Documents with neither are general and internal, which is how other records file them.
    columns = {
        "h.kind": query.kind,
        "e.document_class": query.document_class,
        "e.state": query.state,
        f"coalesce(e.importance, '{Importance.general.value}')": query.importance,
        f"coalesce(e.confidentiality, '{Confidentiality.internal.value}')": query.confidentiality,
    }
    where.conditions += [
        f"{column} = any({where.bind([str(code) for code in codes])})"
        for column, codes in columns.items()
        if codes is not None
    ]
    if query.author is not None:
        persons = [me if name == ME else UUID(name) for name in query.author if name != NONE]
        none = " or e.author_id is null" if NONE in query.author else ""
        where.conditions.append(f"(e.author_id = any({where.bind(persons)}::uuid[]){none})")
    if query.review_overdue is not None:
        overdue = OVERDUE.format(now=where.bind(now))
        where.conditions.append(overdue if query.review_overdue else f"not coalesce({overdue}, false)")
    if query.to_acknowledge is not None:
        where.conditions.append(TO_ACKNOWLEDGE.format(person=where.bind(me)))
    if query.q is not None and is_searchable(query.q):
        await wait_for_index(renderer.ledger.db)
        entry = search(query.q, renderer.caller, renderer.lifecycle, where.bind).entry
        of_texts = where.bind(tsquery(query.q, staff=False))
        where.conditions.append(MATCHES_WORDS.format(entry=entry, query=of_texts, words=where.bind(query.q)))


async def _items(
    renderer: Renderer, query: RegisterQuery, rows: list[Row], metadata: CommandMetadata
) -> list[dict[str, Any]]:
    """Return the rows as clients see them, with the requested fields only."""
    entries = [from_row(DocumentEntry, row) for row in rows]
    of_entries = Renderer(
        renderer.ledger,
        renderer.lifecycle,
        RegisteredEntry,
        renderer.caller,
        renderer.language,
        rows=DocumentEntry,
    )
    items = [of_entries.values_of(entry) for entry in entries]
    await of_entries.render_many(items)
    computed_fields = {*(query.include or ()), *(query.fields or ())}
    actions = await _actions(renderer, entries) if "actions" in computed_fields else {}
    excerpts = await _excerpts(renderer, query.q, entries, metadata) if "excerpt" in computed_fields else {}
    for item, entry in zip(items, entries, strict=True):
        assert entry.record is not None
        due_at = entry.review_due_at
        item["kind"], item["record_id"] = kind_of(entry.record), id_of(entry.record)
        item["review_overdue"] = (
            entry.state is DocumentState.published and due_at is not None and due_at <= metadata.now
        )
        item["actions"], item["excerpt"] = actions.get(entry.id), excerpts.get(entry.id)
    if query.fields is None:
        return items
    shown_fields = {"id", "number", *query.fields, *(query.include or ())}
    return [{name: item[name] for name in item if name in shown_fields} for item in items]


async def _excerpts(
    renderer: Renderer, words: str | None, entries: list[DocumentEntry], metadata: CommandMetadata
) -> dict[UUID, str]:
    """Return the passages with the words, by document, each noted as a reading if the document is not
    internal. People who see a document may read its version in force, from which they come.
    """
    if words is None or not is_searchable(words):
        return {}
    own = [entry for entry in entries if entry.record == stream(ControlledDocument.KIND, entry.id)]
    ids = [entry.id for entry in own[:MOST_EXCERPTS]]
    passages = await find_passages(renderer.ledger, ids, tsquery(words, staff=False), words)
    for entry in own:
        if entry.id in passages:
            edition, _ = passages[entry.id]
            await note_reading(renderer.ledger, metadata, entry, ReadingChannel.search, edition)
    return {document_id: text for document_id, (_, text) in passages.items()}


async def _actions(renderer: Renderer, entries: list[DocumentEntry]) -> dict[UUID, list[str]]:
    """Return the names of the actions on the documents: of one of its own all that are open on it, of others
    those of their records that are about documents.
    """
    by_kind: dict[str, list[DocumentEntry]] = {}
    for entry in entries:
        by_kind.setdefault(kind_of(entry.record or ""), []).append(entry)
    named: dict[UUID, list[str]] = {}
    for kind, of_kind in by_kind.items():
        actions = await _actions_on_records(renderer, kind, {id_of(entry.record or "") for entry in of_kind})
        for entry in of_kind:
            names = actions.get(id_of(entry.record or ""), [])
            is_own = kind == ControlledDocument.KIND
            named[entry.id] = names if is_own else [name for name in names if name in KEPT_ACTIONS]
    return named


async def _actions_on_records(renderer: Renderer, kind: str, ids: set[UUID]) -> dict[UUID, list[str]]:
    """Return the names of the actions that role and state allow the caller on these records of the kind."""
    lifecycle = renderer.ledger.lifecycles[kind]
    query = f"select r.* from {lifecycle.source} r where r.id = any(%s)"
    records = [from_row(lifecycle.record, row) for row in await renderer.ledger.db.rows(query, (list(ids),))]
    onlooking = await onlooker_records(renderer.ledger, lifecycle, renderer.caller, ids)
    acting = {False: renderer.caller, True: renderer.caller.looking_on()}
    return {
        record.id: [row.name for row in lifecycle.open_to(record, acting[record.id in onlooking])]
        for record in records
    }
