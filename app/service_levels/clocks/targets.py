"""The next agreed targets of tickets, by their running clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.kernel.ledger import Ledger
from app.log.events import id_of

TARGETS = """
select case_id, min(due_at) as due_at from sla.clock
where case_id = any(%s) and state = 'running' group by case_id"""


async def targets_of(ledger: Ledger, streams: Iterable[str]) -> dict[str, datetime]:
    """Return the next agreed target of the tickets with these streams that have one."""
    by_id = {id_of(name): name for name in streams}
    rows = await ledger.db.rows(TARGETS, (list(by_id),)) if by_id else ()
    return {by_id[row["case_id"]]: row["due_at"] for row in rows if row["due_at"] is not None}
