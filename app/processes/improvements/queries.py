"""Read side of improvements: what clients see of one, and how lists are filtered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, TeamStub, TicketOut
from app.common.improvement import ImprovementAspect, ImprovementScope
from app.common.priority import Impact, Priority, Urgency
from app.foundation.people.queries import PERSONS, TEAMS
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.records import (
    DecisionSubject,
    DeferralCause,
    FreezeException,
    ImprovementKind,
    ImprovementSize,
    ImprovementState,
    MeasurementOccasion,
    PilotJudgement,
    PilotLength,
    SizeCriterion,
)


class ImprovementOut(TicketOut):
    """An improvement of a process, or of the department."""

    state: ImprovementState
    state_since: datetime
    opened_at: datetime = Field(description="When it was selected.")
    title: str | None = Field(description="Null where an imported history has none.")
    requester: PersonStub | None = Field(description="Who selected it, or whom it was selected for.")
    customer: TeamStub | None = Field(description="The requester's team when it was selected.")
    team: TeamStub | None
    assignee: PersonStub | None
    impact: Impact | None
    urgency: Urgency | None
    priority: Priority | None
    scope: ImprovementScope | None
    process: str | None = Field(
        description="Of the scope `process`: a kind of ours, as `incident`, or its name."
    )
    aspect: ImprovementAspect | None
    suggestion_ids: list[str] | None = Field(description="The suggestions that it carries out.")
    proposer_ids: list[str] | None = Field(description="Those who proposed these suggestions.")
    reported_by: PersonStub | None = Field(description="Who selected it, where it is somebody else's.")
    assessment_id: UUID | None = Field(
        description="The assessment that selected it; null: a quality manager did, for a reason."
    )
    selection_reason: str | None
    freeze_exception: FreezeException | None = Field(
        description="Why it does not wait for the end of a freeze of its process."
    )
    freeze_exception_reason: str | None
    plan_id: UUID | None = Field(description="The improvement plan that it serves.")
    plan_target: str | None = Field(description="The key of the plan's target that it serves.")
    outside_plan_reason: str | None = Field(description="Why it is worth doing outside the plan.")
    proposal_id: UUID | None = Field(description="The document of its proposal.")
    proposed_by: PersonStub | None
    proposed_at: datetime | None
    planned_cost: str | None = Field(description="For staff; null for others.")
    currency: str | None = Field(description="For staff; null for others.")
    submitted_at: datetime | None
    decision_id: UUID | None = Field(description="The latest decision on it.")
    decision_subject: DecisionSubject | None = Field(description="What that decision is about.")
    approved_at: datetime | None
    rejected_at: datetime | None
    review_again_at: datetime | None = Field(
        description="Until when it is deferred if the committee defers it; null: three months."
    )
    deferred_until_at: datetime | None = Field(description="When it is taken up again by itself.")
    deferral_reason: DeferralCause | None
    taken_up_at: datetime | None
    what_changed: str | None = Field(description="What had changed when it was taken up again.")
    size: ImprovementSize | None
    improvement_kind: ImprovementKind | None
    size_criteria: list[SizeCriterion] | None = Field(description="What makes it a major one.")
    size_reason: str | None = Field(description="Why it is of that size, where that is not plain.")
    to_pilot: bool | None = Field(description="Whether it is piloted.")
    classified_at: datetime | None
    implementation_plan: str | None
    implementation_begun_at: datetime | None
    implemented_what: str | None = Field(description="What was done.")
    implemented_at: datetime | None
    measured_occasion: MeasurementOccasion | None = Field(description="What the newest measurement was for.")
    measured_position: int | None = Field(description="The log position of the newest measurement.")
    measured_at: datetime | None
    judged_position: int | None = Field(
        description="The log position of the measurement that the judgement names."
    )
    goal_reached: bool | None
    scope_reached: bool | None
    benefit_reached: bool | None
    reached: bool | None
    against_evidence: bool | None = Field(
        description="Whether it was judged as reached, or not, although the measured effect shows otherwise."
    )
    against_evidence_reason: str | None = Field(
        description="Why it was judged so; or why a pilot was passed that shows less than was promised of it."
    )
    evaluation_comment: str | None
    evaluated_by: PersonStub | None
    agreed_by: PersonStub | None = Field(description="The process owner who has agreed to its evaluation.")
    evaluated_at: datetime | None
    sponsor: PersonStub | None
    project_manager: PersonStub | None
    budget: str | None = Field(description="For staff; null for others.")
    project_resources: str | None = Field(description="The resources that the project gets.")
    chartered_at: datetime | None
    work_plan: str | None
    planned_at: datetime | None
    report_every_days: int | None
    next_report_due_at: datetime | None = Field(description="When progress is reported next.")
    report_overdue_at: datetime | None
    expected_at: datetime | None
    lacking: str | None = Field(description="What was lacking in its plan, until it is planned anew.")
    plan_approved_at: datetime | None
    pilot_scope: dict[str, list[str]] | None = Field(
        description="The filters of the pilot's cases, by dimension."
    )
    pilot_control: dict[str, list[str]] | None = Field(
        description="Those of the cases that they are compared with; null: all others."
    )
    pilot_begins_at: datetime | None
    pilot_ends_at: datetime | None
    pilot_length: PilotLength | None = Field(
        description="How its length compares with the usual one; it is pointed out, not refused."
    )
    pilot_agreement: str | None
    data_gathering: str | None
    executor: PersonStub | None
    kicked_off_at: datetime | None = Field(
        description="When the sponsor has kicked off the pilot; null once its plan is returned."
    )
    pilot_rounds: int | None = Field(description="How many rounds the pilot has had.")
    pilot_started_at: datetime | None
    pilot_report_id: UUID | None = Field(description="The document of the pilot's report.")
    pilot_reported_at: datetime | None
    asked_judgement: PilotJudgement | None = Field(
        description="What the committee is asked to decide about the pilot."
    )
    asked_position: int | None = Field(
        description="The log position of the measured effect that the question names."
    )
    asked_reason: str | None
    asked_told: str | None = Field(description="Who is told, and how, if it is reverted.")
    judgement_overdue_at: datetime | None = Field(
        description="When the committee failed to judge the pilot in time."
    )
    next_scope: dict[str, list[str]] | None
    next_control: dict[str, list[str]] | None
    next_begins_at: datetime | None
    next_ends_at: datetime | None
    first_judgement: PilotJudgement | None
    first_judged_at: datetime | None
    last_judgement: PilotJudgement | None
    judged_at: datetime | None
    rollout_advice: str | None
    rollout_scope: str | None
    rollout_departments: list[str] | None
    rollout_contributions: str | None
    rollout_schedule: str | None
    rollout_told: str | None
    release_id: UUID | None = Field(description="The release of a changed tool.")
    rollout_goal: str | None
    rollout_planned_at: datetime | None
    process_owner: PersonStub | None
    cutover_share: int | None = Field(description="The part of the teams that has cut over, in percent.")
    cutover_at: datetime | None
    handover_id: UUID | None = Field(description="The document of the hand-over.")
    handover_asked_at: datetime | None
    accepted_by: PersonStub | None
    handed_over_at: datetime | None
    document_numbers: list[str] | None
    told_team_ids: list[str] | None = Field(description="The teams that were told when it was standardised.")
    published_at: datetime | None
    standardised_at: datetime | None
    optimised_at: datetime | None
    fixed_at: datetime | None
    next_benefit_due_at: datetime | None = Field(description="When its benefit is measured next.")
    benefit_months: int | None = Field(description="After how many months its benefit was measured last.")
    faded_at: datetime | None = Field(description="When its benefit was found to have faded.")
    revert_reason: str | None
    reverted_told: str | None = Field(description="Who was told that the old process stands, and how.")
    reverted_at: datetime | None


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ImprovementOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "scope",
        "process",
        "size",
        "improvement_kind",
        "requester",
        "team",
        "assignee",
        "sponsor",
        "project_manager",
        "executor",
        "process_owner",
        "opened_at",
        "standardised_at",
        "next_report_due_at",
        "next_benefit_due_at",
        "changed_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=(
        "opened_at",
        "changed_at",
        "state_since",
        "priority",
        "standardised_at",
        "next_report_due_at",
        "next_benefit_due_at",
    ),
    expands=(PERSONS, TEAMS),
)
