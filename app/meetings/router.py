"""Routes of meetings: `/v1/meetings`; their agendas, and meetings as iCalendar."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.documents.router import mount_document_pages
from app.meetings.ical import MEDIA_TYPE, calendar
from app.meetings.lifecycle import LIFECYCLE
from app.meetings.printing import print_minutes
from app.meetings.queries import LISTING, PARTICIPANTS, TOPICS, Agenda, MeetingOut, agenda
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/meetings", tags=["meetings"], route_class=DirectRoute)
CALENDAR_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The meeting as iCalendar (RFC 5545).",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "headers": {"Content-Language": {}, "Content-Disposition": {}},
    }
}

mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, MeetingOut)
mount_edit(router, LIFECYCLE, MeetingOut)
mount_children(router, LIFECYCLE, MeetingOut, own=(PARTICIPANTS,))
mount_document_pages(router, LISTING, print_minutes)


@router.endpoint("/{id}/agenda", "List a meeting's agenda", Agenda, refused=(404, 422))
async def list_meeting_agenda(request: Request, name: Name) -> Response:
    """List the agenda of the meeting, in order, without records that the caller may not see."""
    renderer = renderer_of(request, LISTING)
    meeting = (await load_visible(renderer, name)).record
    answer = {"items": await agenda(renderer, meeting)}
    return Response(to_json(answer), headers=VARY, media_type="application/json")


@router.endpoint(
    "/{id}/invitation.ics", "Get a meeting's invitation", refused=(404, 422), responses=CALENDAR_RESPONSE
)
async def get_meeting_invitation(request: Request, name: Name) -> Response:
    """Return the meeting as an iCalendar event. A second import of the event replaces the first."""
    renderer = renderer_of(request, LISTING)
    meeting = (await load_visible(renderer, name)).record
    topics = [row["topic"] for row in await renderer.ledger.db.rows(TOPICS, (meeting.row_key,))]
    text = calendar(meeting, kind=meeting.meeting_kind.label(renderer.language), topics=topics)
    saved_as = f'attachment; filename="{meeting.number}.ics"'
    headers = {**VARY, "Content-Language": renderer.language, "Content-Disposition": saved_as}
    return Response(text, headers=headers, media_type=MEDIA_TYPE)


ROUTES = Routes((router,), (LISTING,))
