"""Alerts that fire in a quiet window: kept outside the log, until they clear or the window ends.

A window is that of a scheduled change of the service or the item, or that of a rule. Alerts that have an open
incident join it; others open an incident only after the window has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.actions.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream
from app.log.ids import uuid7
from app.platform.db import Database, Row
from app.processes.incidents.alert_rules.lookups import QuietWindow, maintenance_window
from app.processes.incidents.alert_rules.matching import quiet_rule
from app.processes.incidents.alert_rules.records import AlertRule
from app.processes.incidents.monitoring.alert import Alert, identity_of, labels_of, time_of
from app.processes.incidents.monitoring.known_alerts import clearing_since

KEEP_ALERT = """
insert into plumbing.quiet_alert as q (id, account_id, source, dedup_key, sealed, because, service, ci,
  first_fired_at, last_fired_at, fired_count, heard_at, until_at, cleared_at)
values (%(id)s, %(account)s, %(source)s, %(key)s, %(sealed)s, %(because)s, %(service)s, %(ci)s,
  %(at)s, %(at)s, 1, %(now)s, %(until)s, %(cleared)s)
on conflict (account_id, source, dedup_key) where opened_at is null do update set
  sealed = excluded.sealed, because = excluded.because, service = excluded.service, ci = excluded.ci,
  first_fired_at = case when q.cleared_at < excluded.first_fired_at then excluded.first_fired_at
    else least(q.first_fired_at, excluded.first_fired_at) end,
  last_fired_at = greatest(q.last_fired_at, excluded.last_fired_at),
  fired_count = q.fired_count + 1, heard_at = greatest(q.heard_at, excluded.heard_at),
  until_at = excluded.until_at,
  cleared_at = case when q.cleared_at >= excluded.last_fired_at then q.cleared_at else excluded.cleared_at end
returning id"""
CLEAR = """
update plumbing.quiet_alert set cleared_at = least(cleared_at, %(at)s)
where account_id = %(account)s and source = %(source)s and dedup_key = %(key)s and opened_at is null
  and last_fired_at <= %(at)s and until_at > %(at)s
returning id"""
# Alerts whose windows have ended; the others are checked now and then, because a change may be done early or
# a rule may end. An alert whose incident could not be opened is then tried again.
DUE = """
select id from plumbing.quiet_alert
where opened_at is null and cleared_at is null
  and (until_at <= %(now)s and coalesce(checked_at < until_at, true)
    or coalesce(checked_at, heard_at) < %(now)s - interval '60 seconds')
order by until_at, id limit 100"""
FIRING_ALERT = """
select id, account_id, sealed, because, first_fired_at, until_at from plumbing.quiet_alert
where id = %s and opened_at is null and cleared_at is null"""
CHECKED = """
update plumbing.quiet_alert set checked_at = %(now)s, because = %(because)s, until_at = %(until)s
where id = %(id)s returning id"""
OPENED = """
update plumbing.quiet_alert set opened_at = %(at)s, incident_id = %(incident)s
where id = %(id)s returning id"""
REMOVE_OLD = """
delete from plumbing.quiet_alert where heard_at < %s - interval '30 days'
  and (cleared_at is not null or opened_at is not null)"""


PAGE = """
select id, source, dedup_key, sealed, because, service, ci, first_fired_at, last_fired_at, fired_count,
  heard_at, until_at, cleared_at, opened_at, incident_id
from plumbing.quiet_alert where (heard_at, id) < (%s, %s) order by heard_at desc, id desc limit %s"""


@dataclass(frozen=True, slots=True)
class QuietAlert:
    """An alert that was heard in a quiet window, and fires. It began at `first_fired_at`, and is to open an
    incident at `until_at`; `account_id` sends it.
    """

    id: UUID
    account_id: UUID
    alert: Alert
    because: str
    first_fired_at: datetime
    until_at: datetime


async def quiet_window(
    db: Database, alert: Alert, moment: datetime, rules: Sequence[AlertRule]
) -> QuietWindow | None:
    """Return the window in which the alert opens no incident at that time, by a rule or by maintenance: the
    one that ends last, or None.
    """
    rule = quiet_rule(rules, labels_of(alert), moment)
    windows = [await maintenance_window(db, alert.service, alert.ci, moment)]
    if rule is not None and rule.quiet_until_at is not None:
        windows.append(QuietWindow(stream(AlertRule.KIND, rule.id), rule.quiet_until_at))
    return max((each for each in windows if each is not None), key=lambda each: each.until_at, default=None)


async def keep_quiet_alert(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, rules: Sequence[AlertRule]
) -> bool:
    """Keep the alert, which fires, if it does so in a quiet window, or has cleared in one. Return whether."""
    (account, source, key), when = identity_of(alert, metadata), time_of(alert, metadata)
    cleared_at = await clearing_since(ledger.db, account, source, key, when)
    moment = metadata.now if cleared_at is None else min(cleared_at, metadata.now)
    window = await quiet_window(ledger.db, alert, moment, rules)
    if window is None:
        return False
    named = {"id": uuid7(), "account": account, "source": source, "key": key, "at": when}
    why = {"because": window.because, "service": alert.service, "ci": alert.ci, "until": window.until_at}
    encrypted = ledger.vault.encrypt_delivery(alert.model_dump_json().encode())
    await ledger.db.rows(
        KEEP_ALERT, named | why | {"sealed": encrypted, "now": metadata.now, "cleared": cleared_at}
    )
    return True


async def clear_quiet_alert(
    db: Database, account: UUID, source: str, dedup_key: str, cleared_at: datetime
) -> bool:
    """Clear the alert, if it was heard in a quiet window that is open at that time. Return whether it was."""
    named = {"account": account, "source": source, "key": dedup_key, "at": cleared_at}
    return bool(await db.rows(CLEAR, named))


async def find_quiet_alert(ledger: Ledger, quiet_id: UUID) -> QuietAlert | None:
    """Return the alert that was kept under this id; None if it has cleared or opened an incident."""
    row: Row | None = await ledger.db.row(FIRING_ALERT, (quiet_id,))
    if row is None:
        return None
    alert = Alert.model_validate_json(ledger.vault.decrypt_delivery(row.pop("sealed")))
    return QuietAlert(alert=alert, **row)


async def due_quiet_alerts(db: Database, now: datetime) -> list[UUID]:
    """Return the ids of alerts that fire, and whose windows have ended by then or are to be looked at
    again.
    """
    return [row["id"] for row in await db.rows(DUE, {"now": now})]


async def page_of_quiet_alerts(ledger: Ledger, before: tuple[datetime, UUID], limit: int) -> list[Row]:
    """Return alerts that were heard in quiet windows, those heard last first, each with its `title`. They
    come before that time and id in this order.
    """
    rows = await ledger.db.rows(PAGE, (*before, limit))
    for row in rows:
        row |= {name: instant(value) for name, value in row.items() if isinstance(value, datetime)}
        row["title"] = Alert.model_validate_json(ledger.vault.decrypt_delivery(row.pop("sealed"))).title
    return rows


async def move_quiet_alert(db: Database, quiet: QuietAlert, window: QuietWindow, now: datetime) -> None:
    """Keep the alert quiet until that window ends. It was looked at now."""
    named = {"id": quiet.id, "now": now, "because": window.because, "until": window.until_at}
    await db.rows(CHECKED, named)


async def end_quiet_alert(
    db: Database, quiet: QuietAlert, incident: UUID | None, opened_at: datetime
) -> None:
    """End the quiet time of the alert and store its incident; None: the alert needs no incident."""
    await db.rows(OPENED, {"id": quiet.id, "at": opened_at, "incident": incident})


async def remove_old_quiet_alerts(db: Database, now: datetime) -> None:
    """Remove alerts whose quiet time is over for long."""
    await db.rows(REMOVE_OLD + " returning id", (now,))
