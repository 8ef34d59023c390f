"""Actions that need a decision: a change of the plan of a release, and whether it goes into use."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from app.common.people import Person
from app.common.records import CodeEnum
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.matters import SAME_TITLE, TASKS, WORK_EVENTS, ChildDuty, Matter, Origins
from app.foundation.decisions.motions import in_each_language
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.preparation import NewDecision, Question, new_decision, usual_question
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome
from app.foundation.statements.actions import add_statements
from app.foundation.statements.records import StatedFact
from app.i18n import Word, translate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, requester_duty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import Branch
from app.kernel.actions.payloads import Payload
from app.processes.releases.gates import reopen_last_stage
from app.processes.releases.payloads import (
    AdoptPlanChangeRelease,
    ChangePlanRelease,
    RefusePlanChangeRelease,
    RequestGoRelease,
)
from app.processes.releases.records import BEFORE_DEPLOYMENT, PlanChange, Release
from app.processes.releases.records import ReleaseState as State
from app.ticketing.wishers import wishers


async def wishers_of_release(reads: ReadContext, release: Release) -> Origins:
    """Return who asked for what the release or its changes carry out, each in its services."""
    changes = [await reads.record("change", change) for change in release.change_ids or ()]
    carrying = [loaded.record for loaded in changes if loaded is not None]
    touched = {service for change in carrying for service in change.touched_services}
    parties: set[UUID] = set()
    named_by: dict[UUID, UUID | None] = {}
    for record, services in (
        (release, {*touched, str(release.service)}),
        *((change, change.touched_services) for change in carrying),
    ):
        origins = await wishers(reads, record, services)
        parties |= origins.parties
        named_by |= origins.named_by
    return Origins(frozenset(parties), named_by)


#: People who planned the release, or any of it, asked for it, have written a stage's results or carry it out
#: do not decide on it; nor does the person who asks for its go and states the conditions.
GO_MATTER = Matter(
    decision=DecisionKind.release_go,
    duties=(requester_duty, RecordDuty("implementer", "实施人", ("assignee_id",))),
    fields=(
        *("title", "description", "plan", "service", "target_at", "environment", "change_ids"),
        "stages_reason",
    ),
    child_duties=(TASKS, ChildDuty("release_stage", "author_id")),
    origins=wishers_of_release,
    acts=WORK_EVENTS,
    without_asker=True,
    subject=(*SAME_TITLE, ("change_ids", "change_ids")),
)
PLAN_CHANGE = replace(GO_MATTER, decision=DecisionKind.release_plan_change, fields=())


def change_plan(release: Release, body: ChangePlanRelease, ctx: ActionContext) -> None:
    """Change the plan of the release, after the head of department has approved the change."""
    new_decision = ctx.prepared(NewDecision)
    plan_change = PlanChange(
        id=ctx.new_id(),
        record=release.row_key,
        decision_id=new_decision.decision.id,
        proposed_by_id=ctx.caller.person_id,
        proposed_at=ctx.occurred_at,
    )
    copy_fields(plan_change, body, ctx)
    ctx.outcome.add(plan_change)
    add_statements(
        release, StatedFact.consulted, [ctx.required_ref(Person, "analyst").id], ctx, plan_change.id
    )
    add_prepared_decision(new_decision, ctx)
    release.plan_change_id = plan_change.id


async def plan_change_question(
    reads: ReadContext, release: Release, body: ChangePlanRelease, ctx: ActionContext
) -> NewDecision:
    """Prepare the question whether the plan may be changed to the voters of the approval rules."""

    def text_in(language: str) -> str:
        left_out = _stages_left_out(release, language) if body.leave_out_stages else ""
        return f"{release.title or release.number}{left_out}"

    question = Question(in_each_language(text_in), PLAN_CHANGE, body.due_at)
    return await new_decision(reads, release, question, ctx)


def _stages_left_out(release: Release, language: str) -> str:
    """Return the sentence of a question that names the stages that the release leaves out."""
    words: dict[str, Word] = {"stages": ", ".join(release.stages_skipped or ())}
    return "\n" + translate(language, "question", "stages_left_out", words)


def adopt_plan_change(release: Release, body: AdoptPlanChangeRelease, ctx: ActionContext) -> None:
    """Adopt a plan change of the release: the head of department has approved it. A new go is needed."""
    adopted = ctx.outcome.change(ctx.required_ref(PlanChange, "plan_change"))
    adopted.adopted_at = ctx.occurred_at
    for name in ("plan", "target_at", "environment", "change_ids"):
        value = getattr(adopted, name)
        if value is not None:
            setattr(release, name, value)
    if adopted.leave_out_stages:
        release.stages_agreed_at = ctx.occurred_at
    release.plan_change_id = None
    release.plan_changes = (release.plan_changes or 0) + 1
    release.go = release.go_decided_at = None


def refuse_plan_change(release: Release, body: RefusePlanChangeRelease, ctx: ActionContext) -> None:
    """Refuse a plan change of the release: its plan stays."""
    ctx.outcome.change(ctx.required_ref(PlanChange, "plan_change")).refused_at = ctx.occurred_at
    release.plan_change_id = None


def request_go(release: Release, body: RequestGoRelease, ctx: ActionContext) -> None:
    """Request the go decision on the release: whether to bring it into use."""
    new_decision = ctx.prepared(NewDecision)
    add_prepared_decision(new_decision, ctx)
    release.go_decision_id = new_decision.decision.id
    release.go_conditions = body.conditions


async def go_question(
    reads: ReadContext, release: Release, body: RequestGoRelease, ctx: ActionContext
) -> NewDecision:
    """Prepare the question whether to bring the release into use. It names the stages that are left out:
    those who plan a release do not decide on that alone. The release states the reason.
    """

    def text_in(language: str) -> str:
        left_out = _stages_left_out(release, language) if release.stages_skipped else ""
        return (body.question or usual_question(release, GO_MATTER, language)) + left_out

    return await new_decision(
        reads, release, Question(in_each_language(text_in), GO_MATTER, body.due_at), ctx
    )


def decide_go(release: Release, body: Tallied, ctx: ActionContext) -> None:
    """Make the go decision on the release. After a no, the gate of its last stage must be passed again."""
    release.go = body.outcome is DecisionOutcome.approved
    release.go_decided_at = ctx.occurred_at
    if not release.go:
        reopen_last_stage(release, ctx)


def state_after_go(release: Release) -> CodeEnum:
    """Return the state after the decision: ready with a go."""
    return State.ready if release.go else State.in_stage


GO_DECIDED = Branch(state_after_go, (State.ready, State.in_stage))


def action_of_outcome(release: Release, decision: Decision) -> tuple[str, Payload] | None:
    """Return the action to which the outcome of the decision leads, with its payload; None if a go was
    deferred or lapsed: it can be requested again.
    """
    is_approved = decision.outcome is DecisionOutcome.approved
    if decision.id == release.go_decision_id:
        is_decided = is_approved or decision.outcome is DecisionOutcome.rejected
        return ("decide_go", tallied(decision)) if is_decided else None
    payload = {**dict(tallied(decision)), "plan_change": release.plan_change_id}
    if is_approved:
        return "adopt_plan_change", AdoptPlanChangeRelease.model_validate(payload)
    return "refuse_plan_change", RefusePlanChangeRelease.model_validate(payload)


def forget_plan_change(release: Release, ctx: ActionContext) -> None:
    """Forget the plan change that waits for a decision, since its question was withdrawn."""
    release.plan_change_id = None


APPROVAL = decisions.DecisionSpec(
    kind="release",
    any=BEFORE_DEPLOYMENT,
    matters=(GO_MATTER, PLAN_CHANGE),
    outcome=action_of_outcome,
    restore=forget_plan_change,
)
