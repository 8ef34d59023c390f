"""Payloads of actions on project."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef, StaffOnly
from app.kernel.actions.conditions import Condition
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
)
from app.kpis.effects.lifecycle import PromisedEffect, Scope
from app.ticketing.projects.planning import (
    MILESTONES_ARE_THERE,
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
)

#: What makes a pilot, of the fields of a plan: all of it, or nothing.
PILOT_FIELDS = (
    *("pilot_scope", "pilot_begins_at", "pilot_agreement", "data_gathering"),
    "expected",
)


class CharterImprovement(Payload):
    """The project's sponsor, manager and team, its resources and its budget."""

    sponsor: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="The sponsor, of the grade `management`: a person's id."
    )
    project_manager: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="Person who manages the project, and holds the role: their id."
    )
    members: Annotated[
        tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="The team: ids of persons.")
    resources: FreeText = Field(
        description="The resources that it gets.", examples=["Two engineers, a test relay."]
    )
    budget: Annotated[Amount, StaffOnly(reviewers=True)] = Field(
        description="Amount that it may cost, as 1250.00.", examples=["12000.00"]
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] = Field(
        description="Currency of the amount (ISO 4217).", examples=["CNY"]
    )


class ExpectedEffect(PayloadPart):
    """The effect that the pilot is expected to have on a target KPI."""

    target: RecordKey = Field(description="The key of the target.", examples=["restore-faster"])
    promised: PromisedEffect = Field(
        description="The expected size of the effect.", examples=[{"change": "-0.3", "of": "relative"}]
    )


def _has_whole_pilot_or_none(body: PlanImprovement) -> bool:
    names_one = any(getattr(body, name) for name in (*PILOT_FIELDS, "pilot_control", "pilot_ends_at"))
    return not names_one or all(getattr(body, name) for name in PILOT_FIELDS)


class PlanImprovement(Payload):
    """The plan of the project: its work, its milestones, and its pilot; without one it is not approved."""

    work: FreeText = Field(description="The work.", examples=["Write the runbooks, train the desk."])
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The milestones, week by week."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Tasks, and the persons who do them."
    )
    report_every_days: int = Field(
        default=7, ge=1, le=MOST_DAYS, strict=True, description="Number of days between reports on progress."
    )
    pilot_scope: Scope | None = Field(
        default=None,
        description="The pilot's cases: by team, service, customer or catalogue_item, the values.",
    )
    pilot_control: Scope | None = Field(
        default=None, description="The cases that it is compared with; none: all others."
    )
    pilot_begins_at: Instant | None = Field(default=None, description="Beginning of the pilot.")
    pilot_ends_at: Instant | None = Field(
        default=None, description="End of the pilot; none: after 3 months. Usually it takes up to 6."
    )
    pilot_agreement: FreeText | None = Field(
        default=None, description="Agreement of the departments to the dates."
    )
    data_gathering: FreeText | None = Field(
        default=None, description="Way in which its data are gathered and analysed."
    )
    expected: Annotated[tuple[ExpectedEffect, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Effects that the pilot is expected to have on the targets.",
    )

    CONDITIONS = (
        MILESTONES_ARE_THERE,
        Condition("pilot_is_incomplete", PILOT_FIELDS, _has_whole_pilot_or_none),
    )


class ReturnPlanImprovement(Payload):
    """What is lacking in the plan."""

    lacking: FreeText = Field(description="Gaps in the plan.", examples=["Who trains the night shift?"])
