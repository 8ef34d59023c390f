"""Submitting a plan to the committee, and what comes of it."""

from __future__ import annotations

from app.foundation.decisions.actions import add_prepared_decision
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.decisions.preparation import NewDecision
from app.foundation.documents.filing import SectionTexts, file_document, publish_draft
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.actions.context import ActionContext
from app.kpis.baselines.freezing import add_baselines
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.progress import direction_of, is_limit
from app.processes.improvement_plans.records import ImprovementPlan

DOCUMENTS = (DocumentClass.IP, DocumentClass.PA)


class SubmitImprovementPlan(AskDecision):
    """The question to the committee for approval of the plan."""


def submit(plan: ImprovementPlan, body: SubmitImprovementPlan, ctx: ActionContext) -> None:
    """Submit the plan to the committee: the baseline of each target is measured, and the plan and the present
    state are filed as documents.
    """
    contents = ctx.prepared(KnownContents)
    for baseline in contents.baselines:
        ctx.outcome.remove(baseline)
    frozen = add_baselines(plan, ctx)
    plan.baseline_position = frozen.position
    for target in contents.targets:
        value = frozen.baseline_named(target.name or "").value
        ctx.outcome.change(target).is_limit = is_limit(direction_of(target.kpi), value, target.goal or "")
    put_question(plan, ctx)
    plan.returned_at = None
    present = ((Heading.present_state, plan.present_state), (Heading.best_practice, plan.best_practice))
    file_document(plan, DocumentClass.IP, plan_sections(plan), ctx, state=DocumentState.drafted)
    file_document(plan, DocumentClass.PA, present, ctx, state=DocumentState.drafted)


def put_question(plan: ImprovementPlan, ctx: ActionContext) -> None:
    """Put the prepared question to its voters."""
    question = ctx.prepared(NewDecision)
    add_prepared_decision(question, ctx)
    plan.decision_id = question.decision.id


def documents_of_submission(plan: ImprovementPlan, body: object) -> tuple[str, ...]:
    """Return the classes of the documents that submitting makes: those of a returned plan are there."""
    return (
        () if plan.submitted_at is not None else tuple(document_class.value for document_class in DOCUMENTS)
    )


def plan_sections(plan: ImprovementPlan) -> SectionTexts:
    """Return the plan's own texts as the sections of its document; its targets, first points and schedule are
    child records, and the present state is a document of its own.
    """
    return (
        (Heading.direction, plan.direction),
        (Heading.vision, plan.vision),
        (Heading.drivers, plan.drivers),
    )


def approve(plan: ImprovementPlan, body: Tallied, ctx: ActionContext) -> None:
    """Approve the plan: the committee has decided for it."""
    for of_class in DOCUMENTS:
        publish_draft(of_class, ctx)


def return_(plan: ImprovementPlan, body: Tallied, ctx: ActionContext) -> None:
    """Return the plan to its authors: the committee has not approved it, for the reasons in its votes."""
