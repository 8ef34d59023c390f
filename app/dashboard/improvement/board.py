"""The improvement board: what needs attention there, the projects by phase, what their effects are, and the
figures of the programme.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.dashboard.addresses import ROOT
from app.dashboard.home import answer_figures
from app.dashboard.improvement.measured import (
    LARGEST_PAGE,
    PATH,
    MeasurementOnPage,
    lists_of,
    measurements_of,
    promise_label,
)
from app.dashboard.improvement.phases import PHASES, WITH_STEPS, ProjectStanding, standing_of
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.values import label_of
from app.kpis.catalogue import KPIS
from app.kpis.drawing.effects.programme import ProjectEffects, change_text, draw_programme, percent
from app.processes.improvements.records import ENDED, OPEN, ImprovementState

router = Router(prefix=ROOT, include_in_schema=False)
#: KPIs 52 to 57 of the catalogue.
FIGURES = (
    "suggestions_by_source",
    "suggestions_per_100_staff",
    "suggestion_adoption_rate",
    "idea_to_standard_seconds",
    "pilot_pass_rate",
    "effect_achieved",
    "benefits_sustained",
)
#: Number of the newest finished projects that are shown next to the open ones.
MOST_ENDED = "20"
ENDED_STATES = (*ENDED, ImprovementState.reverted)
FIELDS = (
    "number,title,state,state_since,measured_at,pilot_ends_at,deferred_until_at,next_report_due_at,"
    "next_benefit_due_at,judgement_overdue_at"
)
NO_FIGURES: Mapping[str, Any] = {"items": []}


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A measurement as a row of the table beneath the chart of effects; `effect` is the id of its effect, if
    the reader may see that.
    """

    number: str
    title: str
    kpi: str
    occasion: str
    change: str
    promised: str
    verdict: str
    promise: str
    effect: str | None


@router.get("/improvement")
async def get_improvement_board(request: Request) -> Response:
    """Return the board of improvements."""
    page = await open_dashboard(request)
    improvements = await _improvements(page)
    standings = await _standings(page, improvements)
    numbers = [improvement["number"] for improvement in improvements if improvement["measured_at"]]
    measurements = await measurements_of(page, numbers)
    titles = {improvement["number"]: improvement["title"] or "" for improvement in improvements}
    return await answer_figures(
        page,
        page.sentence("title_board"),
        f"{ROOT}/improvement",
        await _figures(page),
        processes=("improvement", "improvement_suggestion"),
        template="improvement/board.html",
        more={
            "phases": [
                (phase, [standing for standing in standings if standing.phase == phase]) for phase in PHASES
            ],
            "waiting": sum(bool(standing.waits or standing.late) for standing in standings),
            "late": sum(bool(standing.late) for standing in standings),
            "state_labels": {
                state.value: label_of(ImprovementState, state.value, page.language)
                for state in ImprovementState
            },
            "chart": programme_chart(page, measurements, titles),
            "lines": [
                line
                for number, items in measurements.items()
                for line in effect_lines(page, number, titles[number], items)
            ],
            "not_by": [name for name in page.view.scope if name == "service"],
        },
    )


async def _improvements(page: DashboardPage) -> list[Mapping[str, Any]]:
    """Return the open improvements, the one that has stood longest first, and the newest that have ended."""
    scope = {
        name: value for name, value in page.view.scope_parameters().items() if name in ("team", "priority")
    }
    improvements: list[Mapping[str, Any]] = []
    for states, sort, limit in (
        (OPEN, "state_since", LARGEST_PAGE),
        (ENDED_STATES, "-changed_at", MOST_ENDED),
    ):
        chosen = {"state": ",".join(sorted(state.value for state in states)), "sort": sort, "limit": limit}
        listed = await page.desk.calls.read_if_allowed(PATH, {**scope, **chosen, "fields": FIELDS})
        improvements += [] if listed is None else listed["items"]
    return improvements


async def _standings(page: DashboardPage, improvements: Sequence[Mapping[str, Any]]) -> list[ProjectStanding]:
    """Return where the open improvements stand, those that are late first."""
    with_steps = [improvement for improvement in improvements if improvement["state"] in WITH_STEPS]
    lists = await asyncio.gather(
        *(
            lists_of(page, improvement["number"]).all_rows_if_allowed("rollout_steps")
            for improvement in with_steps
        )
    )
    steps = {improvement["number"]: rows for improvement, rows in zip(with_steps, lists, strict=True)}
    now = utc_now()
    standings = (
        standing_of(improvement, steps.get(improvement["number"], ()), now) for improvement in improvements
    )
    return sorted(
        (standing for standing in standings if standing is not None), key=lambda standing: not standing.late
    )


async def _figures(page: DashboardPage) -> Mapping[str, Any]:
    """Return the figures of the programme that the reader may see."""
    permitted = {item["key"] for item in (await page.desk.calls.read("/v1/kpis"))["items"]}
    keys = [key for key in FIGURES if key in permitted]
    return await page.behaviours(keys) if keys else NO_FIGURES


def programme_chart(
    page: DashboardPage, measurements: Mapping[str, Sequence[MeasurementOnPage]], titles: Mapping[str, str]
) -> Markup | None:
    """Return the effects of these improvements on one axis; None without a measured effect."""
    projects = [
        ProjectEffects(number, titles[number], tuple(item.relative for item in measurements[number]))
        for number in measurements
    ]
    title, words = page.sentence("effects_on_one_axis"), page.unit_words("ratio")
    return draw_programme(title, projects, words) if projects else None


def effect_lines(
    page: DashboardPage, number: str, title: str, measurements: Sequence[MeasurementOnPage]
) -> list[EffectLine]:
    """Return the measurements of an improvement as rows of a table."""
    words = page.unit_words("ratio")
    return [
        EffectLine(
            number=number,
            title=title,
            kpi=KPIS[item.kpi].texts(page.language).name,
            occasion=item.relative.label,
            change="–" if item.relative.change is None else change_text(item.relative, words),
            promised="" if item.relative.promised is None else percent(item.relative.promised),
            verdict=item.relative.remark,
            promise=promise_label(item.measurement, page.language),
            effect=None if item.measured is None else str(item.measured["id"]),
        )
        for item in measurements
    ]
