"""Pages of the portal with the earlier messages, files and events of a ticket, and with lists within other
records.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.common.files.media import PICTURES
from app.desk.pages.record.list_pages import record_list_page
from app.desk.pages.record.talk import ATTACHMENTS, COMMENTS
from app.desk.pages.records import TIMELINE, earlier_events, named_parts, read_events, read_record
from app.desk.portal.shared_rows import SharedRows, shared_rows
from app.desk.portal.tickets import TICKETS, open_portal, sentence, without_comments
from app.desk.record_lists import CURSOR

router = Router(include_in_schema=False)


@router.get("/portal/{kind}/{name}/list/{child}")
async def get_portal_list_page(request: Request, kind: str, name: str, child: str) -> Response:
    """Return the page of a list within a record, or of its events."""
    desk = open_portal(request)
    lifecycle, cursor = desk.lifecycle(kind), request.query_params.get(CURSOR)
    if kind not in TICKETS or child not in (COMMENTS, ATTACHMENTS, TIMELINE):
        return await record_list_page(desk, lifecycle, name, child)
    view = await read_record(desk, lifecycle, name)
    events = await read_events(desk, view, cursor) if child == TIMELINE else None
    entries = (await named_parts(desk, view, events=events)).entries or ()
    labels = {
        COMMENTS: sentence(desk, "comments"),
        ATTACHMENTS: sentence(desk, "files"),
        TIMELINE: desk.sentence("timeline"),
    }
    return desk.answer(
        "portal/ticket_list.html",
        f"{view.spoken_name} · {labels[child]}",
        view=view,
        comments=await shared_rows(desk, view, child, cursor) if child == COMMENTS else SharedRows(),
        attachments=await shared_rows(desk, view, child, cursor) if child == ATTACHMENTS else SharedRows(),
        pictures=PICTURES,
        entries=without_comments(entries),
        earlier=earlier_events(view, events),
    )
