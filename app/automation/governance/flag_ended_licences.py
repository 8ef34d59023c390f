"""Flags an expired licence, unless a newer one is in its place, and notifies its holder."""

from __future__ import annotations

from datetime import datetime

from app.foundation.licences.records import Licence
from app.foundation.people.lookups import active_person
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.trainings.payloads import FlagLicenceTraining


def due(licence: Licence, settings: Settings) -> datetime | None:
    """Return when the licence ends; None if it was revoked, or is flagged already."""
    settled = licence.revoked_at or licence.ended_at
    return None if settled is not None else licence.until_at


async def flag(ledger: Ledger, licence: Licence, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the licence, and its payload, which names a holder who is active."""
    person = await active_person(ledger.db.rows, licence.person_id)
    return "flag_licence", FlagLicenceTraining(licence=licence.id, person=person)


RULE = TimedRule(
    "flag_ended_licences",
    "licence",
    frozenset(),
    due,
    flag,
    only="r.revoked_at is null and r.ended_at is null and not exists (select from fold.licence n where "
    "n.person_id = r.person_id and n.process = r.process and n.revoked_at is null "
    "and n.until_at > r.until_at and n.skills @> r.skills)",
    child_class=Licence,
)
