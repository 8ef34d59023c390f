"""Reads of alert rules: those that apply, and the maintenance in whose windows alerts open no incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.common.records import from_row
from app.kernel.access.reads import ReadContext, Unguarded
from app.platform.db import Database
from app.processes.incidents.alert_rules.records import AlertRule

ACTIVE_RULES = "select * from fold.alert_rule where state = 'active' order by precedence, added_at, id"
# Maintenance scheduled by a change: it holds the change's services and items until the work has ended, but
# not beyond its window.
MAINTENANCE = """
select 'change/' || c.id as because, c.window_until_at as until_at
from fold.change c left join fold.ci on ci.key = %(ci)s
where c.state in ('scheduled', 'implementing') and c.window_from_at <= %(at)s and c.window_until_at > %(at)s
  and (c.service = %(service)s or %(service)s = any(c.services) or %(service)s = any(c.ci_services)
    or ci.id::text = any(c.ci_ids))
order by c.window_until_at desc, c.id limit 1"""


@dataclass(frozen=True, slots=True)
class QuietWindow:
    """A time in which alerts open no incident: `because` of a change or a rule, by the name of its stream."""

    because: str
    until_at: datetime


async def number_of_alert_rules(reads: ReadContext) -> int:
    """Return the number of active alert rules."""
    query = "select count(*) from fold.alert_rule where state = 'active'"
    guard = Unguarded("Two who add the last one at once make it one more, which still is few.")
    number: int = await reads.value(query, (), guard=guard)
    return number


async def active_alert_rules(db: Database) -> list[AlertRule]:
    """Return the alert rules that apply, in their order."""
    return [from_row(AlertRule, row) for row in await db.rows(ACTIVE_RULES)]


async def maintenance_window(
    db: Database, service: str | None, ci: str | None, moment: datetime
) -> QuietWindow | None:
    """Return the window of a scheduled change, open at that time, of the service or the configuration item
    (keys): the one that ends last, or None.
    """
    if service is None and ci is None:
        return None
    row = await db.row(MAINTENANCE, {"service": service, "ci": ci, "at": moment})
    return None if row is None else QuietWindow(**row)
