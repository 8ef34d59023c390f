"""The demo's service reports: two past months of each SLA, and the correction of one after an incident of its
month was recorded late. They are made once the KPI facts of the history are there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.common.people import Caller, rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.common.records import from_row, rows_with_parts
from app.common.tickets import Channel
from app.common.times.clocks import AgreementType
from app.demo.data.organisation import REQUESTERS, SERVICE_LEVEL_MANAGER, STAFF
from app.demo.script import IMPORTED_SOURCE, ROUTE, DemoRun, Script
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import ReportIncident, ResolveIncident
from app.processes.incidents.records import Effect, ResolutionCode
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.records import Agreement
from app.service_levels.reports.actions import ComputedReport, CorrectReportSla, IssueReportSla
from app.service_reports.compute import compute_report
from app.service_reports.issuing import NAME
from app.service_reports.periods import Period, grain_of, period_at, span_of
from app.service_reports.queries import find_report, recompute, zone_of
from app.ticketing.work.assignment import AssignTicket

#: The customer whose report is corrected, and the service that the late call is about.
CUSTOMER, SERVICE = "finance", "erp-finance"
#: The service desk agent who took the call, and entered it late.
CALL_TAKER, DESK = STAFF[2][0], STAFF[2][2]
MONTHS = 2
SIGNED = f"""
select * from {rows_with_parts(Agreement)} a
where agreement_type = %s and signed_at is not null order by number"""
CUSTOMER_ID = "select id from fold.team where key = %s"
REMARKS = "Each breach was talked over with the teams. 各次超时已与团队逐一讨论。"
REASON = "A call of that month was told of later by telephone. 当月的一通来电经电话补录。"


async def make_reports(
    ledger: Ledger, persons: dict[str, UUID], follow: Callable[[], Awaitable[None]]
) -> None:
    """Issue the reports that do not exist yet, and correct one. `follow` brings the facts up to date."""
    maker, now = await DemoRun.resume(ledger), datetime.now(UTC)
    callers = await ledger.directory.callers(list(persons.values()))
    manager = callers[persons[SERVICE_LEVEL_MANAGER]]
    agreements = [
        from_row(Agreement, row) for row in await ledger.db.rows(SIGNED, (AgreementType.sla.value,))
    ]
    customer = await ledger.db.value(CUSTOMER_ID, (CUSTOMER,))
    for agreement in agreements:
        zone = await zone_of(ledger, agreement)
        running = period_at(now, grain_of(agreement), zone)
        for n in range(MONTHS, 0, -1):
            period = running.moved(-n)
            by = manager if n == 1 else rule_caller(NAME)
            await _issue(maker, agreement, period, by, now)
        if agreement.customer_id == customer:
            await _record_late_call(maker, callers[persons[CALL_TAKER]], persons, running.moved(-1))
            await follow()
            await _correct(maker, agreement, running.moved(-1), manager, now)


async def _issue(maker: DemoRun, agreement: Agreement, period: Period, by: Caller, now: datetime) -> None:
    span = span_of(agreement, period)
    key = f"report-{agreement.number}-{period.label}"
    if span is None or (by.actor, key) in maker.done:
        return
    computed = (await compute_report(maker.ledger, agreement, span, now)).computed()
    remarks = None if by.is_rule else REMARKS
    body = IssueReportSla(period=period.label, remarks=remarks)
    await _perform(maker, agreement, "issue_report", body, computed=computed, by=by, key=key, now=now)


async def _record_late_call(maker: DemoRun, agent: Caller, persons: dict[str, UUID], period: Period) -> None:
    """Record an incident of the tenth of that month late; it took three days to resolve."""
    opened = period.begin + timedelta(days=9, hours=10)
    requester = next(name for name, customer in REQUESTERS if customer == CUSTOMER)
    script = Script(maker, f"late-call-{period.label}", opened, IMPORTED_SOURCE)
    report = ReportIncident(
        title="期末结账无法过账 Period-end posting fails",
        description="Postings of the month end are refused. 月末过账被拒绝。",
        channel=Channel.hotline,
        impact=Impact.department,
        urgency=Urgency.hindered,
        effect=Effect.degraded,
        service=SERVICE,
        requester=str(persons[requester]),
    )
    incident = await script.act(agent, "incident", "report", None, report)
    script.now = opened + timedelta(hours=1)
    await script.act(agent, "incident", "acknowledge", incident, EmptyPayload())
    await script.act(agent, "incident", "assign", incident, AssignTicket(team=DESK, person="me"))
    script.now = opened + timedelta(days=3)
    done = ResolveIncident(resolution_code=ResolutionCode.fixed, done="A lock was released. 已解除锁定。")
    await script.act(agent, "incident", "resolve", incident, done)


async def _correct(maker: DemoRun, agreement: Agreement, period: Period, by: Caller, now: datetime) -> None:
    key = f"correction-{agreement.number}-{period.label}"
    if (by.actor, key) in maker.done:
        return
    number = await maker.ledger.db.value(
        "select number from fold.sla_report where record = %s and period = %s limit 1",
        (agreement.row_key, period.label),
    )
    edition = (await find_report(maker.ledger, agreement, number, None)).asked_edition
    fresh = await recompute(maker.ledger, agreement, edition, now)
    computed = fresh.computed((edition.content or {}, edition.staff_content or {}))
    body = CorrectReportSla(number=number, remarks=REASON)
    await _perform(maker, agreement, "correct_report", body, computed=computed, by=by, key=key, now=now)


async def _perform(
    maker: DemoRun,
    agreement: Agreement,
    action: str,
    body: Payload,
    *,
    computed: ComputedReport,
    by: Caller,
    key: str,
    now: datetime,
) -> None:
    """Carry out the action on the agreement; `computed` is the report, `key` the idempotency key."""
    metadata = CommandMetadata(by, now, correlation_id=f"demo-{key}", source=IMPORTED_SOURCE)
    once = IdempotencyKey(ROUTE, key, "00")
    command = Command(
        LIFECYCLE, LIFECYCLE[action], str(agreement.id), body, metadata, key=once, prepared=(computed,)
    )
    await perform(maker.ledger, command)
