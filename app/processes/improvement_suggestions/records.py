"""Suggestions for improvements, who proposes them, and the evidence for them (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, NamesRecord, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class SuggestionState(CodeEnum):
    """State of a suggestion."""

    offered = "offered", "Offered", "已提出"
    selected = "selected", "Selected", "已选定"
    declined = "declined", "Declined", "未采纳"
    merged = "merged", "Merged", "已合并"
    deferred = "deferred", "Deferred", "暂缓"


#: The states in which a suggestion waits for an assessment.
OPEN = frozenset({SuggestionState.offered, SuggestionState.deferred})


class SuggestionCause(CodeEnum):
    """Why a rule offers a suggestion."""

    missed_target = "missed_target", "Missed target of an agreement", "协议目标未达成"
    kpi_signal = "kpi_signal", "Signal of a KPI", "指标信号"
    recurring_incidents = "recurring_incidents", "Recurring incidents", "事件反复发生"
    complaints = "complaints", "Complaints", "投诉"
    faded_benefit = "faded_benefit", "Faded benefit", "收益减退"
    repeated_finding = "repeated_finding", "Repeated audit finding", "审计问题重复出现"


class ImprovementSuggestion(Record):
    """A suggestion for an improvement, of the department or of one process.

    `author_id` is who offered it; null: a rule did. `cause` is why a rule did, or has offered one that was
    merged into it, and `cause_scope` names what that is about: one such suggestion is open at a time.
    `plan_target` is the key of a target of the plan. `merged_into_id` is the suggestion that goes on in its
    place. `reason` is that of the last decision on it, `deferred_until_at` when a deferred one is open again.
    """

    KIND: ClassVar[str] = "improvement_suggestion"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: SuggestionState | None = required()
    title: str | None = required("The improvement in a line, without names of persons.")
    scope: ImprovementScope | None = required("Its scope: the department, or one process.")
    process: Annotated[str | None, OF_PROCESS] = optional(
        "The process that it is about, as `incident`, or its name; null: the whole department."
    )
    aspect: ImprovementAspect | None = required(
        "The aspect that it improves: `interface`, `new_process`, `platform` of the department, "
        "else of a process."
    )
    source: SuggestionSource | None = required("Its origin.")
    what: Annotated[str | None, Personal()] = optional("The improvement, in words. Null of a rule's.")
    why: Annotated[str | None, Personal()] = optional("The reasons for it. Null of a rule's.")
    evidence: Annotated[str | None, Personal()] = optional("The evidence for it, in words.")
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "The improvement plan that it helps."
    )
    plan_target: str | None = optional("The key of the target of that plan that it helps.")
    cause: SuggestionCause | None = optional(
        "The cause for which a rule has offered it, or one that was merged into it; people give none."
    )
    cause_scope: str | None = optional("The object of the rule's cause, as `service/mail`.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who has offered it; null: a rule."
    )
    offered_at: Annotated[datetime | None, EnteredAt(SuggestionState.offered)] = required()
    merged_into_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = optional(
        "The suggestion that goes on in its place."
    )
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "The improvement that carries it out."
    )
    assessment_id: Annotated[UUID | None, ForeignRef("improvement_assessment")] = optional(
        "The assessment that has decided on it last."
    )
    reason: Annotated[str | None, Personal()] = optional(
        "The reason why it was declined or deferred; its proposers read it."
    )
    deferred_until_at: datetime | None = optional("The first assessment after it takes up a deferred one.")
    decided_at: datetime | None = None
    decided_by_id: Annotated[UUID | None, ForeignRef("person")] = None

    @property
    def concerned_process(self) -> str | None:
        """Return the process that it is about."""
        return self.process


class SuggestionProposer(ChildRecord):
    """A person who proposes a suggestion: who offered it, or one that was merged into it
    (`merged_from_id`).
    """

    KIND: ClassVar[str] = "suggestion_proposer"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    merged_from_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = optional(
        "The suggestion that they have proposed, which was merged into this one."
    )
    added_at: datetime | None = required()


class SuggestionEvidence(ChildRecord):
    """A piece of evidence for a suggestion. `about` is the name of the stream of the record that shows it;
    `period` is that of the KPI, or of the report.
    """

    KIND: ClassVar[str] = "suggestion_evidence"

    about: Annotated[str | None, NamesRecord()] = optional("The record that shows it, as `<kind>/<id>`.")
    text: str | None = required("The finding in a line, without names of persons.")
    kpi: str | None = optional("The key of the KPI that shows it.")
    period: str | None = optional("The period that it is of, as `2026-10`.")
    added_at: datetime | None = required()
