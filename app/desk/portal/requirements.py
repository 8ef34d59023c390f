"""Requirements that wait for the requester's confirmation, as their ticket's page shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView, lists_within
from app.desk.values import label_of
from app.foundation.documents.records import DocumentClass, DocumentState, Heading

#: Field with the time since which requirements wait for the requester.
PROPOSED_AT = "requirements_proposed_at"


@dataclass(frozen=True, slots=True)
class ProposedRequirements:
    """The sections of the proposed document, each under its heading, and the criteria of acceptance."""

    sections: Sequence[tuple[str, str]]
    criteria: Sequence[str]


async def proposed_requirements(desk: Desk, view: RecordView) -> ProposedRequirements | None:
    """Return the requirements that wait for the requester, or None."""
    if not view.record.get(PROPOSED_AT):
        return None
    names = ("documents", "document_sections", "criteria")
    documents, rows, criteria_rows = await asyncio.gather(
        *map(lists_within(desk, view).all_rows_if_allowed, names)
    )
    drafts = {
        (document["id"], document["edition"])
        for document in documents
        if document["document_class"] == DocumentClass.SN and document["state"] == DocumentState.drafted
    }
    sections = [
        (label_of(Heading, section["heading"], desk.language), section["text"])
        for section in rows
        if section["text"] and (section["document_id"], section["edition"]) in drafts
    ]
    criteria = [
        criterion["text"]
        for criterion in criteria_rows
        if criterion["dropped_at"] is None and criterion["text"]
    ]
    return ProposedRequirements(sections, criteria)
