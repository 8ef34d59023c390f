"""Checks of actions on audits, beyond state and role."""

from __future__ import annotations

from app.foundation.months import month_of
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
