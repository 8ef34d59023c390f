"""The page that prepares the first agreement: who agrees, for what and how fast. It adds the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import ledger_of, utc_now
from app.api.direct import Router
from app.common.faces import BilingualLabel, FormFace, FormQuestion, QuestionAnswer
from app.desk.administration.index import ADMINISTRATION
from app.desk.administration.people import INVITE
from app.desk.operation_calls import CallAnswer
from app.desk.pages.actions import screen_of, send_form, show_form
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.returns import RETURN, with_return
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView
from app.foundation.people.records import TeamKind

router = Router(include_in_schema=False)
FIRST_AGREEMENT = f"{ADMINISTRATION}/agreements/first"
#: The questions in the place of targets and calendar.
HOW_FAST, HOURS = "how_fast", "hours"
#: Members that have a usual value, or that only other agreements need.
PARTIES = frozenset({"agreement_type", "customer", "team", "supplier", "representative"})
UNASKED = PARTIES | {"catalogue_items", "replaces", "needs", "business_process", "occurred_at"}
MINUTE, HOUR = 60, 3600
#: By the answer and the priority: working seconds until the response, and until the resolution.
TARGETS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "usual": {
        "P1": (15 * MINUTE, 4 * HOUR),
        "P2": (30 * MINUTE, 8 * HOUR),
        "P3": (2 * HOUR, 24 * HOUR),
        "P4": (8 * HOUR, 40 * HOUR),
    },
    "relaxed": {
        "P1": (30 * MINUTE, 8 * HOUR),
        "P2": (HOUR, 16 * HOUR),
        "P3": (4 * HOUR, 40 * HOUR),
        "P4": (16 * HOUR, 80 * HOUR),
    },
}
SPEED = FormQuestion(
    HOW_FAST,
    BilingualLabel("How fast do you respond and resolve? (service hours)", "多快响应和解决？（按服务时间）"),
    (
        QuestionAnswer(
            "usual",
            BilingualLabel(
                "Usual: P1 15 min and 4 h, P2 30 min and 8 h, P3 2 h and 24 h, P4 8 h and 40 h",
                "常用：P1 15 分钟和 4 小时，P2 30 分钟和 8 小时，P3 2 小时和 24 小时，P4 8 小时和 40 小时",
            ),
            {},
        ),
        QuestionAnswer(
            "relaxed",
            BilingualLabel(
                "With more time: P1 30 min and 8 h, P2 1 h and 16 h, P3 4 h and 40 h, P4 16 h and 80 h",
                "较宽松：P1 30 分钟和 8 小时，P2 1 小时和 16 小时，P3 4 小时和 40 小时，P4 16 小时和 80 小时",
            ),
            {},
        ),
    ),
    usual="usual",
)


@router.get(FIRST_AGREEMENT)
async def get_first_agreement_form(request: Request) -> Response:
    """Return the form that prepares the first agreement."""
    return await show_form(await _screen(request))


@router.post(FIRST_AGREEMENT)
async def post_first_agreement_form(request: Request) -> Response:
    """Record, draft and submit the agreement, so that only the signatures are missing."""
    return await send_form(await _screen(request))


async def _screen(request: Request) -> ActionScreen:
    desk = open_desk(request)
    page = await desk.calls.read("/v1/calendars", {"state": "active", "limit": "50"})
    names = [(each["key"], each["name"]) for each in page["items"]]
    hours = FormQuestion(
        HOURS,
        BilingualLabel("Which service hours?", "采用哪个服务时间？"),
        tuple(QuestionAnswer(key, BilingualLabel(name, name), {}) for key, name in names),
        usual=names[0][0] if names else "",
    )
    label = desk.sentence("first_agreement")
    face = FormFace(
        first=("title", "party_representative", "services", *((HOURS,) if names else ()), HOW_FAST),
        unasked=UNASKED,
        questions=(*((hours,) if names else ()), SPEED),
        defaults={"title": desk.sentence("first_agreement_title")},
        labels={
            "party_representative": BilingualLabel("Who agrees for the customers?", "谁代表客户签署？"),
            "services": BilingualLabel("Which services? (empty: all)", "适用哪些服务？（不填：全部）"),
        },
    )
    return replace(
        screen_of(desk, desk.lifecycle("sla"), "record_requirement", None),
        own_face=face,
        own_path=FIRST_AGREEMENT,
        own_label=label,
        own_button=desk.sentence("prepare_agreement"),
        about=desk.sentence("first_agreement_about"),
        before=("desk/first_steps/customer_people.html", {"held": await _customer_people(desk)}),
        preset={
            "needs": desk.sentence("first_agreement_needs"),
            "business_process": desk.sentence("first_agreement_process"),
        },
        after=_submitted,
    )


async def _submitted(
    screen: ActionScreen, view: RecordView, sent: SentInputs, answer: CallAnswer
) -> Response | None:
    """Draft the agreement and submit it for signature, and lead to its page, which offers what comes next."""
    desk, last_action = screen.desk, "record_requirement"
    steps: Mapping[str, Mapping[str, Any]] = {
        "draft": _terms(desk, sent),
        "negotiate": {"proposals": desk.sentence("first_agreement_proposal")},
        "submit_for_review": {"gap_reason": desk.sentence("first_agreement_gap")},
    }
    for action, body in steps.items():
        key = str(uuid5(NAMESPACE_URL, f"{sent.key} {action}"))
        reply = await desk.calls.send(
            "POST",
            f"/v1/slas/{view.record['id']}/{action}",
            body=body,
            headers={"idempotency-key": key},
        )
        if not reply.is_success:
            break
        last_action = action
    return RedirectResponse(with_return(desk, f"{view.path}?done={last_action}"), HTTP_303_SEE_OTHER)


async def _customer_people(desk: Desk) -> dict[str, Any]:
    """Return the teams of customers with their leads, and the addresses of the forms that add a person or
    such a team and lead back to this one.
    """
    query = {"state": "active", "kind": TeamKind.customer.value, "limit": "50"}
    page = await desk.calls.read("/v1/teams", query)
    here = with_return(desk, FIRST_AGREEMENT)
    return {
        "teams": page["items"],
        "invite": f"{INVITE}?{urlencode({RETURN: here})}",
        "add_team": f"/desk/new/team/add?{urlencode({'/kind': TeamKind.customer.value, RETURN: here})}",
    }


def _terms(desk: Desk, sent: SentInputs) -> dict[str, Any]:
    """Return the terms of the draft: those that were chosen, and usual ones that both sides may change."""
    settings, calendar = ledger_of(desk.request).settings, sent.first_text(f"/{HOURS}")
    today: datetime = utc_now().astimezone(ZoneInfo(settings.time_zone))
    return {
        "targets": list(_targets(sent.first_text(f"/{HOW_FAST}"))),
        "price_amount": "0",
        "price_currency": settings.currency,
        "price_period": "year",
        "valid_from": today.date().isoformat(),
        "specification": desk.sentence("first_agreement_specification"),
        "quality_plan": desk.sentence("first_agreement_quality"),
        "text": desk.sentence("first_agreement_text"),
        **({"calendar": calendar} if calendar else {}),
    }


def _targets(answer: str) -> Iterator[dict[str, Any]]:
    """Yield the targets of incidents by their priority."""
    for priority, seconds in TARGETS.get(answer, TARGETS[SPEED.usual]).items():
        for metric, threshold in zip(("response", "resolution"), seconds, strict=True):
            yield {
                "id": f"{metric}-{priority.lower()}",
                "metric": metric,
                "process": "incident",
                "priority": priority,
                "threshold_seconds": threshold,
                **({"pause_reasons": ["awaiting_requester"]} if metric == "resolution" else {}),
            }
