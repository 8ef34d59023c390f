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
from app.processes.improvement_plans.steps import AdjustedStep, adopt_steps, proposed_steps
from app.processes.improvement_plans.submission import plan_sections, put_question

#: Fields of a baseline that are kept when it may be replaced.
BASELINE_FIELDS = (
    *("name", "kpi", "scope", "begins_at", "ends_at", "zone", "currency", "reopen_days", "value", "cases"),
    *("position", "frozen_at"),
)


class ProposeAdjustmentImprovementPlan(AskDecision, of=ImprovementPlanAdjustment):
    """The changes of the plan with their reason, and the question to the committee."""

    changes: FreeText
    reason: FreeText
    targets: Targets = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Changed targets, under their keys, and new ones; other targets stay unchanged. "
        "The baseline of a new target, or of one with another KPI or other cases, is "
        "measured now. Other baselines stay, so `before` must be sent unchanged.",
    )
    dropped: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Keys of targets that are dropped."
    )
    steps: Annotated[tuple[AdjustedStep, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Steps that are new, or get another title, owner or day; other steps stay unchanged.",
    )
    dropped_steps: Annotated[tuple[UUID, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Identifiers of steps that are dropped."
    )


def propose_adjustment(
    plan: ImprovementPlan, body: ProposeAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Propose an adjustment of the plan. The plan stays unchanged until the committee has decided."""
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
        steps=proposed_steps(body.steps, body.dropped_steps, ctx) or None,
        proposed_by_id=ctx.caller.person_id,
        proposed_at=ctx.occurred_at,
    )
    ctx.outcome.add(proposed)
    plan.adjustment_id = proposed.id


def _proposed_targets(body: ProposeAdjustmentImprovementPlan, ctx: ActionContext) -> list[dict[str, Any]]:
    """Return all targets from then on as the log keeps them: those that stay, those that are changed in their
    places, then the new ones; with the baselines of those whose questions are new.
    """
    before = {target.name or "": target for target in ctx.prepared(KnownContents).targets}
    changed = {target.name: target for target in body.targets}
    proposed = [
        _as_proposed(changed.get(name) or planned_target(was), was, ctx)
        for name, was in before.items()
        if name not in body.dropped
    ]
    proposed += [_as_proposed(target, None, ctx) for name, target in changed.items() if name not in before]
    ordered: list[dict[str, Any]] = jsonb_ordered(proposed)
    return ordered


def _as_proposed(
    target: PlannedTarget, was: ImprovementPlanTarget | None, ctx: ActionContext
) -> dict[str, Any]:
    baseline = None
    if was is None or not keeps_baseline(was, target):
        frozen = ctx.prepared(FrozenBaselines)
        values = asdict(frozen.baseline_named(target.name)) | {
            "position": frozen.position,
            "frozen_at": frozen.frozen_at,
        }
        baseline = {name: _as_stored(value) for name, value in values.items()}
    return {"target": target.model_dump(mode="json", by_alias=True), "baseline": baseline}


def _present_targets(contents: KnownContents) -> list[dict[str, Any]]:
    """Return the targets as they are, with their baselines, as the log keeps them."""
    baselines = {baseline.name: baseline for baseline in contents.baselines}
    present = []
    for target in contents.targets:
        frozen = baselines.get(target.name)
        baseline = (
            None if frozen is None else {name: _as_stored(getattr(frozen, name)) for name in BASELINE_FIELDS}
        )
        planned = planned_target(target).model_dump(mode="json", by_alias=True)
        present.append({"target": planned, "baseline": baseline})
    ordered: list[dict[str, Any]] = jsonb_ordered(present)
    return ordered


def _as_stored(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


class AdjustImprovementPlan(Tallied):
    """The adjustment on which the committee has decided."""

    adjustment: Annotated[UUID, ChildRef(ImprovementPlanAdjustment)] = Field(
        description="Identifier of the adjustment."
    )


def adjust(plan: ImprovementPlan, body: AdjustImprovementPlan, ctx: ActionContext) -> None:
    """Adjust the plan, as the committee has approved it. This makes a new edition."""
    adopted = ctx.outcome.change(ctx.required_ref(ImprovementPlanAdjustment, "adjustment"))
    plan.edition = (plan.edition or 1) + 1
    plan.adjustment_id = None
    plan.adjusted_at = adopted.adopted_at = ctx.occurred_at
    adopted.edition = plan.edition
    contents = ctx.prepared(KnownContents)
    if adopted.targets is not None:
        _replace_baselines(plan, adopted.targets, contents, ctx)
        _replace_targets(plan, adopted.targets, contents, ctx)
    adopt_steps(plan, adopted.steps or [], ctx)
    sections = (
        (Heading.changes, adopted.changes),
        (Heading.reason, adopted.reason),
        *plan_sections(plan),
    )
    next_edition(plan, DocumentClass.IP, sections, ctx, author_id=adopted.proposed_by_id)


def _replace_targets(
    plan: ImprovementPlan, targets: list[dict[str, Any]], contents: KnownContents, ctx: ActionContext
) -> None:
    """Put the targets in the place of those before; whatever stays as it is keeps its row."""
    before = {target.name: target for target in contents.targets}
    values = {baseline.name: baseline.value for baseline in contents.baselines}
    for proposed in targets:
        target, baseline = PlannedTarget.model_validate(proposed["target"]), proposed["baseline"]
        was = before.pop(target.name, None)
        if was is not None and baseline is None and planned_target(was) == target:
            continue
        if was is not None:
            ctx.outcome.remove(was)
        row = target_row(plan, target, ctx)
        value = values.get(target.name) if baseline is None else baseline["value"]
        row.is_limit = is_limit(direction_of(target.kpi), value, target.goal)
        ctx.outcome.add(row)
    for dropped in before.values():
        ctx.outcome.remove(dropped)


def _replace_baselines(
    plan: ImprovementPlan, targets: list[dict[str, Any]], contents: KnownContents, ctx: ActionContext
) -> None:
    """Add the new baselines; remove those of targets that have a new one, or are no more."""
    kept_names = {target["target"]["name"] for target in targets if target["baseline"] is None}
    for baseline in contents.baselines:
        if baseline.name not in kept_names:
            ctx.outcome.remove(baseline)
    for target in targets:
        if target["baseline"] is not None:
            ctx.outcome.add(stored_baseline(target["baseline"], plan, ctx.new_id()))


class RefuseAdjustmentImprovementPlan(AdjustImprovementPlan):
    """The adjustment that the committee has not approved."""


def refuse_adjustment(
    plan: ImprovementPlan, body: RefuseAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse an adjustment of the plan: the committee has not approved it, and the plan stays unchanged."""
    ctx.outcome.change(ctx.required_ref(ImprovementPlanAdjustment, "adjustment")).refused_at = ctx.occurred_at
    plan.adjustment_id = None


def forget_adjustment(plan: ImprovementPlan, ctx: ActionContext) -> None:
    """Forget the adjustment that waits for a decision, since its question was withdrawn."""
    plan.adjustment_id = None


def action_of_outcome(plan: ImprovementPlan, decision: Decision) -> tuple[str, Payload] | None:
    """Return the action to which the outcome of the decision `taken` leads, with its payload."""
    approved = decision.outcome is DecisionOutcome.approved
    if decision.id != plan.decision_id:
        return None
    if plan.state is ImprovementPlanState.submitted:
        return ("approve" if approved else "return"), tallied(decision)
    if plan.adjustment_id is None:
        return ("close_by_decision" if approved else "refuse_closing"), tallied(decision)
    payload = {**dict(tallied(decision)), "adjustment": plan.adjustment_id}
    if approved:
        return "adjust", AdjustImprovementPlan.model_validate(payload)
    return "refuse_adjustment", RefuseAdjustmentImprovementPlan.model_validate(payload)
