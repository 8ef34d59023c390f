"""Routes of what pages load to look as the installation's branding says: its colour and its logo. The page
to sign in on loads them, too, so they are for everybody.
"""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.branding.lookups import logo_content, present_branding
from app.api.direct import Router
from app.api.listings.attachments import SANDBOX

router = Router(include_in_schema=False)
#: The addresses name what they lead to, so that browsers need not ask again within a day.
KEPT_A_DAY = {"Cache-Control": "public, max-age=86400"}
STYLE = """\
body > header, main.sign-in {{ border-top: 5px solid {colour}; }}
button.leads, .button.leads, main.sign-in button {{
  background: {colour}; border-color: {colour}; color: #fff;
}}
.brand img {{ max-height: 36px; max-width: 9rem; margin-right: .5rem; vertical-align: middle; }}
@media print {{
  body > header {{ display: block; border: 0; }} body > header > :not(.brand) {{ display: none; }}
}}
"""


@router.get("/branding/style.css")
async def get_branding_style(request: Request) -> Response:
    """Return the style sheet with the colour of the branding."""
    branding = await present_branding(ledger_of(request))
    if branding is None:
        raise HTTPException(404)
    return Response(STYLE.format(colour=branding.colour), headers=KEPT_A_DAY, media_type="text/css")


@router.get("/branding/logo")
async def get_branding_logo(request: Request) -> Response:
    """Return the logo of the branding, whose media type was read from its bytes."""
    ledger = ledger_of(request)
    branding = await present_branding(ledger)
    logo = None if branding is None else branding.logo
    content = None if logo is None else await logo_content(ledger, logo)
    if logo is None or content is None:
        raise HTTPException(404)
    headers = {**KEPT_A_DAY, "Content-Security-Policy": SANDBOX}
    return Response(content, headers=headers, media_type=logo.media_type)
