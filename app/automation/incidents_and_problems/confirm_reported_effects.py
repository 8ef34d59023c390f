"""Confirms that a service is interrupted once enough different users have reported it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.lookups import unconfirmed_reports
from app.processes.incidents.records import OPEN, Incident


async def confirm_reported_effects(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the confirmation of each open report of the same effect on the service, if enough users made
    them. Reports that repeat an open incident count, too.
    """
    loaded = await load(ledger.db, LIFECYCLE, str(id_of(event.stream)))
    if loaded is None:
        return
    incident: Incident = loaded.record
    if incident.effect_reported_at is None or incident.service is None or incident.effect is None:
        return
    reports = await unconfirmed_reports(ledger.db, incident.service, incident.effect)
    if len({report.requester_id for report in reports}) >= ledger.settings.outage_reporters:
        for report in reports:
            if report.state in OPEN:
                yield RuleConsequence("incident", "confirm_effect", report.id, EmptyPayload())


RULE = Rule(
    "confirm_reported_effects",
    ("incident.reported", "incident.edited", "incident.marked_duplicate"),
    confirm_reported_effects,
)
