"""Payloads of actions on project."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.kernel.actions.conditions import Condition
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
)
from app.kpis.effects.lifecycle import PromisedEffect, Scope
from app.ticketing.projects.planning import (
    MILESTONES_ARE_THERE,
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
)

#: Fields of a plan that define a pilot: all of them, or none.
PILOT_FIELDS = (
    *("pilot_scope", "pilot_begins_at", "pilot_agreement", "data_gathering"),
    "expected",
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
        "takes three to six months, unless `pilot_length_reason` is given.",
    )
    pilot_length_reason: FreeText | None = Field(
        default=None,
        description="Reason for a pilot that is shorter than three or longer than six months, or that begins "
        "before the plan; its report prints it.",
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
        Condition("pilot_is_incomplete", PILOT_FIELDS, _has_whole_pilot_or_none, names_missing=True),
    )
