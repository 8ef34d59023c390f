"""Steps 9 to 11 of improvements: judged by the measured effect, then standardised, or reverted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import Person, Role
from app.common.records import ForeignRef, Record
from app.foundation.decisions.actions import withdraw_open_decisions
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    Reference,
    ShortText,
)
from app.kpis.questions.periods import months_after
from app.log.canonical import LARGEST_WHOLE_NUMBER
from app.processes.improvements.checks import contradicting
from app.processes.improvements.preparation import NewestEffect
from app.processes.improvements.proposal.actions import put_to_committee
from app.processes.improvements.proposal.records import DecisionSubject
from app.processes.improvements.records import Improvement
from app.ticketing.projects.planning import expect_no_report

#: When the benefit is measured first after an improvement was standardised, in months.
FIRST_BENEFIT_MONTHS = 3
#: The largest position that the log can have.


class EvaluateImprovement(Payload):
    """The judgement of an improvement, by the measurement that it names."""

    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="The log position of the measured effect that it is judged by: the newest.",
        examples=[4711],
    )
    goal_reached: bool = Field(strict=True, description="Whether the goal was reached.", examples=[True])
    scope_reached: bool = Field(strict=True, description="Whether the scope was covered.", examples=[True])
    benefit_reached: bool = Field(
        strict=True, description="Whether the benefit was reached.", examples=[True]
    )
    reached: bool = Field(strict=True, description="Whether it was reached as a whole.", examples=[True])
    agreed_by: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="The process owner who agrees: a person's id; none if that is the caller, or it is of "
        "the department.",
    )
    comment: FreeText | None = Field(
        default=None,
        description="What is to be said of it; must be said if it is reached as a whole without its goal or "
        "its benefit.",
    )
    reason: FreeText | None = Field(
        default=None, description="Why it is judged against the evidence, if it is; it stays visible."
    )


def evaluate(improvement: Improvement, body: EvaluateImprovement, ctx: ActionContext) -> None:
    """Evaluate the improvement: its goal, scope and benefit are judged by the measured effect."""
    improvement.judged_position = body.position
    improvement.evaluation.goal_reached = body.goal_reached
    improvement.evaluation.scope_reached = body.scope_reached
    improvement.evaluation.benefit_reached = body.benefit_reached
    improvement.evaluation.reached = body.reached
    improvement.evaluation.evaluation_comment = body.comment
    improvement.evaluation.against_evidence = (
        contradicting(body.reached, ctx.prepared(NewestEffect)) is not None
    )
    improvement.evaluation.against_evidence_reason = (
        body.reason if improvement.evaluation.against_evidence else None
    )
    improvement.evaluation.evaluated_by_id = ctx.caller.person_id
    agreed, is_owner = ctx.ref(Person, "agreed_by"), ctx.caller.has_role(Role.process_owner, improvement)
    own = ctx.caller.person_id if is_owner else None
    improvement.evaluation.agreed_by_id = own if agreed is None else agreed.id
    improvement.evaluation.evaluated_at = ctx.occurred_at


class StandardiseImprovement(Payload):
    """The documents that were updated and published, and the teams that are told."""

    document_numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The numbers of the documents, templates and forms that were updated.",
        examples=[["IMP-SOP-12"]],
    )
    teams: Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The teams that are told: keys or ids."
    )
    published_at: Instant | None = Field(default=None, description="When they were published, if not now.")


def standardise(improvement: Improvement, body: StandardiseImprovement, ctx: ActionContext) -> None:
    """Standardise the improvement: its documents are updated and published, and the teams are told."""
    improvement.outcome.document_numbers = list(body.document_numbers)
    improvement.told_team_ids = [str(team.id) for team in ctx.refs(Record, "teams")]
    improvement.outcome.published_at = body.published_at or ctx.occurred_at
    improvement.next_benefit_due_at = months_after(ctx.occurred_at, FIRST_BENEFIT_MONTHS, ctx.zone)
    expect_no_report(improvement)


class RevertImprovement(Payload):
    """Why the improvement is reverted, and who was told that the old process stands."""

    reason: FreeText = Field(description="Why.", examples=["Mail was restored no faster."])
    old_process_stands: bool = Field(
        strict=True, description="That the old process stands again.", examples=[True]
    )
    told: FreeText = Field(
        description="Who was told, and how.", examples=["Both desks, by the morning meeting."]
    )


def revert(improvement: Improvement, body: RevertImprovement, ctx: ActionContext) -> None:
    """Revert the improvement: the old process stands, and those concerned were told."""
    improvement.outcome.revert_reason = body.reason
    improvement.outcome.reverted_told = body.told
    withdraw_open_decisions(ctx)
    expect_no_report(improvement)


class AskToRevertImprovement(AskDecision):
    """The question to the committee whether the improvement is reverted after its cutover."""

    reason: FreeText = Field(description="Why.", examples=["Mail was restored no faster."])
    told: FreeText = Field(
        description="Who is told, and how, if it is reverted.", examples=["Both desks, by mail."]
    )


def ask_to_revert(improvement: Improvement, body: AskToRevertImprovement, ctx: ActionContext) -> None:
    """Ask to revert the improvement: the committee decides, after its cutover."""
    improvement.judgement.asked_reason, improvement.judgement.asked_told = body.reason, body.told
    put_to_committee(improvement, DecisionSubject.revert, ctx)


def revert_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Revert the improvement by decision, as the committee wants it after its cutover."""
    improvement.outcome.revert_reason, improvement.outcome.reverted_told = (
        improvement.judgement.asked_reason,
        improvement.judgement.asked_told,
    )
    expect_no_report(improvement)
