"""Schemas of decisions and votes, lists of approval rules and deputies, and who would vote on a record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

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
    """A condition on a field of the record that the decision is about."""

    field: str = Field(description="Name of the field.")
    any_of: list[str] = Field(
        description="Values of which the field has one; empty if the condition is about an amount."
    )
    at_least: str | None = Field(
        description="Smallest amount that the field may have; null if there is no lower limit."
    )
    below: str | None = Field(
        description="Amount below which the field must be; null if there is no upper limit."
    )


class ElectorsOut(OutputModel):
    """A source of voters."""

    role: Role | None = Field(
        description="Role whose holders vote, if they hold it for the record; null for another source."
    )
    group: str | None = Field(
        description="Key of the group whose members and chair vote; null for another source."
    )
    relation: ElectorRelation | None = Field(
        description="Relation to the record by which persons vote; null for another source."
    )
    grade: Grade | None = Field(description="Lowest grade of the voters; null for every grade.")
    on_call: bool = Field(description="True if only persons vote who are on call in one of their teams.")


class ApprovalRuleDefinitionOut(OutputModel):
    """The decisions that a rule is for, their voters, and the way in which votes are counted."""

    # Rules that were set before they had a least time are stored without it.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    conditions: list[RuleConditionOut] = Field(
        description="Conditions that must all be true; empty for every record."
    )
    voters: list[ElectorsOut] = Field(description="Sources of voters, all together.")
    otherwise: list[ElectorsOut] = Field(
        description="Sources of voters that are asked as well if fewer than `enough` persons, than half of "
        "`voters` or than the quorum can vote."
    )
    enough: int = Field(description="Number of persons of `voters` who must be able to vote.")
    if_unanswered: list[ElectorsOut] = Field(
        description="Sources of voters that are asked next if too few have voted, or at once if too few can."
    )
    rule: DecisionRule
    quorum: int | None = Field(
        description="Number of persons who must have voted; null to use `quorum_percent`."
    )
    quorum_percent: int | None = Field(
        description="Percentage of the voters who must have voted; null to use `quorum` or the quorum of "
        "the rule."
    )
    least_voters: int = Field(
        description="Number of persons who must be able to vote; with fewer, the question is refused."
    )
    due_within_seconds: int = Field(description="Number of seconds to vote, in the hours of `calendar`.")
    least_seconds: int | None = Field(
        default=None,
        description="Number of seconds that voters have at least; null or missing for half of "
        "`due_within_seconds`.",
    )
    calendar: str | None = Field(
        description="Key of the calendar in whose hours the time to vote is counted; null to count day "
        "and night."
    )
    remind_before_seconds: int | None = Field(
        description="Number of seconds before the end at which persons who have not voted are reminded; "
        "null for one day, or for half of the time to vote if that is shorter."
    )


class ApprovalRuleOut(RecordOut, of=ApprovalRule, without="told_roles told_groups"):
    """A rule of who votes on decisions of one kind."""

    definition: ApprovalRuleDefinitionOut


APPROVAL_RULES = Listing(
    lifecycle=approval_rules.LIFECYCLE,
    shape=ApprovalRuleOut,
    filters=("state", "key", "decision", "set_by", "set_at", "awaits_agreement", "changed_at"),
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
    """A person who votes in the name of an absent person."""

    decisions: list[DecisionKind] | None = Field(
        description="Kinds of decisions on which the deputy votes; null for all kinds."
    )


DEPUTIES = Listing(
    lifecycle=deputies.LIFECYCLE,
    shape=DeputyOut,
    filters=("state", "person", "deputy", "from_at", "until_at", "named_at"),
    sorts=("named_at", "until_at"),
    expands=(PERSONS,),
)


class RuleFloor(OutputModel):
    """A shipped rule whose board the process documents name: it holds as well, and other rules only add to
    it. Each vote needs at least this time and quorum.
    """

    key: str = Field(description="Key of the shipped rule.")
    rule: DecisionRule = Field(description="Rule by which its votes lead to an outcome.")
    voters: list[ElectorsOut] = Field(description="Sources of its voters.")
    least_seconds: int = Field(description="Number of seconds that voters have at least.")
    least_voters: int = Field(description="Number of persons who must be able to vote.")
    quorum: int | None = Field(
        description="Number of persons who must have voted; null to use `quorum_percent`."
    )
    quorum_percent: int | None = Field(
        description="Percentage of the board that must have voted; null for the usual quorum of the rule."
    )


class RuleInForce(OutputModel):
    """An approval rule that is in force, with the floors that hold for its records."""

    key: str = Field(description="Key of the rule.")
    name: str = Field(description="Display name of the rule.")
    decision: DecisionKind
    edition: int = Field(description="Number of the version; 0 for a shipped rule that was not replaced.")
    set_by: PersonStub | None = Field(description="Person who set the version; null for a shipped rule.")
    definition: ApprovalRuleDefinitionOut
    least_seconds: int = Field(
        description="Number of seconds that voters have at least, by the rule and its floors."
    )
    floors: list[RuleFloor] = Field(
        description="Shipped rules that hold as well, whatever the rule says; empty if there are none."
    )


class RulesInForce(OutputModel):
    """The approval rules in force, including shipped rules."""

    items: list[RuleInForce]


class NamedRule(OutputModel):
    """An approval rule that determined the voters of a decision."""

    rule: str = Field(description="Key of the rule.")
    edition: int = Field(description="Number of the version; 0 for a shipped rule.")


class LeftOutVoter(OutputModel):
    """A person who would have voted but is excluded from the vote."""

    person: UUID = Field(description="Identifier of the person.")
    because: VoterLeftOutReason


class DecisionOut(
    OutputModel,
    of=Decision,
    without="remind_at",
    after={"group_id": "position", "reminded_at": "asked_next_at"},
):
    """A question about a record that was put to a vote, and its outcome."""

    rules: list[NamedRule] | None = Field(
        description="Approval rules that determined the voters, with their versions; null if a "
        "catalogue item or a meeting named the voters, or if there were no rules at that "
        "time."
    )
    left_out: list[LeftOutVoter] | None = Field(
        description="Persons who would have voted but are excluded, with the reasons; null if this was "
        "not recorded at that time."
    )


class VoteOut(OutputModel, of=Vote, after={"comment": "asked_at due_at"}):
    """A voter on a decision, and the vote."""


class VotingDeputyOut(OutputModel, of=VotingDeputy, without="deputation_id"):
    """A person who may vote in the name of an absent voter."""


class LeftOutPerson(OutputModel):
    """A person who would vote but is excluded from the vote."""

    person: PersonStub
    because: VoterLeftOutReason
    label: str = Field(description="Reason as a sentence, in the requested language.")


class PreviewRefusal(OutputModel):
    """The reason why the question would be refused now."""

    code: str = Field(description="Stable code of the reason.")
    detail: str = Field(description="Reason as a sentence, in the requested language.")


class PreviewedDecision(OutputModel):
    """The persons who would vote on the record if the caller asked now."""

    decision: DecisionKind
    label: str = Field(description="Label of the kind of decision, in the requested language.")
    rules: list[NamedRule] = Field(description="Rules that apply; their voters are joined.")
    rule: DecisionRule | None = Field(
        description="Rule by which votes would lead to an outcome; null if the question would be refused."
    )
    quorum: int | None = Field(
        description="Number of persons who would have to vote; null if the question would be refused."
    )
    due_at: datetime | None = Field(
        description="Time until which votes would count; null if the question would be refused."
    )
    earliest_due_at: datetime | None = Field(
        description="Earliest time until which the person who asks may set the vote to end; null if the "
        "question would be refused."
    )
    voters: list[PersonStub] = Field(description="Persons who would vote.")
    left_out: list[LeftOutPerson] = Field(
        description="Persons who would be excluded from the vote, with the reasons."
    )
    refusal: PreviewRefusal | None = Field(
        description="Reason for a refusal; null if the question can be put."
    )


class ApprovalPreview(OutputModel):
    """The persons who would vote on a record, for each kind of decision about it."""

    items: list[PreviewedDecision]


def as_definition(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the stored definition of a rule as clients see it."""
    return ApprovalRuleDefinitionOut.model_validate(stored).model_dump(mode="json")
