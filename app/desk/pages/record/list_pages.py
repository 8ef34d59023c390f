"""The page of a list within a record, of its earlier events, or of the people who were notified about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.direct import Router
from app.desk.conversation import ConversationEntry
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.record.talk import IN_THE_CONVERSATION, talk_entries, with_rows_of_events
from app.desk.pages.record.votes import without_votes
from app.desk.pages.records import (
    TIMELINE,
    ChildTable,
    MoreEntries,
    RecordView,
    child_table,
    earlier_events,
    list_address,
    lists_within,
    named_parts,
    offered_actions,
    read_events,
    read_lists,
    read_record,
)
from app.desk.record_lists import CURSOR
from app.desk.timeline import NarratedEvent
from app.kernel.actions.lifecycle import Lifecycle

router = Router(include_in_schema=False)
#: The list of people who were notified about a record, and the columns of each notice.
NOTICES = "notices"
NOTICE_FIELDS = ("person", "kind", "steps", "way", "sent_at", "read_at", "failed_at")


@dataclass(frozen=True, slots=True)
class EarlierEvents:
    """A part of a record's history: of a ticket the conversation with the events of clocks, else the
    timeline. `more` are the events before them.
    """

    talk: list[ConversationEntry]
    entries: list[NarratedEvent]
    more: MoreEntries | None


@router.get("/desk/{kind}/{name}/list/{child}")
async def get_record_list_page(request: Request, kind: str, name: str, child: str) -> Response:
    """Return the page of a list within a record, or of its events."""
    desk = open_desk(request)
    return await record_list_page(desk, desk.lifecycle(kind), name, child)


async def record_list_page(desk: Desk, lifecycle: Lifecycle[Any], name: str, child: str) -> Response:
    """Return the page of a list within a record, or of its events: the newest part, or the one that the
    address names. Raises CallRefused, or HTTPException (404).
    """
    screens = {each.name: each for each in desk.contract.children(lifecycle.plural)}
    if child not in screens and child not in (NOTICES, TIMELINE):
        raise HTTPException(404)
    view = await read_record(desk, lifecycle, name)
    cursor = desk.request.query_params.get(CURSOR)
    table, history = None, None
    if child == TIMELINE:
        history = await _earlier_events(desk, view, cursor)
        label = desk.sentence("conversation" if lifecycle.is_ticket else "timeline")
    elif child == NOTICES:
        table = await notices_table(desk, view, cursor)
        label = desk.sentence("told")
    else:
        possible = [action for action in offered_actions(desk, view) if action.reason is None]
        table = await child_table(desk, view, screens[child], without_votes(possible), cursor)
        label = screens[child].words[desk.language]
    return desk.answer(
        "pages/record/child_list.html",
        f"{view.spoken_name} · {label}",
        view=view,
        table=table,
        history=history,
    )


async def _earlier_events(desk: Desk, view: RecordView, cursor: str | None) -> EarlierEvents | None:
    """Return that part of the record's history; None if the reader may not see it."""
    events = await read_events(desk, view, cursor)
    if events is None:
        return None
    entries = (await named_parts(desk, view, events=events)).entries or []
    more = earlier_events(view, events)
    if not view.lifecycle.is_ticket:
        return EarlierEvents([], entries, more)
    children = desk.contract.children(view.lifecycle.plural)
    lists = await read_lists(
        desk, view, ((child, None) for child in children if child.name in IN_THE_CONVERSATION)
    )
    lists = await with_rows_of_events(desk, view, events, lists)
    possible = [action for action in offered_actions(desk, view) if action.reason is None]
    talk = talk_entries(desk, view, entries, lists, possible, is_whole=False)
    return EarlierEvents(talk, [entry for entry in entries if entry.is_of_clock], more)


async def notices_table(desk: Desk, view: RecordView, cursor: str | None = None) -> ChildTable | None:
    """Return the people who were notified of the record; None if the list is empty, or the reader may not see
    it.
    """
    fields = desk.contract.listed_fields(notices_path(view.lifecycle))
    page = None if fields is None else await lists_within(desk, view).newest(NOTICES, cursor)
    if fields is None or page is None or not page["items"]:
        return None
    told_fields = {name: fields[name] for name in NOTICE_FIELDS if name in fields}
    rows = tuple(tuple(desk.display.fields(row, told_fields)) for row in page["items"])
    following = page["next_cursor"]
    more = None if following is None else MoreEntries(list_address(view, NOTICES, following))
    return ChildTable(NOTICES, desk.sentence("told"), rows, more=more)


def notices_path(lifecycle: Lifecycle[Any]) -> str:
    """Return the path of the notices about records of that kind."""
    return f"/v1/{lifecycle.plural}/{{id}}/{NOTICES}"
