"""The page of mails that were not sent, for administrators."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.common.notices import NoticeKind
from app.dashboard.addresses import ROOT
from app.dashboard.opening import LARGEST_PAGE, open_dashboard
from app.notifications.records import DeliveryFailure

router = Router(prefix=ROOT, include_in_schema=False)


@router.get("/mails")
async def get_unsent_mails_page(request: Request) -> Response:
    """Return the mails that wait for another try or were given up, the oldest first."""
    page = await open_dashboard(request)
    document = await page.desk.calls.read("/v1/unsent_mails", {"limit": LARGEST_PAGE})
    rows = [
        {
            **item,
            "kind": NoticeKind(item["kind"]).label(page.language),
            "reason": DeliveryFailure(item["failure"]).label(page.language)
            if item["failure"] is not None
            else item["why"],
        }
        for item in document["items"]
    ]
    return page.answer(
        "mails.html",
        page.sentence("page_mails"),
        path=f"{ROOT}/mails",
        mails=rows,
        has_more=document["next_cursor"] is not None,
    )
