"""Opens incidents for alerts that still fire when a quiet window has ended.

The incident opens as of the end of the window, and began when the alert fired. An alert that has cleared
meanwhile opens no incident. If the window moves, its end moves too. A window that is over early, because its
change is done or its rule has ended, ends within a minute.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import IdempotencyKey
from app.kernel.consumers import polling
from app.kernel.ledger import Ledger
from app.platform.db import Connection
from app.processes.incidents.alert_rules.lookups import QuietWindow, active_alert_rules
from app.processes.incidents.monitoring import quiet_alerts
from app.processes.incidents.monitoring.handling import AlertPolicy, handle_alert

NAME = "open_quiet_alerts"
POLL_SECONDS = 1.0
ROUTE = f"rule:{NAME}"
logger = structlog.get_logger()


async def open_quiet_alerts(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Open the incident of the first alert whose quiet window has ended by then, if it still fires. Return
    whether there was one. Raises DatabaseGone.
    """
    for quiet_id in await quiet_alerts.due_quiet_alerts(ledger.db, now):
        async with polling.locked(connection, f"{NAME} {quiet_id}") as free:
            if free and await _open(ledger, quiet_id, now):
                return True
    return False


async def _open(ledger: Ledger, quiet_id: UUID, now: datetime) -> bool:
    quiet = await quiet_alerts.find_quiet_alert(ledger, quiet_id)
    if quiet is None:
        return False
    rules = await active_alert_rules(ledger.db)
    window = await quiet_alerts.quiet_window(ledger.db, quiet.alert, now, rules)
    # If its incident cannot be opened, it must not be in the way of all others.
    await quiet_alerts.move_quiet_alert(
        ledger.db, quiet, window or QuietWindow(quiet.because, quiet.until_at), now
    )
    if window is not None:
        return False
    reference = f"{ROUTE}:{quiet_id}:{quiet.first_fired_at.isoformat()}"
    account = quiet.account_id
    caller = Caller(f"integration:{account}", account, (RoleGrant(Role.integration),))
    metadata = CommandMetadata(caller, now, reference, source=ROUTE, source_ref=reference)
    fingerprint = ledger.vault.fingerprint(NAME, reference)
    once = IdempotencyKey(ROUTE, fingerprint, fingerprint)
    opens_at = max(min(quiet.until_at, now), quiet.first_fired_at)
    alert = quiet.alert.model_copy(update={"alerted_at": quiet.first_fired_at})
    try:
        _, done = await handle_alert(ledger, alert, metadata, once, AlertPolicy(rules, opens_at=opens_at))
    except (Refusal, ValueError) as failure:
        logger.warning("an incident cannot be opened for an alert", alert=reference, failure=repr(failure))
        return False
    incident = None if done is None else done.record.id
    await quiet_alerts.end_quiet_alert(ledger.db, quiet, incident, opens_at)
    return True


run = polling.job(NAME, open_quiet_alerts, every=POLL_SECONDS)
