"""Adjusting a running plan: what is to change is put to the committee, and makes the next edition."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.records import ChildRef, jsonb_ordered
from app.foundation.decisions.actions import tallied
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.documents.filing import next_edition
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload, RecordKey
from app.kpis.baselines.freezing import FrozenBaselines
from app.log.canonical import instant
from app.processes.improvement_plans.contents import (
    PlannedTarget,
    Targets,
    keeps_baseline,
    planned_target,
    stored_baseline,
    target_row,
)
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.progress import direction_of, is_limit
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanState,
    ImprovementPlanTarget,
)
from app.processes.improvement_plans.submission import plan_sections, put_question

#: What is kept of a baseline that may be replaced.
BASELINE_FIELDS = (
    *("name", "kpi", "scope", "begins_at", "ends_at", "zone", "currency", "reopen_days", "value", "cases"),
    *("position", "frozen_at"),
)


class ProposeAdjustmentImprovementPlan(AskDecision):
    """A proposal to adjust the plan: the changes, the reason, and the question to the committee."""

    changes: FreeText = Field(
        description="What is to change.", examples=["The goal of restoring is an hour later. 恢复目标放宽。"]
    )
    reason: FreeText = Field(description="Why.", examples=["Two services were added. 新增两项服务。"])
    targets: Targets = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Targets that are changed, under their keys, and new ones; all others stay as they are. "
        "A baseline is frozen now for those that are new, or ask for another KPI or other cases; of the "
        "others it stays, so `before` is said as it was.",
    )
    dropped: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="The keys of targets that are dropped."
    )


def propose_adjustment(
    plan: ImprovementPlan, body: ProposeAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Propose an adjustment of the plan, on which the committee decides; until then nothing changes."""
    put_question(plan, ctx)
    changes = bool(body.targets or body.dropped)
    proposed = ImprovementPlanAdjustment(
        id=ctx.new_id(),
        record=plan.row_key,
        decision_id=plan.decision_id,
        changes=body.changes,
        reason=body.reason,
        targets=_proposed_targets(body, ctx) if changes else None,
        replaces=_present_targets(ctx.prepared(KnownContents)) if changes else None,
        proposed_by_id=ctx.caller.person_id,
        proposed_at=ctx.occurred_at,
    )
    ctx.add(proposed)
    plan.adjustment_id = proposed.id


def _proposed_targets(body: ProposeAdjustmentImprovementPlan, ctx: ActionContext) -> list[dict[str, Any]]:
    """Return all targets from then on as the log keeps them: those that stay, those that are changed in their
    places, then the new ones; with the baselines of those whose questions are new.
    """
    before = {one.name or "": one for one in ctx.prepared(KnownContents).targets}
    said = {one.name: one for one in body.targets}
    found = [
        _as_proposed(said.get(name) or planned_target(was), was, ctx)
        for name, was in before.items()
        if name not in body.dropped
    ]
    found += [_as_proposed(one, None, ctx) for name, one in said.items() if name not in before]
    ordered: list[dict[str, Any]] = jsonb_ordered(found)
    return ordered


def _as_proposed(
    said: PlannedTarget, was: ImprovementPlanTarget | None, ctx: ActionContext
) -> dict[str, Any]:
    baseline = None
    if was is None or not keeps_baseline(was, said):
        frozen = ctx.prepared(FrozenBaselines)
        values = asdict(frozen.baseline_named(said.name)) | {
            "position": frozen.position,
            "frozen_at": frozen.frozen_at,
        }
        baseline = {name: _as_stored(value) for name, value in values.items()}
    return {"target": said.model_dump(mode="json", by_alias=True), "baseline": baseline}


def _present_targets(known: KnownContents) -> list[dict[str, Any]]:
    """Return the targets as they are, with their baselines, as the log keeps them."""
    baselines = {one.name: one for one in known.baselines}
    found = []
    for target in known.targets:
        frozen = baselines.get(target.name)
        kept = (
            None if frozen is None else {name: _as_stored(getattr(frozen, name)) for name in BASELINE_FIELDS}
        )
        said = planned_target(target).model_dump(mode="json", by_alias=True)
        found.append({"target": said, "baseline": kept})
    ordered: list[dict[str, Any]] = jsonb_ordered(found)
    return ordered


def _as_stored(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


class AdjustImprovementPlan(Tallied):
    """The decision by which the plan is adjusted."""

    adjustment: Annotated[UUID, ChildRef(ImprovementPlanAdjustment)] = Field(
        description="The adjustment: its id."
    )


def adjust(plan: ImprovementPlan, body: AdjustImprovementPlan, ctx: ActionContext) -> None:
    """Adjust the plan, as the committee has approved it: it is the next edition from now on."""
    adopted = ctx.change(ctx.required_ref(ImprovementPlanAdjustment, "adjustment"))
    plan.edition = (plan.edition or 1) + 1
    plan.adjustment_id = None
    plan.adjusted_at = adopted.adopted_at = ctx.occurred_at
    adopted.edition = plan.edition
    known = ctx.prepared(KnownContents)
    if adopted.targets is not None:
        _replace_baselines(plan, adopted.targets, known, ctx)
        _replace_targets(plan, adopted.targets, known, ctx)
    sections = (
        (Heading.changes, adopted.changes),
        (Heading.reason, adopted.reason),
        *plan_sections(plan),
    )
    next_edition(plan, DocumentClass.IP, sections, ctx)


def _replace_targets(
    plan: ImprovementPlan, targets: list[dict[str, Any]], known: KnownContents, ctx: ActionContext
) -> None:
    """Put the targets in the place of those before; whatever stays as it is keeps its row."""
    before = {one.name: one for one in known.targets}
    values = {one.name: one.value for one in known.baselines}
    for one in targets:
        said, baseline = PlannedTarget.model_validate(one["target"]), one["baseline"]
        was = before.pop(said.name, None)
        if was is not None and baseline is None and planned_target(was) == said:
            continue
        if was is not None:
            ctx.remove(was)
        row = target_row(plan, said, ctx)
        value = values.get(said.name) if baseline is None else baseline["value"]
        row.is_limit = is_limit(direction_of(said.kpi), value, said.goal)
        ctx.add(row)
    for dropped in before.values():
        ctx.remove(dropped)


def _replace_baselines(
    plan: ImprovementPlan, targets: list[dict[str, Any]], known: KnownContents, ctx: ActionContext
) -> None:
    """Add the new baselines; remove those of targets that have a new one, or are no more."""
    kept = {one["target"]["name"] for one in targets if one["baseline"] is None}
    for baseline in known.baselines:
        if baseline.name not in kept:
            ctx.remove(baseline)
    for one in targets:
        if one["baseline"] is not None:
            ctx.add(stored_baseline(one["baseline"], plan, ctx.new_id()))


class RefuseAdjustmentImprovementPlan(AdjustImprovementPlan):
    """The decision by which the plan stays as it is."""


def refuse_adjustment(
    plan: ImprovementPlan, body: RefuseAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse an adjustment of the plan, which stays as it is: the committee has not approved it."""
    ctx.change(ctx.required_ref(ImprovementPlanAdjustment, "adjustment")).refused_at = ctx.occurred_at
    plan.adjustment_id = None


def action_of_outcome(plan: ImprovementPlan, taken: Decision) -> tuple[str, Payload] | None:
    """Return the action to which the outcome of the decision `taken` leads, with its payload."""
    approved = taken.outcome is DecisionOutcome.approved
    if taken.id != plan.decision_id:
        return None
    if plan.state is ImprovementPlanState.submitted:
        return ("approve" if approved else "return"), tallied(taken)
    said = {**dict(tallied(taken)), "adjustment": plan.adjustment_id}
    if approved:
        return "adjust", AdjustImprovementPlan.model_validate(said)
    return "refuse_adjustment", RefuseAdjustmentImprovementPlan.model_validate(said)
