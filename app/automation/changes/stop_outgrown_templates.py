"""Stops the use of templates of standard changes that have outgrown their approval, once a minute: a service
is more important than when it was given, or their changes fail. Change managers have it renewed.

Among several workers, the holder of an advisory lock does it; each template has an idempotency key, so that
two workers still stop it only once.
"""

from __future__ import annotations

from collections.abc import Callable

from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock, RuleCause, RuleConsequence, perform_consequence, record_refusal
from app.kernel.ledger import Ledger
from app.platform.db import Connection
from app.platform.shared_connections import SharedConnections
from app.processes.changes.planning.lookups import TO_RENEW
from app.processes.changes.policies.payloads import OutgrowChangeTemplate
from app.processes.changes.policies.records import ChangeTemplate

#: The actor's name in the log.
NAME = "stop_outgrown_templates"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "changes.templates"


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Stop outgrown templates for ever; safe next to other workers. `failed` is called for each failure."""

    async def work(connection: Connection) -> bool:
        async with polling.locked(connection, LOCK) as free:
            if free:
                await stop_outgrown(connection, ledger, clock)
        return False

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def stop_outgrown(connection: Connection, ledger: Ledger, clock: Clock) -> None:
    """Stop all templates that are outgrown now. Raises DatabaseGone; nothing is lost then."""
    for row in await ledger.db.rows(TO_RENEW):
        reference = f"{row['id']}:{row['version']}"
        cause = RuleCause(NAME, row["cause"], row["correlation_id"], clock(), reference)
        body = OutgrowChangeTemplate(because=row["because"])
        consequence = RuleConsequence(ChangeTemplate.KIND, "outgrow", row["id"], body)
        refusal = await perform_consequence(ledger, cause, consequence)
        if refusal is not None:
            await record_refusal(connection, cause, consequence, refusal)
