"""Routes of the desk: its pages, and the files that they load."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.page_paths import own_address
from app.api.pages.page_response import refusal_page
from app.api.pages.sent_forms import sent_form
from app.api.requests.accept import LANGUAGE, LANGUAGE_COOKIE
from app.api.service.static_files import static_file
from app.api.sign_in.sign_in_first import sign_in_first
from app.desk.administration import router as administration
from app.desk.first_steps import router as first_steps
from app.desk.operation_calls import CallRefused
from app.desk.pages import actions, changes, commands, due, homes, work
from app.desk.pages.context import open_desk
from app.desk.pages.kept_forms import keep_form
from app.desk.pages.lists import bulk, columns, saved_views
from app.desk.pages.lists import page as list_page
from app.desk.pages.record import list_pages
from app.desk.pages.record import page as record_page
from app.desk.references import find_hits
from app.desk.settings_pages import router as settings_pages
from app.i18n import LANGUAGES

FOLDER = Path(__file__).parents[1] / "static"
#: Every file that the pages load, by its name in the URL.
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
PRELOADED = tuple(FILES.values())
A_YEAR_SECONDS = 31_536_000

router = Router(include_in_schema=False)
#: The language that an address names would hold against the one that the reader has chosen.
_LANGUAGE_OF_ADDRESS = re.compile(rf"([?&]){LANGUAGE}=[^&]*&?")


@router.get("/desk/static/{name}")
async def get_desk_file(request: Request, name: str) -> Response:
    """Return a file that the pages load."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {})


@router.post("/desk/language")
async def post_desk_language(request: Request) -> Response:
    """Keep the language that the reader has chosen, and show the page again."""
    form = await sent_form(request)
    language = form.first_value("language")
    address = _LANGUAGE_OF_ADDRESS.sub(r"\1", own_address(form.first_value("next"))).rstrip("?&")
    answer = RedirectResponse(address, HTTP_303_SEE_OTHER)
    if language in LANGUAGES:
        is_secure = request.url.scheme == "https"
        answer.set_cookie(LANGUAGE_COOKIE, language, A_YEAR_SECONDS, secure=is_secure, samesite="lax")
    return answer


@router.get("/desk/lookup")
async def get_desk_lookup(
    request: Request, kind: str, process: str = "", duty: str = "", field: str = "/"
) -> Response:
    """Return, as options, what a reference may name that has the typed text in its name. `field` is the name
    of the input with the text, or its beginning.
    """
    desk = open_desk(request)
    typed = next((value for name, value in request.query_params.multi_items() if name.startswith(field)), "")
    reference = {"kind": kind} | ({"duty": duty} if duty else {})
    hits = await find_hits(desk.calls, reference, typed[:200], process)
    return desk.answer("hits.html", "", hits=hits)


@router.get("/desk/asker")
async def get_asker_card(request: Request) -> Response:
    """Return the card of the person in the parameter `/requester`."""
    desk = open_desk(request)
    name = request.query_params.get(actions.REQUESTER, "").strip()
    asker = await actions.person_card(desk, name) if name and desk.is_staff else None
    return desk.answer("pages/record/asker.html", "", asker=asker)


async def sign_in_needed(request: Request, _: Exception) -> Response:
    """Return the way to the sign-in, and from there back to the page, or to the form as it was filled in."""
    return sign_in_first(request, await keep_form(request))


async def call_refused(request: Request, error: Exception) -> Response:
    """Return the page that explains why a part of a page is not available."""
    assert isinstance(error, CallRefused)
    document = error.answer.document
    return refusal_page(request, document, [fault["message"] for fault in document.get("errors", ())])


#: Each by itself: a router within another would be tried for every path there is (app/api/route_index.py).
LIST_MODULES = (bulk, columns, saved_views, list_page)
SETUP_MODULES = (first_steps, settings_pages)
PAGE_MODULES = (work, homes, commands, due, changes, *LIST_MODULES, record_page, list_pages, actions)
ROUTERS = (
    router,
    *administration.ROUTERS,
    *(part.router for part in (*SETUP_MODULES, *PAGE_MODULES)),
)
