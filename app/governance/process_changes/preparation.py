"""Values that actions on applications for changes of processes load beforehand: when the change is to be
published, and the question to the heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.common.records import empty
from app.foundation.decisions.approval_rules.electors import holding_rules
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.preparation import question_preparation
from app.foundation.decisions.records import DecisionKind
from app.foundation.people.records import Team
from app.governance.process_changes.payloads import ApplyProcessChange
from app.governance.process_changes.records import ProcessChange
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.ticketing.work.working_days import calendar_working_days, end_of_day, working_days_after

#: Within a team it is published in so many working days, across teams in so many days.
DAYS_WITHIN_TEAM = 2
TIME_ACROSS_TEAMS = timedelta(days=7)

#: Whoever has applied for the change does not vote on it.
applicant = RecordDuty("applicant", "申请人", ("applicant_id",))
CHANGE = Matter(
    decision=DecisionKind.process_change, duties=(applicant,), fields=("title", "description", "reason")
)
change_question = question_preparation(CHANGE)


@dataclass(frozen=True, slots=True)
class PublicationDue:
    """Time until which the change is to be published."""

    due_at: datetime


async def publication_due(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> PublicationDue:
    """Find until when the change is to be published. Working days are those of the calendar in whose hours
    the heads vote: that of the approval rule; of several the one by which it is due first.
    """
    teams = ctx.refs(Team, "teams")
    if len(teams) > 1:
        return PublicationDue(ctx.occurred_at + TIME_ACROSS_TEAMS)
    applied = empty(ProcessChange, change.id)
    applied.process, applied.team_ids = body.process, [str(team.id) for team in teams]
    rules = await holding_rules(reads, applied, DecisionKind.process_change, None)
    calendars = {rule.definition.calendar for rule in rules} - {None} or {None}
    ends = []
    for key in sorted(calendars, key=str):
        zone, works = await calendar_working_days(reads, key, ctx)
        day = working_days_after(ctx.occurred_at.astimezone(zone).date(), DAYS_WITHIN_TEAM, works)
        ends.append(end_of_day(day, zone))
    return PublicationDue(min(ends))
