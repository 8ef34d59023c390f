"""The page of an improvement project: what came of it, with its drawings, and its steps with their evidence.
It is acted on at the desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.state_words import state_label
from app.dashboard.addresses import ROOT
from app.dashboard.effect_parts import EffectOnPage, effect_on_page
from app.dashboard.improvement.board import effect_lines, programme_chart
from app.dashboard.improvement.measured import (
    MeasurementOnPage,
    lists_of,
    measurements_of,
    newest_by_target,
    promise_label,
)
from app.dashboard.improvement.phases import standing_of
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.pages.context import Desk
from app.desk.pages.records import ChildTable, RecordView, child_table, offered_actions, read_record
from app.desk.values import ShownField
from app.kpis.catalogue import KPIS
from app.processes.improvements.records import Improvement

router = Router(prefix=ROOT, include_in_schema=False)
#: Times of the project's steps, each with the fields that are its evidence.
STEPS: Mapping[str, Sequence[str]] = {
    "opened_at": ("selection_reason",),
    "proposed_at": ("proposed_by", "proposal_id"),
    "submitted_at": (),
    "approved_at": (),
    "rejected_at": (),
    "classified_at": ("size", "improvement_kind"),
    "implementation_begun_at": (),
    "implemented_at": ("implemented_what",),
    "chartered_at": ("sponsor", "project_manager"),
    "planned_at": (),
    "plan_approved_at": (),
    "kicked_off_at": (),
    "pilot_started_at": ("executor",),
    "pilot_reported_at": ("pilot_report_id",),
    "judged_at": ("last_judgement", "against_evidence_reason"),
    "rollout_planned_at": (),
    "cutover_at": ("cutover_share",),
    "handed_over_at": ("handover_id", "accepted_by"),
    "evaluated_at": ("reached", "against_evidence_reason", "evaluated_by"),
    "standardised_at": ("document_numbers", "external_numbers"),
    "optimised_at": (),
    "fixed_at": (),
    "faded_at": (),
    "reverted_at": ("revert_reason",),
}
#: The list within the record whose rows are the steps of the rollout.
ROLLOUT = "rollout_steps"


@router.get("/improvement/{number}")
async def get_improvement_of_dashboard(request: Request, number: str) -> Response:
    """Return the page of an improvement."""
    page = await open_dashboard(request)
    desk = page.desk
    view = await read_record(desk, desk.lifecycle(Improvement.KIND), number)
    improvement = view.record
    measurements = (await measurements_of(page, [view.name])).get(view.name, [])
    steps = await lists_of(page, view.name).all_rows_if_allowed(ROLLOUT)
    title = f"{view.spoken_name} {view.title}".strip()
    return page.answer(
        "improvement/project.html",
        title,
        path=f"{ROOT}/improvement/{view.name}",
        record=view,
        improvement=improvement,
        state=state_label(view.lifecycle, improvement, page.language),
        standing=standing_of(improvement, steps, utc_now()),
        shown_effects=[await _effect(page, item) for item in newest_by_target(measurements)],
        chart=programme_chart(page, {view.name: measurements}, {view.name: view.title})
        if len(measurements) > 1
        else None,
        lines=effect_lines(page, view.name, view.title, measurements),
        targets=[] if measurements else await _targets(page, view.name),
        steps=await _steps(desk, view),
        rollout=await _rollout(desk, view),
        waits_for_votes=await _waits_for_votes(page, improvement),
    )


async def _effect(
    page: DashboardPage, item: MeasurementOnPage
) -> tuple[MeasurementOnPage, str, str, EffectOnPage | None]:
    """Return the measurement of a target, its KPI's name, whether it reaches what was promised, and its
    effect (None: it is not for the reader).
    """
    name = KPIS[item.kpi].texts(page.language).name
    promise = promise_label(item.measurement, page.language)
    effect_page = None if item.measured is None else await effect_on_page(page, item.measured)
    return item, name, promise, effect_page


async def _targets(page: DashboardPage, number: str) -> list[str]:
    """Return what is promised of which KPI, of an improvement that was not measured yet, and the smallest
    effect that its cases could show.
    """
    lists = lists_of(page, number)
    targets = await lists.all_rows_if_allowed("targets")
    baselines = await lists.all_rows_if_allowed("baselines")
    frozen = {baseline["name"]: baseline for baseline in baselines}
    lines = []
    for target in targets:
        if target["dropped_at"]:
            continue
        name = KPIS[target["kpi"]].texts(page.language).name
        sentence = await _smallest_effect(page, frozen.get(target["name"]))
        lines.append(f"{name} ({sentence})" if sentence else name)
    return lines


async def _smallest_effect(page: DashboardPage, baseline: Mapping[str, Any] | None) -> str | None:
    """Return the sentence on the smallest effect that would be seen with the cases of the baseline; None: the
    reader does not see it, or it is not known.
    """
    if baseline is None:
        return None
    scope = {name: ",".join(values) for name, values in (baseline["scope"] or {}).items()}
    window = {"from": baseline["begins_at"], "to": baseline["ends_at"], "tz": baseline["zone"]}
    smallest = await page.desk.calls.read_if_allowed(
        f"/v1/kpis/{baseline['kpi']}/smallest_effect", window | scope
    )
    if smallest is None:
        return None
    if smallest["change"] is None:
        return page.sentence("no_effect_seen")
    return page.sentence("smallest_effect", change=f"{100 * smallest['change']:+.0f}")


async def _steps(desk: Desk, view: RecordView) -> list[tuple[ShownField, Sequence[ShownField]]]:
    """Return the steps that were taken, the oldest first, each with its evidence."""
    fields = desk.contract.record_fields(view.lifecycle.plural) or {}
    record = await desk.names.replaced(view.lifecycle, view.record)
    times = sorted((record[name], place) for place, name in enumerate(STEPS) if record.get(name))
    names = list(STEPS)

    def displayed(chosen: Sequence[str]) -> list[ShownField]:
        return list(desk.display.fields(record, {name: fields[name] for name in chosen if name in fields}))

    return [(displayed([names[place]])[0], displayed(STEPS[names[place]])) for _, place in times]


async def _rollout(desk: Desk, view: RecordView) -> ChildTable | None:
    """Return the steps of the rollout with the forms by which they are completed, or None."""
    screen = next(
        (child for child in desk.contract.children(view.lifecycle.plural) if child.name == ROLLOUT), None
    )
    if screen is None:
        return None
    possible = [action for action in offered_actions(desk, view) if action.reason is None]
    table = await child_table(desk, view, screen, possible)
    return table if table is not None and table.rows else None


async def _waits_for_votes(page: DashboardPage, improvement: Mapping[str, Any]) -> bool:
    """Return whether the committee is asked about it now."""
    decisions = await lists_of(page, improvement["id"]).all_rows_if_allowed("decisions")
    return any(decision["state"] == "open" for decision in decisions)
