"""Knowledge about an alert: the time of its clearing, kept outside the log; the time of its firing, from
events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.common.personal import is_encrypted
from app.kernel.ledger import Ledger
from app.log import read
from app.log.canonical import from_instant
from app.platform.db import Database

# A clearing is kept for as long as the body of a delivery, so that one which is replayed finds it.
KEEP_CLEARING = """
with old as (delete from plumbing.cleared_alert
  where account_id = %(account)s and source = %(source)s and dedup_key = %(key)s
    and cleared_at < %(at)s - interval '30 days')
insert into plumbing.cleared_alert (account_id, source, dedup_key, cleared_at)
values (%(account)s, %(source)s, %(key)s, %(at)s) on conflict do nothing
returning cleared_at"""
CLEARING_SINCE = """
select min(cleared_at) from plumbing.cleared_alert
where account_id = %s and source = %s and dedup_key = %s and cleared_at >= %s"""
CLEARING_BEFORE = """
select max(cleared_at) from plumbing.cleared_alert
where account_id = %s and source = %s and dedup_key = %s and cleared_at < %s"""
CLASSIFICATION = ("impact", "urgency", "effect", "service", "ci", "category")
FIRED = frozenset({"incident.reported", "incident.alert_repeated"})


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fired, and when: `fields` are those of the alert in its event, without erased texts."""

    alerted_at: datetime
    fields: dict[str, Any]


class EarlierResolution(NamedTuple):
    """The last resolution of an incident; None for texts that were erased or not given."""

    code: str | None
    done: str | None
    cause: str | None


async def keep_clearing(
    db: Database, teller: UUID, source: str, dedup_key: str, cleared_at: datetime
) -> None:
    """Store when the alert has cleared. `teller` is the account that sends it."""
    await db.rows(KEEP_CLEARING, {"account": teller, "source": source, "key": dedup_key, "at": cleared_at})


async def clearing_since(
    db: Database, teller: UUID, source: str, dedup_key: str, since: datetime
) -> datetime | None:
    """Return when the alert cleared first at that time or after it; None if that is not known."""
    cleared_at: datetime | None = await db.value(CLEARING_SINCE, (teller, source, dedup_key, since))
    return cleared_at


async def clearing_before(
    db: Database, teller: UUID, source: str, dedup_key: str, before: datetime
) -> datetime | None:
    """Return when the alert cleared last before that time; None if that is not known."""
    cleared_at: datetime | None = await db.value(CLEARING_BEFORE, (teller, source, dedup_key, before))
    return cleared_at


async def firings_of(ledger: Ledger, stream: str) -> list[Firing]:
    """Return each time that the alert of the incident of that stream has fired, by its events; each has the
    severity with which it fired, and otherwise the classification with which the incident was reported.
    """
    events = [e for e in await read.stream_events(ledger.db, stream) if e.type in FIRED]
    payloads = [event.data["given"] for event in events]
    encrypted = [v for each in payloads for v in each.values() if isinstance(v, str) and is_encrypted(v)]
    texts = await ledger.vault.texts(encrypted)
    reported = payloads[0]
    usual: dict[str, Any] = {name: reported.get(name) for name in CLASSIFICATION} | {"description": None}
    firings = []
    for event, each in zip(events, payloads, strict=True):
        words = {name: texts.get(each[name], each[name]) for name in ("title", "description") if name in each}
        sent = {name: text for name, text in words.items() if text is not None}
        sent |= {name: each[name] for name in CLASSIFICATION if each.get(name) is not None}
        alerted_at = each.get("alerted_at") or each.get("began_at")
        firings.append(
            Firing(event.occurred_at if alerted_at is None else from_instant(alerted_at), usual | sent)
        )
    return firings


async def last_resolution(ledger: Ledger, incident: UUID) -> EarlierResolution | None:
    """Return the incident's last resolution; None if it was never resolved."""
    events = await read.stream_events(ledger.db, f"incident/{incident}")
    resolved = [event.data["given"] for event in events if event.type == "incident.resolved"]
    if not resolved:
        return None
    code, *words = (resolved[-1].get(name) for name in ("resolution_code", "done", "cause"))
    texts = await ledger.vault.texts([text for text in words if text is not None and is_encrypted(text)])
    done, cause = (None if text is None else texts.get(text, text) for text in words)
    return EarlierResolution(code, done, cause)
