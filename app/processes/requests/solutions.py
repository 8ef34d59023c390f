"""Actions on solutions: one is proposed, then reviewed for IT and for the business."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.records import CodeEnum
from app.foundation.documents.filing import draft_of, file_document, publish_draft, supersede
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.actions.actor_policy import RecordDuty as PartIn
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Instant, Payload, PayloadPart
from app.processes.requests.preparation import BusinessReviewers
from app.processes.requests.records import (
    Judgement,
    Request,
    ReviewSide,
    ReviewVerdict,
    SolutionReview,
)
from app.processes.requests.records import RequestState as State
from app.ticketing.followers import add_followers

solution_author = PartIn("author of the solution", "方案作者", ("solution_author_id",))


class SolutionRisk(PayloadPart):
    """A risk of the solution, and the response to it."""

    risk: FreeText = Field(description="What can go wrong.")
    response: FreeText = Field(description="What is done about it.")


class ProposeSolutionRequest(Payload):
    """The proposed solution: architecture, steps, resources, schedule and risks."""

    architecture: FreeText = Field(description="What it will consist of.")
    steps: FreeText = Field(description="The steps.")
    resources: FreeText = Field(description="Who and what is needed.")
    schedule: FreeText = Field(description="When what is done.")
    planned_at: Instant = Field(description="When it is to be delivered.")
    risks: Annotated[tuple[SolutionRisk, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="What can go wrong, with responses; none: nothing is seen."
    )


def propose_solution(request: Request, body: ProposeSolutionRequest, ctx: ActionContext) -> None:
    """Propose a solution for the request; both IT and the business review it."""
    said = [
        (Heading.architecture, body.architecture),
        (Heading.steps, body.steps),
        (Heading.resources, body.resources),
        (Heading.schedule, body.schedule),
    ]
    for risk in body.risks:
        said += [(Heading.risk, risk.risk), (Heading.response, risk.response)]
    request.solution_id = file_document(request, DocumentClass.SO, said, ctx, state=DocumentState.drafted).id
    request.solution_author_id = ctx.caller.person_id
    request.planned_at = body.planned_at
    request.it_approved_by_id = request.business_approved_by_id = request.sent_back_at = None
    add_followers(request, ctx.prepared(BusinessReviewers).persons, ctx)


def solution_document_class(request: Request) -> str | None:
    """Return the class whose next document number is needed; None if a revised solution keeps its number."""
    return DocumentClass.SO.value if request.solution_id is None else None


class ReviewSolutionRequest(Payload):
    """The review of the solution for one side."""

    side: ReviewSide = Field(description="For which side.")
    verdict: ReviewVerdict = Field(description="Whether it can be made so.")
    feasibility: Judgement = Field(description="Whether it can be made with the technology and people there.")
    business_fit: Judgement = Field(description="Whether it does what the business needs.")
    cost_and_benefit: Judgement = Field(description="Whether it is worth what it costs.")
    comment: FreeText | None = Field(default=None, description="What must be revised, if something must.")

    @model_validator(mode="after")
    def _check_verdict(self) -> ReviewSolutionRequest:
        judged = (self.feasibility, self.business_fit, self.cost_and_benefit)
        if self.verdict is ReviewVerdict.revise and self.comment is None:
            raise PydanticCustomError("say_what_to_revise", "say in a comment what must be revised")
        if self.verdict is ReviewVerdict.approve and Judgement.poor in judged:
            raise PydanticCustomError("approves_what_is_poor", "what is poor in something must be revised")
        return self


def review_solution(request: Request, body: ReviewSolutionRequest, ctx: ActionContext) -> None:
    """Review the request's solution, for one side: it is approved once both sides approve, and revised if
    either asks for that.
    """
    draft = draft_of(DocumentClass.SO, ctx)
    assert draft is not None
    made = SolutionReview(
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
    ctx.add(made)
    if body.verdict is ReviewVerdict.revise:
        request.sent_back_at = ctx.occurred_at
    elif body.side is ReviewSide.it:
        request.it_approved_by_id = ctx.caller.person_id
    else:
        request.business_approved_by_id = ctx.caller.person_id
    if after_review(request) is State.solution_approved:
        supersede(DocumentClass.SO, ctx)
        publish_draft(DocumentClass.SO, ctx)
        request.solution_approved_at = ctx.occurred_at
        request.first_planned_at = request.first_planned_at or request.planned_at


def after_review(request: Request) -> CodeEnum:
    """Return the state after a review: approved if both sides have approved, revising if one has asked for
    that.
    """
    if request.sent_back_at is not None:
        return State.revising
    both = request.it_approved_by_id is not None and request.business_approved_by_id is not None
    return State.solution_approved if both else State.solution_review
