"""Payloads of actions on quality targets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.governance.quality_targets.records import QualityTarget
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Year,
)
from app.kpis.declaration.kpi import Comparator
from app.kpis.targets.lifecycle import Number

Person = Annotated[Reference, ForeignRef("person", GivenDuty.appraisal, quiet=True)]
Team = Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]


class SetQualityTarget(Payload, of=QualityTarget):
    """The goal for a KPI in a year: of a team, of a person, or of the organisation."""

    year: Year
    kpi: RecordKey
    comparator: Comparator
    value: Number
    parent: Annotated[Reference, ForeignRef("quality_target")] | None = None
    team: Team | None = None
    person: Person | None = None
    answerable: Annotated[Reference, ForeignRef("person", GivenDuty.ownership, quiet=True)] | None = Field(
        default=None,
        description="Person responsible for a target of the organisation. The lead is responsible for a "
        "team's target, and the person for their own.",
    )


class BrokenDownTarget(PayloadPart, of=QualityTarget):
    """The goal of one team or person."""

    team: Team | None = None
    person: Person | None = None
    value: Number


class BreakDownQualityTarget(Payload):
    """The teams or persons to which the target is broken down, each with its goal."""

    targets: Annotated[tuple[BrokenDownTarget, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Teams or persons, each of which gets a target below this one.",
    )


class ReviseQualityTarget(Payload, of=QualityTarget):
    """A new comparator and value of a quality target, which must then be accepted again."""

    comparator: Comparator
    value: Number
