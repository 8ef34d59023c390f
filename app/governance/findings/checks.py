"""Checks of actions on findings, beyond state and role."""

from __future__ import annotations

from app.common.records import Record
from app.governance.findings.lookups import self_check_names_something
from app.governance.findings.payloads import RaiseFinding
from app.governance.findings.records import Finding, FindingKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: Beginning of the numbers of applications for changes of processes.
CHANGE_NUMBERS = "PCH-"


async def finding_invalid(
    reads: ReadContext, finding: Finding, body: RaiseFinding, ctx: ActionContext
) -> None:
    """Refuse a due time that is past, a violation without an answerable person, and a self-found matter that
    no self-check contains.
    """
    if not ctx.counts_from < body.due_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    if body.kind is FindingKind.violation and body.person is None:
        raise WrongValue(pointer="/person", because="missing")
    if body.self_found:
        await _check_found_by_team(reads, body, ctx)


async def _check_found_by_team(reads: ReadContext, body: RaiseFinding, ctx: ActionContext) -> None:
    """Refuse unless the self-check of the audit names a deviation or fault, or the evidence names an
    application for a change of the process.
    """
    audit = ctx.ref(Record, "audit")
    if audit is not None and await self_check_names_something(reads, audit.row_key):
        return
    for name in body.evidence:
        if not name.startswith(CHANGE_NUMBERS):
            continue
        loaded = await reads.record("process_change", name)
        if loaded is not None and loaded.record.process == body.process:
            return
    raise WrongValue(pointer="/self_found", because="not_in_self_check")


async def objection_decided(reads: ReadContext, finding: Finding, ctx: ActionContext) -> str | None:
    """Refuse a second objection (`objection_decided`): the verdict on the first one stands."""
    return None if finding.objection_decided_at is None else "objection_decided"
