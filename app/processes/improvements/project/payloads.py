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
        description="Sponsor, a person of the grade `management`: a person's id."
    )
    project_manager: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="Person who manages the project, with the role of a project manager: their id."
    )
    members: Annotated[
        tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Members of the team: ids of persons.")
    resources: FreeText = Field(
        description="Resources of the project.", examples=["Two engineers, a test relay."]
    )
    budget: Annotated[Amount, StaffOnly()] = Field(
        description="Largest cost of the project, such as 1250.00.", examples=["12000.00"]
    )
    currency: Annotated[Currency, StaffOnly()] = Field(
        description="Currency of the budget (ISO 4217).", examples=["CNY"]
    )


class ExpectedEffect(PayloadPart):
    """The effect that the pilot should have on a target KPI."""

    target: RecordKey = Field(description="Key of the target.", examples=["restore-faster"])
    promised: PromisedEffect = Field(
        description="Size of the expected effect.", examples=[{"change": "-0.3", "of": "relative"}]
    )


def _has_whole_pilot_or_none(body: PlanImprovement) -> bool:
    names_one = any(getattr(body, name) for name in (*PILOT_FIELDS, "pilot_control", "pilot_ends_at"))
    return not names_one or all(getattr(body, name) for name in PILOT_FIELDS)


class PlanImprovement(Payload):
    """The plan of the project: its work, its milestones, and its pilot, without which the plan cannot be
    approved.
    """

    work: FreeText = Field(
        description="Work of the project.", examples=["Write the runbooks, train the desk."]
    )
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Milestones, week by week."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Tasks, and the persons who carry them out."
    )
    report_every_days: int = Field(
        default=7, ge=1, le=MOST_DAYS, strict=True, description="Number of days between progress reports."
    )
    pilot_scope: Scope | None = Field(
        default=None,
        description="Filters of the pilot's cases: values by team, service, customer or catalogue_item.",
    )
    pilot_control: Scope | None = Field(
        default=None, description="Filters of the comparison cases; if left out, all other cases."
    )
    pilot_begins_at: Instant | None = Field(default=None, description="Time at which the pilot should begin.")
    pilot_ends_at: Instant | None = Field(
        default=None,
        description="End of the pilot; if left out, three months after its beginning. A pilot "
        "usually takes up to six months.",
    )
    pilot_agreement: FreeText | None = Field(
        default=None, description="Agreement of the departments to the dates."
    )
    data_gathering: FreeText | None = Field(
        default=None, description="Way in which the pilot's data are gathered and analysed."
    )
    expected: Annotated[tuple[ExpectedEffect, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Effects that the pilot should have on the targets.",
    )

    CONDITIONS = (
        MILESTONES_ARE_THERE,
        Condition("pilot_is_incomplete", PILOT_FIELDS, _has_whole_pilot_or_none),
    )


class ReturnPlanImprovement(Payload):
    """The gaps in the plan."""

    lacking: FreeText = Field(description="Gaps in the plan.", examples=["Who trains the night shift?"])
