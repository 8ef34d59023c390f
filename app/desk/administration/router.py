"""Routes of administration: the page that lists all others, and the pages that it leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.direct import Router
from app.api.pages.page_paths import DESK
from app.common.people import Role
from app.desk.administration import items, mapping_pages, people, services, sources, teams
from app.desk.administration.index import ADMINISTRATION, GROUPS, AdministrationGroup
from app.desk.first_steps import first_agreement
from app.desk.pages.context import Desk, open_desk, require_signed_in

#: How the addresses of forms begin that open a record.
NEW = f"{DESK}/new"
router = Router(include_in_schema=False)


@router.get(ADMINISTRATION)
async def get_administration_page(request: Request) -> Response:
    """Return the page that lists what the reader may administer."""
    desk = open_desk(request)
    groups = list(reader_groups(desk))
    if not groups:
        raise HTTPException(404)
    openings = {f"{NEW}/{each['kind']}/{each['action']}" for each in await desk.openings()}
    groups = [_with_forms(group, openings) for group in groups]
    template = "administration/index.html"
    return desk.answer(template, desk.sentence("administration"), groups=groups)


def _with_forms(group: AdministrationGroup, openings: Collection[str]) -> AdministrationGroup:
    """Return the group with the forms that are open to the reader; other pages decide by themselves."""
    pages = (
        replace(
            page,
            forms=tuple(
                (label, address)
                for label, address in page.forms
                if not address.startswith(f"{NEW}/") or address in openings
            ),
        )
        for page in group.pages
    )
    return replace(group, pages=tuple(pages))


def reader_groups(desk: Desk) -> Iterator[AdministrationGroup]:
    """Yield the groups with the pages that are for the reader."""
    held = require_signed_in(desk.request).role_codes
    for group in GROUPS:
        pages = tuple(page for page in group.pages if not held.isdisjoint({Role.admin, *page.roles}))
        if pages:
            yield replace(group, pages=pages)


ROUTERS = (
    router,
    people.router,
    teams.router,
    services.router,
    first_agreement.router,
    sources.router,
    mapping_pages.router,
    items.router,
)
