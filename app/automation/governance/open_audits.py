"""Opens the audits of a month when it is over: one for each active team of ours that has a lead, and each of
the audited processes that it has had cases of.

Among several workers, the holder of an advisory lock does it; the database ensures that each month, team and
process has one audit.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from app.common.people import rule_caller
from app.foundation.months import end_of_month, month_before
from app.governance.audits.lifecycle import LIFECYCLE
from app.governance.audits.payloads import OpenAudit
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE, RULE_SOURCE
from app.kernel.ledger import Ledger
from app.log.writer import ConstraintViolation, DuplicateCommand
from app.platform.db import Connection

#: The actor's name in the log.
NAME = "open_audits"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "governance.audits"
# A team that ran no case in the month is audited all the same.
AUDITED_TEAMS = """
select t.id from fold.team t
where t.state = 'active' and t.kind = 'internal' and t.lead_id is not null and t.added_at < %(end)s
  and exists (select from fold.{kind} r where r.team_id = t.id)
  and not exists (select from fold.audit a
    where a.month = %(month)s and a.team_id = t.id and a.process = %(process)s)
order by t.id"""
logger = structlog.get_logger()


async def open_audits(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Open the audits of the month that was over last, unless they are open or another worker is at it.
    Return whether it was done. Raises DatabaseGone; what is missing then is opened by the next round.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return False
        zone = ZoneInfo(ledger.settings.time_zone)
        month = month_before(now, zone)
        end = end_of_month(month, zone)
        for process in ledger.settings.audited_process_kinds:
            if process not in ledger.lifecycles:
                continue
            parameters = {"end": end, "month": month, "process": process}
            for row in await ledger.db.rows(AUDITED_TEAMS.format(kind=process), parameters):
                await _open(ledger, OpenAudit(month=month, team=str(row["id"]), process=process), end, now)
        return True


async def _open(ledger: Ledger, body: OpenAudit, end: datetime, now: datetime) -> None:
    """Open the audit at the end of its month, unless another worker has, or somebody by hand."""
    caller = rule_caller(NAME)
    reference = f"{caller.actor}:{body.month}:{body.process}:{UUID(body.team)}"
    metadata = CommandMetadata(caller, now, reference, source=RULE_SOURCE, source_ref=reference, due_at=end)
    key = IdempotencyKey(ROUTE, reference, "")
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE["open"], None, body, metadata, key=key))
    except DuplicateCommand:
        return
    except Refusal as refused:
        logger.warning("an audit cannot be opened", audit=reference, code=refused.code)
    except ConstraintViolation as violation:
        if violation.constraint != "audit_month_key":
            raise


def _month(ledger: Ledger, now: datetime) -> str:
    return month_before(now, ZoneInfo(ledger.settings.time_zone))


run = polling.job_by_period(NAME, open_audits, _month, every=POLL_SECONDS)
