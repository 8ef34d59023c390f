"""Issuing service reports when they are due: five working days after their period, by the agreement's
calendar.

Among several workers, the holder of an advisory lock issues them, and each report has an idempotency key, so
that it is issued once. After downtime the missed reports are issued, from the figures of that time.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from app.common.people import rule_caller
from app.common.records import from_row
from app.foundation.calendars.calendar_cache import newest_business_times
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import facts_position
from app.log.writer import DuplicateCommand
from app.platform.db import Connection, fetch_value
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.records import Agreement
from app.service_levels.reports.actions import IssueReportSla
from app.service_reports.compute import compute_report
from app.service_reports.periods import Period, due_at, periods_to_report, span_of

#: The actor's name in the log.
NAME = "issue_reports"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "service_report"
# Each with when the log recorded its signature: periods that were over by then are not reported on.
AGREEMENTS = f"""
select s.*, signed.recorded_at as known_since from {LIFECYCLE.source} s cross join lateral (
  select min(recorded_at) as recorded_at from log.event where stream = 'sla/' || s.id and type = 'sla.signed'
) signed
where s.signed_at is not null and s.begins_at < %(now)s order by s.signed_at, s.id"""
ISSUED = "select record, period from fold.sla_report where edition = 1"
RECORDED_AT = "select recorded_at from log.event where position = %s"
logger = structlog.get_logger()


async def issue_due(connection: Connection, ledger: Ledger, now: datetime) -> int:
    """Issue the reports that are due but not issued, the oldest first, if no other worker does. Return their
    number. Raises DatabaseGone; they are still due then.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return 0
        due = await _due(ledger, now)
        complete_until = await _facts_complete_until(connection) if due else None
        # A report has all that was recorded by its due time: it waits until the facts have come so far.
        ready = [report for report in due if complete_until is None or report[0] < complete_until]
        return sum([await _issue(ledger, agreement, period, now) for _, agreement, period in ready])


async def _due(ledger: Ledger, now: datetime) -> list[tuple[datetime, Agreement, Period]]:
    rows = await ledger.db.rows(AGREEMENTS, {"now": now})
    agreements = [(from_row(Agreement, row), row["known_since"]) for row in rows]
    issued = {(row["record"], row["period"]) for row in await ledger.db.rows(ISSUED)} if agreements else set()
    named = {agreement.calendar for agreement, _ in agreements if agreement.calendar}
    calendars = await newest_business_times(ledger.db, named)
    reports = []
    for agreement, known_since in agreements:
        hours = calendars.get(agreement.calendar or "")
        if hours is None:
            continue
        for period in periods_to_report(agreement, known_since, ZoneInfo(hours.definition.zone), now):
            report_due_at = due_at(period, hours.definition.is_working_day)
            if report_due_at <= now and (agreement.row_key, period.label) not in issued:
                reports.append((report_due_at, agreement, period))
    return sorted(reports, key=lambda report: (report[0], str(report[1].id)))


async def _facts_complete_until(connection: Connection) -> datetime | None:
    """Return when the first event was recorded that is not among the facts; None: all are."""
    position, _ = await facts_position(connection)
    recorded_at: datetime | None = await fetch_value(connection, RECORDED_AT, position + 1)
    return recorded_at


async def _issue(ledger: Ledger, agreement: Agreement, period: Period, now: datetime) -> bool:
    """Issue the report of the period; return False if it was issued meanwhile, or is refused."""
    span = span_of(agreement, period)
    assert span is not None, "only periods in which it was in force are due"
    computed = (await compute_report(ledger, agreement, span, now)).computed()
    caller = rule_caller(NAME)
    reference = f"{caller.actor}:{agreement.id}:{period.label}"
    metadata = CommandMetadata(caller, now, reference, source="rule", source_ref=reference)
    body = IssueReportSla(period=period.label)
    command = Command(
        LIFECYCLE,
        LIFECYCLE["issue_report"],
        str(agreement.id),
        body,
        metadata,
        key=IdempotencyKey(ROUTE, reference, ""),
        prepared=(computed,),
    )
    try:
        await perform(ledger, command)
    except DuplicateCommand:
        return False
    except Refusal as refused:
        logger.warning("a service report cannot be issued", agreement=agreement.number, code=refused.code)
        return False
    return True


run = polling.job(NAME, issue_due, every=POLL_SECONDS)
