"""Payloads of actions on quality targets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import ForeignRef
from app.governance.quality_targets.records import QualityTarget
from app.kernel.actions.payloads import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    LONGEST_LIST,
    BoundedList,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
)
from app.kpis.declaration.kpi import Comparator
from app.kpis.targets.lifecycle import Number

Person = Annotated[Reference, ForeignRef("person")]
Team = Annotated[Reference, ForeignRef("team")]


class SetQualityTarget(Payload, of=QualityTarget):
    """A goal for a KPI in a year: of a team, a person, or else the organisation."""

    year: int = Field(ge=EARLIEST_YEAR, le=LATEST_YEAR, strict=True)
    kpi: RecordKey
    comparator: Comparator
    value: Number
    parent: Annotated[Reference, ForeignRef("quality_target")] | None = None
    team: Team | None = None
    person: Person | None = None
    answerable: Person | None = Field(
        default=None,
        description="The person who answers for it, of the organisation's targets; of a team its lead does, "
        "of a person they themselves.",
    )


class BrokenDownTarget(PayloadPart, of=QualityTarget):
    """The part of a team or a person."""

    team: Team | None = None
    person: Person | None = None
    value: Number


class BreakDownQualityTarget(Payload):
    """The teams or persons that the target is broken down to, each with its goal."""

    targets: Annotated[tuple[BrokenDownTarget, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Each becomes a target beneath this one."
    )


class ReviseQualityTarget(Payload, of=QualityTarget):
    """Another goal, which is to be accepted anew."""

    comparator: Comparator
    value: Number
