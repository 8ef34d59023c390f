"""The page of the summaries that are mailed to the reader, with the forms that change them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.dashboard.addresses import ROOT
from app.dashboard.opening import open_dashboard
from app.dashboard.saved_selections import lead_to, require_success
from app.desk.pages.context import open_desk
from app.notifications.records import DeliveryFailure

PATH, SUMMARIES = f"{ROOT}/summaries", "/v1/me/summaries"
#: Text inputs of the form of a summary; an empty input means the default.
TEXTS = ("cadence", "weekday", "time_of_day", "time_zone", "view")

router = Router(prefix=PATH, include_in_schema=False)


@router.get("")
async def get_summaries_page(request: Request) -> Response:
    """Return the reader's summaries, when each is sent and of what, with a form for a new one."""
    page = await open_dashboard(request)
    document = await page.desk.calls.read(SUMMARIES)
    fields = {field.name: field for field in page.desk.contract.form("SaveSummary").fields}
    return page.answer(
        "summaries.html",
        page.sentence("page_summaries"),
        path=PATH,
        summaries=document["items"],
        fields=fields,
        weekdays={
            choice.code: page.desk.choice_label(fields["weekday"], choice)
            for choice in fields["weekday"].choices
        },
        failures={failure.value: failure.label(page.language) for failure in DeliveryFailure},
    )


@router.post("/{summary_id}")
async def post_summary(request: Request, summary_id: UUID) -> Response:
    """Have a summary mailed, or change one, and lead back to all of them."""
    desk, form = open_desk(request), await sent_form(request)
    require_success(await desk.calls.send("PUT", f"{SUMMARIES}/{summary_id}", body=_body(form)))
    return lead_to(f"{PATH}#{summary_id}")


@router.post("/{summary_id}/remove")
async def post_removal_of_summary(request: Request, summary_id: UUID) -> Response:
    """Have a summary mailed no more."""
    desk = open_desk(request)
    require_success(await desk.calls.send("DELETE", f"{SUMMARIES}/{summary_id}"))
    return lead_to(PATH)


def _body(form: SentForm) -> dict[str, Any]:
    """Return the content of the form of a summary."""
    body: dict[str, Any] = {name: text for name in TEXTS if (text := form.first_value(name))}
    if day := form.first_value("day_of_month"):
        body["day_of_month"] = int(day) if day.isdecimal() else day
    return body | {"only_when_needed": bool(form.first_value("only_when_needed"))}
