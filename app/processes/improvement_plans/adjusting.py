"""Adjusting a running plan: what is to change is put to the committee, and makes the next edition."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.records import ChildRef, jsonb_ordered
from app.foundation.decisions.actions import AskDecision, Tallied, tallied
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.documents.filing import next_edition
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.context import ActionContext
from app.kernel.payloads import LONGEST_LIST, FreeText, Payload
from app.kpis.baselines.freezing import FrozenBaselines
from app.kpis.baselines.records import KpiBaseline
from app.log.canonical import from_instant, instant
from app.processes.improvement_plans.contents import (
    PlannedTarget,
    Targets,
    planned_target,
    replace_rows,
    target_row,
)
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanState,
)
from app.processes.improvement_plans.submission import plan_sections, put_question

#: What a target asks of its KPI: while it stays the same, so does its baseline.
QUESTION = ("kpi", "before", "scope", "tz")


class ProposeAdjustmentImprovementPlan(AskDecision):
    """What is to change in the plan and why, and the question to the committee."""

    model_config = example_includes("persons")
    changes: FreeText = Field(
        description="What is to change.", examples=["The goal of restoring is an hour later. 恢复目标放宽。"]
    )
    reason: FreeText = Field(description="Why.", examples=["Two services were added. 新增两项服务。"])
    targets: Targets = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="All targets from then on; none: they stay. The baseline of one whose question is new is "
        "frozen now.",
    )


def propose_adjustment(
    plan: ImprovementPlan, body: ProposeAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Propose an adjustment of the plan, on which the committee decides; until then nothing changes."""
    put_question(plan, ctx)
    proposed = ImprovementPlanAdjustment(
        id=ctx.new_id(),
        record=plan.row_key,
        decision_id=plan.decision_id,
        changes=body.changes,
        reason=body.reason,
        targets=_proposed_targets(body.targets, ctx) if body.targets else None,
        proposed_by_id=ctx.caller.person_id,
        proposed_at=ctx.occurred_at,
    )
    ctx.add(proposed)
    plan.adjustment_id = proposed.id


def _proposed_targets(targets: tuple[PlannedTarget, ...], ctx: ActionContext) -> list[dict[str, Any]]:
    """Return the targets as the log keeps them, with the baselines of those whose questions are new."""
    frozen, known = ctx.prepared(FrozenBaselines), ctx.prepared(KnownContents)
    before = {one.name: planned_target(one) for one in known.targets}
    found = []
    for one in targets:
        was = before.get(one.name)
        stays = was is not None and all(getattr(was, name) == getattr(one, name) for name in QUESTION)
        baseline = None
        if not stays:
            said = asdict(frozen.baseline_named(one.name)) | {
                "position": frozen.position,
                "frozen_at": frozen.frozen_at,
            }
            baseline = {name: _as_stored(value) for name, value in said.items()}
        found.append({"target": one.model_dump(mode="json", by_alias=True), "baseline": baseline})
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
    """Adjust the plan as the committee has approved it: it is the next edition from now on."""
    adopted = ctx.change(ctx.required_ref(ImprovementPlanAdjustment, "adjustment"))
    plan.edition = (plan.edition or 1) + 1
    plan.adjustment_id = None
    plan.adjusted_at = adopted.adopted_at = ctx.occurred_at
    adopted.edition = plan.edition
    known = ctx.prepared(KnownContents)
    if adopted.targets is not None:
        said = [PlannedTarget.model_validate(one["target"]) for one in adopted.targets]
        replace_rows(known.targets, (target_row(plan, one, ctx) for one in said), ctx)
        _replace_baselines(plan, adopted.targets, known, ctx)
    sections = (
        (Heading.changes, adopted.changes),
        (Heading.reason, adopted.reason),
        *plan_sections(plan),
    )
    next_edition(plan, DocumentClass.IP, sections, ctx)


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
            times = {
                name: from_instant(one["baseline"][name]) for name in ("begins_at", "ends_at", "frozen_at")
            }
            ctx.add(KpiBaseline(id=ctx.new_id(), record=plan.row_key, **{**one["baseline"], **times}))


class RefuseAdjustmentImprovementPlan(AdjustImprovementPlan):
    """The decision by which the plan stays as it is."""


def refuse_adjustment(
    plan: ImprovementPlan, body: RefuseAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Leave the plan as it is: the committee has not approved its adjustment."""
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
