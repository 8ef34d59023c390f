"""Watches what was checked when an agreement was signed: an OLA or UC beneath it that ends or changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.records import from_row, rows_with_parts
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.service_levels.agreements.alignment import alignment_of
from app.service_levels.agreements.payloads import NoteGapSla
from app.service_levels.agreements.records import Agreement

ENDED = ("sla.terminated", "sla.expired")
# The agreements in force that rest on this one, or on an earlier edition of it.
ABOVE = f"""
with recursive edition as (
  select id, replaces_id, 0 as depth from fold.sla where id = %s and agreement_type <> 'SLA'
  union all
  select a.id, a.replaces_id, e.depth + 1 from edition e join fold.sla a on a.id = e.replaces_id
  where e.depth < 100
)
select a.* from {rows_with_parts(Agreement)} a
where a.state in ('signed', 'under_review') and a.rests_on && (select array_agg(id::text) from edition)
order by a.number"""


async def watch_supports(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the gap of each agreement that no longer adds up without the one that ended or changed; and the
    end of the gap of each that adds up again.
    """
    beneath = id_of(event.stream)
    for row in await ledger.db.rows(ABOVE, (beneath,)):
        agreement = from_row(Agreement, row)
        reasons = agreement.reasons
        alignment = await alignment_of(ledger.db.rows, agreement, event.occurred_at)
        if alignment.holds:
            if reasons.gap_since_at is not None:
                yield _consequence("close_gap", agreement, EmptyPayload())
        # A gap that was accepted at the signature is no news, unless one beneath has ended since.
        elif event.type in ENDED or (reasons.gap_since_at, reasons.gap_reason) == (None, None):
            yield _consequence("note_gap", agreement, NoteGapSla(beneath=str(beneath)))


def _consequence(action: str, agreement: Agreement, body: Payload) -> RuleConsequence:
    return RuleConsequence(Agreement.KIND, action, agreement.id, body)


RULE = Rule("watch_supports", (*ENDED, "sla.signed", "sla.renewed"), watch_supports)
