"""Computing a service report: all figures of an agreement for the part of a period in which it is in force,
from one snapshot of the log and the facts, whose position the report names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.ledger import Ledger
from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.questions.question import CannotAnswer
from app.platform.db import Connection, Row
from app.service_levels.agreements.records import CLOCKS, Agreement, TargetMetric
from app.service_levels.reports.actions import ComputedReport
from app.service_reports import money, reading
from app.service_reports.clock_targets import (
    NO_CLOCKS,
    breach_of,
    clock_forecast,
    clock_target,
    clock_trend,
)
from app.service_reports.compare import differences
from app.service_reports.content import (
    ReportBreach,
    ReportCause,
    ReportCauseCount,
    ReportContent,
    ReportedAgreement,
    ReportExclusion,
    ReportTarget,
    StaffContent,
    TargetVerdict,
)
from app.service_reports.kpi_targets import KpiReader, filters_of, kpi_of, kpi_target, unmeasured_target
from app.service_reports.lines import TargetLine, line_names, name_rows, target_lines
from app.service_reports.periods import Period, Span, period_at, signed_later, span_of
from app.service_reports.reading import ClockCounts, Scope

#: The number of earlier periods that are shown.
TREND_PERIODS = 12


@dataclass(frozen=True, slots=True)
class Report:
    """A computed report of a span, up to a position of the log. `leads` get it besides the parties."""

    span: Span
    position: int
    computed_at: datetime
    content: ReportContent
    staff: StaffContent
    leads: tuple[UUID, ...]

    def computed(self, earlier: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None) -> ComputedReport:
        """Return the report for the action; `earlier` are the contents of the edition that it corrects."""
        content, staff = as_json(self.content), as_json(self.staff)
        changes, staff_changes = ([], []) if earlier is None else self.changes_since(*earlier)
        return ComputedReport(
            begins_at=self.span.begin,
            ends_at=self.span.end,
            position=self.position,
            computed_at=self.computed_at,
            missed=tuple(self.content.improvement_needed),
            content=content,
            staff_content=staff,
            recipients=self.leads,
            changes=changes,
            staff_changes=staff_changes,
        )

    def changes_since(
        self, content: Mapping[str, Any], staff: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the differences from these contents of an edition: for both parties, and for staff."""
        return (
            [change.model_dump() for change in differences(content, as_json(self.content))],
            [change.model_dump() for change in differences(staff, as_json(self.staff))],
        )


def as_json(content: ReportContent | StaffContent) -> dict[str, Any]:
    """Return the content as JSON data, which is what the log keeps."""
    return content.model_dump(mode="json")


async def compute_report(ledger: Ledger, agreement: Agreement, span: Span, now: datetime) -> Report:
    """Compute the report of the agreement for the span, as of now. Raises DatabaseGone."""
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        earlier = await reading.read_earlier_editions(connection, agreement)
        replaced = await reading.is_replaced(connection, agreement)
        scope = Scope(agreement, earlier, span, now, replaced)
        return await _Computing(ledger, connection, scope).report(position)


@dataclass(frozen=True, slots=True)
class _Computing:
    """One computation, on the connection of its snapshot."""

    ledger: Ledger
    connection: Connection
    scope: Scope

    async def report(self, position: int) -> Report:
        agreement, span = self.scope.agreement, self.scope.span
        breaches = await reading.read_breaches(self.connection, self.scope)
        exclusions = await reading.read_exclusions(self.connection, self.scope, self._spared_services())
        numbers = await self._numbers(breaches, exclusions)
        lines = target_lines(agreement, self.scope.earlier)
        targets = await self._targets(lines, breaches, numbers)
        volume = await reading.read_volume(self.connection, self.scope)
        content = ReportContent(
            agreement=await self._agreement(),
            period=span.period.label,
            grain=span.period.grain,
            tz=span.period.zone.key,
            from_at=span.begin,
            to_at=span.end,
            over=span.end <= self.scope.now,
            signed_at=signed_later(agreement, span),
            targets=targets,
            earlier_cases=0,
            exclusions=[_exclusion(row, numbers) for row in exclusions[: reading.MOST_EXCLUSIONS]],
            exclusions_left_out=max(0, len(exclusions) - reading.MOST_EXCLUSIONS),
            workload=money.workload_of(agreement, span, volume),
            workload_above=agreement.workload_above,
            improvement_needed=[target.id for target in targets if target.verdict is TargetVerdict.missed],
        )
        staff = await self._staff(lines, targets, breaches, numbers)
        leads = await reading.read_leads(self.connection, agreement)
        return Report(span, position, self.scope.now, content, staff, leads)

    async def _agreement(self) -> ReportedAgreement:
        agreement = self.scope.agreement
        assert agreement.agreement_type is not None, "an agreement has a type"
        return ReportedAgreement(
            id=agreement.id,
            number=agreement.number,
            edition=agreement.edition or 1,
            agreement_type=agreement.agreement_type,
            title=agreement.title or "",
            party_id=agreement.party_id,
            party=await reading.read_party(self.connection, agreement),
            services=list(agreement.services or ()),
        )

    def _spared_services(self) -> Sequence[str]:
        """Return the services of which approved maintenance is left out."""
        agreement = self.scope.agreement
        promised = [
            target for target in agreement.targets or () if target["metric"] == TargetMetric.availability
        ]
        if not promised or agreement.maintenance_counts:
            return ()
        named = {target["service"] for target in promised if target["service"] is not None}
        return sorted({*named, *(agreement.services or ())})

    async def _numbers(self, *named_rows: Sequence[Row]) -> dict[UUID, str]:
        ids: dict[str, set[UUID]] = defaultdict(set)
        for row in (row for rows in named_rows for row in rows):
            ids[row["kind"]].add(row["case_id"] if "case_id" in row else row["record_id"])
        tables = {kind: lifecycle.table for kind, lifecycle in self.ledger.lifecycles.items()}
        return await reading.read_numbers(self.connection, tables, ids)

    async def _targets(
        self, lines: Sequence[TargetLine], breaches: Sequence[Row], numbers: Mapping[UUID, str]
    ) -> list[ReportTarget]:
        """Return the targets with their results; of earlier editions those that something was decided by."""
        span = self.scope.span
        before = [span.period.moved(-n) for n in range(TREND_PERIODS, 0, -1)]
        running = self._running()
        spans = [(past.begin, past.end) for past in before] + [(span.begin, span.end)]
        spans += [] if running is None else [(past.begin, past.end) for past in (running.moved(-1), running)]
        counts = await reading.read_counts(self.connection, self.scope, spans)
        listed: dict[str, list[ReportBreach]] = defaultdict(list)
        for name, row in name_rows(breaches, line_names(lines)):
            if len(listed[name]) < reading.MOST_BREACHES:
                listed[name].append(breach_of(row, numbers.get(row["case_id"])))
        results = []
        for line in lines:
            if line.earlier and line.count(counts, len(before)) == NO_CLOCKS:
                continue
            if line.target["metric"] in CLOCKS:
                results.append(self._clock_target(line, counts, before, running, listed[line.name]))
            else:
                results.append(await self._kpi_target(line.target, before, running))
        return results

    def _running(self) -> Period | None:
        """Return the period that runs now; None if the agreement is not in force in it."""
        period = period_at(self.scope.now, self.scope.span.period.grain, self.scope.span.period.zone)
        return None if span_of(self.scope.agreement, period) is None else period

    def _clock_target(
        self,
        line: TargetLine,
        counts: ClockCounts,
        before: Sequence[Period],
        running: Period | None,
        breaches: Sequence[ReportBreach],
    ) -> ReportTarget:
        place = len(before)
        trend = clock_trend(line.target, [(period, line.count(counts, n)) for n, period in enumerate(before)])
        forecast = None
        if running is not None and not line.earlier:
            last, so_far = line.count(counts, place + 1), line.count(counts, place + 2)
            forecast = clock_forecast(line.target, running, so_far, last, self.scope.now)
        return clock_target(line, line.count(counts, place), breaches, trend, forecast)

    async def _kpi_target(
        self, target: Mapping[str, Any], before: Sequence[Period], running: Period | None
    ) -> ReportTarget:
        kpi = kpi_of(target)
        if kpi is None:
            return unmeasured_target(target)
        scope, span = self.scope, self.scope.span
        reader = KpiReader(self.connection, self.ledger.settings, scope.agreement, scope.editions, scope.now)
        agreed = [period for period in before if span_of(scope.agreement, period) is not None]
        spans = [(period.begin, period.end) for period in agreed] + [(span.begin, span.end)]
        spans += [] if running is None else [(running.begin, running.end)]
        try:
            results = await reader.results(kpi, target, span.period, spans)
        except CannotAnswer:  # a condition names something that is gone
            return unmeasured_target(target)
        place = len(agreed)
        narrowed = filters_of(kpi, target, scope.agreement, scope.editions)
        return kpi_target(
            kpi,
            target,
            sorted(dimension.value for dimension in narrowed),
            results[place],
            list(zip(agreed, results[:place], strict=True)),
            None if running is None else (running, results[place + 1]),
        )

    async def _staff(
        self,
        lines: Sequence[TargetLine],
        targets: Sequence[ReportTarget],
        breaches: Sequence[Row],
        numbers: Mapping[UUID, str],
    ) -> StaffContent:
        agreement, span, settings = self.scope.agreement, self.scope.span, self.ledger.settings
        work = await reading.read_work(self.connection, self.scope)
        spent = await reading.read_spent(self.connection, self.scope)
        names = line_names(lines)
        causes: dict[tuple[str, str | None], int] = defaultdict(int)
        for name, row in name_rows(await reading.read_causes(self.connection, self.scope), names):
            causes[name, row["cause"]] += row["cases"]
        return StaffContent(
            cost=money.cost_of(agreement, span, work, spent, settings.currency),
            causes=[
                ReportCause(
                    target=name,
                    case_id=row["case_id"],
                    number=numbers.get(row["case_id"]),
                    round=row["round"],
                    cause=row["cause"],
                )
                for name, row in name_rows(breaches, names)
            ],
            cause_counts=[
                ReportCauseCount(target=name, cause=cause, cases=cases)
                for (name, cause), cases in sorted(causes.items(), key=_most_first)
            ],
            consequences=money.consequences_of(agreement, self.scope.earlier, span, targets),
        )


def _most_first(counted: tuple[tuple[str, str | None], int]) -> tuple[str, int, bool, str]:
    (target, cause), cases = counted
    return target, -cases, cause is None, cause or ""


def _exclusion(row: Row, numbers: Mapping[UUID, str]) -> ReportExclusion:
    return ReportExclusion(
        what=row["what"],
        kind=row["kind"],
        record_id=row["record_id"],
        number=numbers.get(row["record_id"]),
        target=row["target"],
        reason=row["reason"],
        at=row["at"],
        ends_at=row["ends_at"],
        by=row["by"],
    )
