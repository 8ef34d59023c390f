"""Actions on solutions: one is proposed, then reviewed for IT and for the business."""

from __future__ import annotations

from app.common.records import CodeEnum
from app.foundation.documents.filing import draft_of, file_document, publish_draft, supersede
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.actions.actor_policy import RecordDuty as PartIn
from app.kernel.actions.context import ActionContext
from app.processes.requests.payloads import ProposeSolutionRequest, ReviewSolutionRequest
from app.processes.requests.preparation import BusinessReviewers
from app.processes.requests.records import (
    Request,
    ReviewSide,
    ReviewVerdict,
    SolutionReview,
)
from app.processes.requests.records import RequestState as State
from app.ticketing.followers import add_followers

solution_author = PartIn("author of the solution", "方案作者", ("solution_author_id",))


def propose_solution(request: Request, body: ProposeSolutionRequest, ctx: ActionContext) -> None:
    """Propose a solution for the request. IT and the business then review the solution."""
    texts = [
        (Heading.architecture, body.architecture),
        (Heading.steps, body.steps),
        (Heading.resources, body.resources),
        (Heading.schedule, body.schedule),
    ]
    for risk in body.risks:
        texts += [(Heading.risk, risk.risk), (Heading.response, risk.response)]
    if body.no_risks_reason is not None:
        texts.append((Heading.risk, body.no_risks_reason))
    request.solution_id = file_document(request, DocumentClass.SO, texts, ctx, state=DocumentState.drafted).id
    request.solution_author_id = ctx.caller.person_id
    request.planned_at = body.planned_at
    approval = request.solution_approval
    approval.it_approved_by_id = approval.business_approved_by_id = approval.sent_back_at = None
    add_followers(request, ctx.prepared(BusinessReviewers).persons, ctx)


def solution_document_class(request: Request) -> str | None:
    """Return the class whose next document number is needed; None if a revised solution keeps its number."""
    return DocumentClass.SO.value if request.solution_id is None else None


def review_solution(request: Request, body: ReviewSolutionRequest, ctx: ActionContext) -> None:
    """Review the request's solution for one side: it is approved when both sides approve, and revised if
    either side asks for it.
    """
    draft = draft_of(DocumentClass.SO, ctx)
    assert draft is not None
    review = SolutionReview(
        id=ctx.new_id(),
        record=request.row_key,
        edition=draft.edition,
        side=body.side,
        reviewer_id=ctx.caller.person_id,
        verdict=body.verdict,
        feasibility=body.feasibility,
        business_fit=body.business_fit,
        cost_and_benefit=body.cost_and_benefit,
        comment=body.comment,
        reviewed_at=ctx.occurred_at,
    )
    ctx.outcome.add(review)
    approval = request.solution_approval
    if body.verdict is ReviewVerdict.revise:
        approval.sent_back_at = ctx.occurred_at
    elif body.side is ReviewSide.it:
        approval.it_approved_by_id = ctx.caller.person_id
    else:
        approval.business_approved_by_id = ctx.caller.person_id
    if after_review(request) is State.solution_approved:
        supersede(DocumentClass.SO, ctx)
        publish_draft(DocumentClass.SO, ctx)
        approval.solution_approved_at = ctx.occurred_at
        request.first_planned_at = request.first_planned_at or request.planned_at


def after_review(request: Request) -> CodeEnum:
    """Return the state after a review: approved if both sides have approved, revising if one has asked for
    that.
    """
    approval = request.solution_approval
    if approval.sent_back_at is not None:
        return State.revising
    both = approval.it_approved_by_id is not None and approval.business_approved_by_id is not None
    return State.solution_approved if both else State.solution_review
