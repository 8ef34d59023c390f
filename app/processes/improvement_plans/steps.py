"""The schedule of a running plan: its steps are completed, flagged, and moved by adjustments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Person, Role
from app.common.records import ChildRef, ForeignRef, jsonb_ordered
from app.foundation.calendars.week import IsoDate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Payload, PayloadPart, Reference, Title
from app.kernel.actions.refusals import Refusal, WrongValue, caller_check
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.records import ImprovementPlan, ImprovementPlanStep, PlanStepState

StepId = Annotated[
    UUID, ChildRef(ImprovementPlanStep), Field(description="Identifier of the step, from `GET …/steps`.")
]


class CompleteStepImprovementPlan(Payload, of=ImprovementPlanStep):
    """A step of the schedule that was carried out."""

    step: StepId
    outcome: FreeText


class FlagStepImprovementPlan(Payload):
    """A step that was not completed in time, and its owner."""

    step: StepId
    owner: (
        Annotated[Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.task_overdue)]
        | None
    ) = Field(default=None, description="Owner of the step, who is notified if they are active.")


class AdjustedStep(PayloadPart):
    """A step of the schedule after the adjustment."""

    step: UUID | None = Field(
        default=None, description="Identifier of the present step that changes; null for a new step."
    )
    title: Title = Field(description="Step in one line.")
    # Notices wait for the decision of the committee.
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] = Field(
        description="Owner of the step: an id, or `me`.", examples=["me"]
    )
    due_on: IsoDate = Field(description="Day by which the step should be done.", examples=["2027-06-30"])


def complete_step(plan: ImprovementPlan, body: CompleteStepImprovementPlan, ctx: ActionContext) -> None:
    """Complete a step of the improvement plan, and describe its outcome."""
    step = ctx.outcome.change(ctx.required_ref(ImprovementPlanStep, "step"))
    step.outcome, step.done_at = body.outcome, ctx.occurred_at


def flag_step(plan: ImprovementPlan, body: FlagStepImprovementPlan, ctx: ActionContext) -> None:
    """Flag an overdue step of the improvement plan."""
    ctx.outcome.change(ctx.required_ref(ImprovementPlanStep, "step")).overdue_at = ctx.occurred_at


class NotTheOwnerOfTheStep(Refusal):
    """Refusal: the caller neither owns the step nor manages quality."""

    STATUS = 403
    CODE = "not_the_owner_of_the_step"


@caller_check
async def not_the_owner_of_the_step(
    reads: ReadContext, plan: ImprovementPlan, body: CompleteStepImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse people who neither own the step nor manage quality (`not_the_owner_of_the_step`)."""
    owner = ctx.required_ref(ImprovementPlanStep, "step").person_id
    if ctx.caller.person_id != owner and not ctx.caller.has_role(Role.quality_manager, plan):
        raise NotTheOwnerOfTheStep()


@caller_check
async def step_is_over(
    reads: ReadContext,
    plan: ImprovementPlan,
    body: CompleteStepImprovementPlan | FlagStepImprovementPlan,
    ctx: ActionContext,
) -> None:
    """Refuse a step that is completed (`completed_already`), and to flag one twice (`flagged_already`)."""
    step = ctx.required_ref(ImprovementPlanStep, "step")
    if step.done_at is not None:
        raise WrongValue(pointer="/step", because="completed_already")
    if isinstance(body, FlagStepImprovementPlan) and step.overdue_at is not None:
        raise WrongValue(pointer="/step", because="flagged_already")


def steps_at_review(steps: Iterable[ImprovementPlanStep]) -> list[dict[str, Any]]:
    """Return where each step stands, as a review keeps it."""
    standing: list[dict[str, Any]] = jsonb_ordered(
        [
            {
                "step": str(step.id),
                "title": step.title,
                "person_id": None if step.person_id is None else str(step.person_id),
                "due_on": step.due_on,
                "state": step.state.value,
            }
            for step in steps
        ]
    )
    return standing


def check_adjusted_steps(
    steps: Iterable[AdjustedStep], dropped: Iterable[UUID], present: Iterable[ImprovementPlanStep]
) -> None:
    """Refuse steps that the plan does not have, that are completed, or that are named twice."""
    by_id = {step.id: step for step in present}
    pointers = [(f"/steps/{n}/step", step.step) for n, step in enumerate(steps) if step.step is not None]
    pointers += [(f"/dropped_steps/{n}", step_id) for n, step_id in enumerate(dropped)]
    earlier = set[UUID]()
    for pointer, step_id in pointers:
        if step_id not in by_id:
            raise WrongValue({"value": str(step_id)}, pointer=pointer, because="unknown_value")
        if by_id[step_id].state is PlanStepState.done:
            raise WrongValue(pointer=pointer, because="completed_already")
        if step_id in earlier:
            raise WrongValue(pointer=pointer, because="each_once")
        earlier.add(step_id)


def proposed_steps(
    steps: tuple[AdjustedStep, ...], dropped: tuple[UUID, ...], ctx: ActionContext
) -> list[dict[str, Any]]:
    """Return the changed, new and dropped steps as the adjustment keeps them."""
    present = {step.id: step for step in ctx.prepared(KnownContents).steps}
    proposed = [
        {
            "step": None if step.step is None else str(step.step),
            "title": step.title,
            "person_id": str(ctx.required_ref(Person, f"steps/{n}/owner").id),
            "due_on": step.due_on,
            "dropped": False,
        }
        for n, step in enumerate(steps)
    ]
    proposed += [
        {
            "step": str(step_id),
            "title": present[step_id].title,
            "person_id": None if (owner := present[step_id].person_id) is None else str(owner),
            "due_on": present[step_id].due_on,
            "dropped": True,
        }
        for step_id in dropped
    ]
    ordered: list[dict[str, Any]] = jsonb_ordered(proposed)
    return ordered


def adopt_steps(plan: ImprovementPlan, proposed: list[dict[str, Any]], ctx: ActionContext) -> None:
    """Change the schedule as the committee has approved it. A step that was completed since stays."""
    present = {str(step.id): step for step in ctx.prepared(KnownContents).steps}
    for planned in proposed:
        before = present.get(planned["step"] or "")
        if planned["step"] is not None and (before is None or before.done_at is not None):
            continue
        if planned["dropped"]:
            assert before is not None, "only steps of the plan are dropped"
            ctx.outcome.remove(before)
            continue
        if before is None:
            step = ImprovementPlanStep(id=ctx.new_id(), record=plan.row_key, planned_at=ctx.occurred_at)
            ctx.outcome.add(step)
        else:
            step = ctx.outcome.change(before)
            step.overdue_at = None
        step.title, step.due_on = planned["title"], planned["due_on"]
        step.person_id = UUID(planned["person_id"])
