"""Values that actions on findings load beforehand: the earlier finding that one repeats."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.foundation.people.records import Team
from app.governance.findings.lookups import newest_alike
from app.governance.findings.payloads import RaiseFinding
from app.governance.findings.records import Finding
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """The finding that a new one repeats, by its id."""

    id: UUID | None


async def earlier_finding(
    reads: ReadContext, finding: Finding, body: RaiseFinding, ctx: ActionContext
) -> EarlierFinding:
    """Find the newest finding of the same process, kind and team within twelve months; for a fault that the
    team had found itself, there is no earlier finding.
    """
    if body.self_found:
        return EarlierFinding(None)
    team = ctx.required_ref(Team, "team").id
    return EarlierFinding(
        await newest_alike(reads, team, body.process, body.kind, body.evidence, ctx.occurred_at)
    )
