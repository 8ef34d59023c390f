"""Minutes of meetings: a document, the conclusions on agenda items, and the action points."""

from __future__ import annotations

from app.common.children import Visibility
from app.common.people import Person
from app.foundation.documents.filing import file_document, publish_draft
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    EmptyPayload,
)
from app.meetings.payloads import MinuteMeeting
from app.meetings.preparation import AgendaItems
from app.meetings.records import Meeting
from app.ticketing.records import Task


def minute(meeting: Meeting, body: MinuteMeeting, ctx: ActionContext) -> None:
    """Write the minutes of the meeting. They can be corrected until they are signed."""
    meeting.minuted_at = ctx.occurred_at
    paragraphs = [(Heading.minutes, body.minutes)]
    file_document(meeting, DocumentClass.MI, paragraphs, ctx, state=DocumentState.drafted)
    agenda_items = {item.id: item for item in ctx.prepared(AgendaItems).items}
    for conclusion in body.conclusions:
        ctx.outcome.change(agenda_items[conclusion.item]).conclusion = conclusion.conclusion
    for n, point in enumerate(body.tasks):
        task = Task(
            id=ctx.new_id(),
            record=meeting.row_key,
            title=point.title,
            assignee_id=ctx.required_ref(Person, f"tasks/{n}/assignee").id,
            due_at=point.due_at,
            visibility=Visibility.public,  # as the minutes
            added_at=ctx.occurred_at,
        )
        ctx.outcome.add(task)


def minutes_document_class(meeting: Meeting) -> str | None:
    """Return the document class for a number to draw: minutes get one when they are first written."""
    return DocumentClass.MI if meeting.minuted_at is None else None


def sign(meeting: Meeting, body: EmptyPayload, ctx: ActionContext) -> None:
    """Sign the meeting's minutes, and so publish them. A second person can sign as well."""
    if meeting.signed_at is not None:
        meeting.countersigned_at = ctx.occurred_at
        meeting.countersigned_by_id = ctx.caller.person_id
        return
    meeting.signed_at = ctx.occurred_at
    meeting.signed_by_id = ctx.caller.person_id
    publish_draft(DocumentClass.MI, ctx)
