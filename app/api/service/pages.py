"""HTML pages for people, with a strict content security policy and no external resources; and the contract,
which one of them shows.
"""

from __future__ import annotations

import contextlib
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from fastapi import Query, Request
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.contract.problems import problem
from app.api.contract_parts import ContractQuery, contract_parts
from app.api.direct import Router
from app.api.pages.page_headers import HEADERS, POLICY
from app.api.requests.accept import language_for
from app.api.service import docs_page, static_files
from app.api.service.docs_page import DocsQuery
from app.api.service.static_files import static_file
from app.html.templates import render
from app.html.wording import Wording
from app.platform.settings import PROJECT

router = Router()
FOLDER = Path(__file__).with_name("static")
#: Every file that the pages load, by its name in the URL.
FILES = {
    "docs.js": FOLDER / "docs.js",
    "page.css": FOLDER / "page.css",
    "report.css": FOLDER / "report.css",
    "swagger-ui-bundle.js": FOLDER / "swagger-ui" / "swagger-ui-bundle.js",
    "swagger-ui.css": FOLDER / "swagger-ui" / "swagger-ui.css",
}
#: The table of the sentences of these pages.
TABLE = "page"
#: Written by `make contract`, and compared with the code by `make check`.
CONTRACT = PROJECT / "openapi" / "openapi.json"
#: Files kept in memory from the start.
PRELOADED = (*FILES.values(), CONTRACT)
#: Signs that end a text in a style, or the style itself.
UNSAFE_IN_STYLE = frozenset('"\\<>\n\r\f')
NO_MORE: Mapping[str, str] = MappingProxyType({})
CACHE_HEADERS = {"Cache-Control": "public, max-age=3600"}


def preload() -> None:
    """Read and compress all files of these pages, and divide the contract into its parts."""
    static_files.preload(PRELOADED)
    docs_page.preload()
    with contextlib.suppress(FileNotFoundError):  # logged already
        contract_parts(CONTRACT)


def page(
    language: str,
    title: str,
    body: Markup,
    *,
    vary: str = "Accept, Accept-Language",
    status: int = 200,
    more: Mapping[str, str] = NO_MORE,
) -> Response:
    """Return a page with that title and body; `more` are headers besides, or instead of, the usual ones."""
    document = render("html/page.html", Wording(language, TABLE), title=title, body=body)
    headers = {**HEADERS, "Content-Language": language, "Vary": vary, **more}
    return Response(document, status, headers=headers, media_type="text/html")


def page_to_keep(language: str, title: str, body: Markup, running_head: str) -> Response:
    """Return a page that may be saved as a file, or printed: its style is in it, and each sheet has the
    running head and its number. The policy names that style by its hash, and allows no other.
    """
    style = FILES["page.css"].read_text(encoding="utf-8") + _sheets(running_head)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = POLICY.replace("style-src 'self'", f"style-src 'sha256-{digest}'")
    own_style = Markup(style)  # noqa: S704 - our own file; what ends a style is not in a running head
    document = render(
        "html/page_to_keep.html", Wording(language, TABLE), title=title, body=body, style=own_style
    )
    headers = {
        **HEADERS,
        "Content-Security-Policy": policy,
        "Content-Language": language,
        "Vary": "Accept, Accept-Language, Cookie",
    }
    return Response(document, headers=headers, media_type="text/html")


def _sheets(running_head: str) -> str:
    """Return the style of the sheets of paper: what stands in their margins."""
    content = "".join(sign for sign in running_head if sign not in UNSAFE_IN_STYLE)
    look = 'font: 8.5pt system-ui, "Noto Sans CJK SC", sans-serif; color: #57606a;'
    return (
        f'@page {{ @top-left {{ content: "{content}"; {look} }}\n'
        f'  @bottom-right {{ content: counter(page) " / " counter(pages); {look} }} }}\n'
    )


@router.get(docs_page.PATH, include_in_schema=False)
async def get_docs(request: Request, query: Annotated[DocsQuery, Query()]) -> Response:
    """Return the page of the API: an area of it, in Swagger UI from our own files."""
    language = query.lang or language_for(request)
    headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Encoding, Accept-Language"}
    return docs_page.docs_page(query.tags, language).answer(request, headers)


@router.get("/openapi.json", include_in_schema=False)
async def get_contract(request: Request, query: Annotated[ContractQuery, Query()]) -> Response:
    """Return the contract, as the build has made it; with `tags`, the operations that have one of these."""
    try:
        if query.tags is None:
            contract = static_file(CONTRACT)
        else:
            contract = contract_parts(CONTRACT).of_tags(frozenset(query.tags))
    except FileNotFoundError:
        return problem(request, 404, "contract_missing")
    return contract.answer(request, {"Cache-Control": "public, no-cache"})


@router.get("/static/{name}", include_in_schema=False)
async def get_static_file(request: Request, name: str) -> Response:
    """Return a file that a page loads."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, CACHE_HEADERS)
