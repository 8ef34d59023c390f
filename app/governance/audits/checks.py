"""Checks of actions on audits, beyond state and role."""

from __future__ import annotations

from app.common.people import Person, Role
from app.foundation.months import month_of
from app.foundation.people.eligibility import MOST_HEADS, is_active_person, own_holders
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team
from app.governance.audits.payloads import OpenAudit
from app.governance.audits.records import Audit, AuditState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


async def audit_invalid(reads: ReadContext, audit: Audit, body: OpenAudit, ctx: ActionContext) -> None:
    """Refuse a month that lies ahead (`audited_month_not_begun`), and a team that gets no work."""
    if body.month > month_of(ctx.occurred_at, ctx.settings.zone):
        raise WrongValue({"month": body.month}, pointer="/month", because="audited_month_not_begun")


async def month_not_over(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse to check or draw a month that is not over (`audited_month_not_over`)."""
    over = str(audit.month) < month_of(ctx.occurred_at, ctx.settings.zone)
    return None if over else "audited_month_not_over"


async def supervises_another_team(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse supervisors who are neither named for the audit nor of its team, as long as the named one is
    there (`supervises_another_team`).
    """
    if audit.supervisor_id is None or ctx.caller.person_id == audit.supervisor_id or ctx.caller.is_rule:
        return None
    caller = (
        None if ctx.caller.person_id is None else await reads.record(Person.KIND, str(ctx.caller.person_id))
    )
    team = await reads.record(Team.KIND, str(audit.team_id))
    assert team is not None, "no team is ever taken out of the log"
    if caller is not None and await membership(reads, caller.record, team.record) is not None:
        return None
    return "supervises_another_team" if await is_active_person(reads, audit.supervisor_id) else None


async def administers_another_team(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse administrators of other teams, as long as the audited team has an administrator of its own
    (`administers_another_team`).
    """
    team = await reads.record(Team.KIND, str(audit.team_id))
    assert team is not None, "no team is ever taken out of the log"
    holders = await reads.holders(Role.process_administrator, audit, most=MOST_HEADS)
    own = await own_holders(reads, Role.process_administrator, holders, team.record)
    return "administers_another_team" if own and ctx.caller.person_id not in own else None


async def drawn_already(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse to correct the self-check after a draw (`drawn_already`)."""
    return None if audit.drawn_at is None else "drawn_already"


async def not_countersigned(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse to conclude before the head has countersigned, unless that is overdue
    (`audit_not_countersigned`).
    """
    done = audit.state is AuditState.countersigned
    overdue = audit.summary_due_at is not None and audit.summary_due_at <= ctx.occurred_at
    return None if done or overdue else "audit_not_countersigned"


async def nothing_drawn(reads: ReadContext, audit: Audit, ctx: ActionContext) -> str | None:
    """Refuse to conclude before cases were drawn (`nothing_drawn`)."""
    return "nothing_drawn" if audit.drawn_at is None else None
