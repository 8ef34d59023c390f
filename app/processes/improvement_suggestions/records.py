"""Suggestions for improvements, who proposes them, and the evidence for them (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, NamesRecord, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class SuggestionState(CodeEnum):
    """State of an improvement suggestion."""

    offered = "offered", "Offered", "已提出"
    selected = "selected", "Selected", "已选定"
    declined = "declined", "Declined", "未采纳"
    merged = "merged", "Merged", "已合并"
    deferred = "deferred", "Deferred", "已暂缓"


#: The states in which a suggestion waits for an assessment.
OPEN = frozenset({SuggestionState.offered, SuggestionState.deferred})


class SuggestionCause(CodeEnum):
    """The cause for which an automation rule offers a suggestion."""

    missed_target = "missed_target", "Missed target of an agreement", "协议目标未达成"
    kpi_signal = "kpi_signal", "Signal of a KPI", "指标信号"
    recurring_incidents = "recurring_incidents", "Recurring incidents", "事件反复发生"
    complaints = "complaints", "Complaints", "投诉"
    faded_benefit = "faded_benefit", "Faded benefit", "收益减退"
    repeated_finding = "repeated_finding", "Repeated audit finding", "审核发现重复出现"


class ImprovementSuggestion(Record):
    """A suggestion for an improvement, of the department or of one process.

    `author_id` is who offered it; null: a rule did. `cause` is why a rule did, or has offered one that was
    merged into it, and `cause_scope` names what that is about: one such suggestion is open at a time.
    `plan_target` is the key of a target of the plan. `merged_into_id` is the suggestion that goes on in its
    place. `reason` is that of the last decision on it, `deferred_until_at` when a deferred one is open again.
    """

    KIND: ClassVar[str] = "improvement_suggestion"

    number: str = ""
    state: SuggestionState | None = required()
    title: str | None = required("Improvement in one line, without names of persons.")
    scope: ImprovementScope | None = required(
        "Scope of the suggestion: the whole department, or one process."
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "Process that the suggestion is about, such as `incident`, or its name; null for the whole "
        "department."
    )
    aspect: ImprovementAspect | None = required(
        "Aspect that is improved: `interface`, `new_process` or `platform` for the department, "
        "otherwise an aspect of a process."
    )
    source: SuggestionSource | None = required("Origin of the suggestion.")
    what: Annotated[str | None, Personal()] = optional(
        "Improvement, in words; null for a suggestion of an automation rule."
    )
    why: Annotated[str | None, Personal()] = optional(
        "Reasons for the improvement; null for a suggestion of an automation rule."
    )
    evidence: Annotated[str | None, Personal()] = optional("Evidence for the suggestion, in words.")
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "Improvement plan that the suggestion serves; null if not set."
    )
    plan_target: str | None = optional(
        "Key of the plan's target that the suggestion serves; null if not set."
    )
    cause: SuggestionCause | None = optional(
        "Cause because of which an automation rule offered this suggestion, or a suggestion that was "
        "merged into it; null for suggestions of persons."
    )
    cause_scope: str | None = optional(
        "Object of the automation rule's cause, such as `service/mail`; null for suggestions of persons."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who offered the suggestion; null for an automation rule."
    )
    offered_at: Annotated[datetime | None, EnteredAt(SuggestionState.offered)] = required()
    merged_into_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = optional(
        "Suggestion into which this one was merged; null if it was not."
    )
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "Improvement that carries out the suggestion; null if not set."
    )
    assessment_id: Annotated[UUID | None, ForeignRef("improvement_assessment")] = optional(
        "Assessment that last decided on the suggestion; null before the first decision."
    )
    reason: Annotated[str | None, Personal()] = optional(
        "Reason for declining or deferring the suggestion, which its proposers read; null if neither "
        "happened."
    )
    deferred_until_at: datetime | None = optional(
        "End of the deferral; null if the suggestion was not deferred."
    )
    decided_at: datetime | None = optional(
        "Time of the last decision on the suggestion; null before the first decision."
    )
    decided_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who made the last decision on the suggestion; null before the first decision."
    )

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

    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who proposes the suggestion.")
    merged_from_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = optional(
        "Merged suggestion that the person proposed; null if they proposed this one."
    )
    added_at: datetime | None = required("Time at which the person became a proposer.")


class SuggestionEvidence(ChildRecord):
    """A piece of evidence for a suggestion. `about` is the name of the stream of the record that shows it;
    `period` is that of the KPI, or of the report.
    """

    KIND: ClassVar[str] = "suggestion_evidence"

    about: Annotated[str | None, NamesRecord()] = optional(
        "Record that shows the evidence, in the form `<kind>/<id>`; null if not set."
    )
    text: str | None = required("Evidence in one line, without names of persons.")
    kpi: str | None = optional("Key of the KPI that shows the evidence; null if not set.")
    period: str | None = optional("Period of the KPI, such as `2026-10`; null if no KPI is given.")
    added_at: datetime | None = required("Time at which the evidence was added.")
