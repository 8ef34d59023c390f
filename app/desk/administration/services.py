"""The page that adds a service, which is in use at once if that is chosen."""

from __future__ import annotations

from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.common.faces import BilingualLabel, FormFace, FormQuestion, QuestionAnswer
from app.desk.administration.index import ADMINISTRATION
from app.desk.operation_calls import CallAnswer
from app.desk.pages.actions import screen_of, send_form, show_form
from app.desk.pages.context import open_desk
from app.desk.pages.form.returns import page_to_return_to
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView

router = Router(include_in_schema=False)
NEW_SERVICE = f"{ADMINISTRATION}/services/new"
#: The question whether the service is in use, and its answers.
IN_USE, LIVE, PLANNED = "in_use", "live", "planned"
FACE = FormFace(
    first=("name_en", "name_zh", "owner", "criticality", "team", IN_USE),
    defaults={"owner": "me", "criticality": "medium"},
    unasked=frozenset({"occurred_at"}),
    questions=(
        FormQuestion(
            IN_USE,
            BilingualLabel("Is the service in use?", "服务是否已在使用？"),
            (
                QuestionAnswer(
                    LIVE, BilingualLabel("Yes: people can choose it at once", "是：立即可供选择"), {}
                ),
                QuestionAnswer(PLANNED, BilingualLabel("No, it is planned", "否，尚在规划"), {}),
            ),
            usual=LIVE,
        ),
    ),
)


@router.get(NEW_SERVICE)
async def get_service_form(request: Request) -> Response:
    """Return the form that adds a service."""
    return await show_form(_screen(request))


@router.post(NEW_SERVICE)
async def post_service_form(request: Request) -> Response:
    """Add the service, and let it go live if it is in use."""
    return await send_form(_screen(request))


def _screen(request: Request) -> ActionScreen:
    desk = open_desk(request)
    label = desk.sentence("add_service")
    screen = screen_of(desk, desk.lifecycle("service"), "propose", None)
    return replace(
        screen, own_face=FACE, own_path=NEW_SERVICE, own_label=label, own_button=label, after=_added
    )


async def _added(
    screen: ActionScreen, view: RecordView, sent: SentInputs, answer: CallAnswer
) -> Response | None:
    """Let the service go live if it is in use, and lead to it; None if it is planned or that was refused: its
    page offers it again.
    """
    if sent.first_text(f"/{IN_USE}") == LIVE:
        live = await screen.desk.calls.send(
            "POST",
            f"/v1/services/{view.record['id']}/go_live",
            body={},
            headers={"idempotency-key": str(uuid5(NAMESPACE_URL, f"{sent.key} {IN_USE}"))},
        )
        if live.is_success and page_to_return_to(screen.desk) is None:
            return RedirectResponse(f"{view.path}?done=go_live", HTTP_303_SEE_OTHER)
    return None
