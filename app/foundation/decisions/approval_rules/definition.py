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
    DecisionKind.improvement_proposal: ("improvement", _OF_IMPROVEMENT),
    DecisionKind.pilot: ("improvement", _OF_IMPROVEMENT),
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
    """A condition on a field of the record that is decided about: one of these values, or an amount."""

    field: FieldName = Field(description="The field's name.", examples=["risk_level"])
    any_of: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="It holds one of these: codes, keys or ids.",
        examples=[["high"]],
    )
    at_least: Amount | None = Field(default=None, description="Or it is at least this amount.")
    below: Amount | None = Field(default=None, description="And, or only, below this amount.")

    CONDITIONS = (Condition("values_or_amount", ("any_of", "at_least", "below"), _has_values_or_amount),)

    def applies_to(self, record: Any) -> bool:
        """Return whether the record's field fulfils the condition; an empty field fulfils none."""
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
    """A source of voters: all who hold a role for the record, the members of a group with its chair, or those
    who stand in a relation to the record.
    """

    role: Role | None = Field(
        default=None, description="All who hold this role for it.", examples=["cab_member"]
    )
    group: RecordKey | None = Field(
        default=None, description="Or the members of this group, and its chair: its key."
    )
    relation: ElectorRelation | None = Field(
        default=None, description="Or those who stand in this relation to the record."
    )
    grade: Grade | None = Field(default=None, description="Of these, only those of this grade or above.")
    on_call: bool = Field(
        default=False, strict=True, description="Of these, only those who are on call in one of their teams."
    )

    CONDITIONS = (exactly_one_member("one_source", "role", "group", "relation"),)


def _require_one(sources: tuple[Electors, ...]) -> tuple[Electors, ...]:
    # A `min_length` would be missed, too, where the only source is none.
    if not sources:
        raise PydanticKnownError(
            "too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": len(sources)}
        )
    return sources


Sources = Annotated[tuple[Electors, ...], at_most_entries(MOST_CONDITIONS)]


class ApprovalRuleDefinition(PayloadValue):
    """The decisions that a rule is for, their voters, and the way in which votes are counted."""

    conditions: Annotated[tuple[RuleCondition, ...], at_most_entries(MOST_CONDITIONS)] = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="All must hold; none: every record. Of the rules that hold, those with the most "
        "conditions count.",
    )
    voters: Annotated[Sources, AfterValidator(_require_one)] = Field(
        max_length=MOST_CONDITIONS,
        description="Persons who vote: all of these together, but for those who are kept apart from it.",
        examples=[[{"role": "cab_member"}]],
        json_schema_extra={"minItems": 1},
    )
    otherwise: Sources = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="Persons who vote instead, if of `voters` fewer than `enough` are free to.",
    )
    enough: int = Field(
        default=1,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of `voters` who must be free to vote.",
    )
    if_unanswered: Sources = Field(
        default=(),
        max_length=MOST_CONDITIONS,
        description="Persons who are asked next, once and by the same rule, if too few have voted in time.",
    )
    rule: DecisionRule = Field(description="Rule by which votes come to an outcome.", examples=["majority"])
    quorum: int | None = Field(
        default=None,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of persons who must have voted, abstentions among them. None: as "
        "`quorum_percent` says.",
    )
    quorum_percent: int | None = Field(
        default=None,
        ge=1,
        le=100,
        strict=True,
        description="Percentage of the voters who must have voted, rounded up, and no fewer than "
        "`least_voters`. None, without `quorum`: one where the chair decides, more than half "
        "by majority, all unanimously.",
    )
    least_voters: int = Field(
        default=2,
        ge=1,
        le=WHOLE_GROUP,
        strict=True,
        description="Number of persons who must be free to vote; with fewer the question is refused.",
        examples=[2],
    )
    due_within_seconds: int = Field(
        default=7 * _DAY,
        ge=60,
        le=LONGEST_DAYS * _DAY,
        strict=True,
        description="Time for votes.",
        examples=[7 * _DAY],
    )
    calendar: RecordKey | None = Field(
        default=None, description="Counted in the hours of this calendar: its key; none: day and night."
    )
    remind_before_seconds: int | None = Field(
        default=None,
        ge=60,
        le=LONGEST_DAYS * _DAY,
        strict=True,
        description="Time before the end at which those who have yet to vote are reminded. None: a day, "
        "or half of a shorter time.",
    )

    @property
    def weight(self) -> int:
        """Return how specific the rule is: the number of its conditions."""
        return len(self.conditions)

    def applies_to(self, record: Any) -> bool:
        """Return whether all conditions hold for the record."""
        return all(condition.applies_to(record) for condition in self.conditions)

    @property
    def sources(self) -> Iterable[Electors]:
        """Return all sources of voters that the rule names."""
        return (*self.voters, *self.otherwise, *self.if_unanswered)
