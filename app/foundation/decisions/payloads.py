"""Payloads of actions on decisions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.records import ChildRef
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    VoteVerdict,
)
from app.kernel.actions.conditions import Condition
from app.kernel.actions.payloads import FreeText, Instant, Payload, Title


class AskDecision(Payload):
    """A question that is put to a vote. It names no voters: the approval rule does, by which it is asked."""

    question: Title = Field(
        description="The question in a line. All who see the record see it: name no persons here.",
        examples=["Shall we go on with it?"],
    )
    due_at: Instant | None = Field(
        default=None,
        description="Time until which votes count, if sooner than the approval rule says. Then the votes "
        "cast decide.",
    )


class CastVote(Payload):
    """A vote on a decision."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    instead_of: UUID | None = Field(
        default=None,
        description="The person in whose name the caller votes, as their deputy and without a vote of "
        "their own: the id, as `votes_for_others` of the caller's work has it.",
    )
    verdict: VoteVerdict = Field(description="The verdict.", examples=["approve"])
    comment: FreeText | None = Field(
        default=None, description="The reason; required when it is rejected or deferred.", examples=["Go on."]
    )

    CONDITIONS = (
        Condition(
            "say_why",
            ("verdict", "comment"),
            lambda body: (
                body.comment is not None or body.verdict not in (VoteVerdict.reject, VoteVerdict.defer)
            ),
        ),
    )


class WithdrawDecision(Payload):
    """The decision to withdraw, and the reason."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    reason: FreeText = Field(description="The reason.", examples=["It has been settled otherwise."])


class CloseVote(Payload):
    """The decision whose time to vote is over."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")


class RemindVoters(Payload):
    """The decision whose time to vote ends soon."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")


class Tallied(Payload):
    """The outcome of a decision and its count of votes."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    outcome: DecisionOutcome = Field(description="The outcome.", examples=["approved"])
    voters: int = Field(ge=0, description="Number of persons who could vote.", examples=[3])
    approvals: int = Field(ge=0, description="Number of those who approved.", examples=[2])
    rejections: int = Field(ge=0, description="Number of those who rejected.", examples=[0])
    deferrals: int = Field(ge=0, description="Number of those who would have it deferred.", examples=[0])
    abstentions: int = Field(ge=0, description="Number of those who abstained.", examples=[1])


class DeputiseVote(Payload):
    """The decision whose voters have other deputies than before."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
