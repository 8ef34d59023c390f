"""Schemas of decisions and votes, lists of approval rules and deputies, and who would vote on a record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut
from app.common.people import Grade, Role
from app.foundation.decisions.approval_rules import lifecycle as approval_rules
from app.foundation.decisions.approval_rules.records import (
    ApprovalRuleState,
    ApprovalRuleVersion,
    ElectorRelation,
)
from app.foundation.decisions.deputies import lifecycle as deputies
from app.foundation.decisions.deputies.records import DeputyState
from app.foundation.decisions.records import (
    DecisionKind,
    DecisionOutcome,
    DecisionRule,
    DecisionState,
    VoterLeftOutReason,
    VoteVerdict,
)
from app.foundation.people.queries import PERSONS
from app.foundation.people.records import RepresentedSide


class RuleConditionOut(OutputModel):
    """A condition on a field of the record that is decided about."""

    field: str
    any_of: list[str] = Field(description="The values of which it holds one; none: it is an amount.")
    at_least: str | None
    below: str | None


class ElectorsOut(OutputModel):
    """A source of voters."""

    role: Role | None
    group: str | None = Field(description="The group's key.")
    relation: ElectorRelation | None
    grade: Grade | None = Field(description="Only those of this grade or above.")
    on_call: bool = Field(description="Only those who are on call.")


class ApprovalRuleDefinitionOut(OutputModel):
    """Which decisions a rule is for, who votes on them, and how their votes are counted."""

    conditions: list[RuleConditionOut] = Field(description="All must hold; none: every record.")
    voters: list[ElectorsOut]
    otherwise: list[ElectorsOut] = Field(description="Voters if fewer than `enough` are free to vote.")
    enough: int
    if_unanswered: list[ElectorsOut] = Field(description="Voters who are asked next if too few have voted.")
    rule: DecisionRule
    quorum: int | None
    quorum_percent: int | None
    least_voters: int
    due_within_seconds: int
    calendar: str | None = Field(description="The key of the calendar in whose hours the time is counted.")
    remind_before_seconds: int | None


class ApprovalRuleOut(RecordOut):
    """A rule of who votes on decisions of one kind."""

    state: ApprovalRuleState
    key: str
    decision: DecisionKind
    name: str
    edition: int = Field(description="The number of the newest version; the first is 1.")
    definition: ApprovalRuleDefinitionOut
    set_by: PersonStub | None = Field(description="Who set the newest version.")
    set_at: datetime
    ended_at: datetime | None


APPROVAL_RULES = Listing(
    lifecycle=approval_rules.LIFECYCLE,
    shape=ApprovalRuleOut,
    filters=("state", "key", "decision", "set_by", "set_at", "changed_at"),
    sorts=("key", "set_at", "changed_at"),
    expands=(PERSONS,),
)


class ApprovalRuleVersionOut(OutputModel):
    """A version of an approval rule."""

    id: UUID
    edition: int
    definition: ApprovalRuleDefinitionOut
    ended: bool = Field(description="Whether the rule asks nobody from then on.")
    set_by: PersonStub | None
    set_at: datetime


VERSIONS = ChildListing(
    "versions",
    ApprovalRuleVersion,
    "set_at",
    ApprovalRuleVersionOut,
    "the versions of an approval rule, the oldest first",
)


class DeputyOut(RecordOut):
    """A person who votes in the name of somebody who is away."""

    state: DeputyState
    person: PersonStub = Field(description="In whose name.")
    deputy: PersonStub = Field(description="Who votes.")
    decisions: list[DecisionKind] | None = Field(description="On decisions of these kinds; null: of all.")
    from_at: datetime
    until_at: datetime
    named_at: datetime
    ended_at: datetime | None


DEPUTIES = Listing(
    lifecycle=deputies.LIFECYCLE,
    shape=DeputyOut,
    filters=("state", "person", "deputy", "from_at", "until_at", "named_at"),
    sorts=("named_at", "until_at"),
    expands=(PERSONS,),
)


class RuleInForce(OutputModel):
    """An approval rule by which decisions are asked now."""

    key: str
    name: str
    decision: DecisionKind
    edition: int = Field(description="0: it is shipped, and nobody has set another of its key.")
    set_by: PersonStub | None
    definition: ApprovalRuleDefinitionOut


class RulesInForce(OutputModel):
    """The approval rules by which decisions are asked now, shipped ones among them."""

    items: list[RuleInForce]


class NamedRule(OutputModel):
    """An approval rule by which a decision was asked."""

    rule: str = Field(description="Its key.")
    edition: int = Field(description="Which version of it; 0: as it is shipped.")


class LeftOutVoter(OutputModel):
    """Somebody who would have been asked to vote and is kept apart from it."""

    person: UUID = Field(description="Their id.")
    because: VoterLeftOutReason


class DecisionOut(OutputModel):
    """A question about a record, put to an electorate; and its outcome."""

    id: UUID
    state: DecisionState
    decision: DecisionKind | None = Field(
        description="Its kind, by which approval rules name the voters; null: they were named otherwise."
    )
    question: str
    rules: list[NamedRule] | None = Field(
        description="The approval rules by which it was asked, with their editions. Null: voters were named "
        "by a catalogue item, are the participants of a meeting, or there were no such rules then."
    )
    role: Role | None = Field(description="Of those who were asked, if a catalogue item names it.")
    group_id: UUID | None = Field(description="The group that was asked, if one alone was.")
    position: int | None = Field(
        description="The log position when it was asked: the evidence before the voters is all up to it."
    )
    chair: PersonStub | None
    rule: DecisionRule
    quorum: int = Field(description="How many must have voted, abstentions among them.")
    left_out: list[LeftOutVoter] | None = Field(
        description="Those who would have been asked, and why they were not. Null: not written down then."
    )
    asked_by: PersonStub | None = Field(description="Null: a rule.")
    asked_at: datetime
    due_at: datetime = Field(description="Until when there are votes.")
    reminded_at: datetime | None = Field(description="When those who had yet to vote were reminded.")
    asked_next_at: datetime | None = Field(
        description="When those were asked who are next if too few have voted in time; null: nobody was."
    )
    outcome: DecisionOutcome | None = Field(
        description="Null as long as it is open, and if it was withdrawn."
    )
    voters: int | None = Field(description="How many could vote; this and what follows when it is taken.")
    approvals: int | None
    rejections: int | None
    deferrals: int | None
    abstentions: int | None
    closed_at: datetime | None = Field(description="When it was taken or withdrawn.")


class VoteOut(OutputModel):
    """A voter on a decision, and their verdict once they have voted."""

    id: UUID
    decision_id: UUID
    person: PersonStub
    role: Role | None = Field(description="The role by which they were asked; null: by what they are to it.")
    side: RepresentedSide | None = Field(
        description="The one that they stand for in the group, if it was asked."
    )
    verdict: VoteVerdict | None = Field(description="Null: they have not voted.")
    cast_by: PersonStub | None = Field(description="The deputy who voted in their name; null: they did.")
    role_lost: bool | None = Field(
        description="That they did not hold that role any more when they voted: the vote stays."
    )
    comment: str | None
    asked_at: datetime
    due_at: datetime
    voted_at: datetime | None
    closed_at: datetime | None = Field(description="When it was over without their vote.")


class VotingDeputyOut(OutputModel):
    """A person who may vote on a decision in the name of a voter who is away."""

    id: UUID
    decision_id: UUID
    person: PersonStub = Field(description="Who votes.")
    instead_of: PersonStub = Field(description="In whose name.")
    asked_at: datetime
    due_at: datetime
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None = Field(description="When the voter ended it before its time.")


class LeftOutPerson(OutputModel):
    """A person who would vote and is kept apart from the matter."""

    person: PersonStub
    because: VoterLeftOutReason
    label: str = Field(description="The reason in words, in the language asked for.")


class PreviewRefusal(OutputModel):
    """The reason why a question could not be put now."""

    code: str
    detail: str = Field(description="The reason in words, in the language asked for.")


class PreviewedDecision(OutputModel):
    """Who would vote on the record if the caller asked now."""

    decision: DecisionKind
    label: str = Field(description="The kind in words, in the language asked for.")
    rules: list[NamedRule] = Field(description="The rules that hold: their voters are joined.")
    rule: DecisionRule | None = Field(description="How votes come to an outcome. Null: it would be refused.")
    quorum: int | None
    due_at: datetime | None = Field(description="Until when there would be votes.")
    voters: list[PersonStub]
    left_out: list[LeftOutPerson]
    refusal: PreviewRefusal | None = Field(description="Null: the question can be put.")


class ApprovalPreview(OutputModel):
    """Who would vote on a record, for each kind of decision about it."""

    items: list[PreviewedDecision]


def as_definition(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the stored definition of a rule as clients see it."""
    return ApprovalRuleDefinitionOut.model_validate(stored).model_dump(mode="json")
