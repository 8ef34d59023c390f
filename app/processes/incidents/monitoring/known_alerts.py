"""What is known of an alert: when it cleared, kept beside the log; when it fired, from events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.common.personal import is_sealed
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
    """An alert that fired, as it was told: `said` are the fields of the alert that its events give, without
    texts that were erased.
    """

    at: datetime
    said: dict[str, Any]


class SaidResolution(NamedTuple):
    """What was said when an incident was resolved, as far as it was not erased."""

    code: str | None
    done: str | None
    cause: str | None


async def keep_clearing(db: Database, teller: UUID, source: str, dedup_key: str, at: datetime) -> None:
    """Keep when the alert has cleared. `teller` is the account that sends it."""
    await db.rows(KEEP_CLEARING, {"account": teller, "source": source, "key": dedup_key, "at": at})


async def clearing_since(
    db: Database, teller: UUID, source: str, dedup_key: str, at: datetime
) -> datetime | None:
    """Return when the alert cleared first at that time or after it; None if that is not known."""
    found: datetime | None = await db.value(CLEARING_SINCE, (teller, source, dedup_key, at))
    return found


async def clearing_before(
    db: Database, teller: UUID, source: str, dedup_key: str, at: datetime
) -> datetime | None:
    """Return when the alert cleared last before that time; None if that is not known."""
    found: datetime | None = await db.value(CLEARING_BEFORE, (teller, source, dedup_key, at))
    return found


async def firings_of(ledger: Ledger, stream: str) -> list[Firing]:
    """Return when the alert of the incident of that stream has fired, as its events tell. Each has the fields
    that its incident was reported with.
    """
    events = [e for e in await read.stream_events(ledger.db, stream) if e.type in FIRED]
    given = [event.data["given"] for event in events]
    sealed = [v for each in given for v in each.values() if isinstance(v, str) and is_sealed(v)]
    texts = await ledger.vault.texts(sealed)
    reported = given[0]
    usual: dict[str, Any] = {name: reported.get(name) for name in CLASSIFICATION} | {"description": None}
    firings = []
    for event, each in zip(events, given, strict=True):
        words = {name: texts.get(each[name], each[name]) for name in ("title", "description") if name in each}
        told = {name: text for name, text in words.items() if text is not None}
        at = each.get("alerted_at") or each.get("began_at")
        firings.append(Firing(event.occurred_at if at is None else from_instant(at), usual | told))
    return firings


async def last_resolution(ledger: Ledger, incident: UUID) -> SaidResolution | None:
    """Return what was said when the incident was resolved last; None if it never was."""
    events = await read.stream_events(ledger.db, f"incident/{incident}")
    resolved = [event.data["given"] for event in events if event.type == "incident.resolved"]
    if not resolved:
        return None
    code, *words = (resolved[-1].get(name) for name in ("resolution_code", "done", "cause"))
    texts = await ledger.vault.texts([text for text in words if text is not None and is_sealed(text)])
    done, cause = (None if text is None else texts.get(text, text) for text in words)
    return SaidResolution(code, done, cause)
