"""Actions on duplicates of incidents: closing them, notifying their requesters and followers once the
original progresses or is resolved, and copying their comments and files to the original.
"""

from __future__ import annotations

from app.common.children import Attachment, Visibility
from app.common.people import Person
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.payloads import (
    MarkDuplicateIncident,
    PassOnAttachmentIncident,
    PassOnCommentIncident,
    RestrictCommentIncident,
    TellProgressIncident,
)
from app.processes.incidents.records import Incident
from app.ticketing.records import Comment


def mark_duplicate(incident: Incident, body: MarkDuplicateIncident, ctx: ActionContext) -> None:
    """Mark the incident as a duplicate: it is closed, and another one is its original."""
    original = ctx.required_ref(Incident, "original")
    incident.duplicate_of_id = original.duplicate_of_id or original.id


def tell_resolved(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Tell followers the incident is resolved: the duplicate's requester and followers are notified that the
    original is resolved.
    """


def pass_on_comment(incident: Incident, body: PassOnCommentIncident, ctx: ActionContext) -> None:
    """Pass on the incident's comment: it is added to the original, with the number of the duplicate."""
    comment = Comment(
        id=ctx.new_id(),
        record=incident.row_key,
        author_id=ctx.required_ref(Person, "author").id,
        visibility=body.visibility,
        text=f"{body.number}: {body.text}",
        folded=body.folded,
        written_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = comment.for_staff
    ctx.outcome.add(comment)


def pass_on_attachment(incident: Incident, body: PassOnAttachmentIncident, ctx: ActionContext) -> None:
    """Pass on the incident's file: it is added to the original incident, and readers there get the same
    content.
    """
    attachment = Attachment(
        id=ctx.new_id(),
        record=incident.row_key,
        author_id=ctx.required_ref(Person, "author").id,
        name=body.name,
        content_id=body.content,
        media_type=body.media_type,
        size=body.size,
        sha256=body.sha256,
        visibility=body.visibility,
        attached_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = attachment.for_staff
    ctx.outcome.add(attachment)


def restrict_comment(incident: Incident, body: RestrictCommentIncident, ctx: ActionContext) -> None:
    """Restrict the incident's comment to staff: it came from the duplicate of another customer."""
    ctx.outcome.change(ctx.required_ref(Comment, "comment")).visibility = Visibility.internal


def tell_progress(incident: Incident, body: TellProgressIncident, ctx: ActionContext) -> None:
    """Tell followers of the incident's progress: the duplicate's requester and followers are notified of the
    progress of the original.
    """
