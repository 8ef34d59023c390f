"""The conversation of a ticket's page: its entries, what can be done with each, and the box for a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.api.authentication.auth import utc_now
from app.common.files.media import PICTURES
from app.desk.contract import ChildScreen
from app.desk.conversation import ConversationEntry, ConversationRows, RowLinks, SharedFile, conversation
from app.desk.pages.context import Desk
from app.desk.pages.records import (
    MoreEntries,
    OfferedAction,
    RecordList,
    RecordView,
    lists_within,
    row_links,
)
from app.desk.timeline import NarratedEvent
from app.log.canonical import from_instant
from app.ticketing.comments import CORRECTION_WINDOW

#: The lists whose rows are entries of the conversation.
COMMENTS, ATTACHMENTS = "comments", "attachments"
IN_THE_CONVERSATION = frozenset({COMMENTS, ATTACHMENTS})
#: The kinds of their rows in the log.
ROW_KINDS = {COMMENTS: "comment", ATTACHMENTS: "attachment"}
INTERNAL = "internal"
HOLD, QUESTION, CORRECT_COMMENT = "hold", "question", "correct_comment"
#: The newest entries are shown; earlier ones, except the first, are folded.
SHOWN_ENTRIES = 8


@dataclass(frozen=True, slots=True)
class ReplyBox:
    """The box for a reply. `asks`: the reply can be a question for which the ticket waits. `has_requester`: a
    public reply reaches the requester of the ticket.
    """

    is_staff: bool
    has_requester: bool
    asks: bool
    takes_files: bool


@dataclass(frozen=True, slots=True)
class TicketTalk:
    """The conversation: the first entry, the folded ones, and the newest ones. If `earlier` entries are on
    another page, there is no first one here.
    """

    first: Sequence[ConversationEntry]
    folded: Sequence[ConversationEntry]
    newest: Sequence[ConversationEntry]
    earlier: MoreEntries | None = None


async def with_rows_of_events(
    desk: Desk, view: RecordView, events: Mapping[str, Any] | None, lists: Sequence[RecordList]
) -> list[RecordList]:
    """Return the lists, with all rows of those that lack comments or files of the events: rows stand in the
    order in which they were written elsewhere, and one event may add several.
    """
    rows = {name for event in (events or {"items": ()})["items"] for name in event["set"]}

    async def completed(each: RecordList) -> RecordList:
        if each.more is None or each.child.name not in ROW_KINDS:
            return each
        kind = ROW_KINDS[each.child.name]
        row_keys = {f"{kind}/{row['id']}" for row in each.items}
        if not any(name.startswith(f"{kind}/") for name in rows - row_keys):
            return each
        every_row = await lists_within(desk, view).all_rows_if_allowed(each.child.name)
        return replace(each, items=every_row, more=None)

    return list(await asyncio.gather(*map(completed, lists)))


def ticket_talk(
    desk: Desk,
    view: RecordView,
    events: Sequence[NarratedEvent] | None,
    lists: Sequence[RecordList],
    possible: Sequence[OfferedAction],
    earlier: MoreEntries | None = None,
) -> TicketTalk:
    """Return the conversation from the events of the ticket, and from its comments and files among the
    lists. `earlier` are the events before these. If the reader may not see events, it has only comments.
    """
    entries = talk_entries(desk, view, events or (), lists, possible, is_whole=earlier is None)
    if events is None:
        earlier = next((each.more for each in lists if each.child.name == COMMENTS), None)
    first, rest = (entries[:1], entries[1:]) if earlier is None else ([], entries)
    return TicketTalk(first, rest[:-SHOWN_ENTRIES], rest[-SHOWN_ENTRIES:], earlier)


def talk_entries(
    desk: Desk,
    view: RecordView,
    events: Sequence[NarratedEvent],
    lists: Sequence[RecordList],
    possible: Sequence[OfferedAction],
    *,
    is_whole: bool,
) -> list[ConversationEntry]:
    """Return the entries of the conversation. Unless `is_whole`, the events are a part of the history, and
    comments of other events are left out.
    """
    by_name = {each.child.name: each for each in lists}
    comments = [] if COMMENTS not in by_name else by_name[COMMENTS].rows
    if not is_whole:
        # A comment stands where it was written, not where somebody corrected or withdrew it.
        added_rows = {name for event in events for name in event.added_rows}
        comments = [each for each in comments if f"{ROW_KINDS[COMMENTS]}/{each['id']}" in added_rows]
    files = [] if ATTACHMENTS not in by_name else by_name[ATTACHMENTS].rows
    rows = ConversationRows(
        {comment["id"]: comment for comment in comments},
        {} if not comments else dict(_own_links(desk, view, by_name[COMMENTS].child, comments, possible)),
        {file["id"]: _shared_file(desk, view, file) for file in files},
    )
    requester = (view.record.get("requester") or {}).get("name")
    own_events = [event for event in events if not event.is_of_clock]
    return conversation(desk.display, own_events, rows, requester)


def _own_links(
    desk: Desk,
    view: RecordView,
    child: ChildScreen,
    comments: Sequence[Mapping[str, Any]],
    possible: Sequence[OfferedAction],
) -> Iterator[tuple[str, RowLinks]]:
    """Yield, for the reader's own comments, what they can still do with each."""
    for comment in comments:
        is_own = (comment.get("author") or {}).get("id") == desk.reader_id
        if is_own and comment.get("text"):
            links = row_links(view, child, comment, [a for a in possible if _is_in_time(a, comment)])
            yield comment["id"], tuple(links)


def _is_in_time(action: OfferedAction, comment: Mapping[str, Any]) -> bool:
    return (
        action.name != CORRECT_COMMENT or utc_now() <= from_instant(comment["written_at"]) + CORRECTION_WINDOW
    )


def _shared_file(desk: Desk, view: RecordView, file: Mapping[str, Any]) -> SharedFile:
    path = f"/v1/{view.lifecycle.plural}/{view.record['id']}/{ATTACHMENTS}/{file['id']}/content"
    if not file["name"]:
        return SharedFile(desk.sentence("withdrawn_file" if file["withdrawn_at"] else "erased_file"), None)
    is_internal = file.get("visibility") == INTERNAL
    return SharedFile(file["name"], path, file["media_type"] in PICTURES, is_internal)


def reply_box(desk: Desk, view: RecordView, possible: Sequence[OfferedAction]) -> ReplyBox | None:
    """Return the box for a reply; None if the reader may not comment on the ticket."""
    names = {action.name for action in possible}
    if "comment" not in names:
        return None
    return ReplyBox(
        desk.is_staff,
        view.record.get("requester") is not None,
        HOLD in names and any(field.name == QUESTION for field in _fields_of(desk, view, HOLD)),
        "attach" in names,
    )


def _fields_of(desk: Desk, view: RecordView, action: str) -> Sequence[Any]:
    link = desk.link_of(view.lifecycle, action)
    return desk.contract.form(link.body_schema).fields
