"""Pages of what a requester has asked for, and of articles: what happens next, until when, and what the
reader can do about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.api.pages.page_paths import PORTAL
from app.api.state_words import state_label
from app.common.files.media import PICTURES
from app.desk.answered import shown_answers
from app.desk.forms.fields import FieldChoice
from app.desk.operation_calls import Parameters
from app.desk.pages.actions import screen_of, send_form, show_form
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.record.talk import ATTACHMENTS, COMMENTS, ReplyBox
from app.desk.pages.records import (
    RecordView,
    earlier_events,
    named_parts,
    offered_actions,
    read_events,
    read_record,
    state_tone,
)
from app.desk.pages.warnings import unattached_files
from app.desk.portal.asking import plain_form, preset_members
from app.desk.portal.matters import ANSWERS, matter_page, matter_screen
from app.desk.portal.requirements import PROPOSED_AT, proposed_requirements
from app.desk.portal.shared_rows import shared_rows
from app.desk.timeline import NarratedEvent
from app.i18n import LANGUAGES, translate

router = Router(include_in_schema=False)
#: The table of the portal's sentences.
TABLE = "portal"
#: The kinds of tickets that requesters open, and all kinds that have a page here.
TICKETS = ("incident", "request")
KINDS = (*TICKETS, "article")
#: Actions that requesters may have, in the order in which they are offered; each has its own label here.
ACTIONS = (
    *(
        "agree_to_requirements",
        "return_requirements",
        "vote",
        "close",
        "reopen",
        "comment",
        "attach",
        "rate",
        "complain",
    ),
    *("change_requirements", "edit", "cancel"),
)
#: Actions that a ticket waits for.
AWAITED = frozenset({"agree_to_requirements", "vote", "close"})
#: Actions that the box for a reply on the page of a ticket stands for.
IN_THE_BOX = frozenset({"comment", "attach"})
#: Actions for readers of an article; its authors edit it at the desk.
ACTIONS_ON_ARTICLES = ("rate", "comment")
#: The field with the question that a request waits for; of an incident, the hold has it.
HOLD_QUESTION = "hold_question"
#: The fields of a ticket that its page shows.
FACTS = (
    "service",
    "item",
    "opened_at",
    "hold_reason",
    HOLD_QUESTION,
    "statement",
    "resolution",
    "delivery",
    "description",
)
#: Times until which a requester waits.
TIMES = ("wake_up_at", "planned_at", "expected_at")
LISTED_FIELDS = "id,number,title,state,opened_at,changed_at"


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """A form that the reader can fill in on the ticket: its address, and its label. `leads`: the ticket waits
    for it.
    """

    path: str
    label: str
    leads: bool = False
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket in a list: its view, its state with the sort of state that it is, and what happens next."""

    view: RecordView
    state: str
    tone: str
    next_step: str

    @property
    def awaits_answer(self) -> bool:
        """Whether the ticket is on hold until its requester answers."""
        return _awaits_answer(self.view.record)


def sentence(desk: Desk, code: str, **words: str) -> str:
    """Return the portal's sentence of that code."""
    return translate(desk.language, TABLE, code, words)


def next_step(desk: Desk, record: Mapping[str, Any], question: str | None = None) -> str:
    """Return what happens next with the ticket, in plain words; with the question that it waits for, if it is
    known.
    """
    code, question = f"next_{record['state']}", record.get(HOLD_QUESTION) or question
    if _awaits_answer(record):
        code = "next_awaiting_answer" if question else "next_awaiting_requester"
    if record["state"] == "analysing" and record.get(PROPOSED_AT):
        code = "next_to_confirm"
    agreed = record.get("reopen_days")
    days = ledger_of(desk.request).settings.reopen_days if agreed is None else agreed
    return sentence(desk, code, days=str(days), question=question or "")


def _awaits_answer(record: Mapping[str, Any]) -> bool:
    return bool(record["state"] == "on_hold" and record.get("hold_reason") == "awaiting_requester")


async def _last_question(desk: Desk, view: RecordView, events: Mapping[str, Any] | None) -> str | None:
    """Return what the requester was asked when the ticket was last put on hold; None if nothing. `events` are
    the newest; earlier ones are read if the ticket waits since then.
    """
    while events is not None:
        for event in reversed(events["items"]):
            if event["type"] == f"{view.lifecycle.kind}.held":
                question: str | None = event["given"].get("question")
                return question
        if events["next_cursor"] is None or not _awaits_answer(view.record):
            break
        events = await read_events(desk, view, events["next_cursor"])
    return None


async def my_tickets(desk: Desk, limit: int) -> list[TicketLine]:
    """Return the reader's own tickets, those that changed last first."""
    parameters: Parameters = {
        "requester": "me",
        "sort": "-changed_at",
        "limit": str(limit),
    }
    views = []
    for kind in TICKETS:
        lifecycle = desk.lifecycle(kind)
        schemas = desk.contract.record_fields(lifecycle.plural) or {}
        more = [name for name in (PROPOSED_AT, HOLD_QUESTION) if name in schemas]
        fields = ",".join((LISTED_FIELDS, "hold_reason", "reopen_days", *more))
        page = await desk.calls.read(f"/v1/{lifecycle.plural}", {**parameters, "fields": fields})
        views += [RecordView(lifecycle, record, desk.language, PORTAL) for record in page["items"]]
    views.sort(key=lambda view: str(view.record["changed_at"]), reverse=True)
    return [
        TicketLine(
            view,
            state_label(view.lifecycle, view.record, desk.language),
            state_tone(view.lifecycle, view.record),
            next_step(desk, view.record),
        )
        for view in views[:limit]
    ]


@router.get("/portal/{kind}/{name}")
async def get_portal_record_page(request: Request, kind: str, name: str) -> Response:
    """Return the page of a ticket or of an article."""
    desk = open_portal(request)
    if kind not in KINDS:
        return await matter_page(desk, kind, name)
    position = await desk.log_position()
    view = await read_record(desk, desk.lifecycle(kind), name)
    title = f"{view.spoken_name} {view.title}".strip()
    forms = list(_forms(desk, view, IN_THE_BOX if kind in TICKETS else frozenset()))
    done = sentence(desk, "thanks") if "done" in request.query_params else None
    if kind not in TICKETS:
        article = _in_language(view)
        return desk.answer("portal/article.html", title, view=view, article=article, forms=forms, done=done)
    answers, comments, attachments, requirements, events = await asyncio.gather(
        _answers(desk, view.record),
        shared_rows(desk, view, COMMENTS),
        shared_rows(desk, view, ATTACHMENTS),
        proposed_requirements(desk, view),
        read_events(desk, view),
    )
    parts = await named_parts(desk, view, events=events)
    schemas = desk.contract.record_fields(view.lifecycle.plural) or {}
    possible = _possible(desk, view)
    return desk.answer(
        "portal/ticket.html",
        title,
        view=view,
        live=desk.live_news(position, stream=view.stream),
        state=state_label(view.lifecycle, view.record, desk.language),
        tone=state_tone(view.lifecycle, view.record),
        next_step=next_step(desk, view.record, await _last_question(desk, view, events)),
        until=_until(desk, view),
        facts=list(
            desk.display.fields(parts.record, {name: schemas[name] for name in FACTS if name in schemas})
        ),
        answers=answers,
        comments=comments,
        attachments=attachments,
        pictures=PICTURES,
        requirements=requirements,
        entries=without_comments(parts.entries or ()),
        earlier=earlier_events(view, events),
        forms=forms,
        box=ReplyBox(False, True, False, "attach" in possible) if "comment" in possible else None,
        done=done,
        warnings=list(unattached_files(desk)),
    )


@router.get("/portal/{kind}/{name}/{action}")
async def get_portal_action_form(request: Request, kind: str, name: str, action: str) -> Response:
    """Return the form of an action on a ticket."""
    return await show_form(await _screen(request, kind, name, action))


@router.post("/portal/{kind}/{name}/{action}")
async def post_portal_action_form(request: Request, kind: str, name: str, action: str) -> Response:
    """Carry out an action on a ticket by its form."""
    return await send_form(await _screen(request, kind, name, action))


@router.get("/portal/report")
async def get_portal_report_form(request: Request) -> Response:
    """Return the form by which an incident is reported."""
    return await show_form(await opening(request, "incident", "report"))


@router.post("/portal/report")
async def post_portal_report_form(request: Request) -> Response:
    """Report an incident by the form."""
    return await send_form(await opening(request, "incident", "report"))


@router.get("/portal/ask")
async def get_portal_request_form(request: Request) -> Response:
    """Return the form by which something is asked for that the catalogue does not have."""
    return await show_form(await opening(request, "request", "ask"))


@router.post("/portal/ask")
async def post_portal_request_form(request: Request) -> Response:
    """Ask for something that the catalogue does not have, by the form."""
    return await send_form(await opening(request, "request", "ask"))


async def opening(request: Request, kind: str, page: str) -> ActionScreen:
    """Return the form by which a ticket of that kind is opened, at that page of the portal."""
    desk = open_portal(request)
    lifecycle = desk.lifecycle(kind)
    screen = screen_of(desk, lifecycle, lifecycle.opening().name, None)
    services = [
        FieldChoice(each["key"], {language: each[f"name_{language}"] for language in LANGUAGES})
        for each in (await desk.calls.read("/v1/services/status"))["items"]
    ]
    screen = plain(screen, services)
    return replace(
        screen, own_path=f"{PORTAL}/{page}", own_label=sentence(desk, page), own_button=sentence(desk, "send")
    )


def open_portal(request: Request) -> Desk:
    """Return what a page of the portal is made with."""
    return open_desk(request, PORTAL, KINDS)


def plain(screen: ActionScreen, services: Sequence[FieldChoice] = ()) -> ActionScreen:
    """Return the form without what only staff fill in; `services` are those that can be chosen."""
    return replace(screen, own_form=plain_form(screen.form, services), preset=preset_members(screen.form))


async def _screen(request: Request, kind: str, name: str, action: str) -> ActionScreen:
    desk = open_portal(request)
    if kind not in KINDS or (action in ANSWERS and action not in _actions_on(kind)):
        return await matter_screen(desk, kind, name, action)
    if action not in _actions_on(kind):
        raise HTTPException(404)
    view = await read_record(desk, desk.lifecycle(kind), name)
    screen = plain(screen_of(desk, view.lifecycle, action, view))
    return replace(screen, own_label=sentence(desk, f"act_{action}"))


def _actions_on(kind: str) -> Sequence[str]:
    return ACTIONS if kind in TICKETS else ACTIONS_ON_ARTICLES


def _forms(desk: Desk, view: RecordView, in_the_box: Collection[str]) -> Iterator[OfferedForm]:
    """Yield the forms that are open to the reader now, besides those that the box for a reply stands for."""
    possible = _possible(desk, view)
    for name in _actions_on(view.lifecycle.kind):
        if name in possible and name not in in_the_box:
            label = sentence(desk, f"act_{name}")
            is_dangerous = view.lifecycle.face.is_dangerous(name)
            yield OfferedForm(f"{view.path}/{name}", label, name in AWAITED, is_dangerous)


def _possible(desk: Desk, view: RecordView) -> set[str]:
    return {action.name for action in offered_actions(desk, view) if action.reason is None}


def _until(desk: Desk, view: RecordView) -> list[tuple[str, Markup]]:
    """Return the deadlines of the ticket in words, and of its next clock."""
    schemas = desk.contract.record_fields(view.lifecycle.plural) or {}
    times = [
        (
            desk.contract.field_label(name, schemas[name], desk.language),
            desk.display.instant(view.record[name]),
        )
        for name in TIMES
        if view.record.get(name)
    ]
    clock = view.record.get("sla")
    if clock:
        times.append((sentence(desk, "promised"), desk.display.html(clock, schemas["sla"], "sla")))
    return times


async def _answers(desk: Desk, record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was answered to the questions of the item that was asked for."""
    if not record.get("item") or not record.get("answers"):
        return []
    item = await desk.calls.read_if_allowed(f"/v1/catalogue_items/{record['item']}", {"fields": "form"})
    if item is None or item["form"] is None:
        return []
    return list(shown_answers(item["form"], record["answers"], desk.language))


def without_comments(entries: Sequence[NarratedEvent]) -> list[NarratedEvent]:
    """Return the entries without clocks; comments stand by themselves, so their values are not repeated."""
    return [replace(entry, values=(), texts=(), changes=()) for entry in entries if not entry.is_of_clock]


def _in_language(view: RecordView) -> dict[str, Any]:
    """Return the texts of an article in the reader's language, if it has them."""
    record, names = view.record, ("title", "symptoms", "answer")
    is_other = record["language"] != view.language and record.get("other_title")
    return {name: record[f"other_{name}" if is_other else name] for name in names}
