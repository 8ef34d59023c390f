"""The page of a record: what it is about, the actions on it, and its history. A ticket is shown as the
conversation about it. Earlier entries of long lists have pages of their own (list_pages.py).

| Part of a ticket's page | is placed by | from | and drawn by |
|---|---|---|---|
| title, state, buttons | `placed_actions`, by the face | the record with its `actions` | `head.html` |
| facts, texts, times | `read_fields`, by the face | the record | `ticket.html` |
| conversation, reply | `talk` | its events, comments, attachments | `talk.html` |
| lists (`FIRST_LISTS`) | `named_parts`, `narrowed` | the record's lists | `head.html` |
| card of the requester | `requester_card` | the requester and their tickets | `talk.html` |
| similar tickets | `get_similar_page` | suggestions, search | `similar.html`, by htmx, later |

Any signed-in person may open it; a record outside their audience is answered by 404, and nothing is written.
Except for the position of the log and the lag of its clocks, everything comes from the API, called within
the process as the reader (operation_calls.py): first the record, then its lists, events, files and notices
at once, then all names together. Which fields and lists exist is read from the built contract, so a new
field is shown after `make contract`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND

from app.api.authentication.auth import ledger_of, utc_now
from app.api.direct import Router
from app.api.pages.page_paths import DESK
from app.api.state_words import state_label
from app.desk.contract import ChildScreen
from app.desk.names import NAME
from app.desk.operation_calls import CallRefused
from app.desk.pages.context import Desk, open_desk, require_signed_in
from app.desk.pages.form.returns import return_link
from app.desk.pages.lists.promises import promise_text
from app.desk.pages.record.list_pages import notices_path, notices_table
from app.desk.pages.record.next_steps import agreement_note, next_step, open_vote
from app.desk.pages.record.outcome_sentences import outcome_sentence
from app.desk.pages.record.placed_actions import placed_actions
from app.desk.pages.record.planned_window import WindowCheck, window_check
from app.desk.pages.record.read_fields import (
    essential_fields,
    narrowed,
    placed_fields,
    planned_span,
    readable_field,
)
from app.desk.pages.record.requester_card import (
    OPENED_BY_PEOPLE,
    Person,
    RequesterCard,
    card_of,
    read_with_requester,
)
from app.desk.pages.record.talk import IN_THE_CONVERSATION, reply_box, ticket_talk, with_rows_of_events
from app.desk.pages.record.votes import ReaderVotes, reader_votes, without_votes
from app.desk.pages.record_names import with_record_names
from app.desk.pages.records import (
    COUNTED_IN,
    HANDED_OVER,
    VOTES,
    ChildTable,
    MoreEntries,
    NamedParts,
    OfferedAction,
    RecordList,
    RecordView,
    earlier_events,
    named_parts,
    offered_actions,
    read_events,
    read_lists,
    read_record,
    reader_pages,
    shown_fields,
    state_tone,
)
from app.desk.pages.warnings import shown_warnings, unattached_files
from app.desk.references import child_names
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant
from app.notifications.routes.record_notices import managers_of
from app.service_levels.clocks.answers.listing import wait_for_clocks

router = Router(include_in_schema=False)
#: Lists that stand on the page itself; the others are one step away.
FIRST_LISTS = ("alerts", "evidence", "comments", "tasks", "attachments", "links", "decisions", "votes")
#: Pages of the dashboard with more about a record, by its kind: the address, and the code of their name.
FURTHER_PAGES = {"improvement": ("/dashboard/improvement", "what_came_of_it")}
MOST_SIMILAR = "6"


@router.get("/desk/{kind}/{name}")
async def get_record_page(request: Request, kind: str, name: str) -> Response:
    """Return the page of a record."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    position = await desk.log_position()
    done = request.query_params.get("done", "")
    try:
        view, requester = await read_with_requester(desk, lifecycle, name)
    except CallRefused as refusal:
        # People who hand a record over may lose access to it; the page must not claim that the record does
        # not exist.
        was_done = any(row.name == done for row in lifecycle.rows)
        if refusal.answer.status == HTTP_404_NOT_FOUND and was_done and NAME.fullmatch(name):
            return RedirectResponse(f"{DESK}?{urlencode({HANDED_OVER: name})}", HTTP_303_SEE_OTHER)
        raise
    view, has_old_clock = await _with_clock_after(desk, view, done)
    # A record without number or title is called by what its face names; others stay as they are.
    (view,), reads = await asyncio.gather(with_record_names(desk, [view]), _read_page(desk, view, requester))
    return desk.answer(
        "pages/record/ticket.html" if lifecycle.is_ticket else "pages/record/record.html",
        f"{view.spoken_name} {view.title}".strip() or desk.kind_label(kind),
        view=view,
        live=desk.live_news(position, stream=view.stream),
        state=state_label(lifecycle, view.record, desk.language),
        tone=state_tone(lifecycle, view.record),
        span=planned_span(desk, view),
        promise=promise_text(desk, view.record, desk.contract.record_fields(lifecycle.plural) or {}),
        further=_further_page(desk, view),
        pages=reader_pages(desk, view),
        counted_in=_counted_in(desk, view),
        has_notices=_may_read_notices(desk, lifecycle),
        now=instant(utc_now()),
        done=outcome_sentence(desk, view, done),
        has_old_clock=has_old_clock,
        warnings=[
            *unattached_files(desk),
            *shown_warnings(desk, view.record),
            *_needs(desk, view, reads.possible),
        ],
        way_back=return_link(desk),
        **_values(desk, view, reads),
    )


async def _with_clock_after(desk: Desk, view: RecordView, done: str) -> tuple[RecordView, bool]:
    """Return the record with its clock as it is after the action that led to the page, and whether it is
    still as it was before: clocks follow the log by themselves.
    """
    if not done or not view.record.get("sla"):
        return view, False
    lag_seconds = await wait_for_clocks(ledger_of(desk.request).db)
    return await read_record(desk, view.lifecycle, view.name), lag_seconds > 0


def _needs(desk: Desk, view: RecordView, possible: Sequence[OfferedAction]) -> list[str]:
    """Return why the record cannot go on yet, if the reader can change that."""
    names = {action.name for action in possible}
    return [
        needed.reason.text(desk.language)
        for needed in view.lifecycle.face.needed
        if needed.action in names and needed.is_missing(view.record)
    ]


@dataclass(frozen=True, slots=True)
class PageReads:
    """Content of a record's page besides the record itself."""

    offered: Sequence[OfferedAction]
    lists: Sequence[RecordList]
    parts: NamedParts
    votes: ReaderVotes
    files: Sequence[tuple[str, str]]
    requester: RequesterCard | None
    notices: ChildTable | None
    window: WindowCheck | None
    #: The actions on the record that wait for the reader, as their work names them.
    awaited: Sequence[str]
    #: The note on a record that waits for a second person.
    agreement: str | None
    #: The events before those that the page shows.
    earlier: MoreEntries | None

    @property
    def possible(self) -> list[OfferedAction]:
        """The actions that nothing forbids now."""
        return [action for action in self.offered if action.reason is None]


async def _read_page(desk: Desk, view: RecordView, requester: Person | None) -> PageReads:
    """Read what the page shows, in two rounds: what belongs to the record, then the names in it."""
    offered = list(offered_actions(desk, view))
    possible = [action for action in offered if action.reason is None]
    children = _first_lists(view, desk.contract.children(view.lifecycle.plural))
    (files, events, work), (card, notices, window), lists = await asyncio.gather(
        asyncio.gather(_files(desk, view), read_events(desk, view), _work(desk, view, possible)),
        asyncio.gather(
            _requester(desk, view, requester), _major_notices(desk, view), window_check(desk, view)
        ),
        read_lists(desk, view, ((child, None) for child in children)),
    )
    if view.lifecycle.is_ticket:
        lists = await with_rows_of_events(desk, view, events, lists)
    parts = await named_parts(desk, view, events=events, lists=lists, possible=without_votes(possible))
    earlier = earlier_events(view, events)
    votes, awaited = reader_votes(desk, view, possible, lists, work), _awaited(view, work)
    agreement = agreement_note(desk, view, events)
    return PageReads(offered, lists, parts, votes, files, card, notices, window, awaited, agreement, earlier)


def _values(desk: Desk, view: RecordView, reads: PageReads) -> dict[str, Any]:
    """Return the values of the template that follow from what was read."""
    parts, possible, lifecycle = reads.parts, reads.possible, view.lifecycle
    children = desk.contract.children(lifecycle.plural)
    fields = [
        readable_field(desk, view, field)
        for field in desk.display.fields(parts.record, shown_fields(desk, lifecycle))
    ]
    box = reply_box(desk, view, possible) if lifecycle.is_ticket else None
    row_kinds = _kinds_of_rows(children, possible)
    placed = placed_actions(
        view,
        [action for action in reads.offered if action.reason is not None or action.name not in VOTES],
        desk.reader_id,
        row_kinds,
        has_reply_box=box is not None,
        awaited=reads.awaited,
    )
    has_next = lifecycle.is_ticket or placed.primary is not None or bool(reads.votes.awaited)
    return {
        "fields": fields,
        "essentials": essential_fields(desk, view, parts.record),
        **placed_fields(view, fields),
        "votes": reads.votes,
        "actions": placed,
        "next_step": open_vote(desk, reads.lists)
        if has_next
        else next_step(desk, view, reads.offered, reads.lists),
        "agreement": reads.agreement,
        "tables": [narrowed(table) for table in parts.tables if table.rows and not _is_talk(view, table)],
        "more": [(each.name, each.words[desk.language]) for each in children if each.name not in FIRST_LISTS],
        "entries": _own_entries(parts),
        "clocks": [entry for entry in parts.entries or () if entry.is_of_clock],
        "earlier": reads.earlier,
        "talk": ticket_talk(desk, view, parts.entries, reads.lists, possible, reads.earlier),
        "box": box,
        "requester": reads.requester,
        "files": reads.files,
        "notices": reads.notices,
        "window": reads.window,
    }


@router.get("/desk/{kind}/{name}/similar")
async def get_similar_page(request: Request, kind: str, name: str) -> Response:
    """Return the articles that may help with a ticket, and tickets that are like it."""
    desk = open_desk(request)
    view = await read_record(desk, desk.lifecycle(kind), name)
    path = f"/v1/{view.lifecycle.plural}"
    has_suggestions = desk.contract.operation("get", f"{path}/{{id}}/suggestions") is not None
    suggestions, search = await asyncio.gather(
        _suggested_articles(desk, f"{path}/{view.record['id']}/suggestions" if has_suggestions else None),
        desk.calls.send(
            "GET", "/v1/search", parameters={"q": view.title, "kind": kind, "limit": MOST_SIMILAR}
        ),
    )
    hits = search.document["items"] if search.is_success else []
    return desk.answer(
        "pages/record/similar.html",
        f"{view.spoken_name} · {desk.sentence('similar')}",
        view=view,
        articles=suggestions,
        hits=[hit for hit in hits if hit["id"] != view.record["id"]],
    )


async def _suggested_articles(desk: Desk, path: str | None) -> list[Mapping[str, Any]]:
    page = None if path is None else await desk.calls.read_if_allowed(path)
    return [] if page is None else [item["article"] for item in page["items"][: int(MOST_SIMILAR)]]


def _first_lists(view: RecordView, children: Iterable[ChildScreen]) -> list[ChildScreen]:
    """Return the lists of the page, without those that are empty according to the record."""
    by_name = {child.name: child for child in children}
    left_out = {"alerts"} if view.record.get("alert_source") is None else frozenset[str]()
    return [by_name[name] for name in FIRST_LISTS if name in by_name and name not in left_out]


def _is_talk(view: RecordView, table: ChildTable) -> bool:
    return view.lifecycle.is_ticket and table.name in IN_THE_CONVERSATION


def _kinds_of_rows(children: Sequence[ChildScreen], possible: Sequence[OfferedAction]) -> set[str]:
    """Return the kinds of rows that a list of the record shows, where the actions on them stand."""
    names = {child.name for child in children}
    kinds = {action.acts_on[1]["kind"] for action in possible if action.acts_on is not None}
    return {kind for kind in kinds if not names.isdisjoint(child_names(kind))}


def _own_entries(parts: NamedParts) -> list[Any] | None:
    return None if parts.entries is None else [entry for entry in parts.entries if not entry.is_of_clock]


async def _requester(desk: Desk, view: RecordView, person: Person | None) -> RequesterCard | None:
    """Return the card of the requester; None if the reader may not see one, and for an incident that a
    tool opened by an alert of its own.
    """
    if person is None:
        return None
    if view.record.get("alert_source") is not None and view.record.get("reported_by") is None:
        return None
    return await card_of(desk, person, except_record=str(view.record["id"]))


async def _work(desk: Desk, view: RecordView, possible: Sequence[OfferedAction]) -> Mapping[str, Any] | None:
    """Return the reader's work, if it may name the record: votes on it or, if it is no ticket of a requester,
    other actions of staff.
    """
    has_votes = any(action.name in VOTES for action in possible)
    if not has_votes and (view.lifecycle.kind in OPENED_BY_PEOPLE or not desk.is_staff):
        return None
    work: Mapping[str, Any] | None = await desk.calls.read_if_allowed("/v1/me/work")
    return work


def _awaited(view: RecordView, work: Mapping[str, Any] | None) -> list[str]:
    """Return the actions on the record that the reader's work names. A ticket of a requester waits only for
    what its page shows.
    """
    if work is None or view.lifecycle.kind in OPENED_BY_PEOPLE:
        return []
    named = [(each["record"], each["action"]) for each in work["asked"]]
    named += [(each["ticket"], each["action"]) for each in work["duties"]]
    return [action for record, action in named if record == view.record["id"]]


async def _files(desk: Desk, view: RecordView) -> list[tuple[str, str]]:
    """Return the addresses and labels of the files and pages to print that the reader may see."""
    files = [
        (file.path.format(id=view.record["id"]), desk.sentence(f"file_{file.operation}"))
        for file in desk.contract.record_files(view.lifecycle.plural)
    ]
    answers = await asyncio.gather(*(desk.calls.send("GET", path) for path, _ in files))
    return [file for file, answer in zip(files, answers, strict=True) if answer.is_success]


def _may_read_notices(desk: Desk, lifecycle: Lifecycle[Any]) -> bool:
    """Return whether the reader manages records of this kind, and so may see who was notified of them."""
    if desk.contract.listed_fields(notices_path(lifecycle)) is None:
        return False
    roles = require_signed_in(desk.request).role_codes
    return desk.sees_every_record_of(lifecycle.kind) or not roles.isdisjoint(managers_of(lifecycle).roles)


async def _major_notices(desk: Desk, view: RecordView) -> ChildTable | None:
    """Return who was notified of a major incident, which its board shows."""
    return await notices_table(desk, view) if view.record.get("declared_major_at") else None


def _counted_in(desk: Desk, view: RecordView) -> str | None:
    """Return the page of the figures that the record counts in; None if its kind counts in no figure."""
    if desk.contract.operation("get", f"/v1/{view.lifecycle.plural}/{{id}}/kpis") is None:
        return None
    return f"{COUNTED_IN}/{view.lifecycle.kind}/{view.name}"


def _further_page(desk: Desk, view: RecordView) -> tuple[str, str] | None:
    """Return the address and name of a page of the dashboard with more about the record."""
    if view.lifecycle.kind not in FURTHER_PAGES:
        return None
    path, code = FURTHER_PAGES[view.lifecycle.kind]
    return f"{path}/{view.name}", desk.sentence(code)
