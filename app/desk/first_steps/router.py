"""The page that leads through the first steps: `/desk/first-steps`."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.api.pages.page_paths import PORTAL
from app.desk.first_steps.progress import first_steps_progress
from app.desk.pages.context import open_desk
from app.desk.pages.form.returns import FIRST_STEPS_PATH

router = Router(include_in_schema=False)
#: The parameter of the page after a form that was sent.
DONE_PARAMETER = "done"


@router.get(FIRST_STEPS_PATH)
async def get_first_steps_page(request: Request) -> Response:
    """Return the page that leads through the first steps."""
    desk = open_desk(request)
    if not desk.is_administrator:
        raise HTTPException(404)
    public_url = ledger_of(request).settings.public_url or str(request.base_url).rstrip("/")
    return desk.answer(
        "first_steps/first_steps.html",
        desk.sentence("first_steps"),
        progress=await first_steps_progress(desk),
        is_saved=DONE_PARAMETER in request.query_params,
        portal=f"{public_url}{PORTAL}",
    )
