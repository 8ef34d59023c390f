"""Judging the watched KPIs by their targets, period by period, for later readers: figures are not computed
while a reader waits.

Judgements follow from the facts and the targets, and can be repeated at any time, so they are not events.
Among several workers, the holder of an advisory lock does it: every period once a day, and every hour the
running month and the last finished one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import count, facts_position, snapshot_connection
from app.kpis.answers.forecast import forecast
from app.kpis.answers.recorded import first_record_of, first_records
from app.kpis.answers.series import KpiPoint, PointContext, is_too_small, point
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Kpi, TargetValue
from app.kpis.questions.periods import Grain, cut_periods, first_day, next_period, start_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.questions.scopes import ORGANISATION, KpiScope
from app.kpis.targets.validity import effective_target, targets
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

NAME = "judge_months"
POLL_SECONDS = 60.0
LOCK = "attention.judging"
JUDGING_INTERVAL = timedelta(hours=1)
#: Number of finished periods that are judged. Months: as many as the home page shows. Longer periods: fewer,
#: because their cases are counted again each day.
JUDGED_PERIODS = {Grain.month: 13, Grain.week: 13, Grain.quarter: 5, Grain.year: 2}
#: The most figures of a KPI in all its periods and scopes.
MOST_FIGURES = 1_000_000
#: The facts lag behind when an event that they do not have is older.
LONGEST_LAG_SECONDS = 60.0
#: The kinds of cases whose backlog is looked at, with the time at which a case of each has ended.
ENDED = {"incident": "resolved_at", "request": "delivered_at", "problem": "resolved_at"}
#: With fewer cases that ended in a year, their usual duration is not known.
FEWEST_ENDED = 100
JUDGED_AT = "select min(judged_at) from plumbing.longest_usual"
REMOVE_PERIODS = """
delete from plumbing.judged_period where kpi = %(kpi)s and grain = %(grain)s and begins_at >= %(since)s"""
REMOVE_OLD = """
delete from plumbing.judged_period
where grain = %(grain)s and begins_at < %(first)s or kpi <> all(%(kpis)s)"""
SELECT_EARLIER = """
select service, team_id, met from plumbing.judged_period
where kpi = %(kpi)s and grain = %(grain)s and begins_at < %(since)s and met is not null order by begins_at"""
INSERT = """
insert into plumbing.judged_period (kpi, grain, service, team_id, begins_at, value, comparator, target, met,
  cases, small, numerator, denominator, misses, periods_met, periods_judged, outlook, final_after,
  judged_at)
values (%(kpi)s, %(grain)s, %(service)s, %(team_id)s, %(begins_at)s, %(value)s, %(comparator)s, %(target)s,
  %(met)s, %(cases)s, %(small)s, %(numerator)s, %(denominator)s, %(misses)s, %(periods_met)s,
  %(periods_judged)s, %(outlook)s, %(final_after)s, %(judged_at)s)"""
LONGEST_USUAL = """
insert into plumbing.longest_usual (kind, seconds, cases, judged_at, position)
select '{kind}', case when count(*) >= %(fewest)s then percentile_disc(0.99) within group (
    order by extract(epoch from r.{ended} - r.opened_at)::bigint) end, count(*), %(now)s, %(position)s
from {table} r where r.{ended} > %(now)s - interval '1 year' and r.{ended} <= %(now)s
on conflict (kind) do update set seconds = excluded.seconds, cases = excluded.cases,
  judged_at = excluded.judged_at, position = excluded.position"""
STILL_USUAL = "update plumbing.longest_usual set judged_at = %(now)s, position = %(position)s"


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    clock: Clock,
    kpis: Sequence[Kpi],
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Judge these KPIs for ever; safe next to other workers. `failed` is called for each failure."""

    async def work(connection: Connection) -> bool:
        await judge_if_due(connection, ledger, kpis, clock())
        return False

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def judge_if_due(connection: Connection, ledger: Ledger, kpis: Sequence[Kpi], now: datetime) -> bool:
    """Judge these KPIs if an hour has passed, or a day has begun, since they were last judged, the facts are
    up to date, and no other worker does. Return whether it was done. Raises DatabaseGone.
    """
    zone = ZoneInfo(ledger.settings.time_zone)
    async with polling.locked(connection, LOCK) as free:
        judged_at = await fetch_value(connection, JUDGED_AT) if free else now
        is_new_day = judged_at is None or judged_at.astimezone(zone).date() < now.astimezone(zone).date()
        if not is_new_day and now - judged_at < JUDGING_INTERVAL:
            return False
        _, lag_seconds = await facts_position(connection)
        if lag_seconds > LONGEST_LAG_SECONDS:
            return False
        await judge(ledger, kpis, now, every_period=is_new_day)
    return True


async def judge(ledger: Ledger, kpis: Sequence[Kpi], now: datetime, *, every_period: bool = True) -> None:
    """Judge these KPIs: in every period, or in the last month that is over and the running one. Raises
    DatabaseGone.
    """
    zone = ZoneInfo(ledger.settings.time_zone)
    bounds = {grain: period_bounds(grain, now, zone) for grain in JUDGED_PERIODS}
    judged = bounds if every_period else {Grain.month: bounds[Grain.month][-3:]}
    position = 0
    for kpi in kpis:
        for grain, grain_bounds in judged.items():
            position = await _judge_kpi(ledger, kpi, grain, grain_bounds, now)
    async with ledger.db.connection() as connection, connection.transaction():
        for grain, (first, *_) in bounds.items():
            old = {"grain": grain.value, "first": first, "kpis": [kpi.key for kpi in kpis]}
            await connection.execute(REMOVE_OLD.encode(), old)
        parameters = {"now": now, "position": position, "fewest": FEWEST_ENDED}
        if not every_period:
            await connection.execute(STILL_USUAL.encode(), parameters)
            return
        for kind, ended in ENDED.items():
            statement = LONGEST_USUAL.format(kind=kind, ended=ended, table=ledger.lifecycles[kind].table)
            await connection.execute(statement.encode(), parameters)


def period_bounds(grain: Grain, now: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the bounds of the periods that are judged: those that are over, and the running one."""
    first = running = first_day(grain, now.astimezone(zone).date())
    for _ in range(JUDGED_PERIODS[grain]):
        first = first_day(grain, first - timedelta(days=1))
    return cut_periods(grain, start_of(first, zone), start_of(next_period(grain, running), zone), zone)


@dataclass(frozen=True, slots=True)
class _Periods:
    """The points of a KPI in a scope, ascending, and whether it met its target in each period before them."""

    points: Sequence[KpiPoint]
    before: Sequence[bool]


async def _judge_kpi(
    ledger: Ledger, kpi: Kpi, grain: Grain, bounds: tuple[datetime, ...], now: datetime
) -> int:
    """Judge the KPI in these periods. Return the log position at which the figures stood."""
    settings = ledger.settings
    question = KpiQuestion(
        kpi=kpi,
        grain=grain,
        zone=ZoneInfo(settings.time_zone),
        bounds=bounds,
        filters={},
        now=now,
        reopen_days=settings.reopen_days,
        currency=settings.currency,
    )
    parameters: dict[str, Any] = {"kpi": kpi.key, "grain": grain.value, "since": bounds[0]}
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        points = await _points(connection, question)
    before: dict[KpiScope, list[bool]] = defaultdict(list)
    for row in await ledger.db.rows(SELECT_EARLIER, parameters):
        before[KpiScope(row["service"], row["team_id"])].append(row["met"])
    outlook = None
    if grain is Grain.month:
        outlook = await _outlook(ledger, replace(question, bounds=bounds[-2:]))
    rows = [
        row
        for scope, series in points.items()
        for row in _rows(question, scope, _Periods(series, before[scope]), outlook)
    ]
    async with ledger.db.connection() as connection, connection.transaction():
        await connection.execute(REMOVE_PERIODS.encode(), parameters)
        async with connection.cursor() as cursor:
            await cursor.executemany(INSERT.encode(), rows)
    return position


async def _points(connection: Connection, full_question: KpiQuestion) -> dict[KpiScope, list[KpiPoint]]:
    """Return the points by scope, of the periods that have a value."""
    kpi = full_question.kpi
    layers = (await targets(connection, [kpi.key])).get(kpi.key, ())
    records = await first_records(connection, kpi.processes)
    full_question = replace(full_question, first_record=first_record_of(kpi, records))
    points: dict[KpiScope, list[KpiPoint]] = defaultdict(list)
    for dimension in (None, Dimension.service, Dimension.team):
        if dimension is not None and dimension not in kpi.dimensions:
            continue
        question = full_question if dimension is None else replace(full_question, by=(dimension,))
        figures = await count(connection, question, question.now, most=MOST_FIGURES)
        for place in sorted(figures, key=lambda place: place[0]):
            scope = _scope_of(dimension, place[1])
            end = min(question.bounds[place[0]], question.now)
            context = PointContext(effective_target(kpi, layers, end), Figures(), question.now)
            kpi_point = point(question, place, figures[place], {}, context)
            if scope is not None and kpi_point.value is not None:
                points[scope].append(kpi_point)
    return points


def _scope_of(dimension: Dimension | None, cut: tuple[Any, ...]) -> KpiScope | None:
    if dimension is None:
        return ORGANISATION
    (value,) = cut
    if value is None:
        return None
    return KpiScope(service=value) if dimension is Dimension.service else KpiScope(team_id=UUID(str(value)))


async def _outlook(ledger: Ledger, question: KpiQuestion) -> str | None:
    """Return the forecast's verdict on the running month; None without a forecast."""
    try:
        outlook = (await forecast(ledger.db, question, None)).outlook
    except CannotAnswer:
        return None
    return None if outlook is None else outlook.value


def _rows(
    question: KpiQuestion, scope: KpiScope, periods: _Periods, outlook: str | None
) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each period. A running one is neither met nor missed, and has the outlook; one with too
    few cases is neither, too.
    """
    most = JUDGED_PERIODS[question.grain]
    history = list(periods.before)[-most:]
    for kpi_point in periods.points:
        target, value = kpi_point.target, kpi_point.value
        assert value is not None, "periods without a value are left out"
        is_over = kpi_point.end <= question.now
        met = None
        if target is not None and is_over and not is_too_small(question.kpi, kpi_point):
            met = TargetValue(target.comparator, target.value).met_by(value)
            history.append(met)
        yield {
            "kpi": question.kpi.key,
            "grain": question.grain.value,
            "service": scope.service,
            "team_id": scope.team_id,
            "begins_at": kpi_point.begin,
            "value": float(value),
            "comparator": None if target is None else target.comparator.value,
            "target": None if target is None else float(target.value),
            "met": met,
            "cases": kpi_point.cases,
            "small": kpi_point.small,
            "numerator": kpi_point.numerator,
            "denominator": kpi_point.denominator,
            "misses": _misses(history) if met is False else 0,
            "periods_met": sum(history[-most:]),
            "periods_judged": len(history[-most:]),
            "outlook": outlook if scope == ORGANISATION and not is_over else None,
            "final_after": kpi_point.final_after,
            "judged_at": question.now,
        }


def _misses(history: Sequence[bool]) -> int:
    """Return in how many of the last periods in a row the target was missed."""
    return next((place for place, met in enumerate(reversed(history)) if met), len(history))
