"""Did it help? Asked and answered on the page: effects as they are measured by `POST /v1/kpis/{key}/effect`,
each with its sentence, what warns of it, and three drawings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.dashboard.addresses import ROOT
from app.dashboard.effect_parts import effect_on_page, project_address, titles_of
from app.dashboard.opening import DashboardPage, open_dashboard
from app.kpis.statistics.effects.codes import EffectVerdict

router = Router(prefix=f"{ROOT}/effects", include_in_schema=False)
PATH = f"{ROOT}/effects"
#: The inputs of the question, as the form names them.
TIMES = ("before_from", "before_to", "after_from", "after_to")
LISTED_EFFECTS = "50"


@router.get("")
async def get_effects_page(request: Request) -> Response:
    """Return the page on which an effect is asked for, with those that were measured."""
    return await _effects_page(await open_dashboard(request), {}, None)


@router.post("")
async def post_effects_page(request: Request) -> Response:
    """Measure the effect that the form requests, and lead to it; or show next to the form what is wrong."""
    page = await open_dashboard(request)
    form = await sent_form(request)
    inputs = {
        name: form.first_value(name) or "" for name in ("kpi", *TIMES, "team", "service", "change", "key")
    }
    answer = await page.desk.calls.send(
        "POST",
        f"/v1/kpis/{inputs['kpi'] or 'none'}/effect",
        body=_question(form),
        headers={"idempotency-key": inputs["key"] or page.desk.new_key()},
    )
    if answer.is_success:
        return RedirectResponse(f"{PATH}/{answer.document['id']}", HTTP_303_SEE_OTHER)
    return await _effects_page(page, inputs, answer.document)


def _question(form: SentForm) -> dict[str, Any]:
    values = {name: form.first_value(name) or "" for name in (*TIMES, "team", "service", "change")}
    scope = {name: [values[name]] for name in ("team", "service") if values[name]}
    return {
        "before": {"from": values["before_from"], "to": values["before_to"]},
        "after": {"from": values["after_from"], "to": values["after_to"]},
        "scope": scope,
        **({"change": values["change"]} if values["change"] else {}),
    }


async def _effects_page(
    page: DashboardPage, inputs: Mapping[str, str], problem: Mapping[str, Any] | None
) -> Response:
    measured = await page.desk.calls.read_if_allowed("/v1/effects", {"limit": LISTED_EFFECTS})
    effects = [] if measured is None else measured["items"]
    kpis = (await page.desk.calls.read("/v1/kpis/definitions"))["items"]
    return page.answer(
        "effects.html",
        page.sentence("page_effects"),
        status=200 if problem is None else problem["status"],
        path=PATH,
        effects=effects,
        titles=await titles_of(page, {effect["change"] for effect in effects}),
        kpis=sorted((item["name"], item["key"]) for item in kpis),
        inputs=inputs,
        problem=problem,
        times=TIMES,
        verdicts={code.value: code.label(page.language) for code in EffectVerdict},
    )


@router.get("/{name}")
async def get_effect_page(request: Request, name: str) -> Response:
    """Return the page of a measured effect: its sentence, and its drawings."""
    page = await open_dashboard(request)
    measured = await page.desk.calls.read(f"/v1/effects/{name}", {"recompute": "false"})
    effect_page = await effect_on_page(page, measured)
    return page.answer(
        "effect.html",
        page.sentence("page_effects"),
        path=f"{PATH}/{name}",
        shown=effect_page,
        titles=await titles_of(page, {measured["change"]}),
        project=project_address(measured["change"]),
    )
