"""Last reports of each alert of a source: a repetition is recognised, and so is a repetition that is news.

An alert that is reported in the same words goes on. That is counted with the delivery that reported it,
without further effect, as long as its incident is open. It is handled again if the incident has ended
meanwhile, or another report of the alert came since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.kernel.ledger import Ledger
from app.platform.db import Database
from app.processes.incidents.records import OPEN
from app.webhooks.mapping.updates import AlertSignal

HEARD = """
select h.alert, h.delivery_id, h.content_hash, h.firing, i.state
from plumbing.heard_alert h left join fold.incident i on i.id = h.incident_id
where h.source_id = %s and h.alert = any(%s)"""
KEEP_HEARD = """
insert into plumbing.heard_alert (source_id, alert, delivery_id, content_hash, firing, incident_id, was_open)
select %s, t.* from jsonb_to_recordset(%s) as t(alert text, delivery_id uuid, content_hash text,
  firing boolean, incident_id uuid, was_open boolean)
on conflict (source_id, alert) do update set delivery_id = excluded.delivery_id,
  content_hash = excluded.content_hash, firing = excluded.firing, incident_id = excluded.incident_id,
  was_open = excluded.was_open
returning alert"""


@dataclass(frozen=True, slots=True)
class HeardAlert:
    """Last report of an alert, by its fingerprint: its delivery and content, whether it fires, its incident,
    and whether that was open then.
    """

    alert: str
    delivery_id: UUID
    content_hash: str
    firing: bool
    incident_id: UUID | None
    was_open: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        incident = None if self.incident_id is None else str(self.incident_id)
        return {
            "alert": self.alert,
            "delivery_id": str(self.delivery_id),
            "content_hash": self.content_hash,
            "firing": self.firing,
            "incident_id": incident,
            "was_open": self.was_open,
        }


def alert_fingerprint(ledger: Ledger, channel: str, news: AlertSignal) -> str:
    """Return what stands for the alert: its key may name a person."""
    return ledger.vault.fingerprint("alert", channel, news.source, news.dedup_key)


async def alert_goes_on(
    db: Database, source_id: UUID, alert: str, delivery_id: UUID, content_hash: str
) -> bool:
    """Return whether another delivery of that content was heard last of the alert, and nothing has happened
    since: it fires and its incident is open, or it has cleared.
    """
    row = await db.row(HEARD, (source_id, [alert]))
    if row is None or row["content_hash"] != content_hash or row["delivery_id"] == delivery_id:
        return False
    return not row["firing"] or row["state"] in OPEN


async def keep_heard(db: Database, source_id: UUID, heard: Sequence[HeardAlert]) -> None:
    """Keep what was heard last of these alerts."""
    if heard:
        await db.rows(KEEP_HEARD, (source_id, Jsonb([alert.as_json() for alert in heard])))
