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
from app.kernel.actions.payload_fields import is_statement
from app.kernel.actions.payloads import FreeText, Instant, Note, Payload, Title

#: No setting is revised more often.
MOST_EDITIONS = 10_000


class AgreeToEdition(Payload):
    """The edition to agree to, as it was shown."""

    edition: Annotated[int, Field(ge=1, le=MOST_EDITIONS, strict=True)] | None = Field(
        default=None,
        description="Number of the edition that you have read. The agreement is refused if another edition "
        "stands now. It may be left out if the version is named by `If-Match`, or if others have not written "
        "the proposal again since it was first put: you then agree to the newest edition.",
        examples=[1],
    )


class AskBoard(Payload):
    """A matter that is put to a vote. The approval rule determines the voters."""

    question: Title | None = Field(
        default=None,
        description="Question in one line, without names of persons: all readers of the record see it. If "
        "left out, the question is the kind of the decision with the title of the record.",
        examples=["Shall we go on with it?"],
    )
    due_at: Instant | None = Field(
        default=None,
        description="Time until which votes count; if left out, the time of the approval rule, which "
        "it cannot exceed. The votes that were cast by then decide.",
    )


class AskDecision(AskBoard):
    """A question to be put to a vote. The approval rule determines the voters."""

    question: Title = Field(
        description="Question in one line, without names of persons: all readers of the record see it.",
        examples=["Shall we go on with it?"],
    )


class CastVote(Payload):
    """A vote on a decision."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
    instead_of: UUID | None = Field(
        default=None,
        description="Identifier of the person in whose name the caller votes as a deputy without a "
        "vote of their own; see `votes_for_others` of the caller's work. The deputy of several voters must "
        "name one.",
    )
    verdict: VoteVerdict = Field(description="Answer to the question.", examples=["approve"])
    comment: Note | None = Field(
        default=None, description="Reason; required to reject or defer.", examples=["Go on."]
    )
    defer_until: Instant | None = Field(
        default=None,
        description="Time until which the question is to be deferred. If no voter who defers it names a "
        "time, the usual one of the process applies, mostly three months.",
    )

    CONDITIONS = (
        Condition(
            "only_to_defer",
            ("verdict", "defer_until"),
            lambda body: body.defer_until is None or body.verdict is VoteVerdict.defer,
            faulty="defer_until",
        ),
        Condition(
            "say_why",
            ("verdict", "comment"),
            lambda body: (
                is_statement(body.comment) or body.verdict not in (VoteVerdict.reject, VoteVerdict.defer)
            ),
            faulty="comment",
        ),
    )


class RecuseVoter(Payload):
    """The decision from which a voter recuses themselves, and the reason."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
    reason: FreeText = Field(
        description="Reason for not taking part in the decision.", examples=["I am to carry it out."]
    )


class RecountVotes(Payload):
    """The decision whose votes are counted again, because accounts of voters have changed."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )


class WithdrawDecision(Payload):
    """The decision to withdraw, and the reason."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
    reason: FreeText = Field(
        description="Reason for withdrawing the decision.", examples=["It has been settled otherwise."]
    )


class CloseVote(Payload):
    """The decision whose time to vote is over."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )


class RemindVoters(Payload):
    """The decision whose time to vote ends soon."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )


class Tallied(Payload):
    """The outcome of a decision, and the count of votes."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
    outcome: DecisionOutcome = Field(description="Outcome of the decision.", examples=["approved"])
    voters: int = Field(ge=0, description="Number of persons who could vote.", examples=[3])
    approvals: int = Field(ge=0, description="Number of votes for it.", examples=[2])
    rejections: int = Field(ge=0, description="Number of votes against it.", examples=[0])
    deferrals: int = Field(ge=0, description="Number of votes to defer it.", examples=[0])
    abstentions: int = Field(ge=0, description="Number of abstentions.", examples=[1])
    deferred_until: Instant | None = Field(
        default=None, description="Time until which the question is deferred; null for other outcomes."
    )


class DeputiseVote(Payload):
    """The decision whose voters have other deputies than before."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
