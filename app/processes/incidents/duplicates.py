"""Actions on duplicates of incidents: closing them, notifying their requesters and followers once the
original is resolved, and copying their comments to the original.
"""

from __future__ import annotations

from app.common.children import Visibility
from app.common.people import Person
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.payloads import MarkDuplicateIncident, PassOnCommentIncident
from app.processes.incidents.records import Incident
from app.ticketing.records import Comment


def mark_duplicate(incident: Incident, body: MarkDuplicateIncident, ctx: ActionContext) -> None:
    """Close the incident as a duplicate: another one is its original."""
    original = ctx.required_ref(Incident, "original")
    incident.duplicate_of_id = original.duplicate_of_id or original.id


def tell_resolved(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Announce the incident as resolved: the duplicate's requester and followers are notified that the
    original is.
    """


def pass_on_comment(incident: Incident, body: PassOnCommentIncident, ctx: ActionContext) -> None:
    """Pass on the incident's comment: it is added to the original, with the duplicate's number."""
    author = ctx.required_ref(Person, "author")
    ctx.add(
        Comment(
            id=ctx.new_id(),
            record=incident.row_key,
            author_id=author.id,
            visibility=Visibility.public,
            text=f"{body.number}: {body.text}",
            written_at=ctx.occurred_at,
        )
    )
