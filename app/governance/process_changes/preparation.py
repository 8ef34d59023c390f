"""Values that actions on applications for changes of processes load beforehand: when the change is to be
published, and the question to the heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Role
from app.common.records import empty
from app.foundation.decisions.approval_rules.electors import holding_rules
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.lookups import PERSON, namings
from app.foundation.decisions.matters import SAME_TITLE, Matter, Posed
from app.foundation.decisions.motions import in_each_language
from app.foundation.decisions.preparation import NewDecision, Question, new_decision
from app.foundation.decisions.records import Decision, DecisionKind
from app.foundation.people.records import Team
from app.foundation.process_definitions.lookups import (
    RECENT_CASES,
    definition_of,
    teams_of_person,
    teams_of_process,
    teams_with_cases,
)
from app.foundation.process_names import PROCESS_KINDS
from app.governance.process_changes.lookups import OPENED_BY_OTHERS
from app.governance.process_changes.payloads import ApplyProcessChange, ReviewProcessChange
from app.governance.process_changes.records import ProcessChange
from app.i18n import Word, translate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import WrongValue
from app.ticketing.work.working_days import calendar_working_days, end_of_day, working_days_after

#: Within a team it is published in so many working days, across teams in so many days.
DAYS_WITHIN_TEAM = 2
TIME_ACROSS_TEAMS = timedelta(days=7)

#: Largest number of department heads who are asked.
MOST_HEADS = 20


@dataclass(frozen=True, slots=True)
class ConcernedTeams:
    """The teams that the change concerns, the heads who decide, and the owner of the process, if any."""

    teams: tuple[Team, ...]
    head_ids: tuple[str, ...]
    owner_id: UUID | None


async def concerned_teams(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> ConcernedTeams:
    """Find the teams concerned: those of the executor, those with cases, and those that the applicant adds.
    Raises WrongValue if the process has no definition.
    """
    definition = await definition_of(reads, body.process)
    if definition is None and body.process not in PROCESS_KINDS:
        raise WrongValue(pointer="/process", because="no_such_process")
    teams = {team.id: team for team in ctx.refs(Team, "teams")}
    by_process = await teams_of_process(reads, body.process, definition, ctx.now)
    for team_id in by_process:
        if team_id not in teams:
            loaded = await reads.record(Team.KIND, str(team_id))
            assert loaded is not None, "teams are never removed"
            teams[team_id] = loaded.record
    heads = [team.lead_id for team in teams.values() if team.lead_id]
    heads += [] if by_process else await _department_heads(reads, change)
    owner_id = None if definition is None else definition["owner_id"]
    return ConcernedTeams(tuple(teams.values()), tuple(dict.fromkeys(str(head) for head in heads)), owner_id)


async def _follows_from_the_applicant(
    reads: ReadContext, change: ProcessChange, definition: Mapping[str, Any] | None, now: datetime
) -> bool:
    """Return whether no team follows from a definition or a case of somebody else than the applicant. A case
    that was opened since the application does not count.
    """
    applicant_id = change.applicant_id
    if definition is not None and definition["executor_id"] is not None:
        named = await namings(reads, [definition["stream"]], "executor_id")
        is_own = bool(named) and applicant_id is not None and named[-1].namer_id == applicant_id
        if not is_own and await teams_of_person(reads, definition["executor_id"]):
            return False
    assert change.process is not None, "an application names its process"
    parameters = {
        "since": now - RECENT_CASES,
        "applied_at": change.applied_at,
        "applicant": f"{PERSON}{applicant_id}",
    }
    return not await teams_with_cases(reads, change.process, parameters, OPENED_BY_OTHERS)


async def _department_heads(reads: ReadContext, change: ProcessChange) -> list[UUID]:
    return await reads.holders(Role.department_head, change, most=MOST_HEADS, throughout=True)


async def put_to_heads(reads: ReadContext, change: ProcessChange, now: datetime) -> Posed:
    """Return the change as it is put to the heads. If the teams concerned follow only from what the applicant
    did, the heads of departments are asked, too, or else the management: the applicant can only add heads.
    """
    assert change.process is not None, "an application names its process"
    definition = await definition_of(reads, change.process)
    return Posed(change, await _follows_from_the_applicant(reads, change, definition, now))


#: The applicant of the change does not vote on it.
applicant = RecordDuty("applicant", "申请人", ("applicant_id",))
CHANGE = Matter(
    decision=DecisionKind.process_change,
    duties=(applicant,),
    fields=("title", "description", "reason", "retires"),
    deadline="due_at",
    subject=(*SAME_TITLE, ("process", "process")),
    posed=put_to_heads,
)


async def change_question(
    reads: ReadContext, change: ProcessChange, body: ReviewProcessChange, ctx: ActionContext
) -> NewDecision:
    """Prepare the question to the heads, who vote at the latest until the change is due."""

    def text_in(language: str) -> str:
        # The heads must not overlook that the change would end the process.
        code = "retires" if change.retires else "changes"
        kind = reads.lifecycles.get(change.process or "")
        process = kind.label(language) if isinstance(kind, Lifecycle) else str(change.process)
        words: dict[str, Word] = {"process": process, "question": body.question}
        return translate(language, "question", code, words)

    return await new_decision(reads, change, Question(in_each_language(text_in), CHANGE, body.due_at), ctx)


@dataclass(frozen=True, slots=True)
class PublicationDue:
    """Time until which the change is to be published."""

    due_at: datetime


async def publication_due(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> PublicationDue:
    """Find the latest time of publication. Working days are those of the calendar in whose hours the heads
    vote: that of the approval rule; among several the one by which it is due first. The time begins when the
    application is recorded, whatever time the applicant states.
    """
    teams = ctx.prepared(ConcernedTeams).teams
    if len(teams) > 1:
        return PublicationDue(ctx.now + TIME_ACROSS_TEAMS)
    applied = empty(ProcessChange, change.id)
    applied.process, applied.team_ids = body.process, [str(team.id) for team in teams]
    persons = () if ctx.caller.person_id is None else (ctx.caller.person_id,)
    opening = MatterOpening(frozenset(persons))
    rules = await holding_rules(reads, applied, DecisionKind.process_change, opening)
    calendars = {rule.definition.calendar for rule in rules} - {None} or {None}
    ends = []
    for key in sorted(calendars, key=str):
        zone, works = await calendar_working_days(reads, key, ctx)
        day = working_days_after(ctx.now.astimezone(zone).date(), DAYS_WITHIN_TEAM, works)
        ends.append(end_of_day(day, zone))
    return PublicationDue(min(ends))


@dataclass(frozen=True, slots=True)
class FirstVote:
    """When the first vote on the change ended, or would have ended."""

    due_at: datetime | None


async def first_vote(
    reads: ReadContext, change: ProcessChange, body: object, ctx: ActionContext
) -> FirstVote:
    """Find until when the heads were asked to vote the first time."""
    decisions = await reads.children(Decision, change)
    ends = [decision.due_at for decision in decisions if decision.due_at is not None]
    return FirstVote(min(ends, default=None))
