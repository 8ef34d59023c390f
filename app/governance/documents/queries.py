"""Read side of documents: one of them, its versions, and which of them who may read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.api.listings.attachments import ATTACHMENTS
from app.api.listings.child_listings import ChildListing, VisibilityCondition
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.people import Caller, Role
from app.foundation.people.queries import PERSONS
from app.governance.documents.lifecycle import LIFECYCLE
from app.governance.documents.records import ControlledDocument, DocumentVersion
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger

#: Versions that a person may read: those that are or were in force; reviewers also read the version they were
#: asked about.
READABLE = """(v.published_at is not null or exists (
  select from fold.vote o where o.record = v.record and o.person_id = %(reader)s))"""
FIND_VERSION = """
select v.edition from fold.document_version v
where v.record = %(record)s and v.attachment_id = %(attachment)s and {readable}"""
OF_VERSION = """exists (
  select from fold.document_version v
  where v.record = r.record and {place} and {readable})"""


class DocumentRecordOut(RecordOut, of=ControlledDocument):
    """A document of its own, in its newest version."""


class DocumentVersionOut(OutputModel, of=DocumentVersion):
    """A version of a document, with its file."""


LISTING = Listing(
    LIFECYCLE, ("state", "drafted_at"), sorts=("drafted_at",), shape=DocumentRecordOut, expands=(PERSONS,)
)


def _readable(caller: Caller, document: Any) -> str:
    """Return the SQL condition of the versions that the caller may read: all for the author, and for those
    who publish and audit documents.
    """
    reads_all = caller.person_id == document.author_id or any(
        caller.has_role(role, document) for role in (Role.quality_manager, Role.auditor)
    )
    return "true" if reads_all else READABLE


def _rows_of_readable_versions(place: str) -> VisibilityCondition:
    """Return the condition of the rows of the versions that the caller may read; `place` is the column with a
    row's version.
    """

    def condition(renderer: Renderer, document: Any, parameters: dict[str, Any]) -> str:
        parameters["reader"] = renderer.caller.person_id
        return OF_VERSION.format(place=place, readable=_readable(renderer.caller, document))

    return condition


VERSIONS = ChildListing(
    "document_versions",
    DocumentVersion,
    "written_at",
    DocumentVersionOut,
    "the versions of a document that the caller may read, the oldest first",
    _rows_of_readable_versions("v.id = r.id"),
)
#: The attachments, without files of drafts that the caller may not read.
FILES = replace(ATTACHMENTS, only=_rows_of_readable_versions("v.attachment_id = r.id"))


async def readable_edition(
    ledger: Ledger, caller: Caller, document: ControlledDocument, attachment: UUID
) -> int:
    """Return the edition whose file that is. Raises NotFound if the caller may not read it."""
    query = FIND_VERSION.format(readable=_readable(caller, document))
    parameters = {"record": document.row_key, "attachment": attachment, "reader": caller.person_id}
    row = await ledger.db.row(query, parameters)
    if row is None:
        raise NotFound()
    edition: int = row["edition"]
    return edition
