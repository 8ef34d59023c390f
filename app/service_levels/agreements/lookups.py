"""Reads of agreements, for checks and preparations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.access.reads import ReadContext, Versions
from app.service_levels.agreements.records import Agreement

# All with that party, signed or not: of two that are signed at once each relies on the other's version.
WITH_PARTY = """
select a.id, a.number, a.state, a.services, a.catalogue_items, a.signed_at, a.begins_at, a.ends_at,
  h.stream, h.version as stream_version
from fold.sla a join log.stream_head h on h.stream = 'sla/' || a.id
where a.agreement_type = %s and coalesce(a.customer_id, a.team_id, a.supplier_id) is not distinct from %s
  and a.state not in ('terminated', 'expired')
order by a.number"""
#: An adopted plan names the person for an agreement of this type about one of these services.
PLANNED_NEGOTIATOR = """
select 1 from fold.service_level_plan_entry e
join fold.service_level_plan p on e.record = 'service_level_plan/' || p.id
where e.person_id = %s and p.state = 'adopted' and e.agreement_type = %s and e.service = any(%s) limit 1"""


@dataclass(frozen=True, slots=True)
class SignedAgreement:
    """A signed agreement: its scope, and the instants from and until which it is in force."""

    id: UUID
    number: str
    scope: tuple[frozenset[str], frozenset[str]]
    begins_at: datetime
    ends_at: datetime | None


async def agreements_with(reads: ReadContext, agreement: Agreement) -> list[SignedAgreement]:
    """Return the signed agreements of that type with the same party."""
    parameters = (str(agreement.agreement_type), agreement.party_id)
    rows = await reads.rows(WITH_PARTY, parameters, guard=Versions("stream", "stream_version"))
    return [
        SignedAgreement(
            row["id"],
            row["number"],
            (frozenset(row["services"] or ()), frozenset(row["catalogue_items"] or ())),
            row["begins_at"],
            row["ends_at"],
        )
        for row in rows
        if row["signed_at"] is not None and row["begins_at"] is not None
    ]
