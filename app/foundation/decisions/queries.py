"""Schemas of decisions and votes, lists of approval rules and deputies, and who would vote on a record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, PersonStub, RecordOut
from app.common.people import Grade, Role
from app.foundation.decisions.approval_rules import lifecycle as approval_rules
from app.foundation.decisions.approval_rules.records import (
    ApprovalRule,
    ApprovalRuleVersion,
    ElectorRelation,
)
from app.foundation.decisions.deputies import lifecycle as deputies
from app.foundation.decisions.deputies.records import Deputy
from app.foundation.decisions.records import (
    Decision,
    DecisionKind,
    DecisionRule,
    Vote,
    VoterLeftOutReason,
    VotingDeputy,
)
from app.foundation.people.queries import PERSONS


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
    """The decisions that a rule is for, their voters, and the way in which votes are counted."""

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


class ApprovalRuleOut(RecordOut, of=ApprovalRule, without="told_roles told_groups"):
    """A rule of who votes on decisions of one kind."""

    definition: ApprovalRuleDefinitionOut


APPROVAL_RULES = Listing(
    lifecycle=approval_rules.LIFECYCLE,
    shape=ApprovalRuleOut,
    filters=("state", "key", "decision", "set_by", "set_at", "changed_at"),
    sorts=("key", "set_at", "changed_at"),
    expands=(PERSONS,),
)


class ApprovalRuleVersionOut(OutputModel, of=ApprovalRuleVersion):
    """A version of an approval rule."""

    definition: ApprovalRuleDefinitionOut


VERSIONS = ChildListing(
    "versions",
    ApprovalRuleVersion,
    "set_at",
    ApprovalRuleVersionOut,
    "the versions of an approval rule, the oldest first",
)


class DeputyOut(RecordOut, of=Deputy):
    """A person who votes in the name of somebody who is away."""

    decisions: list[DecisionKind] | None = Field(description="On decisions of these kinds; null: of all.")


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
    edition: int = Field(description="Its version; 0: as it is shipped.")


class LeftOutVoter(OutputModel):
    """A person who would have been asked to vote and is kept apart from it."""

    person: UUID = Field(description="Their id.")
    because: VoterLeftOutReason


class DecisionOut(
    OutputModel,
    of=Decision,
    without="remind_at",
    after={"group_id": "position", "reminded_at": "asked_next_at"},
):
    """A question about a record, put to an electorate; and its outcome."""

    rules: list[NamedRule] | None = Field(
        description="The approval rules by which it was asked, with their editions. Null: voters were named "
        "by a catalogue item, are the participants of a meeting, or there were no such rules then."
    )
    left_out: list[LeftOutVoter] | None = Field(
        description="Those who would have been asked, and why they were not. Null: not written down then."
    )


class VoteOut(OutputModel, of=Vote, after={"comment": "asked_at due_at"}):
    """A voter on a decision, and their verdict once they have voted."""


class VotingDeputyOut(OutputModel, of=VotingDeputy, without="deputation_id"):
    """A person who may vote on a decision in the name of a voter who is away."""


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
    """The persons who would vote on the record if the caller asked now."""

    decision: DecisionKind
    label: str = Field(description="The kind in words, in the language asked for.")
    rules: list[NamedRule] = Field(description="The rules that hold: their voters are joined.")
    rule: DecisionRule | None = Field(
        description="Rule by which votes come to an outcome. Null: it would be refused."
    )
    quorum: int | None
    due_at: datetime | None = Field(description="Time until which votes would count.")
    voters: list[PersonStub]
    left_out: list[LeftOutPerson]
    refusal: PreviewRefusal | None = Field(description="Null: the question can be put.")


class ApprovalPreview(OutputModel):
    """The persons who would vote on a record, for each kind of decision about it."""

    items: list[PreviewedDecision]


def as_definition(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the stored definition of a rule as clients see it."""
    return ApprovalRuleDefinitionOut.model_validate(stored).model_dump(mode="json")
