"""Checks of actions on findings, beyond state and role."""

from __future__ import annotations

from app.governance.findings.payloads import RaiseFinding
from app.governance.findings.records import Finding, FindingKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


async def finding_invalid(
    reads: ReadContext, finding: Finding, body: RaiseFinding, ctx: ActionContext
) -> None:
    """Refuse a due time that is past, and a violation for which nobody answers."""
    if not ctx.counts_from < body.due_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    if body.kind is FindingKind.violation and body.person is None:
        raise WrongValue(pointer="/person", because="missing")


async def objection_decided(reads: ReadContext, finding: Finding, ctx: ActionContext) -> str | None:
    """Refuse a second objection (`objection_decided`): the verdict on the first one stands."""
    return None if finding.objection_decided_at is None else "objection_decided"
