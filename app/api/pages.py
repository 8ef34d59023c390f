"""Pages for people, in HTML: strict about what a browser may load with them, and without the internet."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

router = APIRouter()
FOLDER = Path(__file__).with_name("static")
#: Everything that pages load, by the name that it is asked for.
FILES = {
    "docs.js": FOLDER / "docs.js",
    "page.css": FOLDER / "page.css",
    "swagger-ui-bundle.js": FOLDER / "swagger-ui" / "swagger-ui-bundle.js",
    "swagger-ui.css": FOLDER / "swagger-ui" / "swagger-ui.css",
}
FRESH_SECONDS = 3600
#: What is ours and nothing else: no script and no style within a page, no other site around it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def page(language: str, title: str, body: str, *, vary: str = "Accept, Accept-Language") -> Response:
    """A page with that title, which is plain text, and that body, which is HTML."""
    document = (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} · Ledgerdesk</title>\n"
        '<link rel="stylesheet" href="/static/page.css">\n'
        f"<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n"
        "</html>\n"
    )
    headers = {**HEADERS, "Content-Language": language, "Vary": vary}
    return Response(document, headers=headers, media_type="text/html")


@router.get("/docs", operation_id="get_docs", include_in_schema=False)
async def get_docs() -> Response:
    """The contract, to read and to try: Swagger UI, from our own files."""
    return FileResponse(FOLDER / "docs.html", headers=HEADERS)


@router.get("/static/{name}", operation_id="get_static_file", include_in_schema=False)
async def get_static_file(name: str) -> Response:
    """What a page loads."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, headers={"Cache-Control": f"public, max-age={FRESH_SECONDS}"})
