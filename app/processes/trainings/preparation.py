"""Values that actions on trainings load beforehand: the gaps of skills, participants, and results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from app.common.people import Person
from app.foundation.licences.lookups import missing_skills, newest_results
from app.foundation.licences.records import ExaminationResult, Licence, TrainingParticipant
from app.foundation.people.lookups import active_members, leavers_by
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue, caller_check
from app.processes.trainings.payloads import MOST_PARTICIPANTS, PlanTraining
from app.processes.trainings.records import Training

MEMBERS_GUARD = Unguarded("Whoever joins the team meanwhile was no member when it was planned.")


@dataclass(frozen=True, slots=True)
class SkillGaps:
    """The persons who are to take part, each with the skills that they lack."""

    missing: dict[UUID, list[str]]


async def skill_gaps(
    reads: ReadContext, training: Training, body: PlanTraining, ctx: ActionContext
) -> SkillGaps:
    """Find the participants: named people, and members of the teams, who lack a skill. Raises WrongValue
    without any, unless everybody is to take part.
    """
    persons, teams = ctx.refs(Person, "persons"), ctx.refs(Team, "teams")
    if not persons and not teams:
        raise WrongValue(pointer="/persons", because="audience_missing")
    pointer = "/persons" if persons else "/teams"
    # One more than may take part of each, so that too many are found.
    most = MOST_PARTICIPANTS + len(persons) + 1
    read = partial(reads.rows, guard=MEMBERS_GUARD)
    members = await active_members(read, [team.id for team in teams], most) if teams else []
    audience = dict.fromkeys([person.id for person in persons] + members)
    if not audience:
        raise WrongValue(pointer=pointer, because="teams_have_no_members")
    if len(audience) > MOST_PARTICIPANTS:
        raise WrongValue({"most": str(MOST_PARTICIPANTS)}, pointer=pointer, because="too_large_an_audience")
    lacking = await missing_skills(reads, audience, body.process, body.skills, ctx.occurred_at)
    missing = {person: skills for person, skills in lacking.items() if skills or body.everybody}
    if not missing:
        raise WrongValue({"process": body.process}, pointer=pointer, because="nobody_lacks_skills")
    return SkillGaps(missing)


@dataclass(frozen=True, slots=True)
class TrainingParticipants:
    """The participants of the training, by person, and those who had left before the time of the action."""

    by_person: dict[UUID, TrainingParticipant]
    left: frozenset[UUID]


@caller_check
async def participants(
    reads: ReadContext, training: Training, body: object, ctx: ActionContext
) -> TrainingParticipants:
    """Find the participants of the training."""
    rows = await reads.children(TrainingParticipant, training)
    by_person = {row.person_id: row for row in rows if row.person_id is not None}
    return TrainingParticipants(by_person, await leavers_by(reads, by_person, ctx.occurred_at))


@dataclass(frozen=True, slots=True)
class LicensedParticipants:
    """Participants with a licence from the training that was not revoked."""

    person_ids: frozenset[UUID]


@caller_check
async def licensed_participants(
    reads: ReadContext, training: Training, body: object, ctx: ActionContext
) -> LicensedParticipants:
    """Find who holds a licence of the training."""
    rows = await reads.children(Licence, training)
    held = (row.person_id for row in rows if row.revoked_at is None)
    return LicensedParticipants(frozenset(person for person in held if person is not None))


@dataclass(frozen=True, slots=True)
class Results:
    """The latest results of the training's examination, by person."""

    by_person: dict[UUID, ExaminationResult]


@caller_check
async def results(reads: ReadContext, training: Training, body: object, ctx: ActionContext) -> Results:
    """Find the results of the examination so far."""
    rows = await reads.children(ExaminationResult, training)
    return Results(newest_results(rows))
