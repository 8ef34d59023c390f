"""Views as of an instant: their figures are kept as they are now, and can be seen again for ever."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.opening import FROZEN_PAGES, open_dashboard
from app.dashboard.processes.figures import keys_of_process

router = Router(prefix=f"{ROOT}/frozen", include_in_schema=False)


@router.get("", operation_id="get_frozen_home")
@router.get("/{name}", operation_id="get_frozen_page")
@router.get("/{name}/{key}")
async def get_frozen_view(request: Request, name: str = "", key: str = "") -> Response:
    """Lead to the page of that name and key as it is now, with the instant in its address."""
    page = await open_dashboard(request)
    if name not in FROZEN_PAGES or (name in ("team", "service") and key not in page.names[name]):
        raise HTTPException(404)
    keys = [key] if name == "kpi" else keys_of_process(name) if name in PROCESS_PAGES else None
    scoped = page.of_scope(name, key) if name in ("team", "service") else page
    document = await scoped.behaviours(keys, keep=True)
    target = "/".join(part for part in (ROOT, name, key) if part)
    changes = {name: request.query_params.get(name) for name in ("by", "sort", "lang")}
    address = page.view.address(target, as_of=page.view.as_of or document["as_of"], **changes)
    return RedirectResponse(address, HTTP_303_SEE_OTHER)
