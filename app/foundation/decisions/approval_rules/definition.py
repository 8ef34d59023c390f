"""The definition of an approval rule: its conditions, who votes, and how votes are counted (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticKnownError

from app.common.people import WHOLE_GROUP, Grade, Role
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.records import DecisionKind, DecisionRule
from app.foundation.decisions.tally import default_quorum
from app.kernel.actions.conditions import Condition, exactly_one_member
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    PayloadValue,
    RecordKey,
    ShortText,
    at_most_entries,
)

#: So many conditions, and sources of voters, at most.
MOST_CONDITIONS = 10
LONGEST_DAYS = 366
_DAY = 86_400

_OF_CHANGE = ("risk_level", "services", "ci_services", "ci_classes", "category", "team_id")
_OF_RELEASE = ("service", "environment", "stage_set")
_OF_IMPROVEMENT = ("process", "scope", "aspect", "size", "improvement_kind", "planned_cost", "currency")
_OF_DOCUMENT = ("tier", "document_class", "importance", "confidentiality", "team_id")
#: By kind of decision, the kind of the records that it is about, and their fields that conditions may name.
SUBJECTS: dict[DecisionKind, tuple[str, tuple[str, ...]]] = {
    DecisionKind.change: ("change", _OF_CHANGE),
    DecisionKind.emergency_change: ("change", _OF_CHANGE),
    DecisionKind.freeze_exception: ("freeze", ("freeze_kind", "everything", "services", "ci_classes")),
    DecisionKind.release_go: ("release", _OF_RELEASE),
    DecisionKind.release_plan_change: ("release", _OF_RELEASE),
    DecisionKind.improvement_plan: ("improvement_plan", ()),
    DecisionKind.plan_adjustment: ("improvement_plan", ()),
    DecisionKind.plan_closing: ("improvement_plan", ()),
    DecisionKind.improvement_proposal: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.improvement_class: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.improvement_charter: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.project_plan: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.pilot: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.improvement_people: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.improvement_revert: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.document_review: ("document", _OF_DOCUMENT),
    DecisionKind.document_countersignature: ("document", _OF_DOCUMENT),
    DecisionKind.process_change: ("process_change", ("process", "team_ids")),
}
FieldName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,49}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,4})?$")]


def _has_values_or_amount(condition: RuleCondition) -> bool:
    return bool(condition.any_of) != (condition.at_least is not None or condition.below is not None)


class RuleCondition(PayloadValue):
    """A condition on a field of the record that the decision is about: one of some values, or an amount."""

    field: FieldName = Field(description="Name of the field.", examples=["risk_level"])
    any_of: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Values (codes, keys or ids) of which the field has one.",
        examples=[["high"]],
    )
    at_least: Amount | None = Field(default=None, description="Smallest amount that the field may have.")
    below: Amount | None = Field(default=None, description="Amount below which the field must be.")

    CONDITIONS = (Condition("values_or_amount", ("any_of", "at_least", "below"), _has_values_or_amount),)

    def applies_to(self, record: Any) -> bool:
        """Return whether the record's field fulfils the condition; an empty field never does."""
        value = getattr(record, self.field, None)
        if self.any_of:
            return not _texts(value).isdisjoint(self.any_of)
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            return False
        reached = self.at_least is None or amount >= Decimal(self.at_least)
        return reached and (self.below is None or amount < Decimal(self.below))


def _texts(value: Any) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, bool):
        return {str(value).lower()}
    values = value if isinstance(value, list | tuple) else [value]
    return {str(getattr(entry, "value", entry)) for entry in values}


class Electors(PayloadValue):
    """A source of voters: all holders of a role for the record, the members of a group with its chair, or
    persons with a certain relation to the record.
    """

    role: Role | None = Field(
        default=None,
        description="Role whose holders vote, if they hold it for the record.",
        examples=["cab_member"],
    )
    group: RecordKey | None = Field(
        default=None, description="Key of the group whose members and chair vote."
    )
    relation: ElectorRelation | None = Field(
        default=None, description="Relation to the record by which persons vote."
    )
    grade: Grade | None = Field(default=None, description="Lowest grade of the voters; null for every grade.")
    on_call: bool = Field(
        default=False,
        strict=True,
        description="True if only persons vote who are on call in one of their teams.",
    )

    CONDITIONS = (exactly_one_member("one_source", "role", "group", "relation"),)


def _require_one(sources: tuple[Electors, ...]) -> tuple[Electors, ...]:
    # A list whose only source is empty would pass a `min_length`.
    if not sources:
        raise PydanticKnownError(
            "too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": len(sources)}
        )
    return sources


Sources = Annotated[tuple[Electors, ...], at_most_entries(MOST_CONDITIONS)]


class ApprovalRuleDefinition(PayloadValue):
    """The decisions that a rule applies to, their voters, and the way in which votes are counted."""

    conditions: Annotated[tuple[RuleCondition, ...], at_most_entries(MOST_CONDITIONS)] = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="Conditions that must all be true; empty for every record. If several rules match, "
        "those with the most conditions apply.",
    )
    voters: Annotated[Sources, AfterValidator(_require_one)] = Field(
        max_length=MOST_CONDITIONS,
        description="Sources of voters, all together, except for persons who are excluded from the vote.",
        examples=[[{"role": "cab_member"}]],
        json_schema_extra={"minItems": 1},
    )
    otherwise: Sources = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="Sources of voters that are asked as well if fewer than `enough` persons of `voters`, "
        "fewer than half of them, or fewer than the quorum can vote.",
    )
    enough: int = Field(
        default=1,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of persons of `voters` who must be able to vote.",
    )
    if_unanswered: Sources = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="Sources of voters that are asked next, once and by the same rule, if too few have "
        "voted in time, or at once if too few can vote.",
    )
    rule: DecisionRule = Field(description="Rule by which votes lead to an outcome.", examples=["majority"])
    quorum: int | None = Field(
        default=None,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of persons who must have voted, including abstentions; null to use "
        "`quorum_percent`.",
    )
    quorum_percent: int | None = Field(
        default=None,
        ge=1,
        le=100,
        strict=True,
        description="Percentage of the persons whom `voters` name, also if some are excluded, who must have "
        "voted, rounded up, and at least `least_voters` persons. If both are null, the quorum is one where "
        "the chair decides, more than half for a majority, and everybody for a unanimous vote.",
    )
    least_voters: int = Field(
        default=2,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of persons who must be able to vote; with fewer, the question is refused.",
        examples=[2],
    )
    due_within_seconds: int = Field(
        default=7 * _DAY,
        ge=60,
        le=LONGEST_DAYS * _DAY,
        strict=True,
        description="Number of seconds to vote, in the hours of `calendar`.",
        examples=[7 * _DAY],
    )
    least_seconds: int | None = Field(
        default=None,
        ge=60,
        le=LONGEST_DAYS * _DAY,
        strict=True,
        description="Number of seconds that voters have at least, in the hours of `calendar`: a question "
        "cannot end earlier. Null for half of `due_within_seconds`.",
    )
    calendar: RecordKey | None = Field(
        default=None,
        description="Key of the calendar in whose hours the time to vote is counted; null to count "
        "day and night.",
    )
    remind_before_seconds: int | None = Field(
        default=None,
        ge=60,
        le=LONGEST_DAYS * _DAY,
        strict=True,
        description="Number of seconds before the end at which persons who have not voted are reminded; "
        "null for one day, or for half of the time to vote if that is shorter.",
    )

    CONDITIONS = (
        Condition(
            "least_exceeds_time",
            ("least_seconds", "due_within_seconds"),
            lambda rule: rule.least_seconds is None or rule.least_seconds <= rule.due_within_seconds,
            faulty="least_seconds",
        ),
    )

    @property
    def least_time(self) -> int:
        """Return how many seconds voters have at least."""
        return self.due_within_seconds // 2 if self.least_seconds is None else self.least_seconds

    def quorum_of(self, rule: DecisionRule, board: int, voters: int) -> int:
        """Return how many must have voted if so many `voters` may, of a board of that size. A unanimous vote
        needs all who are asked, and not those of the board who are excluded.
        """
        size = max(board, voters)
        if self.quorum is not None:
            return self.quorum
        if self.quorum_percent is not None:
            # A part of few voters never lets fewer decide than the rule wants to be there.
            return max(-(-size * self.quorum_percent // 100), self.least_voters)
        return default_quorum(rule, voters if rule is DecisionRule.unanimous else size)

    def free_voters_needed(self, board: int) -> int:
        """Return how many of a board of that size must be free to vote, or others are asked as well."""
        return max(self.enough, self.least_voters, -(-board // 2), self.quorum_of(self.rule, board, voters=0))

    @property
    def weight(self) -> int:
        """Return how specific the rule is: the number of its conditions."""
        return len(self.conditions)

    def applies_to(self, record: Any) -> bool:
        """Return whether all conditions hold for the record."""
        return all(condition.applies_to(record) for condition in self.conditions)

    @property
    def board(self) -> tuple[Electors, ...]:
        """Return the sources of the people who carry a motion: roles and groups. People in a relation to the
        record, such as owners of its services, vote next to them, unless they are the rule's only voters.
        """
        return tuple(source for source in self.voters if source.relation is None) or self.voters

    @property
    def has_board(self) -> bool:
        """Return whether a motion needs the votes of the board by themselves: not if one vote is enough, or
        the chair decides.
        """
        return self.quorum != 1 and self.rule is not DecisionRule.chair

    @property
    def sources(self) -> Iterable[Electors]:
        """Return all sources of voters that the rule names."""
        return (*self.voters, *self.otherwise, *self.if_unanswered)
