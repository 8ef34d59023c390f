"""Restricted documents as they are listed to staff who may not read them, so that they can request access:
their titles and owners, but never their content. Secret documents are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.listings import cursors
from app.api.listings.filters import WhereClause
from app.api.listings.list_queries import Paging
from app.api.records.shapes import OutputModel, PersonStub, Renderer
from app.common.records import from_row
from app.foundation.documents.keeping.records import DocumentAccessRequest
from app.foundation.documents.records import Confidentiality, DocumentClass, DocumentState, Importance
from app.foundation.documents.shapes import DocumentAccessRequestOut
from app.governance.documents.records import ControlledDocument
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.payloads import ShortText
from app.kernel.visible_records import is_visible
from app.log.canonical import from_instant, instant
from app.log.events import stream
from app.platform.db import Row

#: The name of the list in cursors.
SCOPE = "requestable documents"
ROWS = """
select r.* from fold.document r join log.stream_head h on h.stream = 'document/' || r.id
where {where} order by r.published_at desc, r.id desc limit {limit}"""
NEWEST_REQUESTS = """
select distinct on (document_id) * from fold.document_access_request
where person_id = %s and record = any(%s) order by document_id, requested_at desc, id desc"""
TITLE_OR_NUMBER = "(r.number = {words} or position(lower({words}) in lower(r.title)) > 0)"


class RequestableEntry(OutputModel):
    """Entry of a restricted document in the list for staff without access."""

    id: UUID
    number: str = Field(description="Number of the document.")
    document_class: DocumentClass = Field(
        description="Class of the document, which is the first part of its number."
    )
    subclass: str | None = Field(description="Kind of document within its class; null if not set.")
    title: str = Field(description="Title of the document.")
    importance: Importance = Field(description="Importance of the document.")
    confidentiality: Confidentiality = Field(description="Confidentiality of the document: `restricted`.")
    author: PersonStub | None = Field(description="Person who wrote the first version and grants access.")
    published_at: datetime | None = Field(description="Time at which the document was last published.")


class RequestableDocument(RequestableEntry):
    """A restricted document that the caller may not read, but can request by `request_access`."""

    access_request: DocumentAccessRequestOut | None = Field(
        description="Latest request of the caller, with the answer; null if not requested."
    )


class RequestablePage(OutputModel):
    """A page of restricted documents that the caller can request, the last published first."""

    items: list[RequestableDocument]
    next_cursor: str | None


class RequestableQuery(Paging):
    """The restricted documents to list."""

    q: Annotated[
        ShortText | None, Field(description="Words in the title, or the number of the document.")
    ] = None


async def requestable_page(renderer: Renderer, query: RequestableQuery) -> dict[str, Any]:
    """Return one page of the documents in force that the renderer's caller, who is staff, does not see and
    may ask for. Raises BadCursor.
    """
    where = WhereClause()
    where.conditions.append(_condition(renderer, where))
    if query.q is not None:
        where.conditions.append(TITLE_OR_NUMBER.format(words=where.bind(query.q)))
    scope = f"{SCOPE} {query.model_dump_json(exclude={'limit', 'cursor'})}"
    sign = renderer.ledger.vault.fingerprint
    if query.cursor is not None:
        last_at, last_id = cursors.read(query.cursor, scope, sign)
        after = f"({where.bind(from_instant(last_at))}, {where.bind(UUID(last_id))})"
        where.conditions.append(f"(r.published_at, r.id) < {after}")
    statement = ROWS.format(where=" and ".join(where.conditions), limit=query.limit + 1)
    matching_rows = await renderer.ledger.db.rows(statement, where.parameters, prepare=False)
    rows, cursor = matching_rows[: query.limit], None
    if len(matching_rows) > query.limit:
        cursor = cursors.write([instant(rows[-1]["published_at"]), str(rows[-1]["id"])], scope, sign)
    return {"items": await requestable_items(renderer, rows), "next_cursor": cursor}


def _condition(renderer: Renderer, where: WhereClause) -> str:
    """Return the SQL condition of restricted documents in force that the caller does not see."""
    settings = renderer.ledger.settings
    if sees_every_record(renderer.caller, renderer.lifecycle, agents_see=settings.agents_see):
        return "false"
    held = where.bind(sorted(tokens(renderer.caller, renderer.lifecycle)))
    return (
        f"r.state = '{DocumentState.published.value}' "
        f"and r.confidentiality = '{Confidentiality.restricted.value}' and not h.audience && {held}::text[]"
    )


async def requestable_items(renderer: Renderer, rows: list[Row]) -> list[dict[str, Any]]:
    """Return the documents of these rows as they are listed to the caller, with their own newest requests."""
    of_documents = _renderer(renderer, RequestableEntry, ControlledDocument)
    items = [of_documents.values_of(from_row(ControlledDocument, row)) for row in rows]
    await of_documents.render_many(items)
    requests = await _newest_requests(renderer, [stream(ControlledDocument.KIND, row["id"]) for row in rows])
    return [item | {"access_request": requests.get(item["id"])} for item in items]


async def _newest_requests(renderer: Renderer, streams: list[str]) -> dict[UUID, dict[str, Any]]:
    """Return the caller's newest request for each of the documents that they have asked for, by its id."""
    rows = await renderer.ledger.db.rows(NEWEST_REQUESTS, (renderer.caller.person_id, streams))
    of_requests = _renderer(renderer, DocumentAccessRequestOut, DocumentAccessRequest)
    items = [of_requests.values_of(from_row(DocumentAccessRequest, row)) for row in rows]
    await of_requests.render_many(items)
    return {row["document_id"]: item for row, item in zip(rows, items, strict=True)}


def _renderer(renderer: Renderer, shape: type[OutputModel], rows: Any) -> Renderer:
    return Renderer(renderer.ledger, renderer.lifecycle, shape, renderer.caller, renderer.language, rows=rows)


class AnswerToRequest(Renderer):
    """Renderer of a requested document: people who do not see it get its entry in the list."""

    async def render_one(self, record: Any, audience: Iterable[str] = ()) -> dict[str, Any]:
        """Return the document as the caller sees it."""
        if is_visible(self.ledger, self.lifecycle, self.caller, list(audience)):
            return await super().render_one(record, audience)
        rows = await self.ledger.db.rows("select r.* from fold.document r where r.id = %s", (record.id,))
        return (await requestable_items(self, rows))[0]
