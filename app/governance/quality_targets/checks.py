"""Preparations and checks of actions on quality targets, beyond state and role."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team
from app.governance.quality_targets.payloads import (
    BreakDownQualityTarget,
    ReviseQualityTarget,
    SetQualityTarget,
)
from app.governance.quality_targets.records import QualityTarget, QualityTargetState, TargetLevel
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension, narrowing_dimension
from app.kpis.declaration.kpi import Aggregate, Kpi, Unit

#: The levels that a target is broken down to.
BENEATH = {
    TargetLevel.organisation: frozenset({TargetLevel.team, TargetLevel.person}),
    TargetLevel.team: frozenset({TargetLevel.person}),
    TargetLevel.person: frozenset[TargetLevel](),
}


@dataclass(frozen=True, slots=True)
class Answerable:
    """The person who answers for the target."""

    person_id: UUID


def level_of(body: SetQualityTarget) -> TargetLevel:
    """Return the level that the payload sets a target for."""
    if body.person is not None:
        return TargetLevel.person
    return TargetLevel.organisation if body.team is None else TargetLevel.team


def dimension_of(kpi: Kpi, level: TargetLevel) -> Dimension | None:
    """Return the dimension by which the KPI is narrowed to that level; None: it cannot be, or need not."""
    if level is TargetLevel.organisation:
        return None
    return narrowing_dimension(kpi.dimensions, of_person=level is TargetLevel.person)


async def answerable(
    reads: ReadContext, target: QualityTarget, body: SetQualityTarget, ctx: ActionContext
) -> Answerable:
    """Find the person who answers for the target. Raises WrongValue without one."""
    team, person = ctx.ref(Team, "team"), ctx.ref(Person, "person")
    named = ctx.ref(Person, "answerable")
    if team is not None and person is not None:
        raise WrongValue(pointer="/person", because="team_or_person")
    if (team is not None or person is not None) and named is not None:
        raise WrongValue(pointer="/answerable", because="answers_already")
    if team is not None:
        if team.lead_id is None:
            raise WrongValue({"team": str(team.key)}, pointer="/team", because="lead_missing")
        return Answerable(team.lead_id)
    person = person or named
    if person is None:
        raise WrongValue(pointer="/answerable", because="missing")
    return Answerable(person.id)


async def does_not_fit(
    reads: ReadContext, target: QualityTarget, body: SetQualityTarget, ctx: ActionContext
) -> None:
    """Refuse a year that is over, whose figures are known, an unknown KPI, one that is not available by team
    or person, a value outside the range of its unit, and one that does not fit beneath the parent.
    """
    if body.year < ctx.now.astimezone(ctx.settings.zone).year:
        raise WrongValue({"year": str(body.year)}, pointer="/year", because="year_is_over")
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    level, kpi = level_of(body), KPIS[body.kpi]
    if level is not TargetLevel.organisation and dimension_of(kpi, level) is None:
        raise WrongValue({"level": level.label("en")}, pointer="/kpi", because="kpi_not_at_this_level")
    _check_value(kpi, body.value)
    parent = ctx.ref(QualityTarget, "parent")
    if parent is None:
        return
    if parent.state is not QualityTargetState.accepted:
        raise WrongValue({"number": parent.number}, pointer="/parent", because="parent_not_accepted")
    alike = (parent.kpi, parent.year) == (body.kpi, body.year)
    if not alike or parent.level is None or level not in BENEATH[parent.level]:
        raise WrongValue({"number": parent.number}, pointer="/parent", because="not_beneath_it")
    person = ctx.ref(Person, "person")
    if parent.team_id is not None and person is not None:
        team = await reads.record("team", str(parent.team_id))
        assert team is not None, "no team is ever taken out of the log"
        if await membership(reads, person, team.record) is None:
            words = {"team": str(team.record.key)}
            raise WrongValue(words, pointer="/person", because="not_in_the_team")


async def others_answer(reads: ReadContext, target: QualityTarget, ctx: ActionContext) -> str | None:
    """Refuse people who do not answer for it; management answers for the organisation's, and for those that
    somebody has set for themselves (`others_answer`).
    """
    of_management = target.level is TargetLevel.organisation or target.setter_id == target.answerable_id
    answers = of_management or ctx.caller.person_id == target.answerable_id
    return None if answers else "others_answer"


async def value_out_of_range(
    reads: ReadContext, target: QualityTarget, body: ReviseQualityTarget, ctx: ActionContext
) -> None:
    """Refuse a value outside the range of the KPI's unit."""
    _check_value(KPIS[str(target.kpi)], body.value)


async def part_named_twice(
    reads: ReadContext, target: QualityTarget, body: BreakDownQualityTarget, ctx: ActionContext
) -> None:
    """Refuse a team or person that is named twice (`each_once`)."""
    earlier = set()
    for n in range(len(body.targets)):
        teams, persons = ctx.refs(Team, f"targets/{n}/team"), ctx.refs(Person, f"targets/{n}/person")
        ids = (*(team.id for team in teams), *(person.id for person in persons))
        if ids in earlier:
            raise WrongValue(pointer=f"/targets/{n}", because="each_once")
        earlier.add(ids)


def _check_value(kpi: Kpi, value: str) -> None:
    if kpi.aggregate in {Aggregate.share, Aggregate.of_decided} and not 0 <= float(value) <= 1:
        raise WrongValue(pointer="/value", because="not_a_share")
    if kpi.unit is not Unit.ratio and float(value) < 0:
        raise WrongValue({"ge": "0"}, pointer="/value", because="greater_than_equal")
