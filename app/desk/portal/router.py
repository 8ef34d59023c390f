"""The first pages of the portal: search, announcements, the catalogue with its forms, the reader's tickets,
and how services fare.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.api.pages.page_paths import PORTAL
from app.common.faces import BilingualLabel, FormFace
from app.desk.pages.actions import screen_of as action_screen
from app.desk.pages.actions import send_form, show_form
from app.desk.pages.context import Desk
from app.desk.pages.form.screens import ActionScreen
from app.desk.portal import list_pages, tickets
from app.desk.portal.asking import item_form, preset_members, supplied_members
from app.desk.portal.matters import waiting_rows
from app.desk.portal.tickets import my_tickets, open_portal, sentence
from app.i18n import LANGUAGES, translate
from app.processes.requests.face import URGENCY_QUESTION

router = Router(include_in_schema=False)
#: The kinds that a search of the portal finds.
FOUND_KINDS = ("article", "catalogue_item", *tickets.TICKETS)
#: Tickets on the first page, and on their own.
FEW_TICKETS, MOST_TICKETS = 5, 50
#: Fields of an item that describe what the requester gets.
ITEM_FACTS = ("scope", "limits", "delivery_standard", "target_seconds")
MOST_ITEMS = "200"
#: Inputs of every item, in addition to the item's own questions.
ITEM_FACE = FormFace(
    first=("answers", "how_soon", "description"),
    unasked=URGENCY_QUESTION.members,
    questions=(URGENCY_QUESTION,),
    labels={"description": BilingualLabel("Anything else that we should know?", "还有什么需要我们知道的？")},
    takes_files=True,
)
MOST_ANNOUNCED = "5"


@dataclass(frozen=True, slots=True)
class ServiceAnnouncement:
    """An announcement about services, by their names, to their users; and the time of the next one (None: not
    promised).
    """

    services: Sequence[str]
    text: str
    next_update_due_at: str | None = None


@router.get("/portal")
async def get_portal_page(request: Request) -> Response:
    """Return the first page: what one looks for, what happens with what one has asked for, how services fare,
    and what is announced.
    """
    desk = open_portal(request)
    work, services = await desk.calls.read("/v1/me/work"), await _services(desk)
    lines = await my_tickets(desk, MOST_TICKETS)
    return desk.answer(
        "portal/home.html",
        sentence(desk, "home"),
        lines=lines[:FEW_TICKETS],
        services=[service for service in services if service["condition"] != "operational"],
        announcements=[announcement async for announcement in _announcements(desk, services)],
        waiting=await waiting_rows(desk, work),
        awaiting_answer=[line for line in lines if line.awaits_answer],
    )


@router.get("/portal/search")
async def get_portal_search_page(request: Request, q: str = "") -> Response:
    """Return the articles, the items of the catalogue and the reader's tickets that are found."""
    desk = open_portal(request)
    hits: Sequence[Mapping[str, Any]] = ()
    problem = None
    if q.strip():
        answer = await desk.calls.send(
            "GET", "/v1/search", parameters={"q": q, "kind": ",".join(FOUND_KINDS), "match": "some"}
        )
        hits, problem = (answer.document["items"], None) if answer.is_success else ((), answer.document)
    title = sentence(desk, "search")
    return desk.answer("portal/search.html", title, searched=q, hits=hits, problem=problem)


@router.get("/portal/mine")
async def get_my_tickets_page(request: Request) -> Response:
    """Return the reader's tickets."""
    desk = open_portal(request)
    lines = await my_tickets(desk, MOST_TICKETS)
    return desk.answer("portal/list.html", sentence(desk, "mine"), lines=lines, services=None)


@router.get("/portal/status")
async def get_services_page(request: Request) -> Response:
    """Return how the services fare."""
    desk = open_portal(request)
    services = await _services(desk)
    return desk.answer("portal/list.html", sentence(desk, "status"), lines=None, services=services)


@router.get("/portal/catalogue")
async def get_catalogue_page(request: Request) -> Response:
    """Return what can be asked for, by service."""
    desk = open_portal(request)
    parameters = {"state": "offered", "sort": "key", "limit": MOST_ITEMS, "expand": "service"}
    page = await desk.calls.read("/v1/catalogue_items", parameters)
    by_service: dict[str, list[Mapping[str, Any]]] = {}
    for item in page["items"]:
        name = "" if item["service"] is None else item["service"][f"name_{desk.language}"]
        by_service.setdefault(name, []).append(item)
    return desk.answer("portal/catalogue.html", sentence(desk, "catalogue"), by_service=by_service)


@router.get("/portal/catalogue_item/{key}")
async def get_item_form(request: Request, key: str) -> Response:
    """Return the form by which the item is asked for."""
    return await show_form(await _item_screen(request, key))


@router.post("/portal/catalogue_item/{key}")
async def post_item_form(request: Request, key: str) -> Response:
    """Ask for the item by its form."""
    return await send_form(await _item_screen(request, key))


async def _item_screen(request: Request, key: str) -> ActionScreen:
    desk = open_portal(request)
    item = await desk.calls.read(f"/v1/catalogue_items/{key}")
    lifecycle = desk.lifecycle("request")
    screen = action_screen(desk, lifecycle, lifecycle.opening().name, None)
    title = str(item[f"title_{desk.language}"])
    heading = {language: translate(language, tickets.TABLE, "questions", {}) for language in LANGUAGES}
    schemas = desk.contract.record_fields("catalogue_items") or {}
    facts = desk.display.fields(item, {name: schemas[name] for name in ITEM_FACTS})
    return replace(
        screen,
        own_form=item_form(screen.form, item, heading),
        own_face=ITEM_FACE,
        fallback=supplied_members(item, title),
        preset={**preset_members(screen.form), "item": item["key"]},
        own_path=f"{PORTAL}/catalogue_item/{item['key']}",
        own_label=title,
        own_button=sentence(desk, "send_request"),
        about=item[f"description_{desk.language}"] or "",
        facts=tuple(facts),
    )


async def _services(desk: Desk) -> list[Mapping[str, Any]]:
    page = await desk.calls.read("/v1/services/status", {"tz": desk.display.zone.key})
    return list(page["items"])


async def _announcements(
    desk: Desk, services: Sequence[Mapping[str, Any]]
) -> AsyncIterator[ServiceAnnouncement]:
    """Yield the announcements about incidents that the reader may see, then the maintenance of the reader's
    services.
    """
    names = {service["key"]: service[f"name_{desk.language}"] for service in services}
    for service in services:
        if service["incident"] is None:
            continue
        path, fields = f"/v1/incidents/{service['incident']}", {"fields": "statement,next_update_due_at"}
        incident = await desk.calls.read_if_allowed(path, fields)
        if incident is not None and incident["statement"]:
            yield ServiceAnnouncement(
                [names[service["key"]]], incident["statement"], incident["next_update_due_at"]
            )
    parameters = {"limit": MOST_ANNOUNCED, "tz": desk.display.zone.key}
    page = await desk.calls.read("/v1/changes/schedule", parameters)
    for change in page["items"]:
        if change["message"]:
            yield ServiceAnnouncement([names.get(key, key) for key in change["services"]], change["message"])


#: The pages of records come last, since their addresses begin with any kind.
ROUTERS = (router, tickets.router, list_pages.router)
